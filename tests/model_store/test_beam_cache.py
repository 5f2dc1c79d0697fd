"""Beams see their own past, wherever its tokens came to lie."""

from __future__ import annotations

import pytest
import torch

from model_store.beam_cache import BeamCache, BeamTree

POSTS, BEAMS, STEPS, PROMPT = 3, 4, 12, 2
PROMPT_KEY = -1.0


class Search:
    """Cache and tree over keys of width 1, which are the numbers of the tokens."""

    def __init__(self, posts: int = POSTS) -> None:
        self.cache = BeamCache(layers=1, room=BEAMS * STEPS)
        self.tree = BeamTree(posts, BEAMS, torch.device("cpu"))
        self.cache.update(*[torch.full((posts, 1, PROMPT, 1), PROMPT_KEY)] * 2, 0)
        self.numbered = 0

    def step(self, rows, parents):
        """Numbers of the new tokens (rows, beams), and all keys (rows, PROMPT + slots)."""
        self.cache.keep(rows)
        self.tree.grow(rows, parents)
        self.cache.place(self.tree.slots, self.tree.visible.shape[2])
        new = torch.arange(parents.numel()).view(parents.shape) + self.numbered
        self.numbered += parents.numel()
        keys = new.float().view(len(rows), 1, BEAMS, 1)
        kept, values = self.cache.update(keys, -keys, 0)
        assert torch.equal(values[:, :, PROMPT:], -kept[:, :, PROMPT:])
        return new, kept[:, 0, :, 0]


def test_a_beam_sees_its_ancestors_and_itself_while_posts_and_beams_are_given_up():
    torch.manual_seed(0)
    search = Search()
    past = [[[] for _ in range(BEAMS)] for _ in range(POSTS)]
    for step in range(STEPS):
        rows = torch.tensor([0, 2]) if step == 5 else torch.arange(len(past))
        parents = torch.randint(BEAMS, (len(rows), BEAMS))
        new, keys = search.step(rows, parents)
        past = [
            [[*past[row][parent], token] for parent, token in zip(of_row, tokens, strict=True)]
            for row, of_row, tokens in zip(
                rows.tolist(), parents.tolist(), new.tolist(), strict=True
            )
        ]
        assert (keys[:, :PROMPT] == PROMPT_KEY).all()
        for row, of_post in enumerate(past):
            for beam, expected in enumerate(of_post):
                seen = keys[row, PROMPT:][search.tree.visible[row, beam]]
                assert sorted(seen.tolist()) == expected


def test_what_no_beam_sees_any_more_makes_room():
    search = Search()
    for step in range(STEPS):
        # All go on from the first, so one token of each past step is left.
        search.step(torch.arange(POSTS), torch.zeros(POSTS, BEAMS, dtype=torch.long))
        assert search.tree.visible.shape[2] == step + BEAMS


def test_beams_that_share_nothing_have_room_to_the_last_step():
    search = Search()
    for _ in range(STEPS):
        _, keys = search.step(torch.arange(POSTS), torch.arange(BEAMS).expand(POSTS, -1))
    assert keys.shape == (POSTS, PROMPT + BEAMS * STEPS)


@pytest.fixture
def marked_memory():
    """Memory that nothing was written to yet is not a number."""
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("marked_memory")
def test_slots_that_a_post_has_not_written_to_are_finite():
    search = Search(posts=2)
    search.step(torch.arange(2), torch.zeros(2, BEAMS, dtype=torch.long))
    # The first post has no slot to spare and needs new ones; the second has, and writes there.
    parents = torch.stack([torch.arange(BEAMS), torch.zeros(BEAMS, dtype=torch.long)])
    _, keys = search.step(torch.arange(2), parents)
    assert keys.shape[1] == PROMPT + 2 * BEAMS
    assert keys.isfinite().all()
