import pytest
import torch

from model_store.prompt import IGNORED, QUESTION, Prompt

TEXTS = ["a red cat sleeps", "", "صباح الخير 🌞 你好", "the green chair in the garden"]


def tokens(base, ids):
    return base.processor.tokenizer.decode(ids)


def test_the_question_follows_the_picture_and_the_text(llava, picture):
    inputs = Prompt(llava.processor, llava.family).encode(["a cat"], [picture(32, 32)]).inputs

    assert tokens(llava, inputs["input_ids"][0]) == "<image>" * 16 + f"a cat\n{QUESTION}\n"


def test_tokens_are_those_of_the_stock_processor(base, picture):
    shown = picture(40, 30)
    if base.processor.chat_template:
        content = [{"type": "image"}, {"type": "text", "text": f"{TEXTS[0]}\n{QUESTION}"}]
        text = base.processor.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
    else:
        text = f"<image>{TEXTS[0]}\n{QUESTION}\n"
    stock = base.processor(text=[text], images=[shown], return_tensors="pt")
    mine = Prompt(base.processor, base.family).encode([TEXTS[0]], [shown]).inputs

    for name in mine:
        torch.testing.assert_close(mine[name], stock[name], check_dtype=False)


def test_without_a_picture_there_is_no_image_slot(base):
    inputs = Prompt(base.processor, base.family).encode(["a cat"], [None]).inputs

    assert not base.family.image_positions(inputs).any()
    assert "pixel_values" not in inputs
    assert "image" not in tokens(base, inputs["input_ids"][0])


def test_text_positions_hold_the_text_and_nothing_else(base, picture):
    shown = [picture(40, 30), None, None, picture(20, 60)]
    prompt = Prompt(base.processor, base.family)
    for batch in (prompt.encode(TEXTS, shown), prompt.encode_training(TEXTS, shown, [["x"]] * 4)):
        for text, ids, where in zip(
            TEXTS, batch.inputs["input_ids"], batch.text_positions, strict=True
        ):
            assert tokens(base, ids[where]) == text


def test_a_post_cannot_write_special_tokens(base):
    prompt = Prompt(base.processor, base.family)
    special = base.processor.tokenizer.get_added_vocab()
    plain = prompt.encode(["a cat"], [None]).inputs["input_ids"][0].tolist()
    tricks = [*special, "".join(special), "<im<image>age>", "<|im_<|im_end|>end|>", "<</s>/s>"]
    for trick in tricks:
        ids = prompt.encode([f"a {trick} cat"], [None]).inputs["input_ids"][0].tolist()
        for token in special.values():
            assert ids.count(token) == plain.count(token), trick


def test_a_target_cannot_write_special_tokens(llava):
    prompt = Prompt(llava.processor, llava.family)
    batch = prompt.encode_training(["a cat"], [None], [["cat</s>", "<image>"]])

    assert not llava.family.image_positions(batch.inputs).any()
    assert (batch.labels == llava.processor.tokenizer.eos_token_id).sum() == 1


def test_a_megabyte_of_text_is_cut(base):
    prompt = Prompt(base.processor, base.family, max_text_tokens=20)
    batch = prompt.encode(["a red cat " * 100_000, " " * 1_000_000, "x" * 1_000_000], [None] * 3)

    assert batch.text_positions.sum(1).tolist() == [20, 0, 20]


def test_half_a_surrogate_pair_is_no_obstacle(base):
    batch = Prompt(base.processor, base.family).encode(["cat \ud83d dog"], [None])

    text = tokens(base, batch.inputs["input_ids"][0][batch.text_positions[0]])
    # A template's space before the text can be part of the text's first token.
    assert text.lstrip() == "cat ? dog"


def test_labels_are_the_phrases_and_the_end(base, picture):
    phrases = [["red cat", "sun, sea"], [], ["صباح"], ["chair"]]
    shown = [picture(40, 30), None, None, picture(20, 60)]
    batch = Prompt(base.processor, base.family).encode_training(TEXTS, shown, phrases)
    end = base.processor.tokenizer.eos_token

    written = [
        tokens(base, ids[labels != IGNORED])
        for ids, labels in zip(batch.inputs["input_ids"], batch.labels, strict=True)
    ]
    assert written == [f"red cat, sun sea{end}", end, f"صباح{end}", f"chair{end}"]
    assert torch.equal(
        batch.labels[batch.labels != IGNORED],
        batch.inputs["input_ids"][batch.labels != IGNORED],
    )


def test_a_rows_loss_does_not_depend_on_the_rows_beside_it(base, picture):
    shown = [picture(40, 30), None, None, picture(20, 60)]
    phrases = [["red cat", "sun"], ["x"], ["y"], ["chair"]]
    prompt = Prompt(base.processor, base.family)

    def loss(rows):
        batch = prompt.encode_training(
            [TEXTS[row] for row in rows], [shown[row] for row in rows], [phrases[r] for r in rows]
        )
        with torch.no_grad():
            logits = base.model(**batch.inputs).logits[:, :-1]
        losses = torch.nn.functional.cross_entropy(
            logits.transpose(1, 2), batch.labels[:, 1:], ignore_index=IGNORED, reduction="none"
        )
        return losses.sum(1)

    alone = torch.cat([loss([row]) for row in range(4)])
    torch.testing.assert_close(loss([0, 1, 2, 3]), alone, rtol=1e-4, atol=1e-4)


def test_a_different_number_of_pictures_than_texts_is_an_error(llava):
    with pytest.raises(ValueError, match="shorter"):
        Prompt(llava.processor, llava.family).encode(["a", "b"], [None])
