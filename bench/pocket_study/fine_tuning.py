"""A run of the study: in this process, on one CPU, and resumed where a kill left it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.optim import Optimizer

from model_store.base import Base, load_base
from model_store.base_names import POCKET
from model_store.cache import cache_folder
from model_store.lora import LoraSettings, attach_lora
from model_store.prompt import Prompt
from posts.dump import Dump
from posts.post import Post
from posts.writing import write_parquet
from trainer.alignment.beginning import begin_alignment, resume_alignment
from trainer.alignment.objective import AlignmentObjective
from trainer.checkpoint import TrainState, load_alignment, load_checkpoint, save_checkpoint
from trainer.config import TrainConfig
from trainer.examples import ExampleReader
from trainer.loop import Loop, Worker, uses_bf16
from trainer.methods import make_step
from trainer.metrics import score
from trainer.optimization import make_optimizer
from trainer.order import Order
from trainer.preparation import prepare
from trainer.progress import Event, Stepped
from trainer.training_set import TrainingSet
from trainer.vision_cache import VisionCache

_CPU = torch.device("cpu")
_WORKER = Worker(device=_CPU)


def study_folder() -> Path:
    """Where posts, cached features and checkpoints lie between runs."""
    folder = cache_folder("pocket-study")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def every_so_many(dump: str, every: int) -> TrainingSet:
    """The examples among every so manieth post of a dump."""

    def chosen() -> Iterator[Post]:
        source = Dump.open(dump)
        for number, post in enumerate(source.posts()):
            if number % every == 0:
                yield post

    folder = study_folder()
    part = folder / f"every-{every}.parquet"
    write_parquet(chosen(), part)
    return TrainingSet.build(str(part), folder)


def fine_tune(name: str, config: TrainConfig, posts: TrainingSet) -> tuple[Base, TrainState]:
    """A model at the end of its last epoch; what is begun under a name is gone on with."""
    base = trainable_pocket(config)
    vision = VisionCache.open(base, posts, study_folder())
    prompt = Prompt(base.processor, base.family, max_text_tokens=config.max_text_tokens)
    run = _Run(study_folder() / f"{name}-{posts.fingerprint[:8]}", base, config)
    state = run.begin(posts, prompt, vision)
    base.model.train()
    Loop(
        config=config,
        step=make_step(
            config,
            base.model,
            base.family,
            strides=state.strides,
            bf16=uses_bf16(config, _CPU),
        ),
        optimizer=run.optimizer,
        encode=ExampleReader(prompt, posts, config, vision),
        order=_order(posts, config),
        worker=_WORKER,
        surroundings=run,
        alignment=run.alignment,
    ).run(state)
    return base, state


def trainable_pocket(config: TrainConfig) -> Base:
    """The pocket base with freshly seeded LoRA."""
    dtype = torch.bfloat16 if uses_bf16(config, _CPU) else torch.float32
    base = load_base(POCKET, dtype=dtype)
    torch.manual_seed(config.seed)
    settings = LoraSettings(
        r=config.lora_rank, alpha=config.lora_alpha, dropout=config.lora_dropout
    )
    attach_lora(base.model, base.family, settings)
    base.model.set_attn_implementation({"text_config": "eager"})
    return base


def _order(posts: TrainingSet, config: TrainConfig) -> Order:
    return Order(posts=len(posts), batch_size=config.batch_size, seed=config.seed)


class _Run:
    """The loop's surroundings: checkpoints in a folder; no validation, hence no selection."""

    optimizer: Optimizer
    alignment: AlignmentObjective | None = None

    def __init__(self, folder: Path, base: Base, config: TrainConfig) -> None:
        self._folder = folder
        self._base = base
        self._config = config

    def begin(self, posts: TrainingSet, prompt: Prompt, vision: VisionCache) -> TrainState:
        """The state of the last checkpoint, which model and optimizer then have too; else what
        comes before the first update is done."""
        base, config = self._base, self._config
        updates = _order(posts, config).batches * config.epochs
        aligned: dict[str, Any] = {
            "base": base,
            "examples": posts,
            "config": config,
            "updates": updates,
        }
        if not self._folder.is_dir():
            prepare(base, posts, vision, prompt, config=config, worker=_WORKER, report=self.report)
            self.alignment = begin_alignment(prompt=prompt, vision=vision, **aligned)
            self.optimizer = make_optimizer(base, config)
            return TrainState()
        if config.alignment != "off":
            self.alignment = resume_alignment(load_alignment(self._folder), **aligned)
        self.optimizer = make_optimizer(base, config)
        state, _ = load_checkpoint(self._folder, base.model, self.optimizer)
        return state

    def validate(self) -> dict[str, Any]:
        return score([])

    def keep_best(self) -> None:
        """The last epoch is taken, whatever it is worth."""

    def checkpoint(self, state: TrainState) -> None:
        part = self._folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        aligned = None if self.alignment is None else self.alignment.state()
        save_checkpoint(part, self._base.model, self.optimizer, state, None, aligned)
        shutil.rmtree(self._folder, ignore_errors=True)
        part.rename(self._folder)

    def report(self, event: Event) -> None:
        if isinstance(event, Stepped) and event.step % 10 == 0:
            print(f"step {event.step} of {event.steps}  loss {event.loss:.3f}", flush=True)
