"""Alignment beside the keyphrases' loss, in updates of tiny models; fp64 for exact sums."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, distributed, multiprocessing
from torch.optim import SGD

from model_store.alignment.features import picture_features, text_features
from model_store.base import Base
from model_store.prompt import Prompt
from posts.drawn import drawn_posts
from tests.trainer.examples import encode, trainable_base, training_set
from trainer.aimkp.strides import Modality, Strides
from trainer.alignment.attached_heads import heads_of
from trainer.alignment.beginning import begin_alignment, resume_alignment
from trainer.alignment.loss import ContrastiveLoss
from trainer.alignment.objective import AlignmentObjective
from trainer.alignment.vectors import Vectors
from trainer.checkpoint import copy_weights, fill_weights, trainable_parameters
from trainer.config import METHODS, TrainConfig
from trainer.examples import Examples
from trainer.methods import make_step
from trainer.order import Order
from trainer.training_set import TrainingSet
from trainer.update import apply_update

POSTS = 7
CONFIG = TrainConfig(
    alignment="srcl",
    beta=0.5,
    alignment_dimensions=6,
    alignment_queue=3,
    alignment_temperature=0.3,
    method="standard",
)


@pytest.fixture
def examples(tmp_path: Path) -> TrainingSet:
    """One has no picture, and one no text."""
    posts = list(drawn_posts("aligned", POSTS))
    posts[2] = replace(posts[2], image=None)
    posts[5] = replace(posts[5], text="")
    return training_set(tmp_path, posts)


def begun(
    base: Base, examples: TrainingSet, config: TrainConfig = CONFIG, updates: int = 4
) -> AlignmentObjective | None:
    prompt = Prompt(base.processor, base.family)
    objective = begin_alignment(
        base=base, examples=examples, prompt=prompt, config=config, updates=updates
    )
    base.model.to(base.model.dtype)
    return objective


def trained(
    base: Base,
    examples: TrainingSet,
    objective: AlignmentObjective | None,
    *,
    config: TrainConfig = CONFIG,
    micro_batch_size: int = POSTS,
    updates: int = 1,
    rate: float = 0.1,
    part: tuple[int, int] = (0, 1),
) -> tuple[dict[str, Tensor], Strides]:
    """Weights and strides after one worker's part of updates with all posts."""
    strides = Strides()
    step = make_step(config, base.model, base.family, strides=strides)
    optimizer = SGD(trainable_parameters(base.model).values(), lr=rate)
    order = Order(posts=POSTS, batch_size=POSTS, seed=0)
    base.model.train()
    for update in range(updates):
        rows = order.share(update, 0, *part).tolist()
        losses = []
        for start in range(0, len(rows), micro_batch_size):
            some = [examples[row] for row in rows[start : start + micro_batch_size]]
            shown = Examples(tuple(one.id for one in some), encode(base, some))
            if objective is not None:
                shown = objective.collect(shown)
            losses.append(step(shown.ids, shown.batch))
        if objective is not None:
            objective.add_gradients(update, tokens=sum(loss.tokens for loss in losses))
        apply_update(optimizer, losses, max_grad_norm=1e9)
        strides.share()
    return copy_weights(base.model), strides


def literal_gradients(base: Base, examples: TrainingSet, objective: AlignmentObjective) -> Any:
    """Of the loss of all posts at once, by the name of the weight."""
    prompt = Prompt(base.processor, base.family)
    rows = [n for n in range(POSTS) if examples[n].image and examples[n].text]
    tokens, pictures = [], []
    for row in rows:
        batch = encode(base, [examples[row]])
        tokens.append(batch.inputs["input_ids"][batch.text_positions].tolist())
        assert tokens[-1] == prompt.text_tokens(examples[row].text)
        states = base.family.vision_states(base.model, batch.inputs)
        pictures.append(picture_features(base.model, base.family, states))
    heads, tokenizer = objective.heads, base.processor.tokenizer
    layer = heads.shape.text_layer
    of_texts = text_features(base.model, base.family, tokenizer, tokens, layer)
    posts = torch.tensor(rows)
    vectors = Vectors.of(
        posts,
        heads.pictures(torch.stack(pictures)),
        heads.texts(of_texts),
        objective.teacher.vectors(posts),
    )
    loss = ContrastiveLoss(temperature=CONFIG.alignment_temperature)(vectors, alpha=1)
    named = trainable_parameters(base.model)
    found = torch.autograd.grad(loss, list(named.values()), allow_unused=True)
    return dict(zip(named, found, strict=True))


def double_base(folder: Path, family: str = "llava") -> Base:
    return trainable_base(folder, family, dtype=torch.float64)


def without_dropout(objective: AlignmentObjective) -> AlignmentObjective:
    for head in (objective.heads.picture, objective.heads.text):
        head.dropout.p = 0.0
    return objective


@pytest.mark.parametrize("family", ["llava", "idefics3", "qwen2_vl"])
@pytest.mark.parametrize("method", METHODS)
def test_an_update_is_that_of_the_keyphrases_and_beta_times_the_literal_one(
    tmp_path: Path, examples: TrainingSet, family: str, method: str
) -> None:
    base = double_base(tmp_path, family)
    config = replace(CONFIG, method=method)
    objective = without_dropout(begun(base, examples, config))
    before = copy_weights(base.model)
    aligned = literal_gradients(base, examples, objective)
    both, _ = trained(base, examples, objective, config=config)
    fill_weights(base.model, before)
    alone, _ = trained(base, examples, None, config=config)

    reached = set()
    for name, weight in both.items():
        gradient = aligned[name]
        expected = alone[name]
        if gradient is not None:
            expected = expected - 0.1 * config.beta * gradient
            reached.add(name.split(".")[1 if name.startswith("model.") else 0])
        # Norms of the language model compute in fp32, so batches in another order round otherwise.
        torch.testing.assert_close(weight, expected, rtol=1e-6, atol=1e-7)
    moved = max(float((both[name] - alone[name]).abs().max()) for name in both)
    assert moved > 1e-4
    # Heads, projector and language model all learn from it.
    assert len(reached) == 3, reached


@pytest.mark.parametrize("micro_batch_size", [1, 2, 3])
def test_micro_batches_make_the_update_of_one_batch(
    tmp_path: Path, examples: TrainingSet, micro_batch_size: int
) -> None:
    """Over several updates, with a queue."""
    base = double_base(tmp_path)
    objective = without_dropout(begun(base, examples))
    before, state = copy_weights(base.model), objective.state()
    whole, _ = trained(base, examples, objective, updates=3)
    again = double_base(tmp_path)
    resumed = without_dropout(
        resume_alignment(state, base=again, examples=examples, config=CONFIG, updates=4)
    )
    again.model.double()
    fill_weights(again.model, before)
    cut, _ = trained(again, examples, resumed, updates=3, micro_batch_size=micro_batch_size)
    for name, weight in whole.items():
        torch.testing.assert_close(cut[name], weight, rtol=1e-5, atol=1e-6)


def test_cosines_and_strides_know_nothing_of_it(tmp_path: Path, examples: TrainingSet) -> None:
    """With weights that stand still, so that only the objective could make a difference."""
    config = replace(CONFIG, method="aimkp", beta=100.0)
    found = []
    for aligned in (True, False):
        base = double_base(tmp_path)
        objective = begun(base, examples, config) if aligned else None
        _, strides = trained(base, examples, objective, config=config, updates=3, rate=0.0)
        found.append(strides)
    with_it, without = found
    made = 0
    for row in range(POSTS):
        for modality in Modality:
            one, other = (found.of(examples[row].id, modality) for found in (with_it, without))
            assert one == other
            made += one.made
    assert made > 0
    assert with_it == without


def test_what_is_off_does_nothing(tmp_path: Path, examples: TrainingSet) -> None:
    base = trainable_base(tmp_path)
    names = copy_weights(base.model).keys()
    assert begun(base, examples, replace(CONFIG, alignment="off")) is None
    assert copy_weights(base.model).keys() == names
    assert heads_of(base.model) is None


def work(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    # Before the group is made: in one, only the first process saves a model.
    base = double_base(folder / str(rank))
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    examples = TrainingSet(next((folder / "cache").glob("*.arrow")))
    objective = without_dropout(begun(base, examples))
    weights, _ = trained(base, examples, objective, updates=2, micro_batch_size=2, part=(rank, 2))
    if rank == 0:
        torch.save(weights, folder / "weights.pt")
    distributed.destroy_process_group()


def test_workers_make_the_update_of_one(tmp_path: Path, examples: TrainingSet) -> None:
    for rank in ("0", "1", "alone"):
        (tmp_path / rank).mkdir()
    multiprocessing.spawn(work, args=(tmp_path,), nprocs=2)
    base = double_base(tmp_path / "alone")
    alone, _ = trained(base, examples, without_dropout(begun(base, examples)), updates=2)
    for name, weight in torch.load(tmp_path / "weights.pt").items():
        torch.testing.assert_close(weight, alone[name], rtol=1e-5, atol=1e-6)
