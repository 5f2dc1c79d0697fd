"""The versions of an index: NAME-000001 and so on, and the alias NAME over the live one.

A version above the live one is the unfinished work of a rebuild.
"""

from __future__ import annotations

import re
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from indexer.index.builds import build_from_json, build_to_json
from indexer.index.elastic.templates import dead_index, put_templates
from indexer.index.records import Build
from posts.errors import InputError

_META = "keyphrase_indexer"
_MERGED_LATER = {"refresh_interval": "-1"}
"""For a version that nobody searches yet: no segment is made before its time."""


class Versions:
    """Finds, creates and switches the versions of one index; errors are the client's."""

    def __init__(self, client: Elasticsearch, name: str) -> None:
        self._client = client
        self._name = name
        self._pattern = re.compile(re.escape(name) + r"-(\d{6})")

    def live(self) -> str | None:
        """The version that the alias points to; `InputError` if the name is someone else's."""
        try:
            indices = list(self._client.indices.get_alias(name=self._name))
        except NotFoundError:
            if self._client.indices.exists(index=self._name):
                raise InputError(
                    f"{self._name} is an index of its own on this server, not an alias; "
                    "choose another name"
                ) from None
            return None
        if len(indices) != 1 or not self._pattern.fullmatch(indices[0]):
            raise InputError(
                f"the alias {self._name} points to {', '.join(sorted(indices))}, which this "
                "program did not make; choose another name"
            )
        return indices[0]

    def build(self, version: str) -> Build:
        mapping = self._client.indices.get_mapping(index=version)[version]["mappings"]
        try:
            return build_from_json(mapping["_meta"][_META])
        except (KeyError, TypeError) as error:
            raise InputError(
                f"the index {version} was not made by this program; choose another name"
            ) from error

    def unfinished(self, live: str | None, build: Build) -> str | None:
        """An unfinished version with the build's model; those of other models are removed."""
        found = None
        for version in self._all():
            if live is not None and version <= live:
                continue
            if self.build(version).model_digest == build.model_digest:
                found = version
            else:
                self._client.indices.delete(index=version)
        return found

    def create(self, build: Build, *, live: bool) -> str:
        """A new version above all others, and the index of dead letters if there is none.

        With `live` it has the alias from the start, else nobody searches it before `promote`.
        """
        put_templates(self._client, self._name)
        self._create(dead_index(self._name), {})
        last = max((int(version[-6:]) for version in self._all()), default=0)
        version = f"{self._name}-{last + 1:06}"
        body: dict[str, Any] = {"mappings": {"_meta": {_META: build_to_json(build)}}}
        if live:
            body["aliases"] = {self._name: {}}
        else:
            body["settings"] = _MERGED_LATER
        self._create(version, body)
        return version

    def promote(self, version: str, before: str | None) -> None:
        """Makes a version searchable and the live one; only the one before it stays beside it."""
        self._client.indices.put_settings(index=version, settings={"refresh_interval": None})
        self._client.indices.refresh(index=version)
        actions: list[dict[str, Any]] = [{"add": {"index": version, "alias": self._name}}]
        if before is not None:
            actions.append({"remove": {"index": before, "alias": self._name}})
        self._client.indices.update_aliases(actions=actions)
        for other in self._all():
            if other not in (version, before):
                self._client.indices.delete(index=other, ignore_unavailable=True)

    def _all(self) -> list[str]:
        """By number."""
        found = self._client.indices.get(index=f"{self._name}-0*", features="aliases")
        return sorted(index for index in found if self._pattern.fullmatch(index))

    def _create(self, index: str, body: dict[str, Any]) -> None:
        try:
            self._client.indices.create(index=index, **body)
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
