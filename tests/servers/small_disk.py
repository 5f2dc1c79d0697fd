"""A real file system of a few megabytes, for tests that fill it. Only root can have one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class SmallDisk:
    """Mounted on a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, megabytes: int) -> str:
        """What keeps it from being mounted; empty: nothing did."""
        if os.geteuid() != 0:
            return "only root may mount a disk"
        self.folder.mkdir()
        return _said("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", self.folder)

    def resize(self, megabytes: int) -> None:
        assert not _said("mount", "-o", f"remount,size={megabytes}m", self.folder)

    def unmount(self) -> None:
        """Also if a process that is about to end has a file open."""
        _said("umount", "--lazy", self.folder)


_SKIPPED = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_SKIPPED] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for test, why in terminalreporter.config.stash[_SKIPPED].items():
        terminalreporter.section("A FULL DISK WAS NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.line(f"{test} was skipped: {why}")


@pytest.fixture
def small_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk of 12 MB; the test is skipped, loudly, where there can be none."""
    disk = SmallDisk(tmp_path / "disk")
    if why := disk.mount(megabytes=12):
        request.config.stash[_SKIPPED][request.node.nodeid] = why
        pytest.skip(why)
    yield disk
    disk.unmount()


def _said(*command: object) -> str:
    """What a command that failed wrote."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip() or f"exit code {done.returncode}"
