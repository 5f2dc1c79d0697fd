"""Vectors of posts, of all families."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from model_store.alignment.alignment import Alignment, Calibration
from model_store.alignment.features import picture_features, text_features, usual_text_layer
from model_store.alignment.heads import AlignmentHeads, HeadsShape
from model_store.asked_post import AskedPost
from model_store.bundle import add_alignment, load_bundle
from model_store.card import CARD_FILE
from model_store.generation import GenerationSettings
from model_store.keyphraser import Keyphraser
from model_store.prompt import Prompt
from model_store.seal import check_bundle, read_card, sha256
from model_store.seen_pictures import SeenPictures
from posts.errors import InputError
from posts.files.local import LocalFiles
from tests.model_store.conftest import train_a_little

TEXTS = ("a red cat", "", "the green chair in the garden on a sunny day", "city", "sun " * 40)
CALIBRATION = Calibration(slope=5.0, intercept=-1.0)


def alignment_for(base, picture, layer=None, dimensions=8):
    """Heads with weights of their own."""
    with torch.no_grad():
        encoded = base.family.encode_picture(base.model, base.processor, picture(32, 32))
        width = len(picture_features(base.model, base.family, encoded.states))
    torch.manual_seed(3)
    shape = HeadsShape(
        picture_width=width,
        text_width=base.model.get_input_embeddings().weight.shape[1],
        text_layer=usual_text_layer(base.model, base.family) if layer is None else layer,
        dimensions=dimensions,
    )
    return Alignment(heads=AlignmentHeads(shape), calibration=CALIBRATION)


@pytest.fixture
def posts(picture):
    pictures = [picture(40, 30, 1), picture(64, 64, 2), None, picture(20, 60, 3), None]
    return [AskedPost(text, shown) for text, shown in zip(TEXTS, pictures, strict=True)]


def over(base, alignment, **changes):
    settings = GenerationSettings(batch_size=3, **changes)
    return Keyphraser(base.model, base.processor, base.family, settings, alignment)


def assert_close(vector, other):
    assert (vector is None) == (other is None)
    if vector is not None:
        assert vector == pytest.approx(other, abs=1e-5)


def test_a_post_has_a_vector_of_each_part_and_a_probability_if_it_has_both(base, posts, picture):
    keyphraser = over(base, alignment_for(base, picture))
    found = keyphraser.embed(posts)

    assert keyphraser.has_alignment
    assert keyphraser.alignment_dimensions == 8
    for post, one in zip(posts, found, strict=True):
        assert (one.text is None) == (not post.text)
        assert (one.picture is None) == (post.picture is None)
        for vector in (one.text, one.picture):
            if vector is not None:
                assert vector.dtype == np.float32
                assert vector.shape == (8,)
                assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        if one.text is None or one.picture is None:
            assert one.alignment is None
        else:
            cosine = float(one.text @ one.picture)
            assert one.alignment == pytest.approx(1 / (1 + np.exp(1 - 5 * cosine)), abs=1e-5)


def test_vectors_do_not_depend_on_what_they_are_asked_with(base, posts, picture):
    keyphraser = over(base, alignment_for(base, picture))
    together = keyphraser.embed(posts)
    for post, one in zip(posts, together, strict=True):
        alone = keyphraser.embed([post])[0]
        assert_close(one.text, alone.text)
        assert_close(one.picture, alone.picture)
        # The text is seen without the picture.
        assert_close(one.text, keyphraser.embed([AskedPost(post.text, None)])[0].text)
        assert_close(one.text, keyphraser.embed_text(post.text))
        if post.picture is not None:
            assert_close(one.picture, keyphraser.embed_picture(post.picture))


def test_equal_parts_are_embedded_once(base, picture, monkeypatch):
    keyphraser = over(base, alignment_for(base, picture))
    shown, seen = picture(30, 30, 5), []
    plain = type(base.family).encode_picture
    monkeypatch.setattr(
        type(base.family), "encode_picture", lambda *given: seen.append(1) or plain(*given)
    )
    found = keyphraser.embed([AskedPost("one", shown), AskedPost("two", shown.copy())])
    assert len(seen) == 1
    assert_close(found[0].picture, found[1].picture)


def test_a_text_counts_as_far_as_a_prompt_shows_it(base, picture):
    keyphraser = over(base, alignment_for(base, picture), max_text_tokens=4)
    whole = Prompt(base.processor, base.family, max_text_tokens=4).harmless("sun cat " * 20)
    assert_close(keyphraser.embed_text("sun cat " * 20), keyphraser.embed_text(whole))
    assert keyphraser.embed_text(" \n ") is None


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_the_states_of_a_text_are_those_of_the_layer(base, layer):
    """Against all layers' states as transformers gives them."""
    model, tokenizer = base.model, base.processor.tokenizer
    opening = tokenizer.bos_token_id
    opening = tokenizer.eos_token_id if opening is None else opening
    tokens = [[9, 12, 30, 7], [40, 41]]
    found = text_features(model, base.family, tokenizer, tokens, layer)
    for row, of_text in zip(found, tokens, strict=True):
        with torch.no_grad():
            every = base.family.language_model(model)(
                input_ids=torch.tensor([[opening, *of_text]]), output_hidden_states=True
            ).hidden_states
        torch.testing.assert_close(row, every[layer][0, 1:].mean(0), rtol=1e-4, atol=1e-5)


def test_a_keyphraser_without_heads_says_so(base):
    keyphraser = over(base, None)
    assert not keyphraser.has_alignment
    assert keyphraser.alignment_dimensions == 0
    for ask in (lambda: keyphraser.embed([]), lambda: keyphraser.embed_text("cat")):
        with pytest.raises(InputError, match=r"no vectors; `python -m trainer\.align` makes"):
            ask()


@pytest.fixture
def aligned(bundle, llava, picture, tmp_path):
    """A bundle with heads."""
    train_a_little(llava)
    alignment = alignment_for(llava, picture)
    add_alignment(bundle, tmp_path / "aligned", alignment, {"seed": 3})
    return tmp_path / "aligned", alignment


def test_a_bundle_keeps_its_heads(aligned, bundle):
    folder, alignment = aligned
    loaded = load_bundle(folder)

    assert loaded.alignment.calibration == CALIBRATION
    assert loaded.alignment.heads.shape == alignment.heads.shape
    for name, weight in alignment.heads.state_dict().items():
        assert torch.equal(loaded.alignment.heads.state_dict()[name], weight)
    before = check_bundle(LocalFiles(bundle))
    assert loaded.card.digest != before.digest
    assert before.files.items() < loaded.card.files.items()
    assert loaded.card.training == {"epochs": 1, "alignment": {"seed": 3}}
    assert load_bundle(bundle).alignment is None


def test_new_heads_take_the_place_of_old_ones(aligned, bundle, llava, picture, tmp_path):
    folder, _ = aligned
    other = replace(alignment_for(llava, picture, dimensions=4), calibration=Calibration())
    add_alignment(folder, tmp_path / "again", other, {})
    assert Keyphraser.load(tmp_path / "again", device="cpu").alignment_dimensions == 4
    with pytest.raises(InputError, match="is not empty"):
        add_alignment(bundle, folder, other, {})


def test_a_loaded_keyphraser_has_the_vectors_of_its_bundle(aligned, llava, posts):
    folder, alignment = aligned
    expected = over(llava, alignment).embed(posts)
    for one, other in zip(
        Keyphraser.load(folder, device="cpu").embed(posts), expected, strict=True
    ):
        assert_close(one.text, other.text)
        assert_close(one.picture, other.picture)


def reseal(folder):
    """Makes a card of the files as they are."""
    files = LocalFiles(folder)
    card = read_card(files)
    hashes = {name: sha256(files, name) for name in card.files}
    (folder / CARD_FILE).write_bytes(replace(card, files=hashes).to_json())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda facts: facts["shape"].update(dimensions=0),
        lambda facts: facts["shape"].update(text_layer=-1),
        lambda facts: facts["calibration"].update(slope=float("nan")),
        lambda facts: facts["calibration"].pop("slope") and facts.update(more=1),
        lambda facts: facts.pop("shape"),
    ],
)
def test_facts_that_are_not_right_are_refused(aligned, tmp_path, spoil):
    folder = shutil.copytree(aligned[0], tmp_path / "spoilt")
    facts = json.loads((folder / "alignment.json").read_bytes())
    spoil(facts)
    (folder / "alignment.json").write_text(json.dumps(facts))
    with pytest.raises(InputError, match=r"alignment\.json has changed"):
        load_bundle(folder)
    reseal(folder)
    with pytest.raises(InputError, match="corrupt bundle"):
        load_bundle(folder)


def test_weights_that_do_not_fit_are_refused(aligned):
    folder, _ = aligned
    weights = load_file(folder / "alignment.safetensors")
    weights["text.linear.bias"] = torch.zeros(3)
    save_file(weights, folder / "alignment.safetensors")
    reseal(folder)
    with pytest.raises(InputError, match="wrong shape"):
        load_bundle(folder)
    del weights["text.linear.bias"]
    save_file(weights, folder / "alignment.safetensors")
    reseal(folder)
    with pytest.raises(InputError, match=r"missing text\.linear\.bias"):
        load_bundle(folder)


def test_the_tower_sees_a_picture_once_for_its_vector_and_its_keyphrases(
    base, posts, picture, monkeypatch
):
    shown = [post for post in posts if post.picture is not None]
    plain = over(base, None)([post.text for post in shown], [post.picture for post in shown])
    keyphraser, looks = over(base, alignment_for(base, picture)), []
    through = type(base.family).vision_states

    def counted(family, model, inputs):
        looks.append("pixel_values" in inputs)
        return through(family, model, inputs)

    monkeypatch.setattr(type(base.family), "vision_states", counted)
    keyphraser.embed(shown)
    assert sum(looks) == len(shown)
    # A picture that looks the same is the same, whatever else it is.
    again = [Image.frombytes("RGB", one.picture.size, one.picture.tobytes()) for one in shown]
    answers = keyphraser([post.text for post in shown], again)
    assert sum(looks) == len(shown)
    for one, other in zip(answers, plain, strict=True):
        assert [each.phrase for each in one] == [each.phrase for each in other]
        assert [each.score for each in one] == pytest.approx([e.score for e in other], abs=1e-5)


def test_a_picture_that_has_changed_is_another(base, picture):
    keyphraser = over(base, alignment_for(base, picture))
    changing = picture(16, 16, 1)
    before = keyphraser.embed([AskedPost("", changing)])[0].picture
    changing.paste(picture(16, 16, 2))
    after = keyphraser.embed([AskedPost("", changing)])[0].picture
    assert np.array_equal(after, keyphraser.embed_picture(picture(16, 16, 2)))
    assert not np.array_equal(after, before)


def test_pictures_seen_long_ago_are_forgotten_and_looked_at_anew(base, picture):
    shown = [picture(8, 8, number) for number in range(3)]
    with torch.inference_mode():
        size = base.family.encode_picture(base.model, base.processor, shown[0]).states.nbytes
        seen = SeenPictures(base.model, base.processor, base.family, most_bytes=3 * size - 1)
        first, second = seen.look(shown[0]), seen.look(shown[1])
        assert seen.all_of([shown[1], None]) == [second, None]
        assert seen.look(shown[0]) is first
        seen.look(shown[2])
        assert seen.all_of([shown[0]]) == [first]
        assert seen.all_of([shown[0], shown[1]]) is None, "the one looked at least recently stays"
        seen.forget()
        assert seen.all_of([shown[0]]) is None
        seen.look(shown[0], remember=False)
        assert seen.all_of([shown[0]]) is None
