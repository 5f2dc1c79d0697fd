"""Why AimKP's filter does not see wrong labels: what a post's gradient owes to what the post shows.

    python -m bench.filter_probe

Fine-tunes as `bench.ablation` does, by AimKP at 20% label noise. Then the gradient of a post's
labels is compared with that of the same labels on another post's text and picture: a cosine near 1
means that the gradient comes from the labels alone, whatever the model is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

import torch
from sklearn.metrics import roc_auc_score

from bench.result import write_result
from bench.study.conditions import AIMKP, CONDITIONS, NOISE, Plan
from bench.study.fine_tuning import PROBED, FineTuned, fine_tune
from posts.post import Post
from trainer.step import StandardStep

_METHOD = (
    f"AimKP at {NOISE:.0%} label noise, seed 0, settings as in ablation.json. Of {PROBED} training "
    "posts with right and as many with wrong labels: cosine between the gradient (LoRA and "
    "projector) of the labels on the post's own text and picture and on another's, mean; loss per "
    "label token, mean; and the chance that loss ranks a post with wrong labels above one with "
    "right ones. auc of low cosines: the chance that the filter's cosine ranks a post with wrong "
    "labels below one with right ones, in the last epoch; the filter drops low cosines."
)


def main() -> None:
    """Trains, probes, writes bench/results/filter_probe.json."""
    torch.set_num_threads(1)
    condition = next(one for one in CONDITIONS if (one.name, one.noise) == (AIMKP, NOISE))
    tuned = fine_tune(Plan(condition=condition, seed=0))
    wrong = list(tuned.swapped[:PROBED])
    right = [row for row in range(len(tuned.posts)) if row not in tuned.swapped][:PROBED]
    found = {"right labels": probe(tuned, right), "wrong labels": probe(tuned, wrong)}
    losses = {labels: one.pop("losses") for labels, one in found.items()}
    is_wrong = [False] * len(right) + [True] * len(wrong)
    last = tuned.views[-1]
    content = {
        **found,
        "auc of the loss": roc_auc_score(is_wrong, losses["right labels"] + losses["wrong labels"]),
        "auc of low cosines": {modality: of["auc"] for modality, of in last.items()},
    }
    print(content)
    print(write_result("filter_probe", _METHOD, content))


def probe(tuned: FineTuned, rows: Sequence[int]) -> dict[str, Any]:
    """Mean cosine and loss of some posts, and the single losses."""
    cosines, losses = [], []
    for row in rows:
        post, other = tuned.posts[row], tuned.posts[(row + 1) % len(tuned.posts)]
        own, loss = _gradient(tuned, post)
        elsewhere, _ = _gradient(tuned, replace(other, keyphrases=post.keyphrases))
        cosines.append(float(own @ elsewhere / (own.norm() * elsewhere.norm())))
        losses.append(loss)
    return {
        "cosine with the same labels on another post": fmean(cosines),
        "loss": fmean(losses),
        "losses": losses,
    }


def _gradient(tuned: FineTuned, post: Post) -> tuple[torch.Tensor, float]:
    """Of all that is trained, as one vector in fp64, and the loss per label token."""
    model = tuned.base.model
    model.zero_grad()
    examples = tuned.examples([post])
    loss = StandardStep(model, tuned.base.family)(examples.ids, examples.batch)
    gradients = [one.grad for one in model.parameters() if one.grad is not None]
    return torch.cat([one.flatten().double() for one in gradients]), float(loss.total) / loss.tokens


if __name__ == "__main__":
    main()
