"""Runs one condition of the study with one seed, or goes on with it, and writes its run file.

    python -m bench.pocket_study --condition aimkp --seed 0
    python -m bench.pocket_study --report    # tables and a plot of the runs that are there

Each run computes on one CPU: start as many side by side as there are. Needs the openclipart posts
in ../shared/data/openclipart, and says so where they are not.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

from bench.pocket_study.fine_tuning import every_so_many, fine_tune, study_folder
from bench.pocket_study.plan import CONDITIONS, EVERY, SEEDS, find_condition
from bench.pocket_study.report import report
from bench.result import RESULTS, surroundings
from model_store.keyphraser import Keyphraser
from model_store.lora import merge_lora
from trainer.evaluation import evaluate
from trainer.loop import uses_bf16
from trainer.publication import generation_settings
from trainer.training_set import TrainingSet

DATA = Path(__file__).parents[2] / "../shared/data/openclipart"
RUNS = RESULTS / "pocket"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--condition", choices=[one.name for one in CONDITIONS])
    parser.add_argument("--seed", type=int, choices=SEEDS, default=SEEDS[0])
    parser.add_argument("--report", action="store_true", help="runs nothing")
    arguments = parser.parse_args()
    if arguments.report:
        report(RUNS)
        return
    if arguments.condition is None:
        parser.error("say --condition, or --report")
    if not DATA.is_dir():
        parser.exit(2, f"{DATA} is not there, and without its posts there is nothing to study\n")
    name = f"{arguments.condition}-{arguments.seed}"
    place = RUNS / f"{name}.json"
    if place.exists():
        parser.exit(0, f"{place.name} is there already; remove it to run anew\n")
    torch.set_num_threads(1)
    condition = find_condition(arguments.condition)
    config = condition.config(arguments.seed)
    posts = every_so_many(str(DATA / "train.parquet"), EVERY)
    began = time.perf_counter()
    base, state = fine_tune(name, config, posts)
    trained = time.perf_counter() - began
    merge_lora(base.model)
    keyphraser = Keyphraser(base.model, base.processor, base.family, generation_settings(config))
    valid = TrainingSet.build(str(DATA / "valid.parquet"), study_folder())
    scores = {}
    for scenario in condition.scenarios:
        scores[scenario] = evaluate(keyphraser, valid, scenario).scores
        print(f"{scenario}: F1@3 {scores[scenario]['cmkp']['all']['f1@3']:.3f}", flush=True)
    content = {
        "condition": arguments.condition,
        "seed": arguments.seed,
        "config": config.to_json(),
        "bf16": uses_bf16(config, torch.device("cpu")),
        "posts": len(posts),
        "data": {"train": posts.fingerprint, "validation": valid.fingerprint},
        "updates": state.update,
        "seconds_since_last_start": trained,
        "epoch_losses": [epoch["loss"] for epoch in state.history],
        "scores": scores,
        "surroundings": surroundings(),
    }
    RUNS.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
