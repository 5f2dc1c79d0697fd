"""What the reading of documents asks of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PIL import Image

from posts.phrases import Keyphrase


class AsksModel(Protocol):
    """What is asked of a `model_store.keyphraser.Keyphraser`."""

    def __call__(
        self, texts: Sequence[str], pictures: Sequence[Image.Image | None]
    ) -> list[list[Keyphrase]]: ...
