"""Pictures that a model has looked at before, so that its tower sees each of them once.

A post's vectors, its pseudo captions and its keyphrases all begin with the same pass.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from PIL import Image
from transformers import PreTrainedModel, ProcessorMixin

from model_store.asked_post import hash_pixels
from model_store.families import EncodedPicture, Family
from model_store.picture import tame

MOST_BYTES = 200 << 20
"""Of all that is remembered. The pocket base has 0.25 MB for a picture, LLaVA 1.5 has 2.4: that is
what the indexer asks about at a time, 64 pictures; larger bases see some of theirs twice."""

_Look = tuple[tuple[int, int], bytes]
"""Size, and a hash of the pixels: a picture itself is not kept, and may change."""


class SeenPictures:
    """Looks at pictures with one model's tower, and remembers what it said of the last ones.

    One thread at a time may have it look; others may ask meanwhile what is remembered.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        processor: ProcessorMixin,
        family: Family,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._model = model
        self._processor = processor
        self._family = family
        self._most_bytes = most_bytes
        self._bytes = 0
        self._seen: OrderedDict[_Look, EncodedPicture] = OrderedDict()
        self._lock = Lock()

    def look(self, picture: Image.Image, *, remember: bool = True) -> EncodedPicture:
        """What the tower says of a picture; of one that was seen before, what it said then."""
        key = _look(picture)
        with self._lock:
            found = self._seen.get(key)
            if found is not None:
                self._seen.move_to_end(key)
                return found
        found = self._family.encode_picture(self._model, self._processor, tame(picture))
        if remember:
            with self._lock:
                self._seen[key] = found
                self._bytes += _size(found)
                while self._bytes > self._most_bytes:
                    _, forgotten = self._seen.popitem(last=False)
                    self._bytes -= _size(forgotten)
        return found

    def all_of(self, pictures: Sequence[Image.Image | None]) -> list[EncodedPicture | None] | None:
        """What was said of pictures; None unless all of them are remembered. Looks at nothing."""
        if not self._seen:
            return None
        found: list[EncodedPicture | None] = []
        for one in pictures:
            with self._lock:
                said = None if one is None else self._seen.get(_look(one))
            if one is not None and said is None:
                return None
            found.append(said)
        return found

    def forget(self) -> None:
        """Everything, where memory is short."""
        with self._lock:
            self._seen.clear()
            self._bytes = 0


def _look(picture: Image.Image) -> _Look:
    return picture.size, hash_pixels(picture)


def _size(picture: EncodedPicture) -> int:
    return sum(one.nbytes for one in (picture.states, *picture.layout.values()))
