"""The run: from a dump and a base to a published version, through Ray Train.

version = train(TrainJob(data="posts/train", valid="posts/valid", base="small",
                         store="store", name="tagger"))
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import ray
from ray.exceptions import RayError
from ray.train import (
    CheckpointConfig,
    FailureConfig,
    LoggingConfig,
    RunConfig,
    ScalingConfig,
    TrainingFailedError,
)
from ray.train.torch import TorchConfig, TorchTrainer

from model_store.base import BaseIdentity, identify_base
from model_store.store import ModelVersion, Store
from posts.dump import Dump
from posts.errors import InputError, JobError, KeyphraseError
from trainer.config import TrainConfig
from trainer.progress import LeftOut, Listener, listening
from trainer.ray_session import ray_session
from trainer.resources import Share, check_placement, cluster_nodes, share_out
from trainer.training_set import TrainingSet
from trainer.training_storage import TrainingStorage
from trainer.worker import train_worker
from trainer.worker_job import WorkerJob

logger = logging.getLogger(__name__)

_COLLECTIVE_TIMEOUT_S = 6 * 3600
"""Workers wait for each other while one streams the dump or validates; a lost one is noticed by
Ray, not by this."""


def _cache_folder() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "keyphrases" / "training"


@dataclass(frozen=True, kw_only=True)
class TrainJob:
    """What to train on what. Raises InputError for numbers that cannot work."""

    data: str
    """Training dump: a path or s3:// URI."""
    valid: str
    """Validation dump, likewise."""
    base: str
    """`small`, a local folder, or a hub id."""
    store: str
    """Store that the version is published to: a path or s3:// URI."""
    name: str
    """Name of the model in the store."""
    config: TrainConfig = field(default_factory=TrainConfig)
    workers: int = 1
    gpus_per_worker: int = 0
    cache: Path = field(default_factory=_cache_folder)
    """Folder, on every node, for the memory-mapped posts."""

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise InputError("--workers must be at least 1")
        if self.gpus_per_worker not in (0, 1):
            raise InputError("--gpus-per-worker must be 0 or 1")


def train(job: TrainJob, listener: Listener = lambda _event: None) -> ModelVersion:
    """Trains, publishes the best epoch as a new version, and gives it.

    The same job after a kill goes on from its last checkpoint. `listener` is called from a thread
    of its own. Raises InputError if the run cannot begin, JobError if it failed.
    """
    store = Store(job.store)
    store.check(job.name)
    base = identify_base(job.base)
    for dump in (job.data, job.valid):
        Dump.open(dump)
    with ray_session():
        version = _train(job, store, base, listener)
    return store.resolve(f"{job.name}@{version}")


def _train(job: TrainJob, store: Store, base: BaseIdentity, listener: Listener) -> int:
    """Number of the published version, which may be that of an earlier run of the same job."""
    share = share_out(
        cluster_nodes(),
        ray.available_resources().get("CPU", 0),
        workers=job.workers,
        gpus_per_worker=job.gpus_per_worker,
    )
    data = TrainingSet.build(job.data, job.cache)
    valid = TrainingSet.build(job.valid, job.cache, job.config.validation_posts)
    for uri, examples in ((job.data, data), (job.valid, valid)):
        if examples.left_out:
            listener(LeftOut(dump=uri, reasons=examples.left_out))
    run = _run_name(data, valid, base, job.config)
    if (earlier := store.published_by(run, job.name)) is not None:
        return earlier.version
    check_placement(share, job.workers, job.gpus_per_worker)
    storage = TrainingStorage.beside(store.root, job.name)
    with listening(listener) as report:
        worker_job = WorkerJob(
            data=_absolute(job.data),
            data_fingerprint=data.fingerprint,
            valid=_absolute(job.valid),
            valid_fingerprint=valid.fingerprint,
            base=base,
            store=store.root,
            name=job.name,
            run=run,
            config=job.config,
            cache=job.cache,
            threads=share.threads,
            loader_threads=share.loader_threads,
            on_gpu=bool(job.gpus_per_worker),
            left_out={"train": data.left_out, "validation": valid.left_out},
            report=report,
        )
        version = _fit(_trainer(job, worker_job, share, storage))
    _clear(storage, run, [data, valid])
    return version


def _clear(storage: TrainingStorage, run: str, sets: Iterable[TrainingSet]) -> None:
    """Removes what a finished run no longer needs; a failure to do so is no failure of the run."""
    try:
        storage.remove(run)
        for examples in sets:
            examples.path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("what the finished run %s left could not be removed: %s", run, error)


def _trainer(
    job: TrainJob, worker_job: WorkerJob, share: Share, storage: TrainingStorage
) -> TorchTrainer:
    resources = {"CPU": share.cpus, "GPU": job.gpus_per_worker}
    return TorchTrainer(
        train_worker,
        train_loop_config={"job": worker_job},
        torch_config=TorchConfig(timeout_s=_COLLECTIVE_TIMEOUT_S),
        scaling_config=ScalingConfig(
            num_workers=job.workers,
            use_gpu=bool(job.gpus_per_worker),
            resources_per_worker={kind: amount for kind, amount in resources.items() if amount},
        ),
        run_config=RunConfig(
            name=worker_job.run,
            storage_path=storage.path,
            storage_filesystem=storage.filesystem,
            failure_config=FailureConfig(max_failures=job.config.max_failures),
            checkpoint_config=CheckpointConfig(num_to_keep=2),
            logging_config=LoggingConfig(log_level="ERROR"),
        ),
    )


def _fit(trainer: TorchTrainer) -> int:
    """Number of the published version; JobError with the root cause in one line."""
    try:
        result = trainer.fit()
    except (TrainingFailedError, RayError) as error:
        raise JobError(f"training failed: {root_cause(error)}") from error
    return int(result.return_value)


def root_cause(error: Exception) -> str:
    """The first line of what went wrong first.

    When a worker dies, the others fail too, in the midst of talking to it; so an error of our own
    says more than any other, and a worker's exception more than a broken connection.
    """
    failures = list(getattr(error, "worker_failures", {}).values()) or [error]
    causes = [_innermost(failure) for failure in failures]
    cause = min(causes, key=lambda one: (not isinstance(one, KeyphraseError), _is_echo(one)))
    first_line = next(iter(str(cause).strip().splitlines()), "")
    return (
        first_line if isinstance(cause, KeyphraseError) else f"{type(cause).__name__}: {first_line}"
    )


def _innermost(error: BaseException) -> BaseException:
    """What an error was raised for; Ray keeps it under several names."""
    for name in ("cause", "health_check_failure", "controller_failure", "__cause__"):
        cause = getattr(error, name, None)
        if isinstance(cause, BaseException):
            return _innermost(cause)
    return error


def _is_echo(error: BaseException) -> bool:
    """Whether this worker only noticed that another was gone."""
    return isinstance(error, RuntimeError) and "onnection" in str(error)


def _run_name(
    data: TrainingSet, valid: TrainingSet, base: BaseIdentity, config: TrainConfig
) -> str:
    """Equal for runs that must give equal models, so a run that was killed finds its own."""
    settings = config.to_json()
    for how in ("max_failures", "checkpoint_every"):
        del settings[how]
    deciding = [data.fingerprint, valid.fingerprint, base.sha256, settings]
    return "run-" + hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:16]


def _absolute(uri: str) -> str:
    """Workers have another working directory."""
    return uri if "://" in uri else str(Path(uri).absolute())
