"""The beam search, beside that of transformers and beside trying everything."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
import torch
from torch import Tensor

from model_store.beam_search import Beams, PromptSteps, beam_search
from model_store.prompt import Prompt
from tests.generate import generation_config

LONGEST = 10
TEXTS = ["a red cat", "", "the green chair in the garden on a sunny day", "city " * 30]


def asked(base, picture):
    pictures = [picture(40, 30, seed) for seed in range(len(TEXTS))]
    return Prompt(base.processor, base.family).encode(TEXTS, pictures).inputs


def searched(base, inputs, beams, end) -> Beams:
    steps = PromptSteps(base.model, base.family, inputs, beams=beams, longest=LONGEST)
    return beam_search(steps, beams=beams, longest=LONGEST, end=end)


def often_written(base, inputs, beams) -> int:
    """The token that beams write at most different places: an end that comes early and late."""
    written = searched(base, inputs, beams, base.processor.tokenizer.eos_token_id).tokens
    return max(written.unique().tolist(), key=lambda token: int((written == token).any(1).sum()))


def lengths(tokens: Tensor, end: int) -> set[int]:
    return {int((row != end).sum()) for row in tokens}


@pytest.mark.parametrize("beams", [1, 2, 5])
@torch.inference_mode()
def test_it_finds_what_generate_of_transformers_finds(base, picture, beams):
    inputs = asked(base, picture)
    end = often_written(base, inputs, beams)
    config = generation_config(end, beams=beams, longest=LONGEST, num_return_sequences=beams)
    expected = base.model.generate(**inputs, generation_config=config)
    found = searched(base, inputs, beams, end)

    tokens, ours = expected.sequences[:, inputs["input_ids"].shape[1] :], found.tokens.flatten(0, 1)
    assert torch.equal(ours[:, : tokens.shape[1]], tokens)
    assert (ours[:, tokens.shape[1] :] == end).all()
    assert len(lengths(ours, end)) > 1
    if beams > 1:
        torch.testing.assert_close(
            found.log_probabilities.flatten(), expected.sequences_scores, rtol=0, atol=1e-4
        )


class Table:
    """What comes next depends on the last token alone; 0 is the end."""

    def __init__(self, posts: int, words: int) -> None:
        torch.manual_seed(0)
        self.start = torch.randn(posts, words)
        self.logits = 2 * torch.randn(posts, words, words)
        self.asked: list[int] = []
        self._posts = torch.arange(posts)

    def first(self) -> Tensor:
        return self.start

    def next(self, tokens: Tensor, rows: Tensor, parents: Tensor) -> Tensor:
        self._posts = self._posts[rows]
        self.asked.append(len(rows))
        return self.logits[self._posts.unsqueeze(1), tokens]

    def all_outputs(self, post: int, longest: int) -> dict[tuple[int, ...], float]:
        start = self.start[post].log_softmax(0).tolist()
        table = self.logits[post].log_softmax(1).tolist()
        found = {}
        for tokens in product(range(len(start)), repeat=longest):
            length = tokens.index(0) + 1 if 0 in tokens else longest
            steps = pairwise(tokens[:length])
            score = start[tokens[0]] + sum(table[a][b] for a, b in steps)
            found[tokens[:length] + (0,) * (longest - length)] = score
        return found


def test_with_beams_enough_it_finds_every_output_in_its_order():
    table = Table(posts=3, words=3)
    found = beam_search(table, beams=15, longest=3, end=0)
    for post in range(3):
        expected = table.all_outputs(post, 3)
        ranked = sorted(expected, key=expected.__getitem__, reverse=True)
        assert len(ranked) == 15
        assert [tuple(beam) for beam in found.tokens[post].tolist()] == ranked
        scores = torch.tensor([expected[tokens] for tokens in ranked])
        torch.testing.assert_close(found.log_probabilities[post], scores)


def test_a_post_that_is_done_is_not_asked_again():
    table = Table(posts=3, words=5)
    # The second post ends at once, whatever comes first, and its beams cannot get better.
    table.logits[1, :, 0] = 50
    found = beam_search(table, beams=2, longest=6, end=0)

    assert table.asked[0] == 3
    assert max(table.asked[2:]) == 2
    assert (found.tokens[1, :, 1:] == 0).all()
