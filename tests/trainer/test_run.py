"""Whole runs through Ray Train, with a tiny model."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import ray

from model_store.asked_post import AskedPost
from model_store.keyphraser import Keyphraser
from model_store.store import ModelVersion, Store
from posts.drawn import drawn_posts
from posts.errors import InputError, JobError
from posts.files import open_files
from posts.pictures import decode_picture
from posts.writing import write_json_lines, write_parquet
from tests.servers.s3 import S3Server
from tests.tiny_models import tiny_base
from tests.waiting import wait_for
from trainer import run
from trainer.config import TrainConfig
from trainer.evaluation import evaluate
from trainer.progress import (
    Began,
    Event,
    Listener,
    RemoteReporter,
    Stepped,
    Validated,
    WarmedUp,
    listening,
)
from trainer.run import TrainJob, train
from trainer.training_set import TrainingSet

pytestmark = [pytest.mark.usefixtures("ray_session"), pytest.mark.timeout(480, func_only=True)]

CONFIG = TrainConfig(
    epochs=2,
    batch_size=8,
    micro_batch_size=4,
    lora_learning_rate=2e-2,
    projector_learning_rate=1e-2,
    lora_rank=8,
    lora_alpha=16,
    lora_dropout=0.1,
    beams=2,
    max_new_tokens=4,
    checkpoint_every=2,
    alignment="srcl",
    alignment_dimensions=8,
    alignment_queue=8,
)
STEPS = 12
_SNAPSHOT = "checkpoint_manager_snapshot.json"


@pytest.fixture(autouse=True)
def nothing_runs(ray_session: None) -> None:
    """Ray takes back what a run before had when that has ended."""
    wait_for(all_is_free)


def all_is_free() -> bool:
    return bool(ray.available_resources().get("CPU") == ray.cluster_resources()["CPU"])


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> TrainJob:
    folder = tmp_path_factory.mktemp("job")
    posts = [replace(post, keyphrases=("cat",)) for post in drawn_posts("train", 46)]
    write_parquet(posts, folder / "train.parquet")
    write_parquet(posts[:6], folder / "valid.parquet")
    return TrainJob(
        data=str(folder / "train.parquet"),
        valid=str(folder / "valid.parquet"),
        base=str(tiny_base("llava", folder)),
        store=str(folder / "store"),
        name="tiny",
        config=CONFIG,
        workers=2,
        cache=folder / "cache",
    )


@pytest.fixture(scope="module")
def undisturbed(ray_session: None, job: TrainJob) -> tuple[ModelVersion, list[Event]]:
    events: list[Event] = []
    return train(job, events.append), events


@dataclass(frozen=True)
class DeadlyReporter(RemoteReporter):
    """Kills the first worker, once, when it reports a step."""

    step: int
    marker: Path
    known: tuple[str, str]
    """The store, and a checkpoint in it that Ray Train has to have heard of before."""
    blocked: Path | None = None
    """Run folders in which the checkpoint after the step shall fail to be written."""

    def __call__(self, event: Event) -> None:
        super().__call__(event)
        if isinstance(event, Stepped) and event.step == self.step and not self.marker.exists():
            if self.blocked is not None:
                for folder in self.blocked.glob("run-*"):
                    (folder / f"checkpoint-{self.step + 1:08d}").touch()
            wait_for(self._is_known, seconds=120)
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def _is_known(self) -> bool:
        """Ray's controller asks now and then, and writes down of which checkpoints it knows."""
        files, checkpoint = open_files(self.known[0]), self.known[1]
        snapshots = [each.name for each in files.list() if each.name.endswith(_SNAPSHOT)]
        return any(checkpoint.encode() in files.read(name) for name in snapshots)


def kill_a_worker(
    patch: pytest.MonkeyPatch,
    job: TrainJob,
    step: int,
    marker: Path,
    *,
    after: int,
    blocked: Path | None = None,
) -> None:
    """When it reports the step; `after`: that of the last checkpoint before."""
    known = (f"{job.store}/{job.name}/training", f"checkpoint-{after:08d}")

    @contextmanager
    def deadly(listener: Listener) -> Iterator[DeadlyReporter]:
        with listening(listener) as report:
            yield DeadlyReporter(report.mailbox, step, marker, known, blocked)

    patch.setattr(run, "listening", deadly)


def test_two_workers_train_and_publish_a_version(
    undisturbed: tuple[ModelVersion, list[Event]], job: TrainJob
) -> None:
    version, events = undisturbed
    assert events[0] == Began(step=0, steps=STEPS, epochs=2, posts=46)
    assert [e.step for e in events if isinstance(e, Stepped)] == list(range(1, STEPS + 1))
    assert [e.epoch for e in events if isinstance(e, Validated)] == [1, 2]
    card = version.card
    assert card.training["config"] == CONFIG.to_json()
    assert card.data["train"]["posts"] == 46
    assert len(card.training["history"]) == 2


def test_the_projector_is_warmed_up_once_and_before_the_first_update(
    ray_session: None, job: TrainJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(CONFIG, epochs=1, cache_vision=True, projector_warm_up=2, vision_dropout=0.5)
    write_parquet(drawn_posts("train", 46), tmp_path / "train.parquet")
    events: list[Event] = []
    warm_job = replace(
        job,
        name="warm",
        data=str(tmp_path / "train.parquet"),
        workers=1,
        config=config,
        cache=tmp_path / "cache",
    )
    kill_a_worker(monkeypatch, warm_job, 4, tmp_path / "killed", after=2)
    train(warm_job, events.append)

    assert (tmp_path / "killed").exists()
    warm = [e.epoch for e in events if isinstance(e, WarmedUp)]
    # Not again in the second attempt, which begins with a checkpoint.
    assert warm == [1, 2]
    assert [type(e) for e in events[:2]] == [WarmedUp, WarmedUp]


def test_the_published_version_scores_as_its_card_says(
    undisturbed: tuple[ModelVersion, list[Event]], job: TrainJob, tmp_path: Path
) -> None:
    version, _ = undisturbed
    keyphraser = Keyphraser.load(Store(job.store).fetch(str(version)))
    scores = evaluate(keyphraser, TrainingSet.build(job.valid, tmp_path)).scores
    assert scores == version.card.metrics["validation"]
    assert scores["cmkp"]["all"]["f1@1"] > 0.5


def test_a_model_that_was_trained_with_alignment_has_vectors(
    undisturbed: tuple[ModelVersion, list[Event]], job: TrainJob
) -> None:
    version, _ = undisturbed
    assert all(epoch["alignment_loss"] > 0 for epoch in version.card.training["history"])
    keyphraser = Keyphraser.load(Store(job.store).fetch(str(version)))
    post = next(iter(drawn_posts("valid", 1)))
    found = keyphraser.embed([AskedPost(post.text, decode_picture(post.image))])[0]
    assert keyphraser.alignment_dimensions == 8
    assert 0 < found.alignment < 1


def test_a_finished_run_leaves_nothing_behind(
    undisturbed: tuple[ModelVersion, list[Event]], job: TrainJob
) -> None:
    assert not list(Path(job.store, "tiny", "training").glob("*"))
    assert not list(job.cache.glob("*.arrow"))


def test_a_run_survives_a_killed_worker_and_a_checkpoint_that_cannot_be_written(
    undisturbed: tuple[ModelVersion, list[Event]],
    job: TrainJob,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disturbed = replace(job, name="disturbed")
    blocked = Path(job.store, "disturbed", "training")
    kill_a_worker(monkeypatch, disturbed, 5, tmp_path / "killed", after=4, blocked=blocked)
    events: list[Event] = []
    version = train(disturbed, events.append)
    assert [e.step for e in events if isinstance(e, Began)] == [0, 4]
    expected = undisturbed[0].card
    assert version.card.training["history"] == expected.training["history"]
    assert version.card.files == expected.files


def test_the_same_command_after_a_failure_goes_on_from_the_last_checkpoint_on_s3(
    job: TrainJob, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = f"s3://{s3.bucket()}"
    write_json_lines(drawn_posts("train", 16), f"{bucket}/train")
    write_json_lines(drawn_posts("valid", 4), f"{bucket}/valid")
    on_s3 = replace(
        job,
        data=f"{bucket}/train",
        valid=f"{bucket}/valid",
        store=f"{bucket}/store",
        workers=1,
        config=replace(CONFIG, checkpoint_every=0, max_failures=0),
    )
    kill_a_worker(monkeypatch, on_s3, 3, tmp_path / "killed", after=2)
    with pytest.raises(JobError, match=r"training failed: .*died"):
        train(on_s3)
    wait_for(all_is_free)
    events: list[Event] = []
    version = train(on_s3, events.append)
    assert [e.step for e in events if isinstance(e, Began)] == [2]
    assert Store(on_s3.store).resolve("tiny") == version
    assert version.version == 1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"workers": 5}, "use --workers 4"),
        ({"gpus_per_worker": 1}, "use --gpus-per-worker 0"),
        ({"base": "nowhere"}, "there is no base nowhere"),
        ({"data": "nowhere"}, "no"),
        ({"name": "../up"}, "is no name for a model"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_begins(
    job: TrainJob, change: dict[str, object], complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        train(replace(job, **change))  # type: ignore[arg-type]
