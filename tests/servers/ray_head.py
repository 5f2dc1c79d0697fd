"""A real Ray head of a test's own, with token authentication, that jobs are submitted to.

It listens on loopback only. Its processes have a folder and ports of their own, and are all killed
at its end.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import requests

from tests.servers.ports import free_port

ROOT = Path(__file__).parents[2]
_SECONDS = 120


class RayHead:
    """Started by `start`; can be killed and started again, and then remembers nothing."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self.token = secrets.token_hex(16)
        self.token_file = folder / "token"
        self.token_file.write_text(self.token)
        self.token_file.chmod(0o600)
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def access(self) -> dict[str, str]:
        """Environment of a client that may use it."""
        return {
            **_without_ray(os.environ),
            "RAY_API_SERVER_ADDRESS": self.url,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self.token_file),
        }

    def start(self) -> None:
        """Waits until jobs can be submitted."""
        sessions = Path(tempfile.mkdtemp(dir=self._folder))
        # The jobs find the python that runs the tests, and the code of this checkout.
        python = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
                *("--node-ip-address=127.0.0.1", f"--port={free_port()}", "--num-cpus=4"),
                *("--dashboard-host=127.0.0.1", f"--dashboard-port={self.port}"),
                *(f"--ray-client-server-port={free_port()}", "--disable-usage-stats"),
                *(f"--dashboard-agent-listen-port={free_port()}", f"--temp-dir={sessions}"),
                "--object-store-memory=200000000",
            ],
            env={
                **_without_ray(os.environ),
                **self._environment,
                "PATH": python,
                "PYTHONPATH": str(ROOT),
                "RAY_AUTH_MODE": "token",
                "RAY_AUTH_TOKEN_PATH": str(self.token_file),
            },
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "stderr").open("wb"),
        )
        deadline = time.monotonic() + _SECONDS
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "stderr").read_text()
            assert time.monotonic() < deadline, "the Ray head did not come up"
            time.sleep(0.2)

    def kill(self) -> None:
        """All its processes at once, with the jobs among them."""
        if self._process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            head = psutil.Process(self._process.pid)
            family = [head, *head.children(recursive=True)]
            for each in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
            psutil.wait_procs(family, timeout=30)
        self._process.wait()
        self._process = None

    def _answers(self) -> bool:
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            return requests.get(f"{self.url}/api/jobs/", headers=headers, timeout=5).ok
        except requests.RequestException:
            return False


@contextlib.contextmanager
def ray_head(environment: Mapping[str, str]) -> Iterator[RayHead]:
    """A head whose jobs see `environment`; its folder has a short path, for Ray's sockets."""
    folder = Path(tempfile.mkdtemp(prefix="rh-"))
    head = RayHead(folder, environment)
    try:
        head.start()
        yield head
    finally:
        head.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _without_ray(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what would lead to another Ray, such as that of other tests."""
    return {name: value for name, value in environment.items() if not name.startswith("RAY_")}
