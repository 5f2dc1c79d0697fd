"""The worker: what runs in each of Ray Train's processes."""

from __future__ import annotations

import logging
import os
from typing import Any

import ray.train
import ray.train.torch
import torch

from posts.errors import JobError
from trainer.learner import Learner
from trainer.loop import Worker
from trainer.worker_job import WorkerJob


def train_worker(loop_config: dict[str, Any]) -> int | None:
    """Trains, and on the first worker publishes: gives the version's number.

    Ray starts a run again whatever ended it. What is our own error would be met again, hours
    later, so the tries that follow end at once with the same.
    """
    job: WorkerJob = loop_config["job"]
    if why := job.report.given_up():
        raise JobError(why)
    try:
        return _train(job)
    except JobError as error:
        job.report.give_up(str(error))
        raise


def _train(job: WorkerJob) -> int | None:
    logging.getLogger("transformers").setLevel(logging.ERROR)
    torch.set_num_threads(_threads(job))
    learner = Learner(job, _this_worker(job))
    learner.train()
    return learner.publish() if learner.worker.rank == 0 else None


def _threads(job: WorkerJob) -> int:
    """The CPUs given, but no more than there really are, for Ray may have been told of more, nor
    than OMP_NUM_THREADS allows."""
    here = len(os.sched_getaffinity(0)) // ray.train.get_context().get_local_world_size()
    return max(1, min(job.threads, here, torch.get_num_threads()))


def _this_worker(job: WorkerJob) -> Worker:
    context = ray.train.get_context()
    return Worker(
        rank=context.get_world_rank(),
        workers=context.get_world_size(),
        device=ray.train.torch.get_device() if job.on_gpu else torch.device("cpu"),
        loader_threads=job.loader_threads,
    )
