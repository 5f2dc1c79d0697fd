"""Weights mapped into memory."""

import torch
from safetensors.torch import load_file

from model_store.base import load_base
from model_store.mapped_weights import map_weights


def assert_equal(weights, others):
    assert weights.keys() == others.keys()
    for name, weight in weights.items():
        assert weight.dtype == others[name].dtype
        assert torch.equal(weight, others[name])


def test_they_are_what_the_file_holds(base_folders):
    folder = base_folders["llava"]
    assert_equal(map_weights(folder), load_file(folder / "model.safetensors"))


def test_they_are_found_in_all_the_parts_of_a_large_model(base_folders, tmp_path):
    folder = base_folders["llava"]
    load_base(str(folder)).model.save_pretrained(tmp_path, max_shard_size="100KB")
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    assert_equal(map_weights(tmp_path), load_file(folder / "model.safetensors"))


def test_a_base_as_it_is_stored_is_the_one_that_is_loaded_otherwise(base):
    stored = load_base(base.identity.name, dtype=None)
    assert stored.identity == base.identity
    assert_equal(stored.model.state_dict(), base.model.state_dict())
