"""The users of compose's S3 server, on a real SeaweedFS: each may do its work and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.deploy.scripts import script
from tests.servers.s3 import S3Server, seaweed

MAY = {
    "indexer": {("dumps", "read"), ("models", "read"), ("reports", "read"), ("reports", "write")},
    "trainer": {("dumps", "read"), ("models", "read"), ("models", "write")},
    "search": {("dumps", "read"), ("models", "read")},
}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets") / "secrets"
    script("make_secrets").make_secrets(folder)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, secrets: Path) -> Iterator[S3Server]:
    """With the users that were made, and the buckets that the setup makes as administrator."""
    users = json.loads((secrets / "seaweedfs.json").read_text())["identities"]
    with seaweed(tmp_path_factory.mktemp("seaweed"), users) as running:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_ENDPOINT_URL_S3", running.endpoint)
            patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
            patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(secrets / "aws_admin_credentials"))
            patch.setenv("AWS_PROFILE", "admin")
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                patch.delenv(name, raising=False)
            for _once_and_again in range(2):
                script("setup_services").make_buckets(list(script("make_secrets").BUCKETS))
        yield running


@pytest.mark.parametrize("user", MAY)
def test_a_user_may_do_what_its_policy_says_and_nothing_else(
    user: str, server: S3Server, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = "aws_search_credentials" if user == "search" else "aws_credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(secrets / file))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    session = boto3.Session(profile_name=user, region_name="us-east-1")
    client = session.client("s3", endpoint_url=server.endpoint)
    found = set()
    for bucket in script("make_secrets").BUCKETS:
        server.client.put_object(Bucket=bucket, Key="there", Body=b"something")
        if allowed(client.get_object, Bucket=bucket, Key="there"):
            assert allowed(client.list_objects_v2, Bucket=bucket)
            found.add((bucket, "read"))
        if allowed(client.put_object, Bucket=bucket, Key="new", Body=b"something"):
            assert allowed(client.delete_object, Bucket=bucket, Key="new")
            found.add((bucket, "write"))
        else:
            assert not allowed(client.delete_object, Bucket=bucket, Key="there")
    assert found == MAY[user]


def allowed(request: Any, **arguments: Any) -> bool:
    try:
        request(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True
