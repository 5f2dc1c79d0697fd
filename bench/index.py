"""What a run of the indexer costs beside its model: nearly nothing, and this measures how much.

    python -m bench.index [--posts 20000]

Writes bench/results/index.json. Elasticsearch is the server at ELASTICSEARCH_URL or, without, the
one that the tests start.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench.indexing.bare_loop import bare_rate
from bench.indexing.bulk import measure_bulk
from bench.indexing.bundle import small_bundle
from bench.indexing.dumps import write_drawn
from bench.indexing.model_calls import busy_share, posts_done
from bench.indexing.runs import Run, run
from bench.indexing.servers import elasticsearch
from bench.preprocess import METHOD as PREPROCESS_METHOD
from bench.preprocess import measure as measure_preprocessing
from bench.result import write_result
from posts.dump import Dump

_FEW = 2_000
"""Posts of the run whose memory is compared."""
_RERUNS = 5
_BULK_DOCUMENTS = 60_000
_BULK_ROUNDS = 3
_METHOD = (
    "Drawn posts with a picture each, in one Parquet file, into an embedded index; the small base "
    "with settings of generation that nobody changed, one actor with one thread. Each run is a "
    "process of its own with a Ray of its own. busy_share: of the time from the end of the model's "
    "first call to the end of its last one, how much it was called. rate_vs_bare_loop: posts a "
    "second in that time, to those of a loop over tables that were decoded before. rerun_speedup: "
    "seconds a post of the run, start-up excluded, to those of the same run again: what it takes "
    f"longer than a run again over {_FEW:,} posts that are read in as many pieces, for each post "
    "that it has more, medians of "
    f"{_RERUNS} runs that alternate. memory_growth: peak of the memory "
    f"that driver, Ray and workers have for themselves, to that of a run over {_FEW:,} posts. "
    f"bulk_ratio: documents a second, medians of {_BULK_ROUNDS} rounds that alternate after one "
    "that is not counted, of a run's writer to those of the client's parallel_bulk with finished "
    f"bodies and its own defaults. preprocess_speedup: {PREPROCESS_METHOD}"
)


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=20_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        measured = measure_runs(folder, arguments.posts)
        measured |= measure_preprocessing()
        with elasticsearch() as url:
            bulk = measure_bulk(url, _BULK_DOCUMENTS, _BULK_ROUNDS)
    measured |= {"bulk_ratio": bulk["ratio"], "bulk": bulk}
    print({name: value for name, value in measured.items() if isinstance(value, float)})
    write_result("index", _METHOD, measured)


def measure_runs(folder: Path, posts: int) -> dict[str, Any]:
    """The figures of runs over so many posts, more than `_FEW`; `folder` is filled."""
    store, model = small_bundle(folder / "store")
    write_drawn(folder / "many", posts)
    # Read by as many processes, so that their start is no part of what more posts take.
    write_drawn(folder / "few", _FEW, files=len(Dump.open(str(folder / "many")).fragments()))

    def indexed(name: str) -> Run:
        return run(folder / name, f"embedded:{folder / name}-index", store, model)

    def seconds_again(name: str) -> float:
        return float(indexed(name).told["seconds"])

    bare = bare_rate(folder / "few", store, model)
    many, few = indexed("many"), indexed("few")
    again = [(seconds_again("many"), seconds_again("few")) for _ in range(_RERUNS)]
    many_again, few_again = (statistics.median(seconds) for seconds in zip(*again, strict=True))
    begin, end = many.calls[0].end, many.calls[-1].end
    rate = posts_done(many.calls, begin, end) / (end - begin)
    unchanged = (many_again - few_again) / (posts - _FEW)
    return {
        "busy_share": busy_share(many.calls, begin, end),
        "rate_vs_bare_loop": rate / bare,
        "rerun_speedup": 1 / rate / unchanged,
        "memory_growth": many.peak_bytes / few.peak_bytes,
        "runs": {
            "posts": posts,
            "posts_per_second": rate,
            "bare_loop_posts_per_second": bare,
            "seconds_to_the_first_answer": many.first_answer,
            "seconds": many.told["seconds"],
            "rerun_seconds": many_again,
            "rerun_of_few_seconds": few_again,
            "peak_megabytes": {"many": many.peak_bytes / 1e6, "few": few.peak_bytes / 1e6},
        },
    }


if __name__ == "__main__":
    main()
