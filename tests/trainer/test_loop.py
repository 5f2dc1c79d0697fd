"""The loop of a worker, without Ray."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from model_store.base import Base
from posts.errors import JobError
from tests.trainer.examples import encode, mixed_posts, trainable_base, training_set
from trainer.aimkp.strides import Modality
from trainer.checkpoint import (
    TrainState,
    copy_weights,
    load_checkpoint,
    save_checkpoint,
)
from trainer.config import TrainConfig
from trainer.examples import Examples
from trainer.loop import Loop, Worker, selection
from trainer.methods import make_step
from trainer.metrics import score
from trainer.optimization import make_optimizer
from trainer.order import Order, Rows
from trainer.progress import Began, Event, Stepped, Validated
from trainer.training_set import TrainingSet

CONFIG = TrainConfig(
    method="standard",
    epochs=2,
    batch_size=4,
    micro_batch_size=2,
    lora_learning_rate=1e-3,
    projector_learning_rate=1e-3,
    checkpoint_every=2,
)
POSTS = 10


class KilledError(Exception):
    """Stands for the end of the process."""


def scores_of(value: float) -> dict[str, Any]:
    scores = score([])
    scores["cmkp"]["all"]["f1@1"] = value
    return scores


@dataclass
class Run:
    """A run in this process, its checkpoints in folders."""

    base: Base
    folder: Path
    config: TrainConfig = CONFIG
    kill_at: int | None = None
    """Dies after the checkpoint of that update."""
    values: list[float] = field(default_factory=lambda: [0.2, 0.1])
    """Scores of the epochs to come."""
    events: list[Event] = field(default_factory=list)
    kept: list[dict[str, Tensor]] = field(default_factory=list)
    saved: list[int] = field(default_factory=list)

    def validate(self) -> dict[str, Any]:
        return scores_of(self.values.pop(0))

    def keep_best(self) -> None:
        self.kept.append(copy_weights(self.base.model))

    def report(self, event: Event) -> None:
        self.events.append(event)

    def checkpoint(self, state: TrainState) -> None:
        place = self.folder / str(state.update)
        place.mkdir(parents=True, exist_ok=True)
        best = self.kept[-1] if self.kept else None
        save_checkpoint(place, self.base.model, self.optimizer, state, best)
        self.saved.append(state.update)
        if state.update == self.kill_at:
            raise KilledError

    def go(self, examples: TrainingSet, resume: int | None = None) -> TrainState:
        base = self.base
        self.optimizer = make_optimizer(base, self.config)
        state = TrainState()
        if resume is not None:
            state, best = load_checkpoint(self.folder / str(resume), base.model, self.optimizer)
            self.kept = [best] if best else []

        def encode_rows(rows: Rows, epoch: int) -> Examples:
            some = [examples[int(row)] for row in rows]
            return Examples(tuple(one.id for one in some), encode(base, some))

        base.model.train()
        Loop(
            config=self.config,
            step=make_step(self.config, base.model, base.family, strides=state.strides),
            optimizer=self.optimizer,
            encode=encode_rows,
            order=Order(posts=POSTS, batch_size=CONFIG.batch_size, seed=CONFIG.seed),
            worker=Worker(device=torch.device("cpu")),
            surroundings=self,
        ).run(state)
        return state


@pytest.fixture
def examples(tmp_path: Path) -> TrainingSet:
    return training_set(tmp_path, mixed_posts(POSTS))


def new_run(folder: Path, **settings: Any) -> Run:
    return Run(trainable_base(folder, dropout=0.1), folder / "run", **settings)


@pytest.mark.parametrize("kill_at", [2, 3, 4])
def test_a_killed_run_ends_with_the_weights_of_an_undisturbed_one(
    tmp_path: Path, examples: TrainingSet, kill_at: int
) -> None:
    """In the midst of an epoch, at its end, and after a best epoch; with dropout."""
    undisturbed = new_run(tmp_path)
    expected = undisturbed.go(examples)
    killed = new_run(tmp_path, kill_at=kill_at)
    with pytest.raises(KilledError):
        killed.go(examples)
    resumed = new_run(tmp_path, values=killed.values)
    state = resumed.go(examples, resume=kill_at)
    assert state == expected
    for name, weights in copy_weights(undisturbed.base.model).items():
        assert torch.equal(copy_weights(resumed.base.model)[name], weights), name
    for name, weights in undisturbed.kept[-1].items():
        assert torch.equal(resumed.kept[-1][name], weights), name


@pytest.mark.parametrize(
    "where", ["trainer.loop.apply_update", "trainer.step.StandardStep.__call__"]
)
@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
    ],
)
def test_too_little_memory_is_told_with_what_to_do(
    tmp_path: Path,
    examples: TrainingSet,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    error: RuntimeError,
) -> None:
    """In the step, and where the optimizer's moments are made."""

    def full(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(where, full)
    with pytest.raises(JobError, match="2 posts at once; lower micro_batch_size"):
        new_run(tmp_path).go(examples)


@pytest.mark.parametrize("kill_at", [6, 8])
def test_a_run_killed_late_goes_on_with_the_strides_it_had(
    tmp_path: Path, examples: TrainingSet, kill_at: int
) -> None:
    """At the end of the second epoch, in the midst of the third, and near its end."""
    config = replace(CONFIG, method="aimkp", epochs=4, checkpoint_every=1)
    values = [0.1, 0.2, 0.3, 0.4]
    undisturbed = new_run(tmp_path, config=config, values=[*values])
    expected = undisturbed.go(examples)
    killed = new_run(tmp_path, config=config, values=[*values], kill_at=kill_at)
    with pytest.raises(KilledError):
        killed.go(examples)
    resumed = new_run(tmp_path, config=config, values=killed.values)
    state = resumed.go(examples, resume=kill_at)
    assert len(state.strides) == 2 * POSTS
    assert {state.strides.of(examples[row].id, Modality.TEXT).made for row in range(3)} == {0, 3}
    assert state == expected
    for name, weights in copy_weights(undisturbed.base.model).items():
        assert torch.equal(copy_weights(resumed.base.model)[name], weights), name


def test_the_insight_of_an_epoch_is_that_of_an_undisturbed_run_though_it_was_killed_within(
    tmp_path: Path, examples: TrainingSet
) -> None:
    config = replace(CONFIG, method="aimkp", epochs=3, checkpoint_every=1)
    values = [0.1, 0.2, 0.3]
    undisturbed = new_run(tmp_path, config=config, values=[*values])
    expected = [epoch["views"] for epoch in undisturbed.go(examples).history]
    insight = (undisturbed.folder / "9" / "insight.jsonl").read_bytes()
    killed = new_run(tmp_path, config=config, values=[*values], kill_at=7)
    with pytest.raises(KilledError):
        killed.go(examples)
    resumed = new_run(tmp_path, config=config, values=killed.values)
    found = [epoch["views"] for epoch in resumed.go(examples, resume=7).history]
    assert expected[0] is None
    assert (expected[2]["text"]["made"], expected[2]["image"]["made"]) == (7, 7)
    assert found == expected
    assert (resumed.folder / "9" / "insight.jsonl").read_bytes() == insight


def test_each_checkpoint_has_the_insight_so_far_and_each_epoch_tells_it(
    tmp_path: Path, examples: TrainingSet
) -> None:
    config = replace(CONFIG, method="aimkp")
    run = new_run(tmp_path, config=config)
    state = run.go(examples)
    lines = {
        update: (run.folder / str(update) / "insight.jsonl").read_text().splitlines()
        for update in run.saved
    }
    assert {update: len(found) for update, found in lines.items()} == {2: 0, 3: 1, 4: 1, 6: 2}
    assert [(run.folder / str(one) / "insight.png").exists() for one in run.saved] == [
        *(False, True, True, True)
    ]
    told = [event.views for event in run.events if isinstance(event, Validated)]
    assert told == [epoch["views"] for epoch in state.history]
    assert told == [json.loads(line)["views"] for line in lines[6]]
    assert told[1] is not None
    assert (told[1]["image"]["tau"], told[1]["text"]["tau"]) == (0.4, 0.1)


def test_plain_fine_tuning_has_no_views_to_tell_of(tmp_path: Path, examples: TrainingSet) -> None:
    assert [epoch["views"] for epoch in new_run(tmp_path).go(examples).history] == [None, None]


def test_the_best_epoch_is_kept_and_the_first_of_equals(
    tmp_path: Path, examples: TrainingSet
) -> None:
    run = new_run(tmp_path, values=[0.2, 0.2])
    state = run.go(examples)
    assert (state.best_epoch, len(run.kept)) == (1, 1)
    better = new_run(tmp_path, values=[0.2, 0.3])
    assert better.go(examples).best_epoch == 2


def test_checkpoints_are_written_as_configured_and_at_each_epochs_end(
    tmp_path: Path, examples: TrainingSet
) -> None:
    run = new_run(tmp_path)
    run.go(examples)
    assert run.saved == [2, 3, 4, 6]


def test_progress_is_told_from_beginning_to_end(tmp_path: Path, examples: TrainingSet) -> None:
    run = new_run(tmp_path)
    state = run.go(examples)
    began, stepped = run.events[0], [e for e in run.events if isinstance(e, Stepped)]
    assert began == Began(step=0, steps=6, epochs=2, posts=POSTS)
    assert [event.step for event in stepped] == [1, 2, 3, 4, 5, 6]
    assert [event.epoch for event in stepped] == [1, 1, 1, 2, 2, 2]
    validated = [event for event in run.events if isinstance(event, Validated)]
    assert [event.loss for event in validated] == [epoch["loss"] for epoch in state.history]


def test_the_loss_falls(tmp_path: Path, examples: TrainingSet) -> None:
    run = new_run(tmp_path)
    first, last = (epoch["loss"] for epoch in run.go(examples).history)
    assert last < first


def test_selection_adds_the_three_scores_of_the_paper() -> None:
    scores = scores_of(0.5)
    scores["cmkp"]["all"] |= {"f1@3": 0.25, "map@5": 0.125, "f1@5": 1.0}
    assert selection(scores) == 0.875


def test_the_heap_is_looked_after_at_every_update(
    tmp_path: Path, examples: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = []
    monkeypatch.setattr("model_store.heap.Heap.after_turn", lambda _: turns.append(1))
    run = new_run(tmp_path)
    run.go(examples)
    assert len(turns) == len([one for one in run.events if isinstance(one, Stepped)]) > 1
