"""What is wrong with an index that cannot be asked, whatever the question."""

from __future__ import annotations

from posts.errors import InputError


class UnavailableError(InputError):
    """The index is not there, cannot be reached or refuses; another time it may answer."""
