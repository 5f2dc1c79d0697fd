"""The vision tower against the same network with its batch norms still in it."""

from math import ceil

import numpy as np
import pytest
import torch
from huggingface_hub.errors import StrictDataclassError
from torch import nn
from torch.nn import functional

from model_store.base import load_base
from model_store.pocket.conversion import VISION
from model_store.pocket.vision import EfficientNetLite, EfficientNetLiteConfig
from model_store.pocket.vision_weights import fold_batch_norms, read_vision_weights

BLOCKS = [
    # kernel, stride, expansion, width, next width
    (3, 1, 1, 32, 16),
    (3, 2, 6, 16, 24),
    (3, 1, 6, 24, 24),
    (5, 2, 6, 24, 40),
    (5, 1, 6, 40, 40),
    (3, 2, 6, 40, 80),
    (3, 1, 6, 80, 80),
    (3, 1, 6, 80, 80),
    (5, 1, 6, 80, 112),
    (5, 1, 6, 112, 112),
    (5, 1, 6, 112, 112),
    (5, 2, 6, 112, 192),
    (5, 1, 6, 192, 192),
    (5, 1, 6, 192, 192),
    (5, 1, 6, 192, 192),
    (3, 1, 6, 192, 320),
]


def drawn_weights():
    """Of lite0, by the names of the package's file; batch norms that change what they meet."""
    torch.manual_seed(0)
    weights = {}

    def add(place, convolution, norm, leaving, entering, kernel):
        spread = (2 / (entering * kernel * kernel)) ** 0.5
        weight = torch.randn(leaving, entering, kernel, kernel, dtype=torch.float64) * spread
        weights[f"{place}{convolution}.weight"] = weight
        for part in ("weight", "running_var"):
            weights[f"{place}{norm}.{part}"] = torch.rand(leaving, dtype=torch.float64) + 0.5
        for part in ("bias", "running_mean"):
            weights[f"{place}{norm}.{part}"] = torch.randn(leaving, dtype=torch.float64) * 0.3
        weights[f"{place}{norm}.num_batches_tracked"] = torch.tensor(7)

    add("", "_conv_stem", "_bn0", 32, 3, 3)
    for number, (kernel, _, expansion, width, following) in enumerate(BLOCKS):
        place, inner = f"_blocks.{number}.", width * expansion
        if expansion > 1:
            add(place, "_expand_conv", "_bn0", inner, width, 1)
        add(place, "_depthwise_conv", "_bn1", inner, 1, kernel)
        add(place, "_project_conv", "_bn2", following, inner, 1)
    add("", "_conv_head", "_bn1", 1280, 320, 1)
    weights["_fc.weight"], weights["_fc.bias"] = torch.zeros(1000, 1280), torch.zeros(1000)
    return weights


def unfolded_features(weights, pixels):
    """(B, 1280, 7, 7), as the network was trained: convolution, then batch norm."""

    def convolve(states, place, convolution, norm, stride=1, groups=1):
        weight = weights[f"{place}{convolution}.weight"].double()
        side, kernel = states.shape[-1], weight.shape[-1]
        lacking = max((ceil(side / stride) - 1) * stride + kernel - side, 0)
        before, after = lacking // 2, lacking - lacking // 2
        padded = functional.pad(states, (before, after, before, after))
        states = functional.conv2d(padded, weight, stride=stride, groups=groups)
        scale, shift, mean, variance = (
            weights[f"{place}{norm}.{part}"].double()
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        return functional.batch_norm(states, mean, variance, scale, shift, eps=1e-3)

    states = convolve(pixels, "", "_conv_stem", "_bn0", stride=2).clamp(0, 6)
    for number, (_, stride, expansion, width, following) in enumerate(BLOCKS):
        place, inner = f"_blocks.{number}.", states
        if expansion > 1:
            inner = convolve(inner, place, "_expand_conv", "_bn0").clamp(0, 6)
        groups = width * expansion
        inner = convolve(inner, place, "_depthwise_conv", "_bn1", stride, groups).clamp(0, 6)
        inner = convolve(inner, place, "_project_conv", "_bn2")
        states = states + inner if stride == 1 and width == following else inner
    return convolve(states, "", "_conv_head", "_bn1").clamp(0, 6)


def tower_with(weights):
    tower = EfficientNetLite(EfficientNetLiteConfig()).double()
    tower.load_state_dict({name: torch.from_numpy(one) for name, one in weights.items()})
    return tower


def drawn_scale():
    random = np.random.default_rng(2)
    return {"feature_mean": random.random(1280), "feature_scale": random.random(1280) + 0.5}


def scaled(features, scale):
    """(B, 49, 1280)"""
    patches = features.permute(0, 2, 3, 1).reshape(len(features), 49, 1280)
    return (patches - torch.from_numpy(scale["feature_mean"]).double()) * torch.from_numpy(
        scale["feature_scale"]
    ).double()


@pytest.fixture(scope="module")
def pixels():
    torch.manual_seed(1)
    return torch.rand(2, 3, 224, 224, dtype=torch.float64) * 2 - 1


@pytest.fixture(scope="module")
def weights():
    return drawn_weights()


def test_folded_batch_norms_give_the_features_of_the_unfolded(weights, pixels):
    tower = tower_with({**fold_batch_norms(weights), **drawn_scale()})
    with torch.no_grad():
        found = tower(pixels).last_hidden_state
        raw = unfolded_features(weights, pixels)

    assert found.shape == (2, 49, 1280)
    assert 0.1 < (raw > 0).double().mean() < 0.9
    torch.testing.assert_close(found, scaled(raw, drawn_scale()), rtol=0, atol=1e-8)


def test_the_real_weights_give_the_features_of_the_unfolded_network(pocket_cache, pixels):
    file = VISION.path()
    weights = read_vision_weights(file)
    tower = tower_with(weights)
    with torch.no_grad():
        found = tower(pixels).last_hidden_state
        raw = unfolded_features(torch.load(file, weights_only=True), pixels)

    torch.testing.assert_close(found, scaled(raw, weights), rtol=0, atol=1e-4)


def test_so_does_the_tower_of_the_converted_base(pocket_cache, pixels):
    """In half precision on disk, which moves features by far less than pictures do."""
    tower = load_base("pocket").model.model.vision_tower
    file = VISION.path()
    with torch.no_grad():
        found = tower(pixels.float()).last_hidden_state.double()
        raw = unfolded_features(torch.load(file, weights_only=True), pixels)

    expected = scaled(raw, read_vision_weights(file))
    assert (found - expected).square().mean() < 1e-3 * expected.square().mean()


def test_training_mode_changes_nothing(weights, pixels):
    tower = tower_with({**fold_batch_norms(weights), **drawn_scale()})
    state = {name: one.clone() for name, one in tower.state_dict().items()}
    with torch.no_grad():
        trained = tower.train()(pixels[:1]).last_hidden_state
        asked = tower.eval()(pixels[:1]).last_hidden_state

    assert torch.equal(trained, asked)
    assert all(torch.equal(one, state[name]) for name, one in tower.state_dict().items())
    assert not any(isinstance(module, nn.BatchNorm2d) for module in tower.modules())


def test_what_llava_asks_for_are_the_same_features(weights, pixels):
    tower = tower_with({**fold_batch_norms(weights), **drawn_scale()})
    with torch.no_grad():
        output = tower(pixels[:1], output_hidden_states=[-1], return_dict=True)

    assert output.hidden_states[-1] is output.last_hidden_state


@pytest.mark.parametrize("wrong", [{"patch_size": 16}, {"image_size": 200}, {"stages": [[1]]}])
def test_a_shape_that_does_not_add_up_is_refused(wrong):
    with pytest.raises((StrictDataclassError, ValueError)):
        EfficientNetLiteConfig(**wrong)
