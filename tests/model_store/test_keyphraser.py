import threading
from dataclasses import replace

import pytest
import torch

from model_store.base import load_base
from model_store.generation import GenerationSettings
from model_store.keyphraser import Keyphraser, cast_parameters
from model_store.prompt import Prompt
from posts.errors import InputError
from tests.generate import generation_config
from tests.model_store.conftest import save, train_a_little

SETTINGS = GenerationSettings(max_new_tokens=12, batch_size=3)
TEXTS = ["a red cat", "", "the green chair in the garden on a sunny day", "city", "sun " * 40]


@pytest.fixture
def posts(picture):
    return TEXTS, [picture(40, 30, 1), picture(64, 64, 2), None, picture(20, 60, 3), None]


def over(base, **changes):
    settings = replace(SETTINGS, **changes)
    return Keyphraser(base.model, base.processor, base.family, settings)


def assert_same(answers, others):
    assert [[one.phrase for one in answer] for answer in answers] == [
        [one.phrase for one in answer] for answer in others
    ]
    for answer, other in zip(answers, others, strict=True):
        assert [one.score for one in answer] == pytest.approx(
            [one.score for one in other], abs=1e-4
        )


def test_a_posts_keyphrases_do_not_depend_on_its_batch_mates(base, posts):
    keyphraser = over(base)
    together = keyphraser(*posts)
    alone = [keyphraser([text], [picture])[0] for text, picture in zip(*posts, strict=True)]
    texts, pictures = posts
    backwards = over(base, batch_size=5)(texts[::-1], pictures[::-1])[::-1]

    assert sum(map(len, together)) > len(together)
    assert_same(together, alone)
    assert_same(together, backwards)


def test_memory_is_given_back_after_each_batch(base, posts, monkeypatch):
    given_back = []
    monkeypatch.setattr("model_store.keyphraser.give_back_memory", lambda: given_back.append(True))
    over(base)(*posts)
    assert len(given_back) == 2  # With pictures, and without.


def out_of_memory(beyond, asked, plain, message="DefaultCPUAllocator: can't allocate memory"):
    """An `_ask` for which more posts at a time than `beyond` are too many."""

    def ask(keyphraser, batch):
        rows = len(batch.text_positions)
        asked.append(rows)
        if rows > beyond:
            raise RuntimeError(message)
        return plain(keyphraser, batch)

    return ask


def test_short_of_memory_it_goes_on_in_smaller_batches(base, monkeypatch):
    texts = [f"a cat and {number} dogs" for number in range(11)]
    none = [None] * len(texts)
    expected = over(base, batch_size=8)(texts, none)
    asked = []
    monkeypatch.setattr(Keyphraser, "_ask", out_of_memory(2, asked, Keyphraser._ask))
    keyphraser = over(base, batch_size=8)
    assert_same(keyphraser(texts, none), expected)
    # The last three were a batch already when memory was found to be too short for so many.
    assert asked == [8, 4, 2, 2, 2, 2, 2, 1]
    asked.clear()
    keyphraser(texts, none)
    assert max(asked) == 2


def test_a_post_that_memory_is_too_short_for_and_other_errors_are_raised(base, monkeypatch):
    plain, asked = Keyphraser._ask, []
    monkeypatch.setattr(Keyphraser, "_ask", out_of_memory(0, asked, plain))
    with pytest.raises(RuntimeError, match="allocate memory"):
        over(base)(["a cat", "a dog"], [None, None])
    assert asked == [2, 1]
    monkeypatch.setattr(Keyphraser, "_ask", out_of_memory(0, asked, plain, "device lost"))
    with pytest.raises(RuntimeError, match="device lost"):
        over(base)(["a cat", "a dog"], [None, None])
    assert asked == [2, 1, 2]


TOWERS = ("vision_tower", "vision_model", "visual")


def of_model(base, monkeypatch):
    """Passes through the model: of the tower how many pictures each had, and of the language model
    how many rows and tokens, prompts first."""
    pictures, passes, calls = [], [], []
    states, language_model = base.family.vision_states, base.family.language_model(base.model)
    (tower,) = [part for name, part in base.model.model.named_children() if name in TOWERS]

    def seen(model, inputs):
        found = states(model, inputs)
        if found is not None:
            pictures.append(int(base.family.image_positions(inputs).any(1).sum()))
        assert len(pictures) == len(calls)
        return found

    monkeypatch.setattr(base.family, "vision_states", seen)
    tower.register_forward_pre_hook(lambda module, args: calls.append(True))
    language_model.register_forward_pre_hook(
        lambda module, args, kwargs: passes.append(tuple(kwargs["inputs_embeds"].shape[:2])),
        with_kwargs=True,
    )
    return pictures, passes


def test_posts_with_equal_texts_and_pictures_are_generated_once(base, picture, monkeypatch):
    texts = ["a red cat", "a red cat", "sun", "a red cat", "sun", "a red cat", "", "", "a red cat"]
    drawn = [picture(40, 30, 1), picture(40, 30, 1), None, picture(40, 30, 2), None, None]
    drawn += [picture(40, 30, 1), picture(40, 30, 1), picture(30, 40, 1)]
    keyphraser = over(base, batch_size=16)
    alone = [keyphraser([text], [one])[0] for text, one in zip(texts, drawn, strict=True)]
    pictures, passes = of_model(base, monkeypatch)
    together = keyphraser(texts, drawn)

    assert pictures == [4]
    assert [rows for rows, length in passes if length > SETTINGS.beams] == [4, 2]
    assert_same(together, alone)
    together[0].clear()
    assert together[1]


def test_pictures_are_told_apart_by_what_they_look_like(base, picture):
    grey = picture(40, 30, 1).convert("P")
    other = grey.copy()
    other.putpalette(bytes(255 - value for value in grey.getpalette()))
    assert grey.tobytes() == other.tobytes()
    one, two, as_shown = over(base)([""] * 3, [grey, other, grey.convert("RGB")])
    assert one == as_shown != two


def test_a_batch_is_encoded_while_the_one_before_it_is_generated(llava, monkeypatch):
    keyphraser = over(llava, batch_size=2)
    encode, ask = Keyphraser._encode, Keyphraser._ask
    encoded = [threading.Event() for _ in range(4)]
    begun = iter(encoded)
    generated = []

    def encode_and_tell(keyphraser, posts):
        event = next(begun)
        found = encode(keyphraser, posts)
        event.set()
        return found

    def ask_when_the_next_is_ready(keyphraser, batch):
        number = len(generated)
        if number + 1 < len(encoded):
            assert encoded[number + 1].wait(60)
        # One batch ahead and no more, or all pictures of a table would be in memory at once.
        assert not any(event.is_set() for event in encoded[number + 2 :])
        generated.append(number)
        return ask(keyphraser, batch)

    texts = [f"a cat and {number} dogs" for number in range(8)]
    expected = over(llava, batch_size=2)(texts, [None] * 8)
    monkeypatch.setattr(Keyphraser, "_encode", encode_and_tell)
    monkeypatch.setattr(Keyphraser, "_ask", ask_when_the_next_is_ready)
    assert keyphraser(texts, [None] * 8) == expected
    assert generated == [0, 1, 2, 3]


def test_what_fails_while_it_is_encoded_is_raised_behind_the_batch_before_it(llava, monkeypatch):
    encode, generated = Keyphraser._encode, []
    ask = Keyphraser._ask

    def stumble(keyphraser, posts):
        if any("poison" in post.text for post in posts):
            raise ValueError("this text cannot be tokenised")
        return encode(keyphraser, posts)

    monkeypatch.setattr(Keyphraser, "_encode", stumble)
    monkeypatch.setattr(
        Keyphraser, "_ask", lambda self, batch: generated.append(True) or ask(self, batch)
    )
    with pytest.raises(ValueError, match="tokenised"):
        over(llava, batch_size=2)(["a", "b", "poison", "a longer text"], [None] * 4)
    assert len(generated) == 1
    assert over(llava)(["a"], [None])


def test_memory_that_is_too_short_to_encode_a_batch_is_saved_too(llava, monkeypatch):
    encode, encoded = Keyphraser._encode, []

    def short(keyphraser, posts):
        encoded.append(len(posts))
        if len(posts) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return encode(keyphraser, posts)

    texts = [f"a cat and {number} dogs" for number in range(4)]
    expected = over(llava, batch_size=4)(texts, [None] * 4)
    monkeypatch.setattr(Keyphraser, "_encode", short)
    assert_same(over(llava, batch_size=4)(texts, [None] * 4), expected)
    assert encoded == [4, 2, 2]


def test_beams_score_the_summed_log_probabilities_of_training(base, posts):
    texts, pictures = posts[0][:2], posts[1][:2]
    inputs = Prompt(base.processor, base.family).encode(texts, pictures).inputs
    settings = generation_config(base.processor.tokenizer.eos_token_id, beams=2, longest=12)
    with torch.no_grad():
        output = base.model.generate(**inputs, generation_config=settings)
        written = output.sequences[:, inputs["input_ids"].shape[1] :]
        # What follows the end of a beam is padding.
        shown = (written == base.processor.tokenizer.eos_token_id).cumsum(1).roll(1, 1)
        shown[:, 0] = 0
        mask = torch.cat([inputs["attention_mask"], (shown == 0).long()], dim=1)
        whole = {
            **inputs,
            "input_ids": output.sequences,
            "attention_mask": mask,
            **base.family.token_inputs(output.sequences),
        }
        positions = base.family.position_ids(base.model, whole)
        logits = base.model(**whole, position_ids=positions).logits[:, :-1]
    chosen = logits.log_softmax(-1).gather(2, output.sequences[:, 1:, None]).squeeze(2)
    summed = (chosen[:, -written.shape[1] :] * (shown == 0)).sum(1)

    torch.testing.assert_close(summed, output.sequences_scores, rtol=0, atol=1e-4)


@pytest.mark.parametrize("beams", [1, 4])
def test_pictures_and_prompts_are_passed_once_whatever_the_number_of_beams(
    base, posts, monkeypatch, beams
):
    pictures, passes = of_model(base, monkeypatch)
    over(base, beams=beams, batch_size=5)(*posts)
    assert pictures == [3]
    assert [rows for rows, length in passes if length > beams] == [3, 2]
    assert {length for _, length in passes[1:] if length <= beams} == {beams}
    assert max(rows for rows, length in passes if length <= beams) <= 3


def test_each_post_gets_its_own_answer_in_the_order_asked(llava, posts):
    keyphraser = over(llava)
    texts, pictures = posts
    answers = keyphraser(texts, pictures)
    turned = keyphraser(texts[1:] + texts[:1], pictures[1:] + pictures[:1])

    assert_same(answers[1:] + answers[:1], turned)
    assert len({tuple(answer) for answer in answers}) == len(texts)


def test_the_picture_and_the_text_matter(base, picture):
    answers = over(base)(
        ["a red cat", "a red cat", "a red cat", "sunny", ""],
        [picture(32, 32, 1), picture(32, 32, 2), None, None, picture(32, 32, 1)],
    )

    assert len({tuple(answer) for answer in answers}) == 5


def test_the_one_beam_of_a_greedy_search_has_all_the_probability(llava, posts):
    answers = over(llava, beams=1)(*posts)

    assert any(answers)
    assert {one.score for answer in answers for one in answer} == {1.0}


def test_no_posts_get_no_answers(llava):
    assert over(llava)([], []) == []


def test_only_the_best_and_good_keyphrases_are_given(llava, posts):
    everything = over(llava)(*posts)
    best = over(llava, max_keyphrases=1)(*posts)
    good = over(llava, min_score=0.3)(*posts)

    assert best == [answer[:1] for answer in everything]
    assert good == [[one for one in answer if one.score >= 0.3] for answer in everything]
    assert good != everything


def test_asking_leaves_a_model_in_training_as_it_was(llava):
    train_a_little(llava)
    llava.model.train()
    over(llava)(["a cat"], [None])

    assert llava.model.training
    assert llava.model.model.multi_modal_projector.training


def test_a_loaded_bundle_answers_like_the_model_that_was_trained(base, posts, tmp_path):
    train_a_little(base)
    trained = over(base)(*posts)
    loaded = Keyphraser.load(save(base, tmp_path / "bundle"), device="cpu")

    assert_same(loaded(*posts), trained)
    untrained = over(load_base(base.identity.name))(*posts)
    assert untrained != trained


def test_a_bf16_model_in_training_can_be_asked(base_folders, posts):
    base = load_base(str(base_folders["llava"]), dtype=torch.bfloat16)
    train_a_little(base)

    assert any(over(base)(*posts))


@pytest.mark.parametrize(
    "wrong", [{"beams": 0}, {"batch_size": 0}, {"min_score": 1.5}, {"max_new_tokens": -1}]
)
def test_settings_are_checked_when_made(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        GenerationSettings(**wrong)


def test_rotary_frequencies_keep_their_precision_when_weights_lose_theirs(base):
    before = {name: buffer.clone() for name, buffer in base.model.named_buffers()}
    cast_parameters(base.model, torch.bfloat16)

    assert {parameter.dtype for parameter in base.model.parameters()} == {torch.bfloat16}
    assert any("inv_freq" in name for name in before)
    for name, buffer in base.model.named_buffers():
        assert torch.equal(buffer, before[name])
