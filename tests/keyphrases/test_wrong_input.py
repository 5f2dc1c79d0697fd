"""Wrong input and surroundings: one clear line, exit code 2, nothing begun; and no hang."""

import json
import os
import shutil
import socket

import pytest

from tests.keyphrases.conftest import run_keyphrases

pytestmark = pytest.mark.timeout(850)
_SECONDS = 170
"""Generous, for a loaded machine."""


@pytest.fixture
def index(demo, tmp_path):
    """Arguments of a good run into an index of its own."""
    return {
        "dump": demo.dump,
        "--index": f"embedded:{tmp_path / 'index'}",
        "--store": demo.store,
        "--model": "demo",
    }


def run_index(arguments, **options):
    options_of_run = [part for item in list(arguments.items())[1:] for part in item]
    return run_keyphrases("index", arguments["dump"], *options_of_run, timeout=_SECONDS, **options)


def assert_refused(done, *words):
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert done.stderr.startswith("keyphrases: ")
    for word in words:
        assert word in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dump": "no/such/folder"}, ["no/such/folder"]),
        ({"--model": "nobody"}, ["nobody", "demo"]),
        ({"--model": "demo@7"}, ["7", "1"]),
        ({"--store": "no/such/store"}, ["no model", "no/such/store"]),
        ({"--index": "elsewhere"}, ["elsewhere", "embedded:PATH"]),
        ({"--index": "http://user:secret@localhost:9200/posts"}, ["ELASTICSEARCH_PASSWORD"]),
        ({"--max-error-rate": "7"}, ["--max-error-rate"]),
        ({"--actors": "64"}, ["actors", "lower"]),
    ],
)
def test_a_wrong_argument_is_told_in_one_line(index, changes, words):
    done = run_index(index | changes)

    assert_refused(done, *words)
    assert "secret" not in done.stderr


def test_a_server_that_is_down_is_told(index):
    # Held, so that nobody else gets the port, and yet it does not listen.
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/posts"

        assert_refused(run_index(index | {"--index": url}), url.removesuffix("/posts"), "reached")


def test_a_bucket_that_is_not_there_is_told(index, s3):
    done = run_index(index | {"dump": "s3://no-such-bucket/posts"}, env=os.environ | s3.environment)

    assert_refused(done, "no-such-bucket")


def test_wrong_credentials_are_told_and_not_shown(index, s3):
    bucket = s3.bucket()
    wrong = os.environ | s3.environment | {"AWS_SECRET_ACCESS_KEY": "wrong-secret"}

    done = run_index(index | {"dump": f"s3://{bucket}/posts"}, env=wrong)

    assert_refused(done, bucket)
    assert "wrong-secret" not in done.stderr


def test_a_corrupt_bundle_is_told(index, tmp_path):
    store = shutil.copytree(index["--store"], tmp_path / "store")
    (store / "demo" / "v000001" / "adapter_model.safetensors").write_bytes(b"not weights")

    assert_refused(run_index(index | {"--store": store}), "adapter_model.safetensors")


def test_an_unknown_key_of_a_config_is_told_with_the_nearest(demo, tmp_path):
    (tmp_path / "config.yaml").write_text("epoch: 3\n")

    done = run_keyphrases(
        *("train", "--data", demo.dump / "train.jsonl", "--valid", demo.dump / "valid.jsonl"),
        *("--base", "small", "--store", tmp_path / "store", "--name", "m"),
        *("--config", tmp_path / "config.yaml"),
    )

    assert_refused(done, "'epoch'", "'epochs'")


def test_a_model_other_than_the_index_was_built_with_is_told(demo, index, tmp_path):
    live = shutil.copytree(demo.folder / "index", tmp_path / "index")
    build = next(live.glob("*/build.json"))
    content = json.loads(build.read_text())
    build.write_text(json.dumps(content | {"model": "other@3", "model_digest": "0" * 64}))

    assert_refused(run_index(index), "other@3", "demo@1", "--rebuild")


def test_a_second_run_on_an_index_is_told(index, tmp_path):
    from indexer.index.location import open_index

    with open_index(index["--index"]).lock("the-first-run"):
        assert_refused(run_index(index), "the-first-run")
