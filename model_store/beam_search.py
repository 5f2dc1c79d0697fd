"""The beam search: the likeliest outputs of a language model after each prompt of a batch.

Without sampling and without a preference for length. What it finds is what `generate` of
transformers finds, and tests hold it to that; but a prompt is passed once and kept once for all
its beams, a post that is done takes no more time, and no step's scores are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from transformers import PreTrainedModel

from model_store.beam_cache import BeamCache, BeamTree
from model_store.families import Family, Inputs
from model_store.families.base import causal_visibility

_NOT = -torch.inf
_NEVER = -1e9
"""A score that no beam comes down to, and still not infinite: such a beam may have to do."""


@dataclass
class Beams:
    """What was found for each post, best first."""

    tokens: Tensor
    """(B, beams, longest); behind its end a beam is filled with the token for that."""
    log_probabilities: Tensor
    """The sum over each beam's tokens, (B, beams)."""

    def add(self, posts: Tensor, tokens: Tensor, log_probabilities: Tensor) -> None:
        """Takes in further beams of some posts, as far as they are likelier."""
        width = self.log_probabilities.shape[1]
        values = torch.cat([self.log_probabilities[posts], log_probabilities], dim=1)
        self.log_probabilities[posts], best = values.topk(width)
        self.tokens[posts] = _of(torch.cat([self.tokens[posts], tokens], dim=1), best)


class Steps(Protocol):
    """Tells what may come next."""

    def first(self) -> Tensor:
        """Logits (B, words) of the first token behind each prompt."""

    def next(self, tokens: Tensor, rows: Tensor, parents: Tensor) -> Tensor:
        """Logits (rows, beams, words) of what follows `tokens` (rows, beams).

        `rows`, of those of the last step, are the ones that go on; `parents` (rows, beams) are the
        beams of the last step that the tokens come behind.
        """


class PromptSteps:
    """Those of a model after the prompts of a batch, which are passed here."""

    def __init__(
        self, model: PreTrainedModel, family: Family, inputs: Inputs, *, beams: int, longest: int
    ) -> None:
        self._model = model
        self._family = family
        layers = family.language_model(model).config.num_hidden_layers
        self._cache = BeamCache(layers=layers, room=beams * longest)
        self._shown = inputs["attention_mask"].bool()
        positions = family.position_ids(model, inputs)
        self._position = positions[..., -1:]
        self._tree = BeamTree(len(self._shown), beams, self._shown.device)
        embeds = family.inputs_embeds(model, inputs, family.vision_features(model, inputs))
        visible = causal_visibility(inputs["attention_mask"])
        self._states = self._pass(embeds, visible, positions)[:, -1]

    def first(self) -> Tensor:
        return self._logits(self._states)

    def next(self, tokens: Tensor, rows: Tensor, parents: Tensor) -> Tensor:
        if len(rows) < len(self._shown):
            self._cache.keep(rows)
            self._shown = self._shown[rows]
            self._position = self._position[..., rows, :]
        self._position = self._position + 1
        self._tree.grow(rows, parents)
        behind = self._tree.visible
        self._cache.place(self._tree.slots, behind.shape[2])
        prompt = self._shown.unsqueeze(1).expand(-1, tokens.shape[1], -1)
        embeds = self._model.get_input_embeddings()(tokens)
        positions = self._position.expand(*self._position.shape[:-1], tokens.shape[1])
        return self._logits(self._pass(embeds, torch.cat([prompt, behind], dim=2), positions))

    def _pass(self, embeds: Tensor, visible: Tensor, positions: Tensor) -> Tensor:
        return self._family.hidden_states(self._model, embeds, visible, positions, past=self._cache)

    def _logits(self, states: Tensor) -> Tensor:
        return self._model.lm_head(states).float()


def beam_search(steps: Steps, *, beams: int, longest: int, end: int) -> Beams:
    """Beams of at most `longest` tokens, each up to the token `end` if it comes to it.

    A beam that ends makes room for another. A post is done when it has as many as it shall, and
    none that goes on can become likelier than the least likely of them.
    """
    first = steps.first().unsqueeze(1).expand(-1, beams, -1)
    going = torch.arange(len(first), device=first.device)
    # At first all beams are the same, and only one of them is looked at.
    scores = first.new_full(first.shape[:2], _NEVER)
    scores[:, 0] = 0
    tokens = torch.full((*scores.shape, longest), end, device=first.device)
    found = Beams(tokens.clone(), torch.full_like(scores, -torch.inf))
    # Twice as many as go on, for all beams might end at once.
    values, parents, words = _likeliest(first, scores, 2 * beams)
    for length in range(longest):
        tried = _of(tokens, parents)
        tried[:, :, length] = words
        ended = (words == end) | (length + 1 == longest)
        found.add(going, tried[:, :beams], values[:, :beams].masked_fill(~ended[:, :beams], _NOT))
        scores, on = values.masked_fill(ended, _NOT).topk(beams)
        rows = (scores[:, 0] > found.log_probabilities[going, -1]).nonzero().squeeze(1)
        if not len(rows):
            break
        going, scores, on = going[rows], scores[rows], on[rows]
        tokens, parents = _of(tried[rows], on), parents[rows].gather(1, on)
        # Logits are large: they have no name here, or the next ones would stand beside them.
        values, parents, words = _likeliest(
            steps.next(tokens[:, :, length], rows, parents), scores, 2 * beams
        )
    return found


def _likeliest(logits: Tensor, scores: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """The best ways to go on from beams with these scores: new scores, beams and words (B, count).

    Logits (B, beams, words) are as many as words, so they are looked at twice and never copied, but
    for those of one post at a time.
    """
    best = logits.topk(min(count, logits.shape[2]))
    sums = torch.stack([of_post.logsumexp(1, keepdim=True) for of_post in logits])
    reached = best.values - sums + scores.unsqueeze(2)
    values, places = reached.flatten(1).topk(count)
    return values, places // best.values.shape[2], best.indices.flatten(1).gather(1, places)


def _of(tokens: Tensor, beams: Tensor) -> Tensor:
    """The tokens (B, .., longest) of some beams (B, count)."""
    return tokens.gather(1, beams.unsqueeze(2).expand(-1, -1, tokens.shape[2]))
