"""What an AimKP step costs, beside a plain step and beside the plain loop of the algorithm.

python -m bench.train_step            writes bench/results/train_step.json

The plain step is fine-tuning on the clean view alone, as StandardStep does it; the loop is the
algorithm as published, one post at a time with a forward and a backward pass for each view
(tests/trainer/aimkp/reference.py). All masked views have stride 2.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import PreTrainedModel
from transformers.utils import logging as transformers_logging

from bench.llava_proportions import SEVEN_BILLION, SMALL, Size, build_model, build_posts, together
from bench.result import write_result
from model_store.families import Family
from model_store.prompt import Batch
from tests.trainer.aimkp.reference import Reference
from trainer.aimkp.strides import Modality, Progression, Strides
from trainer.config import TrainConfig
from trainer.methods import make_step
from trainer.step import Step

Work = Callable[[], object]

CPU_BATCHES = (1, 4, 16)
CPU_MICRO_BATCH = 4
"""What a CPU's caches take best; larger batches go through all three in such parts, but for the
loop, which goes post by post."""
CPU_ROUNDS = 5
GPU_BATCH = 16
GPU_ROUNDS = 5
METHOD = (
    "LLaVA's proportions: 576 patches, 12 prompt tokens before the picture, 10 to 60 text tokens, "
    "12 question tokens, 2 to 8 label tokens, vocabulary 4,096, hidden 256, 4 layers, LoRA r=16 "
    "on all linear layers, stride 2, random weights. FLOPs: FlopCounterMode over a step of 4 "
    "posts with eager attention (it counts none in fused attention on a CPU), relative to "
    "StandardStep on the clean view. CPU seconds: sdpa attention, fp32, the median of "
    f"{CPU_ROUNDS} rounds in which plain step, AimKP step and loop take turns; batches above "
    f"{CPU_MICRO_BATCH} in micro-batches of {CPU_MICRO_BATCH}. Memory: highest resident set of a "
    "fresh process during a step of 4 posts, above what was resident before it. bf16: the same "
    "step in bf16 autocast, its cosines and gradient against fp32."
)


class Subject:
    """One model, and posts to try the three on."""

    def __init__(self, model: PreTrainedModel, family: Family, posts: Sequence[Batch]) -> None:
        self.model, self.family = model, family
        self.posts = [post.to(model.device) for post in posts]
        self.ids = [str(number) for number in range(len(posts))]

    def plain(self, micro_batch: int, *, bf16: bool = False) -> Work:
        return self._in_parts(self._step("standard", Strides(), bf16), micro_batch)

    def aimkp(
        self, micro_batch: int, *, bf16: bool = False, strides: Strides | None = None
    ) -> Work:
        return self._in_parts(
            self._step("aimkp", strides or self.second_visit(), bf16), micro_batch
        )

    def loop(self, *, bf16: bool = False) -> Work:
        strides = {(post, str(modality)): 2 for post in self.ids for modality in Modality}

        def work() -> None:
            reference = Reference(self.model, self.family, strides=dict(strides))
            with torch.autocast(self.model.device.type, torch.bfloat16, enabled=bf16):
                for post, batch in zip(self.ids, self.posts, strict=True):
                    reference.visit(post, batch)

        return work

    def _step(self, method: str, strides: Strides, bf16: bool) -> Step:
        # Strides stay at 2, whatever the cosines of random weights are.
        config = TrainConfig(method=method, largest_image_stride=2, largest_text_stride=2)
        return make_step(config, self.model, self.family, strides=strides, bf16=bf16)

    def second_visit(self) -> Strides:
        """The strides of posts that have been visited once."""
        strides = Strides()
        progression = Progression(largest=dict.fromkeys(Modality, 2))
        for post in self.ids:
            for modality in Modality:
                strides.visited(post, modality, progression)
        return strides

    def _in_parts(self, step: Step, micro_batch: int) -> Work:
        starts = range(0, len(self.ids), micro_batch)
        parts = [
            (
                self.ids[start : start + micro_batch],
                together(self.posts[start : start + micro_batch]),
            )
            for start in starts
        ]

        def work() -> None:
            for ids, batch in parts:
                step(ids, batch)

        return work


def flops(work: Work) -> int:
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def flops_ratios() -> dict[str, Any]:
    posts = build_posts(4, SMALL.vocabulary)
    ratios = {}
    for dropout in (0.0, 0.05):
        subject = Subject(*build_model(SMALL, dropout=dropout, attention="eager"), posts)
        plain = flops(subject.plain(4))
        ratios[dropout] = flops(subject.aimkp(4)) / plain
        ratios["loop"] = flops(subject.loop()) / plain
    return {
        "flops_ratio": ratios[0.0],
        "flops_ratio_dropout": ratios[0.05],
        "reference_flops_ratio": ratios["loop"],
    }


def seconds(
    works: dict[str, Work], rounds: int, done: Work = lambda: None
) -> dict[str, list[float]]:
    """Seconds of each, in rounds in which they take turns, after one round that is not counted."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            done()
            if number:
                found[name].append(time.perf_counter() - began)
    return found


def speed(subject: Subject, micro_batch: int, rounds: int, *, bf16: bool = False) -> dict[str, Any]:
    on_gpu = subject.model.device.type == "cuda"
    taken = seconds(
        {
            "plain": subject.plain(micro_batch, bf16=bf16),
            "aimkp": subject.aimkp(micro_batch, bf16=bf16),
            "loop": subject.loop(bf16=bf16),
        },
        rounds,
        torch.cuda.synchronize if on_gpu else lambda: None,
    )
    median = {name: statistics.median(times) for name, times in taken.items()}
    by_round = [loop / ours for loop, ours in zip(taken["loop"], taken["aimkp"], strict=True)]
    return {
        "speedup": median["loop"] / median["aimkp"],
        "speedup_lowest_and_highest_round": [min(by_round), max(by_round)],
        "times_plain": median["aimkp"] / median["plain"],
        "seconds": median,
    }


def cpu_speed() -> dict[str, Any]:
    model, family = build_model(SMALL)
    found = {}
    for batch in CPU_BATCHES:
        subject = Subject(model, family, build_posts(batch, SMALL.vocabulary))
        found[str(batch)] = speed(subject, CPU_MICRO_BATCH, CPU_ROUNDS)
        print(f"batch {batch}: {found[str(batch)]}", file=sys.stderr)
    return found


def cpu_memory(method: str) -> int:
    """Bytes that a step of this method takes at its height, measured in a fresh process."""
    # Large blocks are given back as soon as they are free, so what is resident is what is used.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}
    run = subprocess.run(
        [sys.executable, "-m", "bench.train_step", "--memory-of", method],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(run.stdout.splitlines()[-1])


def measure_memory(method: str) -> int:
    subject = Subject(*build_model(SMALL), build_posts(4, SMALL.vocabulary))
    work = subject.plain(4) if method == "standard" else subject.aimkp(4)
    work()
    before = _status("VmRSS")
    with open("/proc/self/clear_refs", "w") as clear:  # noqa: PTH123 - no ordinary file
        clear.write("5")
    work()
    return _status("VmHWM") - before


def _status(key: str) -> int:
    with open("/proc/self/status") as lines:  # noqa: PTH123 - no ordinary file
        (kilobytes,) = (line.split()[1] for line in lines if line.startswith(f"{key}:"))
    return 1024 * int(kilobytes)


def bf16_shift() -> dict[str, float]:
    """How far bf16 moves the cosines and the joint gradient of a step, against fp32."""
    posts, found = build_posts(16, SMALL.vocabulary), []
    for bf16 in (False, True):
        dtype = torch.bfloat16 if bf16 else torch.float32
        model, family = build_model(SMALL)
        for parameter in model.parameters():
            if not parameter.requires_grad:
                parameter.data = parameter.data.to(dtype)
        subject = Subject(model, family, posts)
        strides = subject.second_visit()
        subject.aimkp(4, bf16=bf16, strides=strides)()
        cosines = torch.tensor([row["cosine"] for row in strides.to_table().to_pylist()])
        gradient = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
        found.append((cosines, gradient))
    (cosines, gradient), (rounded_cosines, rounded_gradient) = found
    return {
        "largest_cosine_shift": float((rounded_cosines - cosines).abs().max()),
        "mean_cosine_shift": float((rounded_cosines - cosines).abs().mean()),
        "relative_gradient_error": float((rounded_gradient - gradient).norm() / gradient.norm()),
    }


def gpu(size: Size = SEVEN_BILLION) -> dict[str, Any] | None:
    """The same on a GPU in bf16, with a model of 7 billion weights; None without a GPU."""
    if not torch.cuda.is_available():
        return None
    found: dict[str, Any] = {"device": torch.cuda.get_device_name(), "posts": GPU_BATCH}
    model, family = build_model(size, dtype=torch.bfloat16, device="cuda")
    subject = Subject(model, family, build_posts(GPU_BATCH, size.vocabulary))
    for micro_batch in (2, 4, 8):
        memory = {}
        for name, work in (
            ("plain", subject.plain(micro_batch, bf16=True)),
            ("aimkp", subject.aimkp(micro_batch, bf16=True)),
        ):
            work()  # Gradients exist from then on.
            torch.cuda.reset_peak_memory_stats()
            before = torch.cuda.memory_allocated()
            work()
            memory[name] = torch.cuda.max_memory_allocated() - before
        found[f"micro_batch_{micro_batch}"] = {
            **speed(subject, micro_batch, GPU_ROUNDS, bf16=True),
            "memory_ratio": memory["aimkp"] / memory["plain"],
        }
    return found


def main(arguments: Sequence[str]) -> None:
    transformers_logging.set_verbosity_error()
    if arguments[:1] == ["--memory-of"]:
        print(measure_memory(arguments[1]))
        return
    measured: dict[str, Any] = flops_ratios()
    print(json.dumps(measured), file=sys.stderr)
    measured["memory_ratio"] = cpu_memory("aimkp") / cpu_memory("standard")
    print(json.dumps(measured), file=sys.stderr)
    by_batch = cpu_speed()
    measured["cpu_speedup"] = {batch: found["speedup"] for batch, found in by_batch.items()}
    measured["cpu_times_plain"] = {batch: found["times_plain"] for batch, found in by_batch.items()}
    measured |= {"cpu": by_batch, "bf16": bf16_shift(), "gpu": gpu()}
    print(write_result("train_step", METHOD, measured))


if __name__ == "__main__":
    main(sys.argv[1:])
