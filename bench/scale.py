"""How the rate of a run grows with its model actors, where these only wait.

    python -m bench.scale [--actors 1 4 16 64] [--seconds 60]

Writes bench/results/scale.json.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from bench.indexing.bundle import small_bundle
from bench.indexing.dumps import write_texts
from bench.indexing.model_calls import Call, busy_share, posts_done
from bench.indexing.runs import run
from bench.result import write_result

WAITS = 0.1
"""Seconds that a model waits over a post instead of computing."""
ACTORS = (1, 2, 4, 8, 16, 32, 64)
_METHOD = (
    "The whole run on one machine, from a Parquet dump of posts with a text into an embedded "
    f"index; but each model actor sleeps {WAITS} seconds a post instead of computing, so that what "
    "is measured is all the rest. Actors take fractions of a CPU. Efficiency: posts that the "
    "models did between the moment when the last of them had begun its first table and the moment "
    "when the first of them began its last, relative to what they can do without any gap: "
    f"{1 / WAITS:g} posts a second each."
)


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--actors", type=int, nargs="+", default=ACTORS)
    parser.add_argument("--seconds", type=float, default=60.0, help="of work for each actor")
    arguments = parser.parse_args()
    measured: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        store, model = small_bundle(Path(temporary) / "store")
        for actors in arguments.actors:
            folder = Path(temporary) / str(actors)
            posts = int(actors * arguments.seconds / WAITS)
            write_texts(folder / "dump", posts)
            done = run(
                *(folder / "dump", f"embedded:{folder / 'index'}", store, model),
                waits=WAITS,
                actors=actors,
            )
            measured[str(actors)] = {"posts": posts, **steady(done.calls)}
            print(actors, measured[str(actors)], flush=True)
    efficiency = {actors: one["efficiency"] for actors, one in measured.items()}
    write_result("scale", _METHOD, {"efficiency": efficiency, "by_actors": measured})


def steady(calls: list[Call]) -> dict[str, float]:
    """Rate and efficiency while all actors were there and had work."""
    by_process: dict[int, list[Call]] = {}
    for call in calls:
        by_process.setdefault(call.process, []).append(call)
    begin = max(of_one[0].begin for of_one in by_process.values())
    end = min(of_one[-1].begin for of_one in by_process.values())
    if end <= begin:
        raise RuntimeError("the run was too short: its first actor was done before the last began")
    rate = posts_done(calls, begin, end) / (end - begin)
    return {
        "seconds": end - begin,
        "posts_per_second": rate,
        "efficiency": rate * WAITS / len(by_process),
        "busy_share": busy_share(calls, begin, end),
    }


if __name__ == "__main__":
    main()
