"""The facts of each family, checked against the stock models of transformers."""

import pytest
import torch
from PIL import Image, ImageDraw
from torch import nn
from transformers import LlamaConfig

from model_store.base import load_base
from model_store.families import causal_visibility, family_of
from model_store.pocket.vision import Convolution
from model_store.prompt import Prompt
from posts.errors import InputError
from tests.generate import generation_config

TEXTS = ["a red cat", "", "the green chair in the garden, a sunny day", "city at night"]
PHRASES = [["red cat", "chair"], ["holiday"], ["day"], ["city"]]


@pytest.fixture
def pictures(picture):
    return [picture(40, 30, 1), picture(64, 64, 2), None, picture(20, 60, 3)]


def test_own_forward_gives_the_logits_of_the_stock_forward(base, pictures):
    model = base.model.double()
    prompt = Prompt(base.processor, base.family)
    inputs = dict(prompt.encode_training(TEXTS, pictures, PHRASES).inputs)
    inputs["pixel_values"] = inputs["pixel_values"].double()
    family, shown = base.family, inputs["attention_mask"].bool()
    with torch.no_grad():
        embeds = family.inputs_embeds(model, inputs, family.vision_features(model, inputs))
        hidden = family.hidden_states(
            model, embeds, causal_visibility(shown), family.position_ids(model, inputs)
        )
        logits = model.lm_head(hidden[shown])
        stock = model(**inputs).logits[shown]

    torch.testing.assert_close(logits, stock, rtol=0, atol=1e-10)


def look_no_further_than_one_stride(conv):
    """As attention, so convolutions: each position is to see what is its own alone."""
    (size, _), (stride, _) = conv.kernel_size, conv.stride
    first = max(size - stride, 0) // 2
    own = torch.zeros_like(conv.weight)
    own[..., first : first + stride, first : first + stride] = 1
    conv.weight.data *= own


@pytest.mark.parametrize("with_pictures", [True, False])
def test_positions_are_those_of_generate(base, pictures, with_pictures):
    shown = [one for one in pictures if one is not None] if with_pictures else [None] * 3
    inputs = Prompt(base.processor, base.family).encode(TEXTS[:3], shown).inputs
    seen = []
    base.family.language_model(base.model).register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs["position_ids"]), with_kwargs=True
    )
    end = base.processor.tokenizer.eos_token_id
    settings = generation_config(end, beams=1, longest=1)
    base.model.generate(**inputs, generation_config=settings)

    mine, mask = base.family.position_ids(base.model, inputs), inputs["attention_mask"].bool()
    # Qwen2-VL's generate puts the positions in the text before the three of the grid.
    stock = seen[0][-3:] if mine.ndim == 3 else seen[0]
    assert torch.equal(mine[..., mask], stock[..., mask])
    assert not mask.all()


def test_grids_cover_the_image_tokens_in_order(base, pictures):
    inputs = Prompt(base.processor, base.family).encode(TEXTS, pictures).inputs
    positions = base.family.image_positions(inputs)
    grids = base.family.patch_grids(inputs)

    for row, of_row in zip(positions, grids, strict=True):
        covered = torch.cat([grid.flatten() for grid in of_row]) if of_row else torch.empty(0)
        assert covered.tolist() == row.nonzero().squeeze(1).tolist()
    assert grids[2] == []
    features = base.family.vision_features(base.model, inputs)
    assert len(features) == positions.sum()


def test_a_patch_of_the_picture_is_the_token_at_its_row_and_column(base, picture):
    for name, module in base.model.named_modules():
        # Without attention no patch of the picture reaches another one's token.
        if name.endswith(("self_attn.out_proj", "attn.proj")):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)
        if isinstance(module, Convolution):
            look_no_further_than_one_stride(module.conv)
    side = 64 if base.family.name == "idefics3" else 32
    plain = picture(side, side)
    changed = plain.copy()
    ImageDraw.Draw(changed).rectangle((16, 8, 23, 15), fill="red")
    prompt, features = Prompt(base.processor, base.family), []
    for one in (plain, changed):
        inputs = prompt.encode([""], [one]).inputs
        with torch.no_grad():
            embeds = base.family.inputs_embeds(
                base.model, inputs, base.family.vision_features(base.model, inputs)
            )
        features.append(embeds[0, base.family.patch_grids(inputs)[0][0]])

    differs = (features[0] != features[1]).any(-1)
    assert differs.nonzero().tolist() == [[1, 2]]


def test_qwen_counts_rows_and_columns_of_merged_patches(base_folders, picture):
    base = load_base(str(base_folders["qwen2_vl"]))
    inputs = Prompt(base.processor, base.family).encode(["x"], [picture(16, 40)]).inputs
    [[grid]] = base.family.patch_grids(inputs)

    assert grid.shape == (5, 2)
    _, rows, columns = base.family.position_ids(base.model, inputs)[:, 0, grid]
    assert (rows - rows.min()).tolist() == [[row] * 2 for row in range(5)]
    assert (columns - columns.min()).tolist() == [[0, 1]] * 5


def test_idefics_has_a_grid_for_each_tile_without_its_markers(base_folders, picture):
    base = load_base(str(base_folders["idefics3"]))
    inputs = Prompt(base.processor, base.family).encode(["x"], [picture(64, 32)]).inputs
    [grids] = base.family.patch_grids(inputs)

    assert [grid.shape for grid in grids] == [(4, 4)] * 3
    before = [inputs["input_ids"][0, grid[0, 0] - 1].item() for grid in grids]
    names = base.processor.tokenizer.convert_ids_to_tokens(before)
    assert names == ["<row_1_col_1>", "<row_1_col_2>", "<global-img>"]


def test_pictures_no_processor_likes_are_encoded(base, picture):
    odd = [
        Image.new("L", (1, 1)),
        picture(3, 3),
        picture(1, 3000),
        picture(3000, 2),
        Image.new("RGBA", (30, 30), (255, 0, 0, 90)),
        Image.new("P", (25, 3)),
    ]
    inputs = Prompt(base.processor, base.family).encode(["x"] * len(odd), odd).inputs

    assert base.family.image_positions(inputs).any(1).all()
    with torch.no_grad():
        assert base.family.vision_features(base.model, inputs).isfinite().all()


def test_a_model_of_another_family_is_refused():
    with pytest.raises(InputError, match=r"'llama' is not supported; choose .* llava"):
        family_of(LlamaConfig())
