"""`keyphrases train`: two workers, AimKP, a kill of everything, and what comes of it."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

import pytest

from tests.keyphrases.conftest import Demo, Keyphrases
from tests.keyphrases.processes import start, wait_until

SECOND_EPOCH = "checkpoint-00000020"
"""The checkpoint after two epochs of 320 training posts, in batches of 32."""


def noticed(store: Path, checkpoint: str) -> bool:
    """Whether a run would resume from it: Ray's controller writes down which it knows of."""
    return any(
        checkpoint in snapshot.read_text()
        for snapshot in store.rglob("checkpoint_manager_snapshot.json")
    )


@pytest.mark.timeout(1200)
def test_a_killed_aimkp_training_goes_on_and_its_version_indexes(
    demo: Demo, keyphrases: Keyphrases, tmp_path: Path
) -> None:
    store, index = tmp_path / "store", f"embedded:{tmp_path / 'index'}"
    dump = shutil.copytree(demo.dump, tmp_path / "dump")
    posts = (dump / "train.jsonl").read_text().splitlines(keepends=True)
    # Half of them do, in half of the time.
    (dump / "train.jsonl").write_text("".join(posts[: len(posts) // 2]))
    train = (
        *("train", "--data", dump / "train.jsonl", "--valid", dump / "valid.jsonl"),
        *("--base", "small", "--store", store, "--name", "tagger"),
        *("--method", "aimkp", "--workers", "2"),
    )
    killed = start(*train)
    wait_until(lambda: noticed(store, SECOND_EPOCH), killed, seconds=480)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not any(store.rglob("card.json"))

    trained = keyphrases(*train, timeout=480)

    assert trained.returncode == 0, trained.stderr
    assert "going on after step 20 of 30" in trained.stderr
    assert "published tagger@1" in trained.stdout
    shown = keyphrases("models", "show", "tagger@1", "--store", store, "--json")
    history = json.loads(shown.stdout)["training"]["history"]
    views = [epoch["views"] for epoch in history]
    assert views[0] is None
    # The third epoch, after the kill, goes on from the strides of the second.
    assert set(views[1]["text"]["strides"]) == {"2"}
    assert "4" in views[2]["text"]["strides"]
    assert views[2]["text"]["made"] == views[1]["text"]["made"] > 0

    indexed = keyphrases(
        *("index", dump / "valid.jsonl", "--index", index),
        *("--store", store, "--model", "tagger@1"),
    )
    assert indexed.returncode == 0, indexed.stderr
    summary = json.loads(indexed.stdout)
    assert summary["generated"] == summary["read"] > 0
    assert summary["dead"] == 0
