"""One run of the study, in this process and without Ray: fine-tune, then measure."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from bench.study.conditions import Plan
from bench.study.label_noise import swap_labels
from bench.study.view_tally import tally_views
from model_store.base import SMALL, Base, load_base
from model_store.keyphraser import Keyphraser
from model_store.lora import LoraSettings, attach_lora, merge_lora
from model_store.prompt import Prompt
from posts.drawn import drawn_posts
from posts.pictures import decode_picture
from posts.post import Post
from posts.writing import write_parquet
from trainer.checkpoint import TrainState
from trainer.config import TrainConfig
from trainer.evaluation import evaluate
from trainer.loop import Examples, Loop, Worker
from trainer.methods import make_step
from trainer.metrics import score
from trainer.optimization import make_optimizer
from trainer.order import Order, Rows
from trainer.progress import Event
from trainer.publication import generation_settings
from trainer.step import StandardStep
from trainer.training_set import Example, TrainingSet

SCENARIOS = ("clean", "text-only", "image-only", "shuffled")
_PROBED = 80
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


def run(plan: Plan) -> dict[str, Any]:
    """What a run file holds, its provenance apart."""
    drawn = list(drawn_posts("train", plan.train_posts))
    posts, swapped = swap_labels(drawn, plan.condition.noise, plan.seed)
    noisy = frozenset(posts[row].id for row in swapped)
    with tempfile.TemporaryDirectory(prefix="ablation-") as folder:
        train = _training_set(posts, Path(folder) / "train.parquet")
        test = _training_set(
            list(drawn_posts("test", plan.test_posts)), Path(folder) / "test.parquet"
        )
        base = _trainable_base(plan.config)
        watch = _Watch([post.id for post in posts], noisy)
        began = time.perf_counter()
        state = _fine_tune(base, plan.config, train, watch)
        seconds = time.perf_counter() - began
        right = [row for row in range(len(posts)) if posts[row].id not in noisy]
        label_loss = {
            "right labels": _loss(base, plan.config, [posts[row] for row in right]),
            "wrong labels": _loss(base, plan.config, [posts[row] for row in swapped]),
            "right labels of posts with wrong ones": _loss(
                base, plan.config, [drawn[row] for row in swapped]
            ),
        }
        merge_lora(base.model)
        keyphraser = Keyphraser(
            base.model, base.processor, base.family, generation_settings(plan.config)
        )
        scores = {name: evaluate(keyphraser, test, name).scores["cmkp"] for name in SCENARIOS}
    return {
        "updates": state.update,
        "train_seconds": seconds,
        "epoch_losses": [epoch["loss"] for epoch in state.history],
        "scores": scores,
        "views": watch.views,
        "label_loss": label_loss,
    }


def _training_set(posts: Sequence[Post], path: Path) -> TrainingSet:
    write_parquet(posts, path)
    return TrainingSet.build(str(path), path.parent / "examples")


def _trainable_base(config: TrainConfig) -> Base:
    base = load_base(SMALL)
    torch.manual_seed(config.seed)
    settings = LoraSettings(
        r=config.lora_rank, alpha=config.lora_alpha, dropout=config.lora_dropout
    )
    attach_lora(base.model, base.family, settings)
    return base


def _fine_tune(base: Base, config: TrainConfig, train: TrainingSet, watch: _Watch) -> TrainState:
    projector = list(base.family.projector(base.model).parameters())
    of_projector = {id(one) for one in projector}
    trained = [one for one in base.model.parameters() if one.requires_grad]
    prompt = Prompt(base.processor, base.family, max_text_tokens=config.max_text_tokens)

    def encode(rows: Rows) -> Examples:
        some = [train[int(row)] for row in rows]
        return _examples(prompt, some)

    state = TrainState()
    base.model.train()
    Loop(
        config=config,
        step=make_step(config, base.model, base.family, strides=state.strides),
        optimizer=make_optimizer(
            [one for one in trained if id(one) not in of_projector], projector, config
        ),
        encode=encode,
        order=Order(posts=len(train), batch_size=config.batch_size, seed=config.seed),
        worker=Worker(device=torch.device("cpu")),
        surroundings=watch,
    ).run(state)
    return state


def _loss(base: Base, config: TrainConfig, posts: Sequence[Post]) -> float | None:
    """Mean loss of the first posts' label tokens on full picture and text; None without posts."""
    prompt = Prompt(base.processor, base.family, max_text_tokens=config.max_text_tokens)
    step, total, tokens = StandardStep(base.model, base.family), 0.0, 0
    probed = posts[:_PROBED]
    for start in range(0, len(probed), config.micro_batch_size):
        examples = _examples(prompt, probed[start : start + config.micro_batch_size])
        loss = step(examples.ids, examples.batch)
        total, tokens = total + float(loss.total), tokens + loss.tokens
    base.model.zero_grad()
    return total / tokens if tokens else None


def _examples(prompt: Prompt, posts: Sequence[Example | Post]) -> Examples:
    batch = prompt.encode_training(
        [one.text for one in posts],
        [None if one.image is None else decode_picture(one.image) for one in posts],
        [tuple(one.keyphrases or ()) for one in posts],
    )
    return Examples(tuple(one.id for one in posts), batch)
