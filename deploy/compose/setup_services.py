"""Makes what a new Elasticsearch and a new S3 server lack: buckets, roles, and a run's API key.

Runs once in the service `setup` of deploy/compose.yaml, and may run again: what is there stays.
Roles and the key's rights are deploy/elasticsearch/*.json.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError
from elasticsearch import AuthenticationException, Elasticsearch

ROLES = ("indexer", "search")


def make_buckets(names: list[str]) -> None:
    """Endpoint and credentials come from the AWS variables of the environment."""
    client = boto3.Session().client("s3")
    for name in names:
        try:
            client.create_bucket(Bucket=name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in (
                "BucketAlreadyExists",
                "BucketAlreadyOwnedByYou",
            ):
                raise


def make_roles(client: Elasticsearch, folder: Path) -> None:
    """`keyphrases-indexer` and `keyphrases-search`."""
    for role in ROLES:
        client.security.put_role(name=f"keyphrases-{role}", **_rights(folder, role))


def make_key(client: Elasticsearch, folder: Path, role: str, place: Path) -> None:
    """Writes an API key with the rights of a role to a file, unless the one there is good."""
    if place.exists() and _is_good(client, place.read_text()):
        return
    made = client.security.create_api_key(
        name=f"keyphrases-{role}", role_descriptors={role: _rights(folder, role)}
    )
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(made["encoded"])
    place.chmod(0o444)


def _is_good(client: Elasticsearch, key: str) -> bool:
    try:
        client.options(api_key=key).security.authenticate()
    except AuthenticationException:
        return False
    return True


def _rights(folder: Path, role: str) -> dict[str, Any]:
    rights: dict[str, Any] = json.loads((folder / f"{role}.json").read_text())
    return rights


def main(folder: str, keys: str, *buckets: str) -> None:
    make_buckets(list(buckets))
    client = Elasticsearch(
        os.environ["ELASTICSEARCH_URL"],
        basic_auth=("elastic", os.environ["ELASTIC_PASSWORD"]),
        ca_certs=os.environ["ELASTICSEARCH_CA_CERTS"],
    )
    make_roles(client, Path(folder))
    for role in ROLES:
        make_key(client, Path(folder), role, Path(keys) / role)


if __name__ == "__main__":
    main(*sys.argv[1:])
