"""Vectors of what is searched by, from the model that an index was built with."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from indexer.index.records import Build
from indexer.search.unavailable_error import UnavailableError
from model_store.shipped import SHIPPED_STORE
from posts.errors import InputError, KeyphraseError, PostError

if TYPE_CHECKING:
    from model_store.keyphraser import Keyphraser
    from model_store.store import ModelVersion, Store
    from posts.picture_size import PictureSize

Vector = Sequence[float]


class Embeds(Protocol):
    """What gives vectors of what is searched by; raises `InputError` where it cannot."""

    def check(self, build: Build) -> None:
        """Whether an index of this build can be searched by vectors."""
        ...

    def picture(self, build: Build, data: bytes) -> Vector: ...

    def text(self, build: Build, text: str) -> Vector | None: ...


class Embedder:
    """Loads the model when it is first needed, and another when the index has one; safe for many
    threads, of which one at a time asks the model."""

    def __init__(self, store: str | None = None, model: str | None = None) -> None:
        """`store`: where the index's model lies, None: in the package; `model`: None: by the name
        that the index knows it by."""
        self._store = store
        self._model = model
        self._loaded: tuple[str, Keyphraser, PictureSize] | None = None
        self._asking = threading.Lock()

    def picture(self, build: Build, data: bytes) -> Vector:
        """Of an encoded picture; `InputError` if it is none, or the model is not at hand."""
        from posts.pictures import decode_picture

        with self._asking:
            model, size = self._ready(build)
            try:
                picture = decode_picture(data, size=size)
            except PostError as error:
                raise InputError(f"this cannot be searched by: {error}") from error
            return tuple(model.embed_picture(picture).tolist())

    def text(self, build: Build, text: str) -> Vector | None:
        """None: the text has no words."""
        with self._asking:
            vector = self._ready(build)[0].embed_text(text)
            return None if vector is None else tuple(vector.tolist())

    def check(self, build: Build) -> None:
        """`InputError` if there is nothing to search by, without loading the model."""
        if not build.dimensions:
            raise InputError(
                "the index has no vectors, so it cannot be searched by picture or by meaning; run "
                "`keyphrases index --rebuild` with a model that has them"
            )
        kept = self._loaded
        if kept is None or kept[0] != build.model_digest:
            self._version(build)

    def _ready(self, build: Build) -> tuple[Keyphraser, PictureSize]:
        kept = self._loaded
        if kept is None or kept[0] != build.model_digest:
            self.check(build)
            from model_store.keyphraser import Keyphraser
            from model_store.picture_size import picture_size

            store, version = self._version(build)
            try:
                bundle = store.fetch(str(version))
                kept = build.model_digest, Keyphraser.load(bundle), picture_size(bundle)
            except KeyphraseError as error:
                raise UnavailableError(str(error)) from error
            self._loaded = kept
        return kept[1:]

    def _version(self, build: Build) -> tuple[Store, ModelVersion]:
        # Imported late, as all that only a search by vectors needs: words shall find at once.
        from model_store.store import Store

        store = Store(self._store or SHIPPED_STORE)
        try:
            version = store.resolve(self._model or build.model)
        except InputError as error:
            if self._store is not None:
                raise UnavailableError(str(error)) from error
            raise UnavailableError(
                f"the index was built with model {build.model}, which did not come with the "
                "program; say with --store where it lies"
            ) from error
        if version.card.digest != build.model_digest:
            raise UnavailableError(
                f"the index was built with model {build.model} ({build.model_digest[:12]}), and "
                f"{version} of this store is another ({version.card.digest[:12]}); "
                "name that model's --store and --model"
            )
        return store, version
