"""The families of vision-language models, and which one a config belongs to."""

from transformers import PreTrainedConfig

from model_store.families.base import EncodedPicture, Family, Inputs, causal_visibility
from model_store.families.idefics3 import Idefics3
from model_store.families.llava import Llava
from model_store.families.qwen2_vl import Qwen2VL, Qwen25VL
from posts.errors import InputError

__all__ = ["EncodedPicture", "Family", "Inputs", "causal_visibility", "family_of"]

_FAMILIES: tuple[type[Family], ...] = (Llava, Idefics3, Qwen2VL, Qwen25VL)


def family_of(config: PreTrainedConfig) -> Family:
    """The family of the model with this config; `InputError` if it is none that is known."""
    for family in _FAMILIES:
        if config.model_type == family.name:
            return family(config)
    known = ", ".join(family.name for family in _FAMILIES)
    raise InputError(
        f"a model of type {config.model_type!r} is not supported; choose a base of type {known}"
    )
