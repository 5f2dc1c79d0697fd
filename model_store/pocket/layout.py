"""How the parts of the pocket base are put together: its config and its processor."""

from __future__ import annotations

from typing import Any

from transformers import CLIPImageProcessorPil, LlavaProcessor, PreTrainedTokenizerFast

from model_store.pocket.language_weights import IMAGE_TOKEN
from model_store.pocket.vision import LITE0_STAGES

PICTURE_SIDE = 224
PATCH = 32
GRID = PICTURE_SIDE // PATCH
VISION_WIDTH = 1280
WIDTH = 576

CONFIG: dict[str, Any] = {
    "architectures": ["LlavaForConditionalGeneration"],
    "model_type": "llava",
    "dtype": "float16",
    "image_token_index": 16,
    "image_seq_length": GRID * GRID,
    "pad_token_id": 0,
    "projector_hidden_act": "gelu",
    "tie_word_embeddings": True,
    "vision_feature_layer": -1,
    "vision_feature_select_strategy": "full",
    "vision_config": {
        "model_type": "efficientnet_lite",
        "image_size": PICTURE_SIDE,
        "patch_size": PATCH,
        "stem_width": 32,
        "stages": LITE0_STAGES,
        "hidden_size": VISION_WIDTH,
    },
    "text_config": {
        "model_type": "llama",
        "vocab_size": 49152,
        "hidden_size": WIDTH,
        "intermediate_size": 1536,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "head_dim": 64,
        "hidden_act": "silu",
        "max_position_embeddings": 8192,
        "rms_norm_eps": 1e-5,
        "rope_parameters": {"rope_type": "default", "rope_theta": 100000.0},
        "tie_word_embeddings": True,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
    },
}
"""Written out here and not by transformers, whose next version would write it otherwise: a base is
known by its hash, and a model trained on one must find it again."""

_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}" + IMAGE_TOKEN + "{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""SmolLM2's marks of who speaks, without its system message, which would cost tokens every time."""


def build_image_processor() -> CLIPImageProcessorPil:
    """The picture as EfficientNet-lite was trained to see it: bicubic, (value - 127) / 128.

    It is stretched to a square and not cut, for what lies at its edges is to be tagged too.
    """
    side = {"height": PICTURE_SIDE, "width": PICTURE_SIDE}
    return CLIPImageProcessorPil(
        size=side,
        crop_size=side,
        do_center_crop=False,
        resample=3,
        image_mean=[127 / 255] * 3,
        image_std=[128 / 255] * 3,
    )


def build_processor(tokenizer: PreTrainedTokenizerFast) -> LlavaProcessor:
    """Of pictures and of texts."""
    return LlavaProcessor(
        image_processor=build_image_processor(),
        tokenizer=tokenizer,
        patch_size=PATCH,
        num_additional_image_tokens=0,
        vision_feature_select_strategy="full",
        image_token=IMAGE_TOKEN,
        chat_template=_CHAT,
    )
