"""Tiny bases of the three families, built from configs in a moment; their weights are random.

`tiny_base("llava", folder)` saves one as a base folder, as a user would have it on disk:

    folder = tiny_base("qwen2_vl", tmp_path)
    base = load_base(str(folder))
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3ImageProcessorPil,
    Idefics3Processor,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessorPil,
)

from model_store.families.qwen2_vl import PictureOnlyQwen2VLProcessor
from model_store.pocket.vision import EfficientNetLiteConfig

FAMILIES = ("llava", "idefics3", "qwen2_vl")
QWEN2_5_VL = "qwen2_5_vl"
"""Of the family of Qwen2-VL, with a vision tower of its own."""
POCKET = "pocket"
"""Of the family of LLaVA, with a vision tower of its own and one matrix for words in and out."""

_TEXT = (
    "What phrases should be used to tag the media?",
    "a red cat sleeps on the green chair in the garden, sunny day",
    "summer holiday at the beach, birthday cake for a friend, city at night",
)

_CHAT = (
    "{% for m in messages %}{{ m['role'] | capitalize }}: {% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}IMAGE{% else %}{{ c['text'] }}{% endif %}{% endfor %}"
    "STOP\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)


def tiny_base(family: str, folder: Path, seed: int = 0) -> Path:
    """Saves model and processor of a family to `folder` / family, and gives that folder."""
    torch.manual_seed(seed)
    build = {
        "llava": _llava,
        "idefics3": _idefics3,
        "qwen2_vl": _qwen2_vl,
        "qwen2_5_vl": _qwen2_5_vl,
        "pocket": _pocket,
    }
    model, processor = build[family]()
    _spread(model)
    _write_ascii(model, processor.tokenizer)
    model.save_pretrained(folder / family, safe_serialization=True)
    processor.save_pretrained(folder / family)
    return folder / family


def _spread(model: Any) -> None:
    """Freshly initialised weights make all logits nearly equal; spread them, so beams differ."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(5)


def _write_ascii(model: Any, tokenizer: PreTrainedTokenizerFast) -> None:
    """Lets a model write what can be read as phrases: hardly any special tokens or half bytes."""
    with torch.no_grad():
        for token in range(len(tokenizer)):
            text = tokenizer.decode([token], skip_special_tokens=True)
            if not (text.isascii() and text.strip()) and token != tokenizer.eos_token_id:
                model.lm_head.weight[token] = 0


def _tokenizer(special: list[str], **roles: Any) -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(_TEXT, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=bpe, padding_side="left", **roles)


def _text_config(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }


def _tokenizer_of_llava() -> PreTrainedTokenizerFast:
    return _tokenizer(
        ["<pad>", "<s>", "</s>", "<unk>", "<image>"],
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        extra_special_tokens={"image_token": "<image>"},
    )


def _llava() -> tuple[Any, Any]:
    tokenizer = _tokenizer_of_llava()
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=3,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
        projection_dim=16,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=LlamaConfig(**_text_config(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=16,
        vision_feature_layer=-2,
        tie_word_embeddings=False,
    )
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(
            size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
        ),
        tokenizer=tokenizer,
        patch_size=8,
        num_additional_image_tokens=1,
        vision_feature_select_strategy="default",
        image_token="<image>",
    )
    return LlavaForConditionalGeneration(config), processor


def _pocket() -> tuple[Any, Any]:
    tokenizer = _tokenizer_of_llava()
    vision = EfficientNetLiteConfig(
        image_size=32,
        patch_size=8,
        stem_width=8,
        stages=[[1, 3, 1, 1, 8], [2, 3, 2, 2, 12], [1, 5, 2, 2, 16]],
        hidden_size=24,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=LlamaConfig(**_text_config(tokenizer), tie_word_embeddings=True),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=16,
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        tie_word_embeddings=True,
    )
    side = {"height": 32, "width": 32}
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size=side, crop_size=side, do_center_crop=False),
        tokenizer=tokenizer,
        patch_size=8,
        num_additional_image_tokens=0,
        vision_feature_select_strategy="full",
        image_token="<image>",
    )
    return LlavaForConditionalGeneration(config), processor


def _idefics3() -> tuple[Any, Any]:
    marks = ["<fake_token_around_image>", "<image>", "<end_of_utterance>", "<global-img>"]
    tiles = [f"<row_{row}_col_{col}>" for row in range(1, 7) for col in range(1, 7)]
    tokenizer = _tokenizer(
        ["<pad>", "<s>", "</s>", *marks, *tiles],
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
    )
    config = Idefics3Config(
        vision_config={
            "hidden_size": 16,
            "intermediate_size": 24,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 32,
            "patch_size": 4,
        },
        text_config=LlamaConfig(**_text_config(tokenizer)),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=tokenizer.pad_token_id,
        scale_factor=2,
        tie_word_embeddings=False,
    )
    processor = Idefics3Processor(
        image_processor=Idefics3ImageProcessorPil(
            size={"longest_edge": 64}, max_image_size={"longest_edge": 32}
        ),
        tokenizer=tokenizer,
        image_seq_len=16,
        chat_template="<s>" + _CHAT.replace("IMAGE", "<image>").replace("STOP", "</s>"),
    )
    return Idefics3ForConditionalGeneration(config), processor


def _qwen2_vl() -> tuple[Any, Any]:
    vision = {
        "depth": 2,
        "embed_dim": 16,
        "hidden_size": 32,
        "num_heads": 2,
        "mlp_ratio": 2,
        "patch_size": 4,
        "spatial_merge_size": 2,
    }
    return _of_qwen(Qwen2VLConfig, Qwen2VLForConditionalGeneration, vision)


def _qwen2_5_vl() -> tuple[Any, Any]:
    vision = {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 32,
        "out_hidden_size": 32,
        "num_heads": 2,
        "patch_size": 4,
        "spatial_merge_size": 2,
        "window_size": 16,
        "fullatt_block_indexes": [1],
    }
    return _of_qwen(Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, vision)


def _of_qwen(config_class: Any, model_class: Any, vision_config: dict[str, Any]) -> tuple[Any, Any]:
    marks = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    tokenizer = _tokenizer(
        ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *marks],
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
    )
    ids = tokenizer.convert_tokens_to_ids
    config = config_class(
        vision_config=vision_config,
        text_config={
            **_text_config(tokenizer),
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 10000.0,
                "mrope_section": [2, 1, 1],
            },
        },
        image_token_id=ids("<|image_pad|>"),
        video_token_id=ids("<|video_pad|>"),
        vision_start_token_id=ids("<|vision_start|>"),
        vision_end_token_id=ids("<|vision_end|>"),
        tie_word_embeddings=False,
    )
    processor = PictureOnlyQwen2VLProcessor(
        image_processor=Qwen2VLImageProcessorPil(
            patch_size=4, size={"shortest_edge": 16 * 16, "longest_edge": 32 * 32}
        ),
        tokenizer=tokenizer,
        chat_template=_CHAT.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
        .replace("STOP", "<|im_end|>")
        .replace("{{ m['role'] | capitalize }}: ", "<|im_start|>{{ m['role'] }}\n")
        .replace("Assistant:", "<|im_start|>assistant\n"),
    )
    return model_class(config), processor
