"""Versions of an index take each other's place while people search it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.query import Query
from indexer.index.records import Build
from indexer.job import IndexJob
from indexer.run import index_dump
from keyphrases.index_access import locked_index
from tests.faults.accounting import assert_accounted_for
from tests.faults.some_posts import SomePosts, some_posts
from tests.indexer.index.samples import document
from tests.indexer.stand_in import LastWord

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("ray_session"),
]

Ids = frozenset[str]

_EVERYTHING = Query(words="number", limit=200, facets=True)
"""A word of each text."""
_PAUSE = 0.02
"""Seconds between two searches of one person: enough for the versions to get on."""


class Searchers:
    """People that search all the time, some in an index that they keep open, some anew."""

    def __init__(self, location: str) -> None:
        self._location = location
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._search, args=(kept,)) for kept in (True, True, False)
        ]
        self.answers: Counter[Ids] = Counter()
        """How often each set of posts was the whole answer."""
        self.faults: list[str] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in self._threads:
                thread.join()

    def _search(self, kept: bool) -> None:
        index = open_index(self._location)
        while not self._ended.wait(_PAUSE):
            try:
                results = index.reader.search(_EVERYTHING)
            except BaseException as error:  # noqa: BLE001 - whatever it is, the test shall tell it
                self.faults.append(f"{type(error).__name__}: {error}")
                continue
            ids = [hit.id for hit in results.hits]
            if not len(ids) == len(set(ids)) == results.total:
                self.faults.append(f"{results.total} posts, of which {len(set(ids))} came")
            self.answers[frozenset(ids)] += 1
            if not kept:
                index.close()
                index = open_index(self._location)
        index.close()


def hand_over(index: Index, posts: SomePosts, turn: int) -> None:
    """A new version takes the place of the live one, which is removed in the same moment."""
    index.begin(Build(model=f"other@{turn}", model_digest=f"{turn:064}"), rebuild=True)
    index.write([document(id, text) for id, text in posts.texts.items()])
    index.finish()
    index.promote()
    index.prune(keep=0)


def test_no_search_fails_or_is_cut_short_while_versions_change(
    location: str, store: str, tmp_path: Path
) -> None:
    night = [some_posts(tmp_path / f"night-{n}", 60 + 20 * n) for n in range(3)]

    def index(posts: SomePosts, model: str, rebuild: bool = True) -> None:
        job = IndexJob(
            dump=str(posts.folder),
            index=location,
            store=store,
            model=model,
            actors=1,
            rebuild=rebuild,
        )
        assert_accounted_for(posts, location, index_dump(job, load=LastWord))

    index(night[0], "tiny@1", rebuild=False)
    searchers = Searchers(location)
    with searchers.at_work():
        for number, model in ((1, "tiny@2"), (2, "tiny@1")):
            index(night[number], model)
            for _ in range(5):
                with locked_index(location) as versions:
                    live = max(one.number for one in versions.versions())
                    versions.roll_back()
                    versions.promote_version(live)
        with locked_index(location) as versions:
            for live in (2, 1, 2, 3):
                versions.promote_version(live)
            assert versions.prune(keep=0) == [1, 2]
            for turn in range(20):
                hand_over(versions, night[turn % 3], turn)
        index(night[1], "tiny@2")

    assert searchers.faults == []
    editions = {frozenset(posts.texts) for posts in night}
    assert set(searchers.answers) == editions, "an answer is none of any version, or one was unseen"
