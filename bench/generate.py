"""How fast keyphrases are generated, beside what people write with transformers.

    python -m bench.generate                              # of the model that ships
    python -m bench.generate --posts 16 --rounds 1        # quicker

Writes bench/results/generate.json. On a machine with a GPU it measures there too.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from transformers.utils import logging as transformers_logging

from bench.generation.busy import busy_share
from bench.generation.sample import Sample, build_sample
from bench.generation.ways import Phrases, Way, Ways, phrases_of
from bench.result import write_result
from model_store.bundle import load_bundle
from model_store.keyphraser import Keyphraser, cast_parameters
from model_store.lora import merge_lora
from model_store.picture_size import picture_size
from model_store.prompt import Prompt
from model_store.shipped import SHIPPED_MODEL, SHIPPED_STORE
from model_store.store import Store
from posts.errors import InputError

GPU_POSTS = 128
GPU_BATCH = 32
GPU_ROUNDS = 5
_BESIDE = ("one_by_one", "naive_batch")
_WARM_UP = 2
_METHOD = (
    "Posts: half clip art of the package, half drawn posts, all with text and picture, shuffled; "
    "pictures are decoded and shrunk beforehand, as a stage of their own does. All ways have the "
    "same beams, longest output and threads and take turns, from another one on in each round, "
    "after some posts that are not counted. one_by_one: the processor and generate of "
    "transformers, post by post. naive_batch: the same in batches of our size, in the order of "
    "the dump, padded on the left. ours: the Keyphraser. These three share one model object with "
    "exact fp32 weights and score phrases by all their beams; same_phrases is the share of posts "
    "with the same phrases, in order, as ours. shipped: ours with weights as the model ships. "
    "vs_*: seconds of that way by ours, medians of all rounds; beside it each round's ratio, and "
    "that of the processor's seconds, in which other work on the machine hardly shows. encoding: "
    "the processor's seconds of tokenising and picture processing, by themselves and on one "
    "thread, and their share of those that ours takes. GPU: bf16 weights; busy: the share of a "
    "profiled round in which a kernel or a copy runs."
)


def main() -> None:
    """Measures, prints and writes the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", default=SHIPPED_STORE)
    parser.add_argument("--model", default=SHIPPED_MODEL)
    parser.add_argument("--posts", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    transformers_logging.set_verbosity_error()
    try:
        store = Store(arguments.store)
        model = store.resolve(arguments.model)
        bundle = store.fetch(str(model))
        measured = on_cpu(bundle, arguments.posts, arguments.rounds)
    except InputError as error:
        parser.exit(2, f"{error}\n")
    measured |= {"gpu": on_gpu(bundle), "model": str(model), "digest": model.card.digest}
    print(write_result("generate", _METHOD, measured))


def on_cpu(bundle: Path, posts: int, rounds: int) -> dict[str, Any]:
    """With exact weights, and ours with weights as the model ships."""
    loaded = load_bundle(bundle)
    merge_lora(loaded.model)
    settings = loaded.card.generation
    shipped = Keyphraser.load(bundle, device="cpu")
    ways = Ways(loaded.model, loaded.processor, loaded.family, settings).all()
    ways["shipped"] = lambda some: phrases_of(shipped(some.texts, some.pictures))
    sample = build_sample(posts, picture_size(bundle))
    found = compare(ways, sample, rounds)
    prompt = Prompt(loaded.processor, loaded.family, max_text_tokens=settings.max_text_tokens)
    tokens = [len(ids) for ids in loaded.processor.tokenizer(sample.texts)["input_ids"]]
    ours = median(found["ways"]["ours"]["processor_seconds"])
    seconds = encoding_seconds(prompt, sample, settings.batch_size)
    return found | {
        "encoding": {"processor_seconds_a_post": seconds / posts, "share_of_ours": seconds / ours},
        "posts": posts,
        "text_tokens": {"least": min(tokens), "median": median(tokens), "most": max(tokens)},
        "settings": asdict(settings),
    }


def on_gpu(bundle: Path) -> dict[str, Any] | None:
    """In bf16; None without a GPU."""
    if not torch.cuda.is_available():
        return None
    loaded = load_bundle(bundle, dtype=torch.bfloat16)
    cast_parameters(loaded.model, torch.bfloat16)
    settings = replace(loaded.card.generation, batch_size=GPU_BATCH)
    ways = Ways(loaded.model.to("cuda"), loaded.processor, loaded.family, settings).all()
    sample = build_sample(GPU_POSTS, picture_size(bundle))
    found = compare(ways, sample, GPU_ROUNDS)
    for name, way in ways.items():
        found["ways"][name]["busy"] = busy_share(partial(way, sample))
    return found | {
        "device": torch.cuda.get_device_name(),
        "posts": GPU_POSTS,
        "settings": asdict(settings),
    }


def compare(ways: Mapping[str, Way], sample: Sample, rounds: int) -> dict[str, Any]:
    """How long each way takes, and at the top how much longer than `ours`."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    processor: dict[str, list[float]] = {name: [] for name in ways}
    answers: dict[str, Phrases] = {}
    for way in ways.values():
        way(next(sample.batches(_WARM_UP)))
    for number in range(rounds):
        first = number % len(ways)
        for name in [*ways][first:] + [*ways][:first]:
            began, used = time.perf_counter(), time.process_time()
            answers[name] = ways[name](sample)
            seconds[name].append(time.perf_counter() - began)
            processor[name].append(time.process_time() - used)
            print(f"round {number} {name}: {seconds[name][-1]:.1f} s", file=sys.stderr)
    found: dict[str, Any] = {}
    for name in _BESIDE:
        found[f"vs_{name}"] = median(seconds[name]) / median(seconds["ours"])
    for name in _BESIDE:
        found[f"vs_{name}_by_round"] = _ratios(seconds[name], seconds["ours"])
        found[f"vs_{name}_processor"] = median(processor[name]) / median(processor["ours"])
    found["ways"] = {
        name: {
            "posts_per_second": len(sample.texts) / median(seconds[name]),
            "seconds": seconds[name],
            "processor_seconds": processor[name],
            "same_phrases": _same(answers[name], answers["ours"]),
        }
        for name in ways
    }
    return found


def encoding_seconds(prompt: Prompt, sample: Sample, size: int) -> float:
    """The processor's, over all posts, which the Keyphraser spends beside generation."""
    batches = [*sample.batches(size)]
    prompt.encode(batches[0].texts, batches[0].pictures)
    began = time.process_time()
    for batch in batches:
        prompt.encode(batch.texts, batch.pictures)
    return time.process_time() - began


def _ratios(one: list[float], other: list[float]) -> list[float]:
    return [a / b for a, b in zip(one, other, strict=True)]


def _same(answers: Phrases, others: Phrases) -> float:
    return sum(a == b for a, b in zip(answers, others, strict=True)) / len(answers)


if __name__ == "__main__":
    main()
