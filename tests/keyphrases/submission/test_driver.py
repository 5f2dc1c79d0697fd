"""What a job does first on the cluster."""

from __future__ import annotations

import os
import subprocess
import sys


def drive(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "keyphrases.submission.driver", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def test_a_secret_that_is_not_there_ends_the_job_before_it_begins() -> None:
    done = drive("KP_ONE", "KP_TWO", "KP_THREE", "--", "--version", KP_TWO="2", KP_THREE="")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("keyphrases: KP_ONE, KP_THREE are not set")
    assert len(done.stderr.splitlines()) == 1


def test_with_all_of_them_it_is_the_command(monkeypatch) -> None:
    done = drive("KP_ONE", "--", "--version", KP_ONE="1")
    assert done.returncode == 0
    assert done.stdout[0].isdigit()
