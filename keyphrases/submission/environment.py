"""The environment of a job: secrets by reference, plain settings by value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from posts.errors import InputError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_WORD = re.compile(
    r".*(KEY|KEYS|SECRET|SECRETS|PASS|PASSWORD|PASSWORDS|PASSWD|PWD|PASSPHRASE|TOKEN|TOKENS"
    r"|CREDENTIAL|CREDENTIALS|COOKIE)"
)
_OF_A_FILE = ("FILE", "PATH")
"""Last words of names whose values say where a secret lies, and not what it is."""
_PASSWORD_IN_URL = re.compile(
    r"(?:^|//)[^/\s]*:[^/\s]*@|[?&](?:api_?key|key|password|secret|token)=", re.IGNORECASE
)

_STOP_WAIT = "RAY_JOB_STOP_WAIT_TIME_S"
"""Seconds between SIGTERM and SIGKILL. Ray's own are 3, and a run of `keyphrases index` has up to
25 for what it is at."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What `--env` asked for."""

    references: tuple[str, ...] = ()
    """Names that must be set where the job's process runs; their values are not known here."""
    settings: dict[str, str] = field(default_factory=dict)
    """Names and values that travel, and that people may read in the cluster's list of jobs."""

    @classmethod
    def parse(cls, given: Iterable[str]) -> Self:
        """`NAME` and `NAME=VALUE`; InputError, never with a value in it, for what is neither and
        for secrets."""
        references: list[str] = []
        settings: dict[str, str] = {}
        for each in given:
            name, is_setting, value = each.partition("=")
            if not _NAME.fullmatch(name):
                raise InputError(
                    "--env must be NAME or NAME=VALUE, with a NAME of letters, digits and '_'"
                )
            if not is_setting:
                references.append(name)
                continue
            if is_secret(name) or has_password(value):
                raise InputError(
                    f"--env {name}=... looks like a secret, and what travels with a job can be "
                    f"read by all who see the cluster; set it in the cluster's own environment "
                    f"and write --env {name}"
                )
            settings[name] = value
        return cls(references=tuple(dict.fromkeys(references)), settings=settings)

    @property
    def env_vars(self) -> dict[str, str]:
        """For Ray's runtime environment."""
        return {_STOP_WAIT: "30"} | self.settings


def is_secret(name: str) -> bool:
    """Whether a variable of this name is likely to hold one."""
    words = name.upper().split("_")
    if words[-1] in _OF_A_FILE:
        return False
    return words[-1] == "AUTH" or any(map(_SECRET_WORD.fullmatch, words))


def has_password(value: str) -> bool:
    """Whether it is a URL with a password in it, also one without its scheme."""
    return _PASSWORD_IN_URL.search(value) is not None
