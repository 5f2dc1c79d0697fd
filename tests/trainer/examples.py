"""Small dumps and models for the trainer's tests."""

from __future__ import annotations

from pathlib import Path

import torch

from model_store.base import Base, load_base
from model_store.lora import LoraSettings, attach_lora
from model_store.prompt import Batch, Prompt
from posts.drawn import drawn_posts
from posts.pictures import decode_picture
from posts.post import Post
from posts.writing import write_parquet
from tests.tiny_models import tiny_base
from trainer.training_set import Example, TrainingSet


def drawn_dump(folder: Path, count: int, split: str = "train") -> str:
    """A dump of drawn posts; gives its URI."""
    write_parquet(drawn_posts(split, count), folder / f"{split}.parquet")
    return str(folder / f"{split}.parquet")


def training_set(folder: Path, posts: list[Post]) -> TrainingSet:
    """The examples among some posts."""
    write_parquet(posts, folder / "posts.parquet")
    return TrainingSet.build(str(folder / "posts.parquet"), folder / "cache")


def mixed_posts(count: int) -> list[Post]:
    """Drawn posts of which every third lacks its text and every third its picture."""
    posts = []
    for number, post in enumerate(drawn_posts("mixed", count)):
        text = "" if number % 3 == 1 else post.text
        image = None if number % 3 == 2 else post.image
        posts.append(Post(id=post.id, text=text, image=image, keyphrases=post.keyphrases))
    return posts


def trainable_base(
    folder: Path,
    family: str = "llava",
    dropout: float = 0.0,
    dtype: torch.dtype = torch.float32,
    r: int = 4,
) -> Base:
    """A tiny base with LoRA whose second matrices are not zero, so that all gradients are alive."""
    base = load_base(str(tiny_base(family, folder)), dtype=dtype)
    torch.manual_seed(1)
    attach_lora(base.model, base.family, LoraSettings(r=r, alpha=8, dropout=dropout))
    base.model.to(dtype)
    with torch.no_grad():
        for name, parameter in base.model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
    return base


def encode(base: Base, examples: list[Example]) -> Batch:
    """A training batch."""
    prompt = Prompt(base.processor, base.family)
    batch = prompt.encode_training(
        [example.text for example in examples],
        [None if e.image is None else decode_picture(e.image) for e in examples],
        [example.keyphrases for example in examples],
    )
    floating = {
        name: tensor.to(base.model.dtype)
        for name, tensor in batch.inputs.items()
        if tensor.is_floating_point()
    }
    return Batch(
        inputs={**batch.inputs, **floating},
        text_positions=batch.text_positions,
        labels=batch.labels,
    )
