"""What is wrong with a query, and where."""

from __future__ import annotations

from posts.errors import InputError

_SHOWN = 60
"""Characters of the query before and after the place, at most."""


class QueryError(InputError):
    """A query that is not understood: the sentence names the place, `start` to before `end`."""

    def __init__(self, problem: str, query: str, start: int, end: int) -> None:
        self.problem = problem
        self.start = start
        self.end = end
        super().__init__(
            f"{problem}, at character {start + 1} of the query: {_marked(query, start, end)}"
        )


def _marked(query: str, start: int, end: int) -> str:
    """The surroundings in one line, the place between two pointers."""
    before = query[max(0, start - _SHOWN) : start]
    after = query[end : end + _SHOWN]
    return f"{before}»{query[start:end] or ' '}«{after}"
