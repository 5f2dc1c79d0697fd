"""Tags a sample and prints what that took, as one line of JSON; one measure to a fresh process.

python -m bench.tagging memory --store shipped: --model pocket --sample FOLDER
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from bench.tagging.sample import Sample, read_sample
from model_store import keyphraser as module
from model_store.families import Family
from model_store.keyphraser import Keyphraser
from model_store.store import Store

_WARM_UP = 8
"""Posts that are tagged before time is taken."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("measure", choices=MEASURES)
    parser.add_argument("--store", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--sample", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keyphraser = Keyphraser.load(Store(arguments.store).fetch(arguments.model), device="cpu")
    sample = read_sample(arguments.sample)
    print(json.dumps(MEASURES[arguments.measure](keyphraser, sample)))


def memory(keyphraser: Keyphraser, sample: Sample) -> float:
    """Megabytes that were resident at most, since the process began."""
    keyphraser(*sample)
    # Not ru_maxrss, which a process has from its parent.
    (kilobytes,) = re.findall(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    return int(kilobytes) * 1024 / 1e6


def speed(keyphraser: Keyphraser, sample: Sample) -> float:
    """Posts per second."""
    texts, pictures = sample
    keyphraser(texts[:_WARM_UP], pictures[:_WARM_UP])
    began = time.perf_counter()
    keyphraser(texts, pictures)
    return len(texts) / (time.perf_counter() - began)


def shares(keyphraser: Keyphraser, sample: Sample) -> dict[str, float]:
    """Of the time that tagging takes; they add up to 1."""
    texts, pictures = sample
    keyphraser(texts[:_WARM_UP], pictures[:_WARM_UP])
    clock = _Clock()
    clock.watch(Family, "vision_states", "tower")
    clock.watch(module.PromptSteps, "__init__", "prompt")
    clock.watch(module, "beam_search", "beams")
    clock.watch(module, "score_phrases", "scoring")
    clock.watch(Keyphraser, "_write", "scoring")
    began = time.perf_counter()
    keyphraser(texts, pictures)
    whole = time.perf_counter() - began
    taken = dict(clock.seconds)
    # The pictures of a batch go through the tower while its prompts are passed.
    taken["prompt"] -= taken["tower"]
    taken["encoding"] = whole - sum(taken.values())
    return {name: seconds / whole for name, seconds in taken.items()}


class _Clock:
    """Adds up the seconds that functions take."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def watch(self, owner: Any, function: str, name: str) -> None:
        """Puts a function in its place that does the same and is timed."""
        plain: Callable[..., Any] = getattr(owner, function)

        def timed(*arguments: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return plain(*arguments, **options)
            finally:
                self.seconds[name] += time.perf_counter() - began

        setattr(owner, function, timed)


MEASURES: dict[str, Callable[[Keyphraser, Sample], Any]] = {
    "memory": memory,
    "speed": speed,
    "shares": shares,
}


if __name__ == "__main__":
    main()
