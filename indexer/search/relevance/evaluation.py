"""The evaluation: how well an index finds the posts of a dump, by their gold keyphrases.

report = evaluate_search("posts/valid.parquet", open_index("embedded:index"))
report.comparison.as_it_is.difference["ndcg@10"].interval
"""

from __future__ import annotations

from collections.abc import Sequence

from indexer.index.protocol import Index
from indexer.search.relevance.comparison import compare
from indexer.search.relevance.judged_documents import judged_documents
from indexer.search.relevance.judgements import read_judgements
from indexer.search.relevance.progress import Progress
from indexer.search.relevance.report import RelevanceReport
from posts.errors import InputError

THRESHOLDS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5)
QUERIES = 1000


def evaluate_search(
    dump: str,
    index: Index,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    queries: int = QUERIES,
    seed: int = 0,
    progress: Progress = lambda _doing, _done, _total: None,
) -> RelevanceReport:
    """Measures search of the live version of an index, and changes nothing in it.

    thresholds: from 0 to 1, in any order; 0, the index as it is, is always among them. seed: of
    the queries that are drawn if the dump has more, and of the resamples. Raises `InputError` if
    there is no such dump or index, if the dump has no gold, or the index none of its posts.
    """
    build = index.live()
    if build is None:
        raise InputError(f"there is no index at {index.location}; run `keyphrases index` first")
    judgements = read_judgements(dump, progress)
    documents = judged_documents(index.reader, judgements.posts, progress)
    if not documents:
        raise InputError(
            f"the index {index.location} has none of the {len(judgements.posts):,} posts of {dump} "
            "that have gold keyphrases; run `keyphrases index` with that dump first"
        )
    drawn = judgements.drawn(queries, seed)
    return RelevanceReport(
        dump=dump,
        index=index.location,
        model=build.model,
        posts=len(judgements.posts),
        missing=len(judgements.posts) - len(documents),
        left_out=judgements.left_out,
        phrases=len(judgements.relevant),
        queries=len(drawn.relevant),
        seed=seed,
        comparison=compare(
            documents, drawn, sorted({0.0, *thresholds}), seed=seed, progress=progress
        ),
    )
