"""The listing of a dump: one pass, and nothing kept of what is not read as posts."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from posts.dump import Dump
from posts.files import FileInfo
from posts.files.local import LocalFiles

PICTURES = 300_000


class Crowded(LocalFiles):
    """A folder that also lists more pictures than a test can make."""

    listings = 0

    def list(self, below: str = "") -> Iterator[FileInfo]:
        self.listings += 1
        for number in range(PICTURES):
            yield FileInfo(f"pictures/{number:09}.jpg", 100_000, f"{number:032x}")
        yield from super().list(below)


def test_a_dump_beside_many_pictures_is_listed_once_and_in_little_memory(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl"):
        (tmp_path / name).write_text(f'{{"id": "{name}", "text": "one"}}\n')
    files = Crowded(str(tmp_path))
    tracemalloc.start()
    dump = Dump(files)
    names = [fragment.name for fragment in dump.fragments()]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert names == ["a.jsonl", "b.jsonl"]
    assert most < 2_000_000
    assert [fragment.name for fragment in dump.fragments()] == names
    assert files.listings == 1
