"""The loop of one worker: epochs, updates, validation and checkpoints, whoever runs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from statistics import fmean
from typing import Any, Protocol

import numpy as np
import torch
from torch.optim import AdamW

from model_store.heap import Heap, give_back_memory, is_out_of_memory
from model_store.quantization import native_precision
from posts.errors import JobError
from trainer.aimkp.insight import epoch_insight
from trainer.alignment.objective import AlignmentObjective
from trainer.checkpoint import TrainState
from trainer.config import TrainConfig
from trainer.examples import Examples
from trainer.methods import tau
from trainer.optimization import set_rates
from trainer.order import Order, Rows
from trainer.prefetch import prefetch
from trainer.progress import Began, Event, Stepped, Validated, Validating
from trainer.step import Loss, Step
from trainer.update import GlobalLoss, apply_update


class Surroundings(Protocol):
    """What the loop asks of whoever runs it."""

    def validate(self) -> dict[str, Any]:
        """Scores of the model as it is, as `trainer.metrics.score` gives them."""
        ...

    def keep_best(self) -> None:
        """Remembers the weights as they are: no epoch was better."""
        ...

    def checkpoint(self, state: TrainState) -> None:
        """Makes the run resumable from here."""
        ...

    def report(self, event: Event) -> None:
        """Tells the one who waits."""
        ...


def uses_bf16(config: TrainConfig, device: torch.device) -> bool:
    """Whether the model computes in bf16 on this device.

    Emulated, as on a processor without it, it takes fifty times as long as fp32.
    """
    if config.precision == "auto" and device.type != "cuda":
        return False
    return config.precision != "fp32" and native_precision(device.type) == torch.bfloat16


@dataclass(frozen=True, kw_only=True)
class Worker:
    """Which of the workers this is, and what it has."""

    rank: int = 0
    workers: int = 1
    device: torch.device
    loader_threads: int = 1
    """Threads that decode pictures and encode prompts ahead of the model."""


class Loop:
    """Trains until all epochs are done."""

    def __init__(
        self,
        *,
        config: TrainConfig,
        step: Step,
        optimizer: AdamW,
        encode: Callable[[Rows, int], Examples],
        order: Order,
        worker: Worker,
        surroundings: Surroundings,
        alignment: AlignmentObjective | None = None,
    ) -> None:
        self._config = config
        self._step = step
        self._optimizer = optimizer
        self._encode = encode
        self._order = order
        self._worker = worker
        self._surroundings = surroundings
        self._alignment = alignment
        self._updates = order.batches * config.epochs
        self._heap = Heap()

    def run(self, state: TrainState) -> None:
        """Goes on from a state, which it changes, to the end of the last epoch."""
        epochs, posts = self._config.epochs, self._order.posts
        self._surroundings.report(
            Began(step=state.update, steps=self._updates, epochs=epochs, posts=posts)
        )
        clock = _Clock()
        while state.update < self._updates:
            self._epoch(state, clock)
            with clock.validation():
                self._end_epoch(state)
            self._surroundings.checkpoint(state)

    def _epoch(self, state: TrainState, clock: _Clock) -> None:
        """What is left of the current epoch."""
        epoch, first = divmod(state.update, self._order.batches)
        self._step.begin_epoch(epoch + 1)
        cuts = [self._cut(epoch, number) for number in range(first, self._order.batches)]
        threads = self._worker.loader_threads

        def encode(rows: Rows) -> Examples:
            return self._encode(rows, epoch + 1)

        micro_batches = (rows for cut in cuts for rows in cut)
        every = self._config.checkpoint_every
        with closing(
            prefetch(encode, micro_batches, threads=threads, ahead=2 * threads)
        ) as encoded:
            for number, cut in enumerate(cuts, start=first):
                loss = self._update(state, islice(encoded, len(cut)))
                self._heap.after_turn()
                clock.count(len(self._order.batch(epoch, number)))
                self._report_step(state, epoch, loss, clock)
                unfinished = number + 1 < self._order.batches
                if every and unfinished and state.update % every == 0:
                    state.strides.share()
                    self._surroundings.checkpoint(state)

    def _cut(self, epoch: int, number: int) -> list[Rows]:
        """This worker's share of a global batch, in micro-batches."""
        share = self._order.share(epoch, number, self._worker.rank, self._worker.workers)
        size = self._config.micro_batch_size
        return [share[start : start + size] for start in range(0, len(share), size)]

    def _update(self, state: TrainState, micro_batches: Iterable[Examples]) -> GlobalLoss:
        seed_update(self._config.seed, state.update, self._worker.rank)
        set_rates(self._optimizer, state.update, self._updates, self._config.warmup_ratio)
        with self._telling_of_memory():
            losses = [self._gradient(examples) for examples in micro_batches]
            if self._alignment is not None:
                tokens = sum(loss.tokens for loss in losses)
                aligned = self._alignment.add_gradients(state.update, tokens=tokens)
                state.alignment_losses.append(aligned)
            loss = apply_update(self._optimizer, losses, self._config.max_grad_norm)
        state.update += 1
        state.loss_total += loss.total
        state.loss_tokens += loss.tokens
        return loss

    @contextmanager
    def _telling_of_memory(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise JobError(
                "the GPU or the machine has too little memory for "
                f"{self._config.micro_batch_size} posts at once; lower micro_batch_size, or set "
                "gradient_checkpointing: true"
            ) from error

    def _gradient(self, examples: Examples) -> Loss:
        examples = Examples(examples.ids, examples.batch.to(self._worker.device))
        if self._alignment is not None:
            examples = self._alignment.collect(examples)
        return self._step(examples.ids, examples.batch)

    def _report_step(self, state: TrainState, epoch: int, loss: GlobalLoss, clock: _Clock) -> None:
        self._surroundings.report(
            Stepped(
                epoch=epoch + 1,
                step=state.update,
                steps=self._updates,
                loss=loss.mean,
                posts_per_second=clock.posts_per_second,
                eta_seconds=clock.eta(
                    updates=self._updates - state.update, epochs=self._config.epochs - epoch
                ),
            )
        )

    def _end_epoch(self, state: TrainState) -> None:
        epoch = len(state.history) + 1
        state.strides.share()
        views = epoch_insight(state.strides, epoch, tau(self._config))
        self._surroundings.report(Validating(epoch=epoch))
        give_back_memory()
        scores = self._surroundings.validate()
        loss = state.loss_total / max(1, state.loss_tokens)
        state.loss_total, state.loss_tokens = 0.0, 0
        state.history.append({"epoch": epoch, "loss": loss, "scores": scores, "views": views})
        if state.alignment_losses:
            state.history[-1]["alignment_loss"] = fmean(state.alignment_losses)
            state.alignment_losses = []
        best = not state.best_epoch or selection(scores) > state.best_selection
        if best:
            state.best_epoch, state.best_selection = epoch, selection(scores)
            self._surroundings.keep_best()
        self._surroundings.report(
            Validated(epoch=epoch, loss=loss, scores=scores, best=best, views=views)
        )


def selection(scores: Mapping[str, Any]) -> float:
    """What the best epoch is chosen by: F1@1 + F1@3 + MAP@5 (cmkp), as the AimKP paper does."""
    of_all = scores["cmkp"]["all"]
    return float(of_all["f1@1"] + of_all["f1@3"] + of_all["map@5"])


def seed_update(seed: int, update: int, rank: int) -> None:
    """Seeds dropout anew for every update, so that a resumed run draws the same masks."""
    torch.manual_seed(int(np.random.SeedSequence([seed, update, rank]).generate_state(1)[0]))


class _Clock:
    """Times this attempt: updates and validations apart, for they cost differently."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._validating = 0.0
        self._validations = 0
        self._updates = 0
        self._posts = 0

    def count(self, posts: int) -> None:
        """An update of that many posts is done."""
        self._updates += 1
        self._posts += posts

    @contextmanager
    def validation(self) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._validating += time.monotonic() - began
        self._validations += 1

    @property
    def posts_per_second(self) -> float:
        return self._posts / max(1e-9, self._training)

    def eta(self, *, updates: int, epochs: int) -> float:
        """Seconds that so many updates and validations will take, going by those so far."""
        per_update = self._training / max(1, self._updates)
        per_validation = self._validating / max(1, self._validations)
        return updates * per_update + epochs * per_validation

    @property
    def _training(self) -> float:
        return time.monotonic() - self._began - self._validating
