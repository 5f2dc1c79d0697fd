"""The learner: a model that is trained, together with those of the other workers."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import ray.train
import torch
from pyarrow import fs
from ray.train import CheckpointUploadMode
from torch import distributed

from model_store.alignment.alignment import Alignment
from model_store.base import Base, load_base
from model_store.keyphraser import Keyphraser
from model_store.lora import LoraSettings, attach_lora
from model_store.prompt import Prompt
from model_store.store import Store
from posts.errors import JobError
from trainer.alignment.beginning import begin_alignment, resume_alignment
from trainer.alignment.calibration import calibrated_alignment
from trainer.alignment.objective import AlignmentObjective
from trainer.checkpoint import (
    TrainState,
    Weights,
    copy_weights,
    load_alignment,
    load_checkpoint,
    save_checkpoint,
)
from trainer.evaluation import predict
from trainer.examples import ExampleReader
from trainer.loop import Loop, Worker, uses_bf16
from trainer.methods import make_step
from trainer.metrics import Case, score
from trainer.optimization import make_optimizer
from trainer.order import Order
from trainer.preparation import prepare
from trainer.progress import CheckpointFailed, Event
from trainer.publication import generation_settings, publish
from trainer.scenarios import clean
from trainer.training_set import TrainingSet
from trainer.vision_cache import VisionCache
from trainer.worker_job import WorkerJob

logger = logging.getLogger(__name__)


class Learner:
    """A model being trained in this process; the loop's surroundings are Ray Train."""

    def __init__(self, job: WorkerJob, worker: Worker) -> None:
        self.worker = worker
        self._job = job
        self._config = job.config
        self._train, self._valid = self._open_data()
        self._base = _prepare(job, worker.device)
        self._vision = self._open_vision()
        self._prompt = Prompt(
            self._base.processor, self._base.family, max_text_tokens=job.config.max_text_tokens
        )
        self._order = Order(
            posts=len(self._train), batch_size=job.config.batch_size, seed=job.config.seed
        )
        self._alignment: AlignmentObjective | None = None
        self._state, self._best = self._resume()

    def train(self) -> None:
        """Goes on from the last checkpoint to the end of the last epoch."""
        config = self._config
        self._base.model.train()
        Loop(
            config=config,
            step=make_step(
                config,
                self._base.model,
                self._base.family,
                strides=self._state.strides,
                bf16=uses_bf16(config, self.worker.device),
            ),
            optimizer=self._optimizer,
            encode=ExampleReader(self._prompt, self._train, config, self._vision),
            order=self._order,
            worker=self.worker,
            surroundings=self,
            alignment=self._alignment,
        ).run(self._state)

    def validate(self) -> dict[str, Any]:
        """Scores on the validation posts, asked by all workers together."""
        base = self._base
        keyphraser = Keyphraser(
            base.model, base.processor, base.family, generation_settings(self._config)
        )
        rows = range(self.worker.rank, len(self._valid), self.worker.workers)
        cases = list(predict(keyphraser, self._valid, rows, clean))
        return score(_gather(cases, self.worker))

    def keep_best(self) -> None:
        if self.worker.rank == 0:
            self._best = copy_weights(self._base.model)

    def checkpoint(self, state: TrainState) -> None:
        """Reports to Ray Train, with a checkpoint from the first worker.

        A checkpoint that cannot be written is only a warning: the run goes on, and would resume
        from the one before.
        """
        checkpoint = self._upload(state) if self.worker.rank == 0 else None
        ray.train.report(
            {"update": state.update},
            checkpoint=checkpoint,
            checkpoint_upload_mode=CheckpointUploadMode.NO_UPLOAD,
        )

    def report(self, event: Event) -> None:
        if self.worker.rank == 0:
            self._job.report(event)

    def publish(self) -> int:
        """Publishes the best epoch's weights; gives the version's number."""
        if self._best is None:
            raise JobError("no epoch was finished, so there is nothing to publish")
        job = self._job
        return publish(
            Store(job.store),
            job.name,
            job.run,
            self._base,
            self._best,
            config=job.config,
            history=self._state.history,
            best_epoch=self._state.best_epoch,
            data={
                "train": self._describe("train", job.data, self._train),
                "validation": self._describe("validation", job.valid, self._valid),
            },
            align=None if self._alignment is None else self._calibrated,
        )

    def _calibrated(self) -> Alignment:
        return calibrated_alignment(self._base, self._prompt, self._valid)

    def _describe(self, role: str, uri: str, examples: TrainingSet) -> dict[str, Any]:
        return {
            "uri": uri,
            "posts": len(examples),
            "left_out": dict(self._job.left_out[role]),
            "fingerprint": examples.fingerprint,
        }

    def _open_data(self) -> tuple[TrainingSet, TrainingSet]:
        """Training and validation posts; one worker of each node streams what is not there yet."""
        job, first = self._job, ray.train.get_context().get_local_rank() == 0
        if not first:
            _wait(self.worker)
        train = TrainingSet.open(job.data_fingerprint, job.data, job.cache)
        valid = TrainingSet.open(
            job.valid_fingerprint, job.valid, job.cache, self._config.validation_posts
        )
        if first:
            _wait(self.worker)
        return train, valid

    def _open_vision(self) -> VisionCache | None:
        """Pictures after the tower; one worker of each node computes what is not there yet."""
        if not self._config.cache_vision:
            return None
        first = ray.train.get_context().get_local_rank() == 0
        if not first:
            _wait(self.worker)
        cache = VisionCache.open(self._base, self._train, self._job.cache)
        if first:
            _wait(self.worker)
        return cache

    def _resume(self) -> tuple[TrainState, Weights | None]:
        checkpoint = ray.train.get_checkpoint()
        if checkpoint is None:
            prepare(
                self._base,
                self._train,
                self._vision,
                self._prompt,
                config=self._config,
                worker=self.worker,
                report=self.report,
            )
            self._alignment = begin_alignment(
                prompt=self._prompt, vision=self._vision, **self._aligned()
            )
            self._optimizer = make_optimizer(self._base, self._config)
            return TrainState(), None
        with checkpoint.as_directory() as folder:
            if self._config.alignment != "off":
                kept = load_alignment(Path(folder))
                self._alignment = resume_alignment(kept, **self._aligned())
            self._optimizer = make_optimizer(self._base, self._config)
            return load_checkpoint(Path(folder), self._base.model, self._optimizer)

    def _aligned(self) -> dict[str, Any]:
        return {
            "base": self._base,
            "examples": self._train,
            "config": self._config,
            "updates": self._order.batches * self._config.epochs,
        }

    def _upload(self, state: TrainState) -> ray.train.Checkpoint | None:
        storage = ray.train.get_context().get_storage()
        place = f"{storage.experiment_fs_path}/checkpoint-{state.update:08d}"
        try:
            with tempfile.TemporaryDirectory() as folder:
                save_checkpoint(
                    *(Path(folder), self._base.model, self._optimizer, state, self._best),
                    None if self._alignment is None else self._alignment.state(),
                )
                storage.storage_filesystem.create_dir(place)
                fs.copy_files(folder, place, destination_filesystem=storage.storage_filesystem)
        except Exception as error:
            # Disk full, storage away, credentials expired: none is worth the training.
            logger.exception("no checkpoint was written after update %d", state.update)
            self.report(CheckpointFailed(step=state.update, why=f"{type(error).__name__}: {error}"))
            return None
        return ray.train.Checkpoint(place, storage.storage_filesystem)


def _prepare(job: WorkerJob, device: torch.device) -> Base:
    """The base with freshly seeded LoRA, the same in every worker."""
    dtype = torch.bfloat16 if uses_bf16(job.config, device) else torch.float32
    base = load_base(job.base.name, dtype=dtype, revision=job.base.revision)
    if base.identity.sha256 != job.base.sha256:
        raise JobError(f"the base {job.base.name} is not the same on every node")
    torch.manual_seed(job.config.seed)
    settings = LoraSettings(
        r=job.config.lora_rank, alpha=job.config.lora_alpha, dropout=job.config.lora_dropout
    )
    attach_lora(base.model, base.family, settings)
    base.model.to(device)
    if device.type == "cpu":
        # For rows this short, plain products are a fifth quicker there than the fused kernel.
        base.model.set_attn_implementation({"text_config": "eager"})
    if job.config.gradient_checkpointing:
        base.family.checkpoint_layers(base.model)
    return base


def _gather(cases: list[Case], worker: Worker) -> list[Case]:
    if worker.workers == 1:
        return cases
    gathered: list[list[Case]] = [[] for _ in range(worker.workers)]
    distributed.all_gather_object(gathered, cases)
    return [case for part in gathered for case in part]


def _wait(worker: Worker) -> None:
    if worker.workers > 1:
        distributed.barrier()
