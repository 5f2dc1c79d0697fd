"""A few posts, some with gold keyphrases, and an index of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.records import Document
from indexer.search.relevance.comparison import compare
from indexer.search.relevance.judgements import Judgements
from indexer.search.relevance.report import RelevanceReport
from posts.post import Post
from posts.writing import write_parquet
from tests.indexer.index.samples import BUILD, document, phrases

POSTS = [
    Post(id="p1", text="a cat sleeps", keyphrases=("Cat",)),
    Post(id="p2", text="on the sofa", keyphrases=("cat", "cat ", "Sofa  Bed")),
    Post(id="p3", text="a dog", keyphrases=("dog",)),
]
DOCUMENTS = [
    document("p1", "a cat sleeps", keyphrases=phrases(cat=0.9)),
    document("p2", "on the sofa", keyphrases=phrases(cat=0.4, bed=0.2)),
    document("p3", "a dog", keyphrases=phrases(cat=0.1)),
]


def quiet(_doing: str, _done: int, _total: int | None) -> None:
    """Nobody watches."""


def dump_of(folder: Path, posts: Sequence[Post] = POSTS) -> str:
    write_parquet(posts, folder / "posts.parquet")
    return str(folder / "posts.parquet")


@contextmanager
def index_of(folder: Path, documents: Sequence[Document] = DOCUMENTS) -> Iterator[Index]:
    """An embedded index of the documents."""
    index = open_index(f"embedded:{folder / 'index'}")
    with index.lock("first"):
        index.begin(BUILD)
        assert index.write(documents) == {}
    try:
        yield index
    finally:
        index.close()


def judgements(**relevant: str) -> Judgements:
    """`judgements(cat="p1 p2")`: to the query `cat` the posts p1 and p2 are relevant."""
    return Judgements(
        posts=tuple(one.id for one in POSTS),
        relevant={query: frozenset(ids.split()) for query, ids in relevant.items()},
        left_out={},
    )


def a_report(**changes: object) -> RelevanceReport:
    fields: dict[str, object] = {
        "dump": "posts.parquet",
        "index": "embedded:index",
        "model": "cats@1",
        "posts": 3,
        "missing": 0,
        "left_out": {},
        "phrases": 3,
        "queries": 3,
        "seed": 0,
        "comparison": compare(
            DOCUMENTS,
            judgements(cat="p1 p2", dog="p3", **{"sofa bed": "p2"}),
            (0.0, 0.3, 0.5),
            seed=0,
            progress=quiet,
        ),
    }
    return RelevanceReport(**fields | changes)  # type: ignore[arg-type]
