"""The subject of bench/train_step.py: a model and posts at the proportions of LLaVA-1.5."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    PreTrainedModel,
)

from model_store.families import Family, family_of
from model_store.lora import LoraSettings, attach_lora
from model_store.prompt import IGNORED, Batch

LEADING = 12
"""Prompt tokens before the picture."""
PATCHES = 576
QUESTION = 12
"""Prompt tokens between the post's text and the labels."""
TEXT = (10, 60)
"""Fewest and most tokens of a text."""
LABELS = (2, 8)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the model is."""

    hidden: int = 256
    intermediate: int = 688
    layers: int = 4
    heads: int = 8
    vocabulary: int = 4096
    vision_hidden: int = 64
    vision_layers: int = 2
    r: int = 16


SMALL = Size()
SEVEN_BILLION = Size(
    hidden=4096,
    intermediate=11008,
    layers=32,
    heads=32,
    vocabulary=32064,
    vision_hidden=1024,
    vision_layers=24,
    r=128,
)


def build_model(
    size: Size,
    *,
    dropout: float = 0.0,
    attention: str = "sdpa",
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> tuple[PreTrainedModel, Family]:
    """A model in training, LoRA on all linear layers of its language model, weights random."""
    torch.manual_seed(0)
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=size.vision_hidden,
            intermediate_size=4 * size.vision_hidden,
            num_hidden_layers=size.vision_layers,
            num_attention_heads=size.vision_hidden // 64 or 1,
            image_size=336,
            patch_size=14,
        ),
        text_config=LlamaConfig(
            vocab_size=size.vocabulary,
            hidden_size=size.hidden,
            intermediate_size=size.intermediate,
            num_hidden_layers=size.layers,
            num_attention_heads=size.heads,
            num_key_value_heads=size.heads,
        ),
        image_token_index=size.vocabulary - 1,
        image_seq_length=PATCHES,
        tie_word_embeddings=False,
    )
    with torch.device(device):
        default, _ = torch.get_default_dtype(), torch.set_default_dtype(dtype)
        model = LlavaForConditionalGeneration._from_config(config, attn_implementation=attention)
        torch.set_default_dtype(default)
    family = family_of(config)
    attach_lora(model, family, LoraSettings(r=size.r, alpha=2 * size.r, dropout=dropout))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            # Else the first matrices would have no gradient.
            nn.init.normal_(parameter, std=0.02)
    return model.to(device).train(), family


def build_posts(count: int, vocabulary: int, seed: int = 0) -> list[Batch]:
    """Posts with a picture and a text, each alone in its batch."""
    generator = torch.Generator().manual_seed(seed)

    def between(fewest: int, most: int) -> int:
        return int(torch.randint(fewest, most + 1, (1,), generator=generator))

    posts = []
    for _ in range(count):
        text, labels = between(*TEXT), between(*LABELS)
        length = LEADING + PATCHES + text + QUESTION + labels
        ids = torch.randint(3, vocabulary - 2, (length,), generator=generator)
        ids[LEADING : LEADING + PATCHES] = vocabulary - 1
        in_text = torch.zeros(length, dtype=torch.bool)
        in_text[LEADING + PATCHES : LEADING + PATCHES + text] = True
        targets = torch.full((length,), IGNORED)
        targets[-labels:] = ids[-labels:]
        posts.append(
            Batch(
                inputs={
                    "input_ids": ids.unsqueeze(0),
                    "attention_mask": torch.ones(1, length, dtype=torch.long),
                    "pixel_values": torch.randn(1, 3, 336, 336, generator=generator),
                },
                text_positions=in_text.unsqueeze(0),
                labels=targets.unsqueeze(0),
            )
        )
    return posts


def together(posts: list[Batch]) -> Batch:
    """The posts as one batch, padded on the right."""
    width = max(post.text_positions.shape[1] for post in posts)

    def stack(rows: list[Tensor], filling: int) -> Tensor:
        return torch.cat(
            [nn.functional.pad(row, (0, width - row.shape[1]), value=filling) for row in rows]
        )

    return Batch(
        inputs={
            "input_ids": stack([post.inputs["input_ids"] for post in posts], 0),
            "attention_mask": stack([post.inputs["attention_mask"] for post in posts], 0),
            "pixel_values": torch.cat([post.inputs["pixel_values"] for post in posts]),
        },
        text_positions=stack([post.text_positions for post in posts], 0),
        labels=stack([post.labels for post in posts if post.labels is not None], IGNORED),
    )
