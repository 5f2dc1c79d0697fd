"""Weights as int8: what they cost in exactness, and what they save."""

import json
from dataclasses import replace

import pytest
import torch

from model_store.base import load_base
from model_store.bundle import load_bundle, save_bundle
from model_store.card import Card
from model_store.generation import INT8, GenerationSettings
from model_store.keyphraser import Keyphraser
from model_store.lora import merge_lora
from model_store.prompt import Prompt
from model_store.quantization import Int8Linear, Int8Weight, native_precision, quantize
from model_store.seal import read_card
from posts.files.local import LocalFiles
from tests.model_store.conftest import train_a_little

SETTINGS = GenerationSettings(max_new_tokens=12, batch_size=2, quantization=INT8)
TEXTS = ["a red cat", "the green chair in the garden on a sunny day", "city " * 30]


def saved(base, folder, settings=SETTINGS):
    save_bundle(folder, base, generation=settings, training={}, metrics={}, data={})
    return folder


def precisions(module):
    return {one.precision for one in module.modules() if isinstance(one, Int8Linear)}


def logits(model, inputs):
    with torch.inference_mode():
        return model(**inputs).logits


def test_a_weight_is_off_by_half_a_step_of_its_row_at_most():
    exact = torch.randn(300, 1000) * torch.logspace(-3, 3, 300).unsqueeze(1)
    exact[5] = 0
    before = exact.clone()
    weight = Int8Weight(exact)

    assert torch.equal(exact, before)
    assert weight.values.dtype == torch.int8
    error = (weight.values * weight.scale - exact).abs()
    assert (error <= exact.abs().amax(1, keepdim=True) / 127 * 0.5001).all()
    assert (weight.values[5] == 0).all()


@pytest.mark.parametrize("rows", [7, 3000])
def test_a_layer_computes_with_its_rounded_weight_in_fp32_whatever_its_size(rows):
    weight, bias = Int8Weight(torch.randn(rows, 600)), torch.randn(rows)
    states = torch.randn(2, 3, 600)
    output = Int8Linear(weight, bias)(states)

    expected = torch.nn.functional.linear(states, weight.values * weight.scale, bias)
    torch.testing.assert_close(output, expected, rtol=1e-4, atol=1e-4)


def test_a_layer_told_to_multiplies_in_bf16_and_answers_in_fp32():
    weight, bias = Int8Weight(torch.randn(300, 600)), torch.randn(300)
    states = torch.randn(2, 3, 600)
    output = Int8Linear(weight, bias, torch.bfloat16)(states)

    expected = torch.nn.functional.linear(states, weight.values * weight.scale, bias)
    assert output.dtype == torch.float32
    assert not torch.equal(output, Int8Linear(weight, bias)(states))
    assert (output - expected).std() < 0.01 * expected.std()


@pytest.mark.parametrize(
    ("instructions", "seconds", "precision"),
    [
        ({"avx512_bf16": True}, 0.5, torch.bfloat16),
        ({"avx512_bf16": False, "amx_bf16": True}, 0.5, torch.bfloat16),
        ({"neon": True, "bf16": True}, 0.5, torch.bfloat16),
        ({"avx512_bf16": True}, 0.9, torch.float32),
        ({"avx512_bf16": True}, 2.0, torch.float32),
        ({"avx512_bf16": False, "avx2": True}, 0.5, torch.float32),
        ({}, 0.5, torch.float32),
    ],
)
def test_a_processor_multiplies_in_bf16_if_it_does_so_faster(
    monkeypatch, instructions, seconds, precision
):
    times = {torch.float32: 1.0, torch.bfloat16: seconds}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: instructions)
    monkeypatch.setattr("model_store.quantization._product_time", times.__getitem__)
    assert native_precision("cpu") == precision


def test_a_processor_stays_with_its_precision():
    assert {native_precision("cpu") for _ in range(20)} == {native_precision("cpu")}


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_logits_stray_by_a_few_hundredths_of_their_spread(base, picture, tmp_path, precision):
    train_a_little(base)
    folder = saved(base, tmp_path / "bundle")
    merge_lora(base.model)
    loaded = load_bundle(folder, dtype=None)
    quantize(loaded.model, loaded.family, precision)
    assert precisions(loaded.family.language_model(loaded.model)) == {precision}
    assert loaded.model.lm_head.precision == torch.float32
    inputs = Prompt(base.processor, base.family).encode(TEXTS, [picture(32, 32)] * 3).inputs

    shown = inputs["attention_mask"].bool()
    exact, rounded = (logits(one.model, inputs)[shown] for one in (base, loaded))
    assert (rounded - exact).std() < 0.05 * exact.std()
    assert not torch.equal(rounded, exact)


def test_a_model_whose_card_asks_for_it_answers_from_int8_weights(
    base, picture, tmp_path, monkeypatch
):
    train_a_little(base)
    # In bf16 an answer depends a little on what it is asked together with.
    monkeypatch.setattr(
        "model_store.quantization._product_time", {torch.bfloat16: 2.0, torch.float32: 1.0}.get
    )
    keyphraser = Keyphraser.load(saved(base, tmp_path / "bundle"), device="cpu")
    pictures = [picture(32, 32), picture(20, 40), None]
    together = keyphraser(TEXTS, pictures)

    kinds = {type(one) for one in base.family.language_model(keyphraser._model).modules()}
    assert Int8Linear in kinds
    assert torch.nn.Linear not in kinds
    found = precisions(base.family.language_model(keyphraser._model))
    assert found == {torch.float32}
    assert {weight.dtype for weight in keyphraser._model.parameters()} == {torch.float32}
    alone = [keyphraser([text], [one])[0] for text, one in zip(TEXTS, pictures, strict=True)]
    for answer, other in zip(together, alone, strict=True):
        assert [one.phrase for one in answer] == [one.phrase for one in other]
        assert [one.score for one in answer] == pytest.approx(
            [one.score for one in other], abs=1e-4
        )


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_a_model_multiplies_in_what_its_device_does_best(base, tmp_path, monkeypatch, precision):
    train_a_little(base)
    folder = saved(base, tmp_path / "bundle")
    monkeypatch.setattr("model_store.keyphraser.native_precision", lambda device: precision)
    keyphraser = Keyphraser.load(folder, device="cpu")
    assert precisions(base.family.language_model(keyphraser._model)) == {precision}


def test_the_digest_tells_int8_from_exact_weights_and_older_cards_keep_theirs(llava, tmp_path):
    train_a_little(llava)
    exact = saved(llava, tmp_path / "exact", replace(SETTINGS, quantization="none"))
    card = read_card(LocalFiles(exact))
    assert card.digest != read_card(LocalFiles(saved(llava, tmp_path / "int8"))).digest

    content = json.loads(card.to_json())
    del content["generation"]["quantization"]
    assert Card.from_json(json.dumps(content).encode()) == card


def test_embedding_and_head_that_are_one_matrix_stay_one(base_folders):
    base = load_base(str(base_folders["pocket"]), dtype=None)
    quantize(base.model, base.family)
    assert base.model.lm_head.weight is base.model.get_input_embeddings().weight
