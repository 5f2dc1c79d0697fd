"""`keyphrases train`: fine-tunes a model and publishes it to a store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from keyphrases.console import Bar, out
from model_store.base_names import POCKET, SMALL
from model_store.store import ModelVersion
from posts.errors import InputError
from trainer.config import METHODS, TrainConfig
from trainer.configs import SHIPPED, find_config

if TYPE_CHECKING:
    from trainer.run import TrainJob


@click.command(name="train")
@click.option("--data", required=True, help="Training dump, with gold keyphrases.")
@click.option("--valid", required=True, help="Validation dump, with gold keyphrases.")
@click.option("--base", required=True, help="`small`, `pocket`, a local folder, or a hub id.")
@click.option("--store", required=True, help="Local path or s3://bucket/prefix.")
@click.option("--name", required=True, help="Name of the model in the store.")
@click.option("--method", type=click.Choice(METHODS), help="How a batch becomes a gradient.")
@click.option("--config", help=f"Settings: a YAML file, or one of {', '.join(SHIPPED)}.")
@click.option("--workers", default=1, show_default=True, help="Ray Train workers.")
@click.option(
    "--gpus-per-worker", type=click.IntRange(0, 1), default=0, show_default=True, help="0 or 1."
)
def command(
    data: str,
    valid: str,
    base: str,
    store: str,
    name: str,
    method: str | None,
    config: str | None,
    workers: int,
    gpus_per_worker: int,
) -> None:
    """Fine-tune BASE with LoRA and publish the best epoch.

    Run again after a kill, the same command goes on from its last checkpoint.
    """
    settings = _settings(config, base)
    if method is not None:
        settings = replace(settings, method=method)
    # Only here: it loads torch and Ray, and what is wrong should be told at once.
    from trainer.run import TrainJob

    job = TrainJob(
        data=data,
        valid=valid,
        base=base,
        store=store,
        name=name,
        config=settings,
        workers=workers,
        gpus_per_worker=gpus_per_worker,
    )
    version = run_training(job)
    told = f"published {version}; `keyphrases models promote {version} --store {store}` uses it"
    out.print(told, markup=False)


def _settings(config: str | None, base: str) -> TrainConfig:
    """Those asked for; else what ships for the base, and for others the published ones."""
    if config is None and base not in (SMALL, POCKET):
        return TrainConfig()
    path = find_config(config or base)
    if not path.exists():
        names = ", ".join(SHIPPED)
        raise InputError(f"there are no settings {config}: name a YAML file, or one of {names}")
    return TrainConfig.from_yaml(path)


def run_training(job: TrainJob) -> ModelVersion:
    """Trains with a bar on stderr."""
    from keyphrases.training_display import TrainingDisplay
    from trainer.run import train

    with Bar("start workers") as bar:
        return train(job, TrainingDisplay(bar))
