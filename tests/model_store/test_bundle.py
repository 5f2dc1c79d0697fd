import hashlib
import json
import pickle
import shutil

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file

from model_store.base import load_base
from model_store.bundle import load_bundle, save_bundle
from model_store.card import INSIGHT_FILES
from model_store.lora import lora_weights
from model_store.seal import check_bundle, read_card
from posts.errors import InputError
from posts.files.local import LocalFiles
from tests.model_store.conftest import save, train_a_little


@pytest.fixture
def folder(bundle, tmp_path):
    """A bundle that a test may spoil."""
    return shutil.copytree(bundle, tmp_path / "bundle")


def reseal(folder, **changes):
    """Writes a card that agrees with the files as they are now, or says something else."""
    card = json.loads((folder / "card.json").read_bytes())
    card["files"] = {
        info.name: hashlib.sha256((folder / info.name).read_bytes()).hexdigest()
        for info in LocalFiles(folder).list()
        if info.name != "card.json"
    }
    card |= changes
    generation = dict(card["generation"])
    del generation["batch_size"], generation["quantization"]
    deciding = [card["base"]["sha256"], card["files"], generation]
    card["digest"] = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


def edit_weights(file, change):
    weights = load_file(file)
    change(weights)
    save_file(weights, file)


def test_what_was_saved_is_loaded(base, tmp_path):
    train_a_little(base)
    loaded = load_bundle(save(base, tmp_path / "bundle", f1=0.5))

    for name, weight in lora_weights(base.model).items():
        assert torch.equal(lora_weights(loaded.model)[name], weight)
    for name, weight in base.family.projector(base.model).state_dict().items():
        assert torch.equal(loaded.family.projector(loaded.model).state_dict()[name], weight)
    assert loaded.processor.tokenizer.get_vocab() == base.processor.tokenizer.get_vocab()
    assert loaded.processor.chat_template == base.processor.chat_template
    assert loaded.card.metrics == {"f1": 0.5}
    assert loaded.card.base == base.identity


def test_peft_reads_the_adapter_too(bundle, llava):
    peft_model = PeftModel.from_pretrained(llava.model, bundle)

    theirs = lora_weights(peft_model.get_base_model())
    ours = load_file(bundle / "adapter_model.safetensors")
    assert theirs.keys() == ours.keys()
    assert all(torch.equal(theirs[name], ours[name]) for name in ours)


def test_the_card_says_what_went_into_it(bundle):
    card = check_bundle(LocalFiles(bundle))

    assert card.training == {"epochs": 1}
    assert card.data == {"fingerprint": "abc"}
    assert set(card.libraries) == {"torch", "transformers", "peft", "tokenizers"}
    assert {"adapter_model.safetensors", "projector.safetensors"} <= card.files.keys()
    assert json.loads((bundle / "card.json").read_bytes())["digest"] == card.digest


def test_the_digest_changes_with_what_decides_the_answers_and_only_with_that(folder):
    digest = read_card(LocalFiles(folder)).digest
    reseal(folder, metrics={"f1": 1.0}, created_at="2020-01-01")
    assert read_card(LocalFiles(folder)).digest == digest

    settings = json.loads((folder / "card.json").read_bytes())["generation"]
    reseal(folder, generation=settings | {"batch_size": 3})
    assert read_card(LocalFiles(folder)).digest == digest
    reseal(folder, generation=settings | {"beams": 2})
    assert read_card(LocalFiles(folder)).digest != digest


def test_insight_is_sealed_but_decides_no_answer(base_folders, bundle, tmp_path):
    base = load_base(str(base_folders["llava"]))
    train_a_little(base)
    folder = tmp_path / "told"
    card = save_bundle(
        folder,
        base,
        generation=read_card(LocalFiles(bundle)).generation,
        training={},
        metrics={},
        data={},
        insight={"insight.jsonl": b"{}", "insight.png": b"png"},
    )

    assert card.files.keys() - read_card(LocalFiles(bundle)).files == set(INSIGHT_FILES)
    assert load_bundle(folder).card.digest == read_card(LocalFiles(bundle)).digest
    (folder / "insight.jsonl").write_bytes(b"[]")
    with pytest.raises(InputError, match=r"insight\.jsonl has changed"):
        load_bundle(folder)
    (folder / "insight.jsonl").unlink()
    with pytest.raises(InputError, match=r"insight\.jsonl is missing"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["x.png", "x.jsonl", "processor/insight.png", "insight.png.exe"])
def test_no_other_picture_or_lines_belong_in_a_bundle(folder, name):
    (folder / name).write_bytes(b"")
    reseal(folder)

    with pytest.raises(InputError, match=f"{name}.* is not allowed"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "processor/tokenizer.json"])
def test_a_changed_file_is_named(folder, name):
    with (folder / name).open("ab") as stream:
        stream.write(b" ")

    with pytest.raises(InputError, match=f"corrupt bundle .*{name} has changed"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["projector.safetensors", "card.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()

    with pytest.raises(InputError, match=f"corrupt bundle .*{name} is missing"):
        load_bundle(folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "x.pt", "processor/x.pkl", "processor/a.py"])
def test_a_pickle_or_code_is_never_read(folder, name):
    (folder / name).write_bytes(pickle.dumps({}))
    with pytest.raises(InputError, match=f"{name} does not belong there"):
        load_bundle(folder)

    reseal(folder)
    with pytest.raises(InputError, match=f"{name}.* is not allowed"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "name", ["../x.json", "/etc/x.json", "a/b.json", ".json", "processor/../x"]
)
def test_a_card_cannot_name_files_elsewhere(folder, name):
    reseal(folder, files={name: "0" * 64})

    with pytest.raises(InputError, match="is not allowed"):
        check_bundle(LocalFiles(folder))


@pytest.mark.parametrize("file", ["adapter_model.safetensors", "projector.safetensors"])
def test_missing_and_unexpected_keys_are_named(folder, file):
    edit_weights(folder / file, lambda weights: weights.pop(min(weights)))
    reseal(folder)
    with pytest.raises(InputError, match=r"does not fit its base: missing .*weight|bias"):
        load_bundle(folder)

    edit_weights(folder / file, lambda weights: weights.update(odd=torch.zeros(1)))
    reseal(folder)
    with pytest.raises(InputError, match=r"missing .*; unexpected odd"):
        load_bundle(folder)


def test_a_weight_of_another_shape_is_named(folder):
    edit_weights(
        folder / "projector.safetensors",
        lambda weights: weights.update({"linear_1.bias": torch.zeros(3)}),
    )
    reseal(folder)

    with pytest.raises(InputError, match=r"linear_1\.bias .* wrong shape"):
        load_bundle(folder)


@pytest.mark.parametrize(
    "odd",
    [
        {"modules_to_save": ["lm_head"]},
        {"use_dora": True},
        {"peft_type": "IA3"},
        {"target_modules": ".*"},
        {"r": "4"},
        {"r": 0},
        {"auto_mapping": {"base_model_class": "x"}},
    ],
)
def test_an_adapter_config_beyond_plain_lora_is_refused(folder, odd):
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_bytes()) | odd))
    reseal(folder)

    with pytest.raises(InputError, match=r"adapter_config\.json|lora needs"):
        load_bundle(folder)


def test_a_base_that_changed_since_training_is_refused(base_folders, tmp_path):
    folder = shutil.copytree(base_folders["llava"], tmp_path / "base")
    base = load_base(str(folder))
    train_a_little(base)
    bundle = save(base, tmp_path / "bundle")
    head = "language_model.lm_head.weight"
    edit_weights(folder / "model.safetensors", lambda weights: weights[head].add_(1))

    with pytest.raises(InputError, match="has changed since bundle was trained"):
        load_bundle(bundle)


@pytest.mark.parametrize(
    "card", [b"", b"[]", b"{}", b'{"digest": "x"}', b'{"digest": 1, "base": {"odd": 1}}', b"\xff"]
)
def test_a_card_that_is_none_is_a_corrupt_bundle(folder, card):
    (folder / "card.json").write_bytes(card)

    with pytest.raises(InputError, match="corrupt bundle"):
        load_bundle(folder)


def test_a_card_that_was_tampered_with_is_refused(folder):
    card = json.loads((folder / "card.json").read_bytes())
    card["generation"]["beams"] = 9
    (folder / "card.json").write_text(json.dumps(card))

    with pytest.raises(InputError, match="the digest does not fit"):
        load_bundle(folder)


def test_a_bundle_wants_a_folder_of_its_own(llava, folder):
    train_a_little(llava)

    with pytest.raises(InputError, match="not empty"):
        save(llava, folder)
