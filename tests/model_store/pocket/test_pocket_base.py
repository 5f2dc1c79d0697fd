"""The pocket base with its real weights."""

import json

import pytest
import torch
from PIL import Image, ImageDraw

from model_store.base import identify_base, load_base
from model_store.generation import GenerationSettings
from model_store.keyphraser import Keyphraser
from model_store.prompt import Prompt
from tests.generate import generation_config

SHA256 = "99e23cfa4635b39314191fd6e214c23a03143108e959b59c34707826f4edd39b"
"""Of the base; models that were trained on it know it by this."""


HALVES = (slice(0, 3), slice(4, 7))
"""Of the rows, or columns, of the grid."""


@pytest.fixture(scope="module")
def shared():
    return {}


@pytest.fixture
def base(pocket_cache, shared):
    """Loaded once; not to be changed by a test."""
    if not shared:
        shared["base"] = load_base("pocket")
    return shared["base"]


def drawn(thing, background="white"):
    """A picture that a look at a patch or two does not tell from others."""
    picture = Image.new("RGB", (320, 240), background)
    draw = ImageDraw.Draw(picture)
    if thing == "ball":
        draw.ellipse((100, 60, 220, 180), fill="red", outline="black", width=4)
    if thing == "house":
        draw.rectangle((90, 110, 230, 220), fill="tan", outline="black", width=4)
        draw.polygon([(80, 110), (160, 40), (240, 110)], fill="brown")
    return picture


def features(base, *pictures):
    """(pictures, 49, 1280)"""
    inputs = Prompt(base.processor, base.family).encode([""] * len(pictures), pictures).inputs
    states = base.family.vision_states(base.model, inputs)
    return states.view(len(pictures), 49, -1)


def perplexity(base, text):
    ids = torch.tensor([base.processor.tokenizer(text)["input_ids"]])
    with torch.no_grad():
        return base.model(input_ids=ids, labels=ids).loss.exp().item()


def test_it_is_the_same_base_wherever_it_was_converted(base):
    assert base.identity == identify_base("pocket")
    assert (base.identity.name, base.identity.sha256) == ("pocket", SHA256)


def test_no_weight_is_lacking_or_left_over_and_words_in_and_out_share_one_matrix(base):
    assert base.model.lm_head.weight is base.model.get_input_embeddings().weight
    assert sum(weight.numel() for weight in base.model.parameters()) == 138_937_776


def test_sentences_are_likelier_than_their_words_in_disorder(base):
    sentence = "The quick brown fox jumps over the lazy dog."
    words = "dog the over quick lazy The fox jumps brown."

    assert 30 < perplexity(base, sentence) < 80
    assert perplexity(base, words) > 10 * perplexity(base, sentence)


def test_it_answers_a_question_and_ends(base):
    tokenizer = base.processor.tokenizer
    content = [{"type": "text", "text": "What is the capital of Italy?"}]
    prompt = base.processor.apply_chat_template(
        [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
    )
    ids = tokenizer(prompt, return_tensors="pt")
    settings = generation_config(tokenizer.eos_token_id, beams=1, longest=20)
    written = base.model.generate(**ids, generation_config=settings).sequences[0]

    assert "Rome" in tokenizer.decode(written[ids["input_ids"].shape[1] :])
    assert written[-1] == tokenizer.eos_token_id


def test_a_picture_takes_49_tokens_in_a_grid_of_7_by_7(base):
    inputs = Prompt(base.processor, base.family).encode(["x", "x"], [drawn("ball"), None]).inputs
    grids = base.family.patch_grids(inputs)

    assert [[grid.shape for grid in of_row] for of_row in grids] == [[(7, 7)], []]
    assert base.family.image_positions(inputs).sum(1).tolist() == [49, 0]


def test_no_text_becomes_an_image_token(base):
    inputs = Prompt(base.processor, base.family).encode(["<image> <|im_end|>"], [None]).inputs

    assert not base.family.image_positions(inputs).any()
    assert (inputs["input_ids"] == base.processor.tokenizer.eos_token_id).sum() == 1


def test_pictures_of_one_thing_are_more_alike_than_pictures_of_two(base):
    pooled = features(
        base, drawn("ball"), drawn("ball", "lightyellow"), drawn("house"), drawn("")
    ).mean(1)
    likeness = torch.nn.functional.cosine_similarity(pooled[:1], pooled)

    assert likeness[1] > 0.8
    assert (likeness[2:] < likeness[1] - 0.1).all()


@pytest.mark.parametrize(("down", "right"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_change_in_a_quarter_of_the_picture_changes_that_quarter_of_the_grid(base, down, right):
    plain = Image.new("RGB", (224, 224), "lightgrey")
    spotted = plain.copy()
    left, top = 24 + 112 * right, 24 + 112 * down
    ImageDraw.Draw(spotted).ellipse((left, top, left + 64, top + 64), fill="red")
    before, after = features(base, plain, spotted)

    change = (after - before).norm(dim=-1).view(7, 7)
    quarters = [change[rows, columns].mean() for rows in HALVES for columns in HALVES]
    assert quarters.index(max(quarters)) == 2 * down + right


def test_the_whole_picture_is_seen(base):
    wide = Image.new("RGB", (900, 224), "white")
    marked = wide.copy()
    ImageDraw.Draw(marked).rectangle((0, 0, 80, 224), fill="blue")
    before, after = features(base, wide, marked)

    assert (after - before).norm(dim=-1).view(7, 7)[:, 0].min() > 1


def test_the_keyphraser_asks_it_as_any_other(base):
    keyphraser = Keyphraser(
        base.model, base.processor, base.family, GenerationSettings(beams=2, max_new_tokens=8)
    )
    answers = keyphraser(["a red ball on the grass", ""], [None, drawn("ball")])

    assert all(answers)
    assert all(0 <= one.score <= 1 for answer in answers for one in answer)


def test_neither_pickles_nor_code_are_in_its_folder(pocket_cache):
    [folder] = (pocket_cache / "keyphrases" / "bases").iterdir()

    assert {file.suffix for file in folder.iterdir()} == {".json", ".safetensors", ".jinja"}
    assert "transformers_version" not in json.loads((folder / "config.json").read_text())
