"""May a run begin? The server's version, the user's rights and the blocks of the index."""

from __future__ import annotations

from elasticsearch import ApiError, Elasticsearch

from posts.errors import InputError

_OLDEST = 8, 4
"""From which on vectors are searched under conditions."""
_CLUSTER_RIGHTS = ["manage_index_templates"]
_INDEX_RIGHTS = ["create_index", "delete_index", "manage", "read", "write"]


def check_access(client: Elasticsearch, url: str, name: str) -> None:
    """`InputError` if this server or user cannot have the index; changes nothing."""
    version = client.info()["version"]["number"]
    major, minor = version.split(".")[:2]
    if (int(major), int(minor)) < _OLDEST:
        raise InputError(
            f"the server at {url} is Elasticsearch {version}; use version 8.4 or later, or 9"
        )
    missing = _missing_rights(client, name)
    if missing:
        raise InputError(
            f"the user of Elasticsearch at {url} lacks the rights {', '.join(missing)} on "
            f"{name}; ask for them"
        )
    settings = client.indices.get_settings(index=f"{name}*", name="index.blocks.*")
    for index, found in settings.items():
        if index.startswith(f"{name}-0") and found["settings"]:
            raise InputError(
                f"the index {index} is blocked for writing; free disk space on the server or "
                "remove index.blocks from its settings"
            )


def _missing_rights(client: Elasticsearch, name: str) -> list[str]:
    try:
        answer = client.security.has_privileges(
            cluster=_CLUSTER_RIGHTS,
            index=[
                {"names": [name, f"{name}-*"], "privileges": _INDEX_RIGHTS},
                {"names": ["keyphrases-locks"], "privileges": ["create_index", "read", "write"]},
            ],
        )
    except ApiError as error:
        # A server without security has no such question to answer.
        if error.meta.status in (400, 404, 405):
            return []
        raise
    granted = [answer["cluster"], *answer["index"].values()]
    return sorted({right for rights in granted for right, has in rights.items() if not has})
