"""SmolLM2's weights and tokenizer, from its GGUF file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

IMAGE_TOKEN = "<image>"
_SPARE_TOKEN = "<empty_output>"
"""Reserved for notebooks' code; the image token takes its place, so that the vocabulary does not
grow. What its embedding holds does not matter: features of the picture replace it."""
_CONTROL = 3
"""The type of a token that no text can become."""

_NAMES = {
    "token_embd": "embed_tokens",
    "output_norm": "norm",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def read_language_weights(file: GGUFReader) -> Iterator[tuple[str, np.ndarray]]:
    """Names and weights, float32, of a `LlamaModel`, one tensor at a time."""
    heads = {
        "attn_q": _fact(file, "llama.attention.head_count"),
        "attn_k": _fact(file, "llama.attention.head_count_kv"),
    }
    for tensor in file.tensors:
        match = re.fullmatch(r"(?:blk\.(\d+)\.)?(\w+)\.weight", tensor.name)
        if match is None or match[2] not in _NAMES:
            raise ValueError(f"the language model has a tensor {tensor.name} that nobody expects")
        layer = "" if match[1] is None else f"layers.{match[1]}."
        weight = dequantize(tensor.data, tensor.tensor_type)
        if match[2] in heads:
            weight = _halves(weight, heads[match[2]])
        yield f"{layer}{_NAMES[match[2]]}.weight", weight


def _fact(file: GGUFReader, name: str) -> Any:
    field = file.get_field(name)
    if field is None:
        raise ValueError(f"the language model's file does not tell its {name}")
    return field.contents()


def _halves(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of each head by halves, as transformers rotates them; llama.cpp rotates neighbours."""
    width = weight.shape[1]
    return weight.reshape(heads, -1, 2, width).swapaxes(1, 2).reshape(-1, width)


def read_tokenizer(file: GGUFReader) -> PreTrainedTokenizerFast:
    """Byte-level BPE that takes every digit by itself, with the image token in a spare place."""
    tokens: list[str] = _fact(file, "tokenizer.ggml.tokens")
    kinds: list[int] = _fact(file, "tokenizer.ggml.token_type")
    tokens[tokens.index(_SPARE_TOKEN)] = IMAGE_TOKEN
    bpe = Tokenizer(
        models.BPE(
            vocab={token: number for number, token in enumerate(tokens)},
            merges=[tuple(merge.split(" ")) for merge in _fact(file, "tokenizer.ggml.merges")],
        )
    )
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, kinds, strict=True) if kind == _CONTROL]
    bpe.add_special_tokens([AddedToken(token, special=True) for token in control])
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token="<|endoftext|>",
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        padding_side="left",
        model_max_length=_fact(file, "llama.context_length"),
        extra_special_tokens={"image_token": IMAGE_TOKEN},
    )
