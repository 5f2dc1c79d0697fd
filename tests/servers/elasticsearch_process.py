"""A process of Elasticsearch with a folder of its own, that can be killed and started again."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.servers.elasticsearch_files import UnavailableError, installed
from tests.servers.ports import free_ports

_NOBODY = 65534
_START_SECONDS = 300
_JAVA = ("-Xms512m", "-Xmx512m")
_QUICK = "-XX:TieredStopAtLevel=1"
"""Compiles little: a server of a few minutes takes half of the processor's time with it."""
_ADD_PASSWORD = ("add", "--force", "--stdin", "bootstrap.password")
_SETTINGS = """
network.host: 127.0.0.1
http.port: {port}
transport.port: {transport_port}
discovery.type: single-node
path.data: {folder}/data
path.logs: {folder}/logs
xpack.security.enabled: {security}
xpack.ml.enabled: false
ingest.geoip.downloader.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
"""


class ElasticsearchProcess:
    """Listens on loopback only, as an unprivileged user where the tests run as root."""

    def __init__(self, password: str | None = None, *, measured: bool = False) -> None:
        """Prepares the folder; `UnavailableError` or `OSError` if the server cannot be had.

        With a `password`, of the user `elastic`, security is on; there is no TLS, as on loopback.
        One that is `measured` compiles itself as it does where it runs for long.
        """
        home = installed()
        self._folder = Path(tempfile.mkdtemp(prefix="keyphrases-elasticsearch-"))
        port, transport_port = free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        self._headers = {} if password is None else _authorization(password)
        java = _JAVA if measured else (*_JAVA, _QUICK)
        self._home = _prepared(home, self._folder, port, transport_port, password, java)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begins to start it, on the same port and with the data that it had before."""
        self._process = _launched(self._home, self._folder)

    def wait(self) -> None:
        """Until it answers, and soon; `UnavailableError` if it does not."""
        wait_for_answer(self.url, self._check)
        _make_the_first_index(self.url, self._headers)

    def kill(self) -> None:
        """At once, as a power cut does."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            while True:  # Its children hold the port and the data until they are gone too.
                os.killpg(self._process.pid, 0)
                time.sleep(0.05)

    def remove(self) -> None:
        """Ends it and removes its folder."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(15)
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _check(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            words = (self._folder / "output").read_text(errors="replace")[-500:]
            raise UnavailableError(f"the server ended at once: {words}")


def wait_for_answer(url: str, check: Callable[[], None] = lambda: None) -> None:
    """Until the server answers; `UnavailableError` if it does not, or what `check` raises."""
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(url):
        check()
        if time.monotonic() > deadline:
            raise UnavailableError(f"{url} did not answer within {_START_SECONDS} seconds")
        time.sleep(0.5)


def _prepared(
    home: Path,
    folder: Path,
    port: int,
    transport_port: int,
    password: str | None,
    java: tuple[str, ...],
) -> Path:
    """Configuration and folders; where the program's files are to be started from."""
    root = os.geteuid() == 0
    if root:
        # The cache may lie below a home that no other user may enter; links cost no space.
        home = Path(shutil.copytree(home, folder / "home", copy_function=_link, symlinks=True))
    conf = Path(shutil.copytree(home / "config", folder / "config", copy_function=shutil.copyfile))
    settings = _SETTINGS.format(
        port=port,
        transport_port=transport_port,
        folder=folder,
        security="false" if password is None else "true",
    )
    (conf / "elasticsearch.yml").write_text(settings)
    options = (conf / "jvm.options").read_text().splitlines()
    kept = [line for line in options if "-Xlog:gc" not in line]
    (conf / "jvm.options").write_text("\n".join([*kept, *java, ""]))
    for name in ("data", "logs", "tmp"):
        (folder / name).mkdir()
    if root:
        own = (conf, *conf.rglob("*"), *(folder / name for name in ("data", "logs", "tmp")))
        for path in (folder, *own):
            os.chown(path, _NOBODY, _NOBODY)
    if password is not None:
        subprocess.run(
            [*_as_nobody(), str(home / "bin" / "elasticsearch-keystore"), *_ADD_PASSWORD],
            cwd=folder,
            env=_environment(folder),
            input=f"{password}\n".encode(),
            check=True,
            capture_output=True,
            timeout=_START_SECONDS,
        )
    return home


def _launched(home: Path, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "output").open("ab") as output:
        return subprocess.Popen(
            [*_as_nobody(), str(home / "bin" / "elasticsearch")],
            cwd=folder,
            env=_environment(folder),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _as_nobody() -> list[str]:
    command = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    if os.geteuid() == 0:
        if not command:
            raise UnavailableError("it refuses to run as root, and there is no setpriv")
        command += [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
    return command


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "ES_PATH_CONF": str(folder / "config"),
        "ES_TMPDIR": str(folder / "tmp"),
        "HOME": str(folder),
    }


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _authorization(password: str) -> dict[str, str]:
    encoded = base64.b64encode(f"elastic:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def _make_the_first_index(url: str, headers: Mapping[str, str]) -> None:
    """And remove it: on a busy machine it takes longer than a run waits for an answer."""
    for method in ("PUT", "DELETE"):
        # The URL is made here.
        request = urllib.request.Request(f"{url}/first", method=method, headers=dict(headers))  # noqa: S310
        # It does not know its users yet; or it was started again, and a try before had no answer.
        with contextlib.suppress(urllib.error.HTTPError, OSError):
            urllib.request.urlopen(request, timeout=_START_SECONDS).close()  # noqa: S310


def _answers(url: str) -> bool:
    try:
        # The URL is the tester's own or made here.
        with urllib.request.urlopen(f"{url}/_cluster/health", timeout=5) as response:  # noqa: S310
            return bool(json.load(response)["status"] in ("yellow", "green"))
    except urllib.error.HTTPError as error:
        # It wants credentials, which the tests' clients take from the environment.
        return error.code in (401, 403)
    except (OSError, ValueError):
        return False
