import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from model_store.base import identify_base, load_base
from posts.errors import InputError

HEAD = "language_model.lm_head.weight"
"""As the file calls it: transformers keeps the old names of LLaVA on disk."""


@pytest.fixture
def folder(base_folders, tmp_path):
    """A base that a test may spoil."""
    return shutil.copytree(base_folders["llava"], tmp_path / "base")


def test_the_same_files_are_the_same_base(folder, base_folders):
    here, there = load_base(str(folder)), load_base(str(base_folders["llava"]))

    assert here.identity.sha256 == there.identity.sha256


def test_another_weight_is_another_base(folder, base_folders):
    weights = load_file(folder / "model.safetensors")
    weights[HEAD] += 1
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    changed, original = load_base(str(folder)), load_base(str(base_folders["llava"]))
    assert changed.identity.sha256 != original.identity.sha256


def test_a_base_that_lacks_weights_is_refused(folder):
    weights = load_file(folder / "model.safetensors")
    del weights[HEAD]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

    with pytest.raises(InputError, match=r"not whole: 1 weights .* lm_head\.weight"):
        load_base(str(folder))


def test_pickled_weights_are_not_read(folder):
    weights = load_file(folder / "model.safetensors")
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()

    with pytest.raises(InputError, match="cannot be loaded"):
        load_base(str(folder))


def test_code_in_a_base_is_not_run(folder):
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text(f"open({str(folder / 'ran')!r}, 'w')")
    load_base(str(folder))

    config["model_type"] = "evil"
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="cannot be loaded"):
        load_base(str(folder))
    assert not (folder / "ran").exists()


def test_a_folder_is_named_so_that_workers_elsewhere_find_it(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)

    assert load_base("base").identity.name == str(folder)


def test_a_processor_in_the_layout_of_older_bases_is_read(base_folders, tmp_path):
    folder = shutil.copytree(base_folders["qwen2_vl"], tmp_path / "old")
    settings = json.loads((folder / "processor_config.json").read_text())["image_processor"]
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    template = (folder / "chat_template.jinja").read_text()
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": template}))
    (folder / "processor_config.json").unlink()
    (folder / "chat_template.jinja").unlink()
    old, new = (load_base(str(one)).processor for one in (folder, base_folders["qwen2_vl"]))

    assert old.chat_template == new.chat_template == template
    assert old.image_processor.to_json_string() == new.image_processor.to_json_string()


def test_a_base_is_identified_without_loading_it(folder):
    identity = load_base(str(folder)).identity
    (folder / "tokenizer.json").unlink()

    assert identify_base(str(folder)) == identity


@pytest.mark.parametrize(
    "file", ["model.safetensors", "config.json", "tokenizer.json", "processor_config.json"]
)
def test_a_broken_file_is_refused(folder, file):
    (folder / file).write_bytes(b"not what it should be")

    with pytest.raises(InputError, match="cannot be loaded"):
        load_base(str(folder))


def test_a_config_with_a_value_of_the_wrong_kind_is_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    config["vision_config"]["hidden_size"] = "wide"
    (folder / "config.json").write_text(json.dumps(config))

    with pytest.raises(InputError, match="cannot be loaded"):
        load_base(str(folder))


@pytest.mark.parametrize("name", ["no/such/folder", "nowhere", "/no/such", "./x/y", ""])
def test_a_base_that_is_not_there_is_named(name):
    with pytest.raises(InputError, match="there is no base"):
        load_base(name)


def test_settings_for_chatting_do_not_reach_beam_search(folder):
    chatty = {"do_sample": True, "repetition_penalty": 3.0, "eos_token_id": [5, 6]}
    (folder / "generation_config.json").write_text(json.dumps(chatty))

    settings = load_base(str(folder)).model.generation_config.to_diff_dict()
    assert not settings.keys() & chatty.keys()
