"""The line that a shell on the cluster is given."""

from __future__ import annotations

import subprocess

import pytest

from keyphrases.submission.entrypoint import entrypoint

NASTY = ["s3://bucket/a b", "$(touch pwned)", "it's; exit 0", "`id`", "--", "*", "\n", "", "ö"]


def test_a_shell_hands_every_argument_on_as_it_was(tmp_path) -> None:
    shown = 'python() { shift 4; for each; do printf "%s\\0" "$each"; done; }; '
    line = entrypoint("index", NASTY).removeprefix("exec ")
    done = subprocess.run(
        ["/bin/sh", "-c", shown + line], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    # What stood before: -m keyphrases index, and the first argument.
    assert done.stdout.split("\0")[:-1] == NASTY[1:]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("needed", [[], ["A_KEY", "ANOTHER"]])
def test_only_names_of_secrets_stand_in_it(monkeypatch, needed: list[str]) -> None:
    for name in needed:
        monkeypatch.setenv(name, "hush")
    line = entrypoint("train", ["--name", "tagger"], needed)
    assert "hush" not in line
    assert line.endswith("train --name tagger")
    assert all(name in line.split() for name in needed)
