"""A real S3 server for the tests: SeaweedFS, or the one at KEYPHRASES_TEST_S3_URL.

A server of one's own is used with the credentials of the standard chain; its buckets made here
are removed again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.servers.ports import free_ports

OWN_SERVER = "KEYPHRASES_TEST_S3_URL"
_START_SECONDS = 120


@dataclass
class S3Server:
    """A running server; the AWS variables of the environment point at it while it runs."""

    endpoint: str
    environment: dict[str, str]
    """Endpoint and credentials as variables, for subprocesses and Ray workers."""
    client: Any
    buckets: list[str] = field(default_factory=list)

    def bucket(self) -> str:
        """Makes a bucket and returns its name."""
        name = f"test-{uuid.uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=name)
        self.buckets.append(name)
        return name

    def remove_buckets(self) -> None:
        for name in self.buckets:
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=name):
                for found in page.get("Contents", ()):
                    self.client.delete_object(Bucket=name, Key=found["Key"])
            self.client.delete_bucket(Bucket=name)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The server. Ray workers see it if Ray is started after it, or is given its environment."""
    own = os.environ.get(OWN_SERVER)
    with pytest.MonkeyPatch.context() as patch:
        if own:
            patch.setenv("AWS_ENDPOINT_URL_S3", own)
            server = S3Server(own, {"AWS_ENDPOINT_URL_S3": own}, _client(own))
            yield server
            server.remove_buckets()
        else:
            with seaweed(tmp_path_factory.mktemp("seaweed")) as server:
                for name, value in server.environment.items():
                    patch.setenv(name, value)
                yield server


@contextmanager
def seaweed(folder: Path, others: Sequence[dict[str, Any]] = ()) -> Iterator[S3Server]:
    """A server of its own, with other identities beside the tester."""
    ports = free_ports(8)
    endpoint = f"http://127.0.0.1:{ports[0]}"
    environment = {
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": uuid.uuid4().hex,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    (folder / "data").mkdir()
    (folder / "s3.json").write_text(json.dumps(_identities(environment, others)))
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen(
            _command(folder, ports),
            stdout=log,
            stderr=subprocess.STDOUT,
            # It would take the keys of another server there for those of an administrator. With
            # 200 MiB it collects garbage all the time, and takes a sixth of a core for nothing.
            env=_without_keys(os.environ) | {"GOMEMLIMIT": "1GiB"},
            cwd=folder,
        )
    try:
        client = _client(endpoint, environment)
        _wait(process, client, folder / "weed.log")
        yield S3Server(endpoint, environment, client)
    finally:
        process.kill()
        process.wait()


def _without_keys(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def _command(folder: Path, ports: list[int]) -> list[str]:
    s3, s3_grpc, master, master_grpc, volume, volume_grpc, filer, filer_grpc = map(str, ports)
    weed = str(Path(sys.executable).with_name("weed"))
    return [
        *(weed, "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        *(f"-master.port={master}", f"-master.port.grpc={master_grpc}"),
        *(f"-volume.port={volume}", f"-volume.port.grpc={volume_grpc}"),
        *("-filer", f"-filer.port={filer}", f"-filer.port.grpc={filer_grpc}"),
        *("-s3", f"-s3.port={s3}", f"-s3.port.grpc={s3_grpc}"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={folder / 's3.json'}"),
        *("-master.volumeSizeLimitMB=64", "-volume.max=5000", "-volume.minFreeSpace=1"),
    ]


def _identities(environment: dict[str, str], others: Sequence[dict[str, Any]]) -> dict[str, Any]:
    key = {
        "accessKey": environment["AWS_ACCESS_KEY_ID"],
        "secretKey": environment["AWS_SECRET_ACCESS_KEY"],
    }
    tester = {"name": "tester", "credentials": [key], "actions": ["Admin"]}
    return {"identities": [tester, *others]}


def _client(endpoint: str, environment: dict[str, str] | None = None) -> Any:
    keys = environment or {}
    return boto3.Session(
        aws_access_key_id=keys.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=keys.get("AWS_SECRET_ACCESS_KEY"),
        region_name=keys.get("AWS_DEFAULT_REGION"),
    ).client(
        "s3",
        endpoint_url=endpoint,
        config=Config(s3={"addressing_style": "path"}, connect_timeout=2, read_timeout=10),
    )


def _wait(process: subprocess.Popen[bytes], client: Any, log: Path) -> None:
    """Until a bucket can be made and written, which needs every part of the server."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        # It may be there from a try whose answer, or whose writing, came too late.
        with suppress(Exception):
            client.create_bucket(Bucket="ready")
        with suppress(Exception):
            client.put_object(Bucket="ready", Key="ready", Body=b"ready")
            return
        time.sleep(0.2)
    pytest.fail(f"the S3 server did not start:\n{log.read_text(errors='replace')[-3000:]}")
