import pytest
import torch
from torch import nn

from model_store.lora import LoraSettings, attach_lora, lora_settings, merge_lora
from model_store.prompt import Prompt
from posts.errors import InputError

SETTINGS = LoraSettings(r=2, alpha=6, dropout=0.1)


def test_lora_is_on_all_linear_layers_of_the_language_model_and_on_no_others(base):
    language_model = base.family.language_model(base.model)
    linear = {module for module in language_model.modules() if isinstance(module, nn.Linear)}
    attach_lora(base.model, base.family, SETTINGS)

    adapted = {m.base_layer for m in base.model.modules() if hasattr(m, "lora_A")}
    assert adapted == linear
    assert lora_settings(base.model) == SETTINGS


def test_only_adapter_and_projector_are_trained_and_in_full_precision(base):
    base.model.to(torch.bfloat16)
    trainable = attach_lora(base.model, base.family, SETTINGS)
    projector = {id(weight) for weight in base.family.projector(base.model).parameters()}

    names = {n: w for n, w in base.model.named_parameters() if w.requires_grad}
    assert {id(weight) for weight in names.values()} == {id(weight) for weight in trainable}
    assert projector <= {id(weight) for weight in trainable}
    assert all("lora_" in name or id(weight) in projector for name, weight in names.items())
    assert {weight.dtype for weight in trainable} == {torch.float32}


def test_gradients_reach_every_trained_weight(base, picture):
    trainable = attach_lora(base.model, base.family, LoraSettings(r=2, alpha=4))
    for weight in trainable:
        nn.init.normal_(weight, std=0.1)
    prompt = Prompt(base.processor, base.family)
    batch = prompt.encode_training(["a cat", "sun"], [picture(32, 32), None], [["cat"], ["x"]])
    base.model(**batch.inputs, labels=batch.labels).loss.backward()

    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in trainable)
    assert all(weight.grad.any() for weight in trainable)


def test_a_merged_adapter_gives_the_same_logits(llava):
    torch.manual_seed(0)
    for weight in attach_lora(llava.model, llava.family, LoraSettings(r=2, alpha=4)):
        nn.init.normal_(weight, std=0.1)
    inputs = Prompt(llava.processor, llava.family).encode(["a cat"], [None]).inputs
    with torch.no_grad():
        before = llava.model(**inputs).logits
        merge_lora(llava.model)
        after = llava.model(**inputs).logits

    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("wrong", [{"r": 0}, {"alpha": 0}, {"dropout": 1.0}, {"dropout": -0.1}])
def test_settings_are_checked_when_made(wrong):
    with pytest.raises(InputError, match="lora needs"):
        LoraSettings(**wrong)
