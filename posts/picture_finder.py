"""Pictures of posts by their ids, for people: out of the dump they were indexed from.

finder = PictureFinder("s3://dumps/2026-11-21")
finder.thumbnail("post-7", 320)       # WebP, or None
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from posts.byte_cache import ByteCache
from posts.dump import Dump
from posts.errors import InputError, PostError
from posts.files import FileInfo
from posts.id_index import IdIndex, MovedError, StoppedError
from posts.pictures import DEFAULT_LIMITS, PictureLimits
from posts.thumbnail import make_thumbnail

_DECODERS = 2
"""Pictures that are decoded at a time: each may take 400 MB for a moment."""
_LEAST_SECONDS = 1.0
"""Between two looks at the files of the dump."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A state of the dump, where its posts lie, and their thumbnails as far as they were made."""

    dump: Dump
    files: tuple[FileInfo, ...]
    ids: IdIndex
    thumbnails: ByteCache


class PictureFinder:
    """Finds pictures inside a dump and nowhere else; safe for many threads.

    All ids are read once, in the background, from when it is made. When the dump's files have
    changed they are read again, while what was known still serves. Pictures are fetched as when
    they are indexed: files of the dump, and s3:// where the configuration allows the bucket. One
    that is replaced under its name may have its old thumbnail until the dump changes.
    """

    def __init__(
        self,
        uri: str,
        *,
        limits: PictureLimits = DEFAULT_LIMITS,
        cache_bytes: int = 64 << 20,
        fresh_seconds: float = 60.0,
        patience_seconds: float = 0.5,
    ) -> None:
        """Raises `InputError` as `Dump.open` does.

        cache_bytes: of the thumbnails that are kept; fresh_seconds: how old the list of the
        dump's files may be; patience_seconds: how long one who asks waits for the first ids.
        """
        self._uri = uri
        self._limits = limits
        self._fresh_seconds = fresh_seconds
        self._patience_seconds = patience_seconds
        self._cache_bytes = cache_bytes
        self._decoders = threading.BoundedSemaphore(_DECODERS)
        self._known: _Known | None = None
        self._problem: Exception | None = None
        self._looked_at = time.monotonic()
        self._tried = threading.Event()
        self._closed = threading.Event()
        self._looking = threading.Lock()
        self._look_again(Dump.open(uri, limits))

    def picture(self, id: str, number: int = 0) -> bytes | None:
        """The encoded picture as the dump has it; None: no such post, or none in it that is read.

        `number`: which of the post's pictures, from 0.

        Raises `InputError` while the ids are read for the first time, and where the place does
        not answer.
        """
        try:
            return self._fetch(self._ready(), id, number)
        except PostError as error:
            if error.transient:
                raise InputError(f"{error}; ask again later") from error
            return None

    def thumbnail(self, id: str, size: int, number: int = 0) -> bytes | None:
        """A WebP whose long side has at most `size` pixels; None also for a broken picture.

        Raises as `picture` does.
        """
        known = self._ready()
        key = (id, size, number)
        if (cached := known.thumbnails.get(key)) is not None:
            return cached.data
        try:
            data = self._fetch(known, id, number)
            small = None if data is None else self._shrink(data, size)
        except PostError as error:
            if error.transient:
                raise InputError(f"{error}; ask again later") from error
            small = None
        known.thumbnails.put(key, small)
        return small

    def close(self) -> None:
        """Stops what goes on in the background."""
        self._closed.set()

    def __enter__(self) -> PictureFinder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fetch(self, known: _Known, id: str, number: int) -> bytes | None:
        try:
            post = known.ids.find(known.dump, id)
        except MovedError:
            if time.monotonic() - self._looked_at > _LEAST_SECONDS:
                self._look_again()
            return None
        except TimeoutError as error:
            raise InputError(f"{error}; ask again later") from error
        if post is None or post.error is not None or not 0 <= number < len(post.pictures):
            return None
        return known.dump.picture(post, number)

    def _shrink(self, data: bytes, size: int) -> bytes:
        with self._decoders:
            return make_thumbnail(data, size, self._limits)

    def _ready(self) -> _Known:
        if time.monotonic() - self._looked_at > self._fresh_seconds:
            self._look_again()
        if self._known is None and not self._tried.wait(self._patience_seconds):
            raise InputError("the ids of the dump are still being read; ask again in a moment")
        if self._known is None:
            raise InputError(f"the pictures cannot be shown: {self._problem or 'no longer open'}")
        return self._known

    def _look_again(self, dump: Dump | None = None) -> None:
        """In the background, if nothing does so; `dump`: as it was opened just now."""
        if not self._closed.is_set() and self._looking.acquire(blocking=False):
            threading.Thread(target=self._look, args=(dump,), name="dump-ids", daemon=True).start()

    def _look(self, dump: Dump | None) -> None:
        try:
            dump = dump or Dump.open(self._uri, self._limits)
            files = dump.data_files()
            if self._known is None or files != self._known.files:
                ids = IdIndex.build(dump, self._closed.is_set)
                self._known = _Known(dump, files, ids, ByteCache(self._cache_bytes))
        except StoppedError:
            pass
        except (InputError, OSError) as error:
            # What was known goes on to serve: a dump that is being written is no reason to stop.
            self._problem = error
        finally:
            self._looked_at = time.monotonic()
            self._tried.set()
            self._looking.release()
