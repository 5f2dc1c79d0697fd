"""What `keyphrases submit` refuses before it asks a cluster: the address leads nowhere."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from keyphrases.main import cli
from keyphrases.submission.job_client import UnreachableError
from posts.errors import InputError

NOWHERE = ("submit", "--address", "http://127.0.0.1:1")
INDEX = ("index", "s3://dumps/today", "--index", "https://search:9200/posts")


def refused(*arguments: str) -> str:
    """The sentence."""
    with pytest.raises((InputError, click.UsageError)) as error:
        cli.main([*NOWHERE, *arguments], standalone_mode=False)
    assert not isinstance(error.value, UnreachableError), "it was about to be submitted"
    if isinstance(error.value, click.UsageError):
        return error.value.format_message()
    return str(error.value)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--night", "26.11.2026"), "--night"),
        (("--name", "My Posts"), "--name"),
        (("--attempts", "0"), "--attempts"),
        (("--attempts", "2", "--no-follow"), "--no-follow"),
        (("--env", "A_TOKEN=hush"), "--env A_TOKEN"),
        (("--working-dir", "not/there"), "--working-dir"),
        (("--colour",), "--colour"),
    ],
)
def test_wrong_options_are_told(options: tuple[str, ...], word: str) -> None:
    sentence = refused(*options, *INDEX)
    assert word in sentence
    assert "hush" not in sentence


def test_code_comes_from_one_place(tmp_path: Path) -> None:
    assert "exclude" in refused("--working-dir", str(tmp_path), "--image", "posts:1", *INDEX)


def test_wrong_arguments_of_the_inner_command_are_told() -> None:
    assert "--actors" in refused(*INDEX, "--actors", "many")
    assert "relative path" in refused("index", "posts", *INDEX[2:])


@pytest.mark.parametrize("verb", [("list",), ("logs", "a-2026-11-26-1"), ("stop", "a")])
def test_other_verbs_take_the_address_alone(verb: tuple[str, ...]) -> None:
    assert "--address only" in refused("--name", "posts", *verb)


def test_a_job_that_is_right_goes_to_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "")  # The client sets it; this puts it back.
    with pytest.raises(UnreachableError):
        cli.main([*NOWHERE, "--env", "A_TOKEN", *INDEX, "--ocr"], standalone_mode=False)
