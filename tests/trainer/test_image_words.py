"""What image tokens say, and what of it is a keyphrase."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from model_store.base import Base
from tests.trainer.examples import trainable_base
from trainer.image_words import ImageWords

GOLD = [("red circle", "Red Circles"), ("blue", "red circle"), ("blue",), ("green, square",)]


def near(base: Base, phrase: str, scale: float = 3.0) -> Tensor:
    """The mean embedding of a phrase's tokens, without what all words have in common."""
    embeddings = base.model.get_input_embeddings().weight.detach()
    tokens = base.processor.tokenizer(f" {phrase}", add_special_tokens=False).input_ids
    return scale * (embeddings[tokens].mean(0) - embeddings.mean(0))


def test_tokens_say_the_phrases_they_are_near(tmp_path: Path) -> None:
    base = trainable_base(tmp_path)
    words = ImageWords(base, GOLD)
    means = torch.stack([near(base, "red circle"), near(base, "blue"), near(base, "green square")])
    assert [said[0] for said in words.say(means, 1)] == ["red circle", "blue", "green, square"]


def test_phrases_of_the_same_stems_are_said_once(tmp_path: Path) -> None:
    base = trainable_base(tmp_path)
    (said,) = ImageWords(base, GOLD).say(near(base, "red circle").unsqueeze(0), 9)
    assert sorted(said) == ["blue", "green, square", "red circle"]


def test_what_is_said_of_nothing_is_what_is_common(tmp_path: Path) -> None:
    base = trainable_base(tmp_path)
    words = ImageWords(base, [("blue",), ("blue",), ("blue",), ("green",)])
    hidden = base.model.get_input_embeddings().weight.shape[1]
    assert words.say(torch.zeros(1, hidden), 2) == [["blue", "green"]]


def test_the_loss_falls_towards_the_gold(tmp_path: Path) -> None:
    base = trainable_base(tmp_path)
    words = ImageWords(base, GOLD)
    right, wrong = (words.loss(near(base, one).unsqueeze(0), [2]) for one in ("blue", "green"))
    assert right.item() < wrong.item()
