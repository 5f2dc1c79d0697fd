"""Dead letters that a run is to try again, though the fault may be as it was."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from posts.duplicates import hash_ids
from posts.errors import InputError
from posts.files import Files, open_files

_SUFFIX = ".parquet"


class RetriedKeys:
    """Keys of dead letters, 8 bytes each; one in 10^10 others passes for one, and is tried too."""

    def __init__(self, hashes: NDArray[np.uint64]) -> None:
        self._hashes = np.unique(hashes)

    def __len__(self) -> int:
        return len(self._hashes)

    def __contains__(self, key: str) -> bool:
        if not len(self._hashes):
            return False
        (asked,) = hash_ids([(key, "")])[:, 0]
        at = int(np.searchsorted(self._hashes, asked))
        return at < len(self._hashes) and bool(self._hashes[at] == asked)

    @classmethod
    def read(cls, uri: str) -> RetriedKeys:
        """Of the dead letters in a Parquet file that a run has left, or in all those of a folder.

        Raises `InputError` if there are none to be read.
        """
        hashes = [_hashes(files, name) for files, name in _letter_files(uri)]
        if not hashes:
            raise InputError(
                f"there are no dead letters in {uri}; name a Parquet file that a run has left, or "
                "the folder with such files"
            )
        return cls(np.concatenate(hashes))


NONE_RETRIED = RetriedKeys(np.empty(0, dtype=np.uint64))


def _letter_files(uri: str) -> Iterator[tuple[Files, str]]:
    folder, slash, name = uri.rstrip("/").rpartition("/")
    if name.endswith(_SUFFIX):
        yield open_files(folder or slash or "."), name
        return
    files = open_files(uri)
    for info in files.list():
        if info.name.endswith(_SUFFIX):
            yield files, info.name


def _hashes(files: Files, name: str) -> NDArray[np.uint64]:
    where = f"{files.root}/{name}"
    try:
        table = pq.read_table(io.BytesIO(files.read(name)), columns=["key"])
        keys = table.column("key").cast(pa.string()).to_pylist()
    except FileNotFoundError:
        raise InputError(f"there is no file {where}; see --retry-dead") from None
    except (pa.ArrowException, KeyError):
        raise InputError(f"{where} holds no dead letters; see --retry-dead") from None
    return hash_ids((key or "", "") for key in keys)[:, 0]
