"""What is asked of the workers of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from model_store.base import BaseIdentity
from trainer.config import TrainConfig
from trainer.progress import Reporter


@dataclass(frozen=True, kw_only=True)
class WorkerJob:
    """What a worker needs to know; pickles into its process."""

    data: str
    """URI of the training dump."""
    data_fingerprint: str
    valid: str
    """URI of the validation dump."""
    valid_fingerprint: str
    base: BaseIdentity
    store: str
    """URI of the store."""
    name: str
    """Name of the model in the store."""
    run: str
    """Name of the run."""
    config: TrainConfig
    cache: Path
    """Folder on each node for the memory-mapped posts."""
    threads: int
    """CPUs that this worker was given for the model."""
    loader_threads: int
    on_gpu: bool
    """A GPU was asked for; without, one that happens to be there is not taken."""
    left_out: Mapping[str, Mapping[str, int]]
    """Posts of each data set that were left out, by reason."""
    report: Reporter
