"""The report: bench/results/ablation.json and .png, and tables on stdout, from run files alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.result import write_result
from bench.seeds import shown, table
from bench.study.conditions import ELSEWHERE, EPOCHS, NOISE, SCENARIOS, TEST_POSTS, TRAIN_POSTS
from bench.study.plot import draw
from bench.study.run_files import read_runs
from bench.study.summary import summarise

_METHOD = (
    f"Drawn posts (posts.drawn), two gold keyphrases each, one in the text and one in the picture. "
    f"The small base is fine-tuned on {TRAIN_POSTS} posts for {EPOCHS} epochs with "
    "trainer/configs/small.yaml otherwise; every condition has the same number of optimizer steps, "
    "and the last epoch's weights are measured, without selection. Label noise p: that share of "
    "the training posts has the gold keyphrases of another one. told: each text, in training and "
    "after, also names what the picture shows. few: 128 training posts, 20 epochs. Held-out posts, "
    f"{TEST_POSTS}, are clean, and the same in all runs. Scores are cmkp. A seed decides LoRA's "
    "first weights, the order of the posts and which labels are wrong. Intervals: 95%, Student's t "
    "over seeds; differences are paired by seed; over_all_noise is the mean over the shares of "
    "noise. views: over all epochs that mask; auc is the "
    "chance that the cosine of a view with right labels is above that of one with wrong labels. "
    "label_loss: mean per label token at the end, on training posts. harm: F1@3 with shuffled "
    "pictures minus F1@3 of text-only. One thread a run; train_seconds were taken on a machine "
    "that others used too, so they are only rough."
)


def report(folder: Path) -> None:
    """Reads the run files of a folder; writes the result and the plot beside the folder."""
    runs = read_runs(folder)
    if not runs:
        raise SystemExit(f"no runs in {folder}; run python -m bench.ablation first")
    summary = summarise(runs)
    result = write_result("ablation", _METHOD, summary)
    plot = result.with_suffix(".png")
    draw(summary, plot)
    print(tables(summary))
    print(f"\n{result}\n{plot}")


def tables(summary: Mapping[str, Any]) -> str:
    """Markdown."""
    scores: dict[tuple[str, float], dict[str, Mapping[str, Any]]] = {}
    for row in summary["scores"]:
        scores.setdefault((row["condition"], row["noise"]), {})[row["scenario"]] = row
    blocks = [
        "F1@3 (cmkp)",
        table(
            ["condition", "noise", *SCENARIOS],
            [
                [name, f"{noise:.0%}", *(shown(of[one]["f1@3"]) for one in SCENARIOS)]
                for (name, noise), of in scores.items()
            ],
        ),
        "AimKP minus standard",
        table(
            ["noise", "scenario", "F1@1", "F1@3", "MAP@5"],
            [
                [f"{row['noise']:.0%}", row["scenario"], *_signed_scores(row)]
                for row in summary["aimkp_minus_standard"]
            ]
            + [
                ["all", row["scenario"], *_signed_scores(row)]
                for row in summary["aimkp_minus_standard_over_all_noise"]
            ],
        ),
        "AimKP minus standard elsewhere, without noise",
        table(
            ["where", "scenario", "F1@1", "F1@3", "MAP@5"],
            [
                [where.replace("_", " "), row["scenario"], *_signed_scores(row)]
                for where in ELSEWHERE
                for row in summary[f"aimkp_minus_standard_{where}"]
            ],
        ),
        f"At {NOISE:.0%} noise, minus full AimKP",
        table(
            ["condition", "scenario", "F1@1", "F1@3", "MAP@5"],
            [
                [row["condition"], row["scenario"], *_signed_scores(row)]
                for row in summary["ablations_minus_aimkp"]
            ],
        ),
        "Masked views: share kept, mean cosine, AUC",
        table(
            ["condition", "noise", "masked", "kept, right labels", "kept, wrong labels",
             "cosine, right labels", "cosine, wrong labels", "auc"],
            [
                [row["condition"], f"{row['noise']:.0%}", row["modality"],
                 *(shown(row[key]) for key in list(row)[3:])]
                for row in summary["views"]
            ],
        ),
        "Loss per label token at the end; training seconds; harm of a wrong picture",
        table(
            ["condition", "noise", "right labels", "wrong labels",
             "right labels of posts with wrong ones", "seconds", "harm"],
            [
                [loss["condition"], f"{loss['noise']:.0%}",
                 *(shown(loss[key]) for key in list(loss)[2:]),
                 f"{seconds['mean']:.0f}", shown(harm["f1@3"], signed=True)]
                for loss, seconds, harm in zip(
                    summary["label_loss"], summary["train_seconds"],
                    summary["harm_of_a_wrong_picture"], strict=True,
                )
            ],
        ),
    ]  # fmt: skip
    return "\n\n".join(blocks)


def _signed_scores(row: Mapping[str, Any]) -> list[str]:
    return [shown(row[metric], signed=True) for metric in ("f1@1", "f1@3", "map@5")]
