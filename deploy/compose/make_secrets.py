"""Makes the secrets of deploy/compose.yaml, once, in deploy/secrets.

    python3 deploy/compose/make_secrets.py

Needs nothing but Python. What is there already stays, and neither git nor an image takes the
folder in. The rights of the users of the S3 server are those of deploy/s3/*.json, as SeaweedFS says
it.
"""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Any

DEPLOY = Path(__file__).resolve().parent.parent
BUCKETS = ("dumps", "models", "reports")
USERS = ("indexer", "trainer", "search")

_RIGHTS = {
    "s3:AbortMultipartUpload": "Write",
    "s3:DeleteObject": "Write",
    "s3:GetObject": "Read",
    "s3:ListBucket": "List",
    "s3:PutObject": "Write",
}


def seaweed_actions(policy: dict[str, Any]) -> list[str]:
    """A policy of AWS as SeaweedFS says it: `Read:bucket`, `Write:bucket`, `List:bucket`."""
    granted = set()
    for statement in policy["Statement"]:
        resources = statement["Resource"]
        for name in [resources] if isinstance(resources, str) else resources:
            bucket = name.removeprefix("arn:aws:s3:::").split("/")[0]
            granted |= {f"{_RIGHTS[action]}:{bucket}" for action in statement["Action"]}
    return sorted(granted)


def make_secrets(folder: Path) -> None:
    """Writes all files that are not there yet."""
    # Containers are shown single files, so those must be readable; the folder is closed to others.
    folder.mkdir(mode=0o700, exist_ok=True)
    _write(folder / "ray_token", secrets.token_hex(32))
    _write(folder / "search_key", secrets.token_hex(32))
    _write(folder / "elasticsearch.env", f"ELASTIC_PASSWORD={secrets.token_urlsafe(24)}\n")
    if (folder / "seaweedfs.json").exists():
        return
    keys = {user: (f"{user}-{secrets.token_hex(4)}", secrets.token_hex(24)) for user in USERS}
    admin = (f"admin-{secrets.token_hex(4)}", secrets.token_hex(24))
    identities = [_identity("admin", admin, ["Admin"])]
    for user, key in keys.items():
        policy = json.loads((DEPLOY / "s3" / f"{user}.json").read_text())
        identities.append(_identity(user, key, seaweed_actions(policy)))
    # The jobs of a cluster choose one of two; the search is told its own alone.
    jobs = "".join(_profile(user, keys[user]) for user in ("indexer", "trainer"))
    _write(folder / "aws_credentials", jobs)
    _write(folder / "aws_search_credentials", _profile("search", keys["search"]))
    _write(folder / "aws_admin_credentials", _profile("admin", admin))
    _write(folder / "seaweedfs.json", json.dumps({"identities": identities}, indent=2))


def _identity(name: str, key: tuple[str, str], actions: list[str]) -> dict[str, Any]:
    credentials = [{"accessKey": key[0], "secretKey": key[1]}]
    return {"name": name, "credentials": credentials, "actions": actions}


def _profile(name: str, key: tuple[str, str]) -> str:
    return f"[{name}]\naws_access_key_id = {key[0]}\naws_secret_access_key = {key[1]}\n"


def _write(path: Path, text: str) -> None:
    if not path.exists():
        path.write_text(text)
        path.chmod(0o644)


if __name__ == "__main__":
    make_secrets(DEPLOY / "secrets")
    sys.stdout.write(f"secrets are in {DEPLOY / 'secrets'}\n")
