"""The store: published bundles by name and version, in a folder or on S3.

    NAME/claims/v000001             made first and only once: the number is taken
    NAME/v000001/...                the bundle; its card.json is written last
    NAME/aliases/production.json    which version an alias means, and meant before

A version exists if and only if its card does, and never changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from model_store.cache import fetch_bundle
from model_store.card import CARD_FILE, Card
from model_store.seal import check_bundle, read_card
from model_store.shipped import SHIPPED_STORE, place_of
from posts.errors import InputError
from posts.files.local import LocalFiles
from posts.files.opening import open_files

PRODUCTION = "production"
LATEST = "latest"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ALIAS_NAME = re.compile(rf"({_NAME.pattern})\.json")
_CLAIM = re.compile(r"v(\d{6})")
_CARD_NAME = re.compile(rf"([^/]+)/v(\d{{6}})/{re.escape(CARD_FILE)}")
_ATTEMPTS = 100


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """A published version."""

    name: str
    version: int
    card: Card

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """An alias came to mean a version."""

    version: int
    at: str
    """ISO 8601, UTC."""


class Store:
    """Models below a local path or `s3://bucket/prefix`; nothing need exist before `publish`.

    `SHIPPED_STORE` is the one inside the package. A store can be pickled: workers then know what
    is known of its server.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._files = open_files(place_of(uri))

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self._uri == SHIPPED_STORE:
            # It lies elsewhere in another machine's copy of the package.
            self._files = open_files(place_of(self._uri))

    def check(self, name: str) -> None:
        """Whether a model of that name could be published here; `InputError` if not."""
        # Some S3 servers make a missing bucket when one writes to it; listing finds out.
        self._versions(_check(name, "model"))
        probe = f"{name}/.writable"
        self._files.write(probe, b"")
        self._files.delete(probe)

    @property
    def root(self) -> str:
        """Absolute path or `s3://bucket/prefix`: the same place for a worker elsewhere."""
        return self._files.root

    def publish(self, name: str, folder: Path) -> int:
        """Copies a bundle into the store as its next version, and gives the number.

        The version appears at once and whole. Two that publish together get two numbers; the
        number of one that died on the way is not used again.
        """
        _check(name, "model")
        card = check_bundle(LocalFiles(folder))
        version = self._claim(name)
        for file in card.files:
            self._files.write(f"{_folder(name, version)}/{file}", (folder / file).read_bytes())
        self._files.create(f"{_folder(name, version)}/{CARD_FILE}", card.to_json())
        return version

    def resolve(self, ref: str) -> ModelVersion:
        """What `NAME`, `NAME@VERSION` or `NAME@ALIAS` means.

        `NAME` alone is the version in production or, if there is none, the latest.
        """
        name, _, wanted = ref.partition("@")
        versions = self._versions(_check(name, "model"))
        if not versions:
            raise InputError(f"there is no model {name!r} in {self._files.root}; {self._names()}")
        version = self._meant(name, wanted, versions)
        if version is None or version not in versions:
            raise InputError(
                f"model {name} has no version {wanted or PRODUCTION!r}; it has "
                f"{', '.join(map(str, versions))}"
                f" and the aliases {', '.join([LATEST, *self.aliases(name)])}"
            )
        card = read_card(self._files, _folder(name, version))
        return ModelVersion(name=name, version=version, card=card)

    def fetch(self, ref: str) -> Path:
        """A local folder with the bundle, every file checked.

        A local store is used where it lies; from S3 a version is copied to the user's cache once.
        """
        found = self.resolve(ref)
        folder = _folder(found.name, found.version)
        if isinstance(self._files, LocalFiles):
            check_bundle(self._files, folder)
            return Path(self._files.root) / folder
        return fetch_bundle(self._files, folder)

    def verify(self, ref: str) -> ModelVersion:
        """Re-hashes a version where it lies; `InputError` names the file that is wrong."""
        found = self.resolve(ref)
        check_bundle(self._files, _folder(found.name, found.version))
        return found

    def list(self) -> Sequence[str]:
        """`NAME@VERSION` of all versions of all models, by name and number."""
        return [f"{name}@{version}" for name, version in self._published("")]

    def published_by(self, run: str, name: str) -> ModelVersion | None:
        """The version of a model that a training run published, if it has."""
        for version in self._versions(_check(name, "model")):
            try:
                card = read_card(self._files, _folder(name, version))
            except InputError:
                continue  # A corrupt version, or one of a newer program, is none of this run's.
            if card.training.get("run") == run:
                return ModelVersion(name=name, version=version, card=card)
        return None

    def promote(self, name: str, version: int, alias: str = PRODUCTION) -> None:
        """Lets an alias mean a version from now on."""
        self.resolve(f"{name}@{version}")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        entry = Promotion(version=version, at=now)

        def forward(history: Sequence[Promotion]) -> Sequence[Promotion]:
            # Said twice it is still one step, or a rollback would go nowhere.
            said = bool(history) and history[-1].version == version
            return history if said else [*history, entry]

        self._change(name, alias, forward)

    def rollback(self, name: str, alias: str = PRODUCTION) -> int:
        """Lets an alias mean again what it meant before, and gives that version; those that have
        been removed are passed over."""
        there = set(self._versions(_check(name, "model")))

        def back(history: Sequence[Promotion]) -> Sequence[Promotion]:
            earlier = [one for one in history[:-1] if one.version in there]
            if not earlier:
                raise InputError(
                    f"model {name} has nothing before its {alias} to go back to; promote a version"
                )
            return earlier

        return self._change(name, alias, back)[-1].version

    def aliases(self, name: str) -> dict[str, int]:
        """The version that each alias of a model means."""
        files = self._files.list(f"{_check(name, 'model')}/aliases")
        # Whatever else lies there, as a file system may leave it, is none.
        found = (_ALIAS_NAME.fullmatch(info.name.rpartition("/")[2]) for info in files)
        histories = {one[1]: self.history(name, one[1]) for one in found if one}
        return {alias: history[-1].version for alias, history in histories.items() if history}

    def aliases_of(self, model: ModelVersion) -> Sequence[str]:
        """The aliases that mean a version now."""
        return [
            one for one, version in self.aliases(model.name).items() if version == model.version
        ]

    def history(self, name: str, alias: str = PRODUCTION) -> Sequence[Promotion]:
        """What an alias has meant, the present last; empty if it was never given."""
        try:
            entries = json.loads(self._files.read(_alias_file(name, alias)))
            return [Promotion(**entry) for entry in entries]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as error:
            raise InputError(
                f"{self._files.root}/{_alias_file(name, alias)} is not readable; promote anew "
                "after removing it"
            ) from error

    def _claim(self, name: str) -> int:
        files = self._files.list(f"{name}/claims")
        claims = (_CLAIM.fullmatch(info.name.rpartition("/")[2]) for info in files)
        first = max((int(claim[1]) for claim in claims if claim), default=0) + 1
        for version in count(first):
            try:
                self._files.create(f"{name}/claims/v{version:06d}", b"")
            except FileExistsError:
                continue
            return version
        raise AssertionError("unreachable")

    def _meant(self, name: str, wanted: str, versions: Sequence[int]) -> int | None:
        if wanted.isdecimal():
            return int(wanted)
        if wanted == LATEST:
            return versions[-1]
        history = self.history(name, wanted or PRODUCTION)
        if history:
            return history[-1].version
        return None if wanted else versions[-1]

    def _versions(self, name: str) -> Sequence[int]:
        return [version for _, version in self._published(name)]

    def _published(self, below: str) -> Sequence[tuple[str, int]]:
        names = (_CARD_NAME.fullmatch(info.name) for info in self._files.list(below))
        return sorted((found[1], int(found[2])) for found in names if found)

    def _names(self) -> str:
        names = sorted({name for name, _ in self._published("")})
        return f"it has {', '.join(names)}" if names else "it is empty"

    def _change(
        self, name: str, alias: str, change: Callable[[Sequence[Promotion]], Sequence[Promotion]]
    ) -> Sequence[Promotion]:
        """Changes an alias's history; begins again if another has changed it meanwhile."""
        file = _alias_file(name, alias)
        for _ in range(_ATTEMPTS):
            # Asked before reading: if the file changes in between, the replacement is refused.
            info = self._files.info(file)
            history = change(self.history(name, alias))
            content = json.dumps([vars(entry) for entry in history], indent=2).encode()
            try:
                self._files.replace(file, content, info.version if info else None)
            except FileExistsError:
                continue
            return history
        raise TimeoutError(f"alias {alias} of model {name} is changed too often by others")


def _check(name: str, what: str) -> str:
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name[:80]!r} is no name for a {what}: use up to 64 letters, digits, dots, "
            "dashes and underscores"
        )
    return name


def _folder(name: str, version: int) -> str:
    return f"{name}/v{version:06d}"


def _alias_file(name: str, alias: str) -> str:
    if alias == LATEST or alias.isdecimal():
        raise InputError(f"{alias!r} cannot be an alias: it has a meaning already")
    return f"{_check(name, 'model')}/aliases/{_check(alias, 'alias')}.json"
