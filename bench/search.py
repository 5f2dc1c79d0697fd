"""How long searches and suggestions take, in the engines, in SQLite, and through the HTTP API.

    python -m bench.search [--posts 1000000] [--elastic-posts 200000] [--seconds 60]

Writes bench/results/search.json.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.indexing.servers import elasticsearch
from bench.result import write_result
from bench.searching.api import measure_api
from bench.searching.corpus import Corpus
from bench.searching.latency import milliseconds, spread
from bench.searching.queries import Asked, queries, typed
from bench.searching.sqlite import Sqlite
from indexer.index.location import open_index
from indexer.index.records import Build
from indexer.search import Index
from indexer.search.http.memory import keep_memory

_QUERIES, _TYPED, _WARM_UP, _SOME = 2_000, 5_000, 100, 200
_SQLITE_EVERY = 10
"""SQLite takes seconds for the most frequent words."""
_BUILD = Build(model="none@1", model_digest="0" * 64, run="bench")
_METHOD = (
    "Made-up posts (bench/searching/corpus.py): about 30 words of 50,000 different ones and up to "
    "8 keyphrases of 200,000, both as frequent as Zipf has them; half have a picture, all a date. "
    f"{_QUERIES:,} queries of 1 to 4 words: half of the words drawn as texts have them, so the "
    "most frequent ones are among them, half of keyphrases; a third with a filter (a keyphrase, a "
    "date, has:picture), a tenth with a typo; each with ten hits, their exact number and the 20 "
    f"most frequent keyphrases of all. {_TYPED:,} beginnings of keyphrases from one letter on, "
    "a fifth of the longer ones with a typo. One call after the other in one process, after "
    f"{_WARM_UP} that are not counted; milliseconds. SQLite: FTS5 with Porter's stems, keyphrases "
    "in a table with indexes, and once more with their scores summed; it asks for all words, knows "
    "no typos and finds nothing for them; of "
    f"the queries and beginnings it is asked every {_SQLITE_EVERY}th. "
    "Embedded: tantivy, and beside it from 20,000 posts on sorted arrays of its words and "
    "keyphrases, made when all is written (seconds_to_refresh), that NumPy searches mapped "
    "(indexer/index/embedded/columns); hits are read from tantivy. "
    "This process keeps its memory as that of `keyphrases serve` does. "
    "api_overhead_p50_ms: median of the same queries over one kept connection to `keyphrases "
    "serve` less that of the engine asked directly, in turn. load: clients that ask the same mix "
    "(four searches to one suggestion) as fast as they are answered; any answer but 200 counts as "
    "an error."
)


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--elastic-posts", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="of load")
    arguments = parser.parse_args()
    engines: dict[str, Any] = {}
    keep_memory()
    with tempfile.TemporaryDirectory() as temporary:
        corpus = Corpus(arguments.posts)
        folder = Path(temporary) / "index"
        location = f"embedded:{folder}"
        engines["embedded"] = measure_index(location, corpus) | {"megabytes": _megabytes(folder)}
        api = measure_api(location, queries(corpus, _QUERIES), arguments.seconds)
        print("api", api, flush=True)
        engines["sqlite"] = measure_sqlite(Path(temporary) / "posts.sqlite", corpus)
        smaller = Corpus(arguments.elastic_posts)
        with elasticsearch() as url:
            engines["elasticsearch"] = measure_index(f"{url}/search-bench", smaller)
        small = Path(temporary) / "small"
        engines["embedded_of_as_many"] = measure_index(f"embedded:{small}", smaller)
    embedded = engines["embedded"]
    measured = {
        "search_p99_ms": embedded["search_ms"]["p99"],
        "suggest_p99_ms": embedded["suggest_ms"]["p99"],
        "api_overhead_p50_ms": api["overhead_p50_ms"],
        "load_errors": api["load"]["errors"],
        "engines": engines,
        "api": api,
    }
    print({name: value for name, value in measured.items() if isinstance(value, int | float)})
    write_result("search", _METHOD, measured)


def measure_index(location: str, corpus: Corpus) -> dict[str, Any]:
    """Fills an index, then searches it."""
    written = open_index(location)
    with written.lock("bench"):
        written.begin(_BUILD)
        begun = time.perf_counter()
        for posts in corpus.chunks():
            written.write(posts)
        seconds = time.perf_counter() - begun
        begun = time.perf_counter()
        written.refresh()
        refreshed = time.perf_counter() - begun
    written.close()
    with Index(location) as index:

        def search(asked: Asked) -> int:
            return index.search(asked.query, facets=True).total

        begun = time.perf_counter()
        index.suggest("a")
        first = time.perf_counter() - begun
        taken = _measured(search, index.suggest, corpus)
    measured = {
        "posts": corpus.posts,
        "posts_per_second_written": corpus.posts / seconds,
        "seconds_to_refresh": refreshed,
        "seconds_to_the_first_suggestion": first,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
        **taken,
    }
    print(location.partition(":")[0], measured, flush=True)
    return measured


def measure_sqlite(path: Path, corpus: Corpus) -> dict[str, Any]:
    """The same with a database of SQLite."""
    database = Sqlite(path)
    begun = time.perf_counter()
    database.fill(corpus.chunks())
    seconds = time.perf_counter() - begun
    taken = _measured(database.search, database.suggest, corpus, _SQLITE_EVERY)
    database.close()
    measured = {
        "posts": corpus.posts,
        "posts_per_second_written": corpus.posts / seconds,
        "megabytes": path.stat().st_size / 1e6,
        **taken,
    }
    print("sqlite", measured, flush=True)
    return measured


def _measured(
    search: Callable[[Asked], int],
    suggest: Callable[[str], object],
    corpus: Corpus,
    every: int = 1,
) -> dict[str, Any]:
    # Of each kind the share that all have: kinds come by turns of 60.
    asked = [each for n, each in enumerate(queries(corpus, _QUERIES)) if n // 60 % every == 0]
    beginnings = typed(corpus, _TYPED)[::every]
    milliseconds(search, asked[: _WARM_UP // every])
    milliseconds(suggest, beginnings[: _WARM_UP // every])
    return {
        "search_ms": spread(milliseconds(search, asked)),
        "suggest_ms": spread(milliseconds(suggest, beginnings)),
        "found_something": sum(search(each) > 0 for each in asked[:_SOME]) / len(asked[:_SOME]),
    }


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
