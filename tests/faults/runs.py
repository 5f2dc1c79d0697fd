"""Runs of the program, watched from outside until the moment at which something befalls them."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable

import psutil

from indexer.index.location import open_index
from posts.errors import InputError

Start = Callable[..., subprocess.Popen[str]]

_MODEL_ACTOR = "_GenerateActor"
"""Stands in the command line of a process with a model."""


def committed(location: str) -> int:
    """Documents in the live version."""
    index = open_index(location)
    try:
        return index.count()
    except InputError:
        return 0  # Looked at while it is made.
    finally:
        index.close()


def kill(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Kills a driver at once; gives its children, which have to go by themselves.

    But for Ray's agents, which hold nothing, and wait a minute for their head that has gone. Fails
    if the run had come to its end.
    """
    family = [each for each in _family(process) if "agent" not in _name(each).lower()]
    process.kill()
    output, _ = process.communicate()
    assert (process.returncode, output) == (-signal.SIGKILL, ""), "it had come to its end"
    return family


def assert_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=60)
    assert not alive, f"processes of a killed run are still there: {alive}"


def has_a_model(process: subprocess.Popen[str]) -> bool:
    """Whether the run has come so far that a process for the model is there."""
    return any(_MODEL_ACTOR in name for name in map(_name, _family(process)))


def _family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The driver's children and theirs: all of Ray."""
    return psutil.Process(process.pid).children(recursive=True)


def _name(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
