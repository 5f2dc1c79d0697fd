"""The versions of an index: NAME-000001 and so on, and the alias NAME over the live one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from indexer.index.builds import build_from_json, milestones_from_json, version_to_json
from indexer.index.elastic.neighbours import vector_fields
from indexer.index.elastic.templates import dead_index, put_templates, replicas
from indexer.index.records import Build, Milestones
from posts.errors import InputError

T = TypeVar("T")

_META = "keyphrase_indexer"
_LOADING = {"refresh_interval": "-1", "auto_expand_replicas": "false", "number_of_replicas": 0}
"""For a version that nobody searches yet: no segment is made before its time, nor a copy of it."""


class Versions:
    """A store of versions (see `indexer.index.lifecycle`); errors are the client's."""

    def __init__(self, client: Elasticsearch, name: str) -> None:
        self._client = client
        self._name = name
        self._pattern = re.compile(re.escape(name) + r"-(\d{6})")

    def index(self, number: int) -> str:
        """The name of a version's own index."""
        return f"{self._name}-{number:06}"

    def live(self) -> int | None:
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
        return int(indices[0][-6:])

    def numbers(self) -> list[int]:
        found = self._client.indices.get(index=f"{self._name}-0*", features="aliases")
        return sorted(int(index[-6:]) for index in found if self._pattern.fullmatch(index))

    def build(self, number: int) -> Build:
        return self._stored(number, build_from_json)

    def milestones(self, number: int) -> Milestones:
        return self._stored(number, milestones_from_json)

    def note(self, number: int, milestones: Milestones) -> None:
        """Records how far a version has come."""
        meta = {_META: version_to_json(self.build(number), milestones)}
        self._client.indices.put_mapping(index=self.index(number), meta=meta)

    def documents(self, number: int) -> int:
        """Also of those that no refresh has shown to searches yet."""
        self._client.indices.refresh(index=self.index(number))
        return int(self._client.count(index=self.index(number))["count"])

    def create(self, build: Build) -> int:
        """A new version above all others, and the index of dead letters if there is none."""
        put_templates(self._client, self._name)
        self._create(dead_index(self._name), {})
        number = max(self.numbers(), default=0) + 1
        meta = {_META: version_to_json(build, Milestones())}
        mappings = {"_meta": meta, "properties": vector_fields(build.dimensions)}
        self._create(self.index(number), {"mappings": mappings, "settings": _LOADING})
        return number

    def point_to(self, number: int) -> None:
        """Makes a version searchable and the live one."""
        version, before = self.index(number), self.live()
        settings = {"refresh_interval": None, "auto_expand_replicas": replicas()}
        self._client.indices.put_settings(index=version, settings=settings)
        self._client.indices.refresh(index=version)
        actions: list[dict[str, Any]] = [{"add": {"index": version, "alias": self._name}}]
        if before is not None:
            actions.append({"remove": {"index": self.index(before), "alias": self._name}})
        self._client.indices.update_aliases(actions=actions)

    def remove(self, number: int) -> None:
        self._client.indices.delete(index=self.index(number), ignore_unavailable=True)

    def _stored(self, number: int, read: Callable[[dict[str, Any]], T]) -> T:
        index = self.index(number)
        mapping = self._client.indices.get_mapping(index=index)[index]["mappings"]
        try:
            return read(mapping["_meta"][_META])
        except (KeyError, TypeError) as error:
            raise InputError(
                f"the index {index} was not made by this program; choose another name"
            ) from error

    def _create(self, index: str, body: dict[str, Any]) -> None:
        try:
            self._client.indices.create(index=index, **body)
        except BadRequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
