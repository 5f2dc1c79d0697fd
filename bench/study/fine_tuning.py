"""One run of the study, in this process and without Ray: fine-tune, then measure."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from bench.study.conditions import SCENARIOS, Plan
from bench.study.label_noise import swap_labels
from bench.study.view_tally import tally_views
from model_store.base import Base, load_base
from model_store.base_names import SMALL
from model_store.keyphraser import Keyphraser
from model_store.lora import LoraSettings, attach_lora, merge_lora
from model_store.prompt import Prompt
from posts.drawn import drawn_posts
from posts.post import Post
from posts.writing import write_parquet
from trainer.checkpoint import TrainState
from trainer.config import TrainConfig
from trainer.evaluation import evaluate
from trainer.examples import ExampleReader, Examples, encode_examples
from trainer.loop import Loop, Worker
from trainer.methods import make_step
from trainer.metrics import score
from trainer.optimization import make_optimizer
from trainer.order import Order
from trainer.progress import Event
from trainer.publication import generation_settings
from trainer.step import StandardStep
from trainer.training_set import Example, TrainingSet

PROBED = 80
"""Training posts of each kind whose loss is taken at the end."""


@dataclass
class _Watch:
    """The loop's surroundings: no validation, hence no selection; views are counted by epoch."""

    ids: Sequence[str]
    noisy: frozenset[str]
    views: list[dict[str, Any]] = field(default_factory=list)

    def validate(self) -> dict[str, Any]:
        return score([])

    def keep_best(self) -> None:
        """The last epoch is taken, whatever it is worth."""

    def checkpoint(self, state: TrainState) -> None:
        epoch = len(state.history)
        self.views.append(tally_views(state.strides, self.ids, self.noisy, epoch))

    def report(self, event: Event) -> None:
        """Nobody waits."""


@dataclass(frozen=True, kw_only=True)
class FineTuned:
    """A model at the end of its last epoch, and what it was trained on."""

    base: Base
    plan: Plan
    drawn: Sequence[Post]
    """The training posts with right labels."""
    posts: Sequence[Post]
    """The training posts as they were learnt."""
    swapped: Sequence[int]
    """Which of them had wrong labels."""
    state: TrainState
    views: list[dict[str, Any]]
    seconds: float

    def examples(self, posts: Sequence[Post]) -> Examples:
        """Posts, ready to be learnt from."""
        prompt = _prompt(self.base, self.plan.config)
        return encode_examples(prompt, list(map(_example, posts)))


def run(plan: Plan) -> dict[str, Any]:
    """What a run file holds, its provenance apart."""
    tuned = fine_tune(plan)
    drawn, posts, swapped = tuned.drawn, tuned.posts, tuned.swapped
    right = [row for row in range(len(posts)) if row not in swapped]
    label_loss = {
        "right labels": _loss(tuned, [posts[row] for row in right]),
        "wrong labels": _loss(tuned, [posts[row] for row in swapped]),
        "right labels of posts with wrong ones": _loss(tuned, [drawn[row] for row in swapped]),
    }
    return {
        "updates": tuned.state.update,
        "train_seconds": tuned.seconds,
        "epoch_losses": [epoch["loss"] for epoch in tuned.state.history],
        "scores": _scores(tuned),
        "views": tuned.views,
        "label_loss": label_loss,
    }


def fine_tune(plan: Plan) -> FineTuned:
    """Trains a model from the start."""
    drawn = _draw("train", plan.condition.train_posts, plan)
    posts, swapped = swap_labels(drawn, plan.condition.noise, plan.seed)
    watch = _Watch([post.id for post in posts], frozenset(posts[row].id for row in swapped))
    base = _trainable_base(plan.config)
    with tempfile.TemporaryDirectory(prefix="ablation-") as folder:
        train = _training_set(posts, Path(folder))
        began = time.perf_counter()
        state = _train(base, plan.config, train, watch)
        seconds = time.perf_counter() - began
    return FineTuned(
        base=base,
        plan=plan,
        drawn=drawn,
        posts=posts,
        swapped=swapped,
        state=state,
        views=watch.views,
        seconds=seconds,
    )


def _scores(tuned: FineTuned) -> dict[str, Any]:
    """By scenario, on the held-out posts; the model can learn no more after this."""
    base, plan = tuned.base, tuned.plan
    merge_lora(base.model)
    settings = generation_settings(plan.config)
    keyphraser = Keyphraser(base.model, base.processor, base.family, settings)
    with tempfile.TemporaryDirectory(prefix="ablation-") as folder:
        test = _training_set(_draw("test", plan.test_posts, plan), Path(folder))
        return {name: evaluate(keyphraser, test, name).scores["cmkp"] for name in SCENARIOS}


def _loss(tuned: FineTuned, posts: Sequence[Post]) -> float | None:
    """Mean loss of the first posts' label tokens on full picture and text; None without posts."""
    base, size = tuned.base, tuned.plan.config.micro_batch_size
    step, probed = StandardStep(base.model, base.family), posts[:PROBED]
    batches = [probed[start : start + size] for start in range(0, len(probed), size)]
    losses = [step(one.ids, one.batch) for one in map(tuned.examples, batches)]
    base.model.zero_grad()
    return (
        sum(float(one.total) for one in losses) / sum(one.tokens for one in losses)
        if losses
        else None
    )


def _draw(split: str, count: int, plan: Plan) -> list[Post]:
    posts = list(drawn_posts(split, count))
    if plan.condition.told:
        posts = [
            replace(post, text=f"{post.text} , {(post.keyphrases or ())[1]}") for post in posts
        ]
    return posts


def _training_set(posts: Sequence[Post], folder: Path) -> TrainingSet:
    write_parquet(posts, folder / "posts.parquet")
    return TrainingSet.build(str(folder / "posts.parquet"), folder / "examples")


def _trainable_base(config: TrainConfig) -> Base:
    base = load_base(SMALL)
    torch.manual_seed(config.seed)
    settings = LoraSettings(
        r=config.lora_rank, alpha=config.lora_alpha, dropout=config.lora_dropout
    )
    attach_lora(base.model, base.family, settings)
    return base


def _train(base: Base, config: TrainConfig, train: TrainingSet, watch: _Watch) -> TrainState:
    state = TrainState()
    base.model.train()
    Loop(
        config=config,
        step=make_step(config, base.model, base.family, strides=state.strides),
        optimizer=make_optimizer(base, config),
        encode=ExampleReader(_prompt(base, config), train, config),
        order=Order(posts=len(train), batch_size=config.batch_size, seed=config.seed),
        worker=Worker(device=torch.device("cpu")),
        surroundings=watch,
    ).run(state)
    return state


def _prompt(base: Base, config: TrainConfig) -> Prompt:
    return Prompt(base.processor, base.family, max_text_tokens=config.max_text_tokens)


def _example(post: Post) -> Example:
    return Example(
        id=post.id, text=post.text, image=post.image, keyphrases=tuple(post.keyphrases or ())
    )
