"""The inner command, looked through before it travels."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from keyphrases.commands.index import command as index
from keyphrases.commands.train import command as train
from keyphrases.submission.inner_command import (
    check_places,
    default_name,
    full_name,
    read_command,
)
from posts.errors import InputError

INDEX = ("s3://dumps/today", "--index", "http://search:9200/posts")
TRAIN = (
    *("--data", "s3://dumps/train", "--valid", "s3://dumps/valid", "--base", "small"),
    *("--store", "s3://models", "--name", "Tagger"),
)
INNER = {"index": index, "train": train}


def check(kind: str, *arguments: str, working_dir: Path | None = None) -> str:
    """The job's name, if it is right."""
    given = read_command(INNER[kind], arguments, click.Context(INNER[kind], info_name=kind))
    check_places(kind, given, working_dir)
    return full_name(default_name(kind, given), given)


def test_jobs_are_named_after_their_index_and_their_model() -> None:
    assert check("index", *INDEX) == "posts"
    assert check("train", *TRAIN) == "train-tagger"


def test_a_check_has_a_name_of_its_own() -> None:
    assert check("index", *INDEX, "--check") == "posts-check"


@pytest.mark.parametrize(
    "arguments", [("s3://dumps/today",), (*INDEX, "--colour"), (*INDEX, "--actors", "many")]
)
def test_wrong_options_are_a_usage_error_of_the_command_itself(arguments: tuple[str, ...]) -> None:
    with pytest.raises(click.UsageError) as wrong:
        check("index", *arguments)
    assert wrong.value.ctx is not None
    assert wrong.value.ctx.info_name == "index"


@pytest.mark.parametrize("path", ["posts", "./posts", "../posts", "~/posts"])
@pytest.mark.parametrize(
    "option", ["the dump", "--store", "--dead-letters", "--retry-dead", "--report", "--index"]
)
def test_a_relative_path_is_refused_in_a_sentence_that_names_its_option(
    option: str, path: str
) -> None:
    arguments = {
        "the dump": (path, *INDEX[1:]),
        "--index": (INDEX[0], "--index", f"embedded:{path}"),
    }.get(option, (*INDEX, option, path))
    with pytest.raises(InputError, match=f"^{option} {path} is a relative path"):
        check("index", *arguments)


def test_absolute_paths_and_s3_are_taken() -> None:
    places = ("--store", "/models", "--model", "tagger", "--report", "s3://reports")
    assert check("index", "/dumps/today", "--index", "embedded:/indexes/posts", *places) == "posts"


@pytest.mark.parametrize("option", ["--preview", "--preview-page"])
def test_a_preview_is_not_for_a_cluster(option: str) -> None:
    with pytest.raises(InputError, match="machine at hand"):
        check("index", *INDEX, option, "5")


def test_a_password_in_an_argument_is_refused_and_not_told() -> None:
    with pytest.raises(InputError, match="--env NAME") as refused:
        check("index", INDEX[0], "--index", "https://user:hush@search:9200/posts")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("base", ["small", "pocket", "llava-hf/llava-1.5-7b-hf", "/bases/llava"])
def test_bases_that_the_cluster_finds_are_taken(base: str) -> None:
    assert check("train", *TRAIN, "--base", base)


def test_a_folder_here_is_no_base_of_the_cluster(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "bases" / "llava").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for base in ("bases/llava", "./bases", "tagger"):
        with pytest.raises(InputError, match=f"^--base {base} is a relative path"):
            check("train", *TRAIN, "--base", base)


def test_settings_may_ship_or_travel_with_the_code(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").touch()
    assert check("train", *TRAIN, "--config", "pocket")
    assert check("train", *TRAIN, "--config", "mine.yaml", working_dir=tmp_path)
    with pytest.raises(InputError, match=r"^--config mine.yaml is a relative path"):
        check("train", *TRAIN, "--config", "mine.yaml")
