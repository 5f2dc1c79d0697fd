"""Every command line that this project shows to people or gives to machines, as words.

They stand in the documentation (code blocks, and code within sentences), in YAML (the command lists
and shell texts of compose and Kubernetes, the commands of `ray up`, and comments), in the image's
Containerfile and in the Makefile.

What stands for something is resolved: `NAME[@VERSION]` and `[--option]` are taken with what is in
brackets, `{a,b}` and `0|1` become a line for each; `...`, `[OPTIONS]` and `ARGUMENTS OF a command`
say that something is left out.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
PROGRAMS = ("keyphrases", "ray", "make", "python", "python3")

_FENCE = re.compile(r"^ *```.*?\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*")
_JOBS = ("index", "train")
_BEFORE_A_PROGRAM = ("exec", "nohup", "time", "$")


@dataclass(frozen=True, kw_only=True)
class CommandLine:
    """One command with its arguments; `words[0]` is a program's bare name."""

    words: tuple[str, ...]
    source: str
    """The file."""
    partial: bool = False
    """Something was left out: something may be missing, but what is there must be right."""

    def __str__(self) -> str:
        return f"{self.source}: {shlex.join(self.words)}"


def all_command_lines() -> list[CommandLine]:
    """Of all files that can have some."""
    found: list[CommandLine] = []
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        found += of_markdown(path.read_text(), _name(path))
    for path in (ROOT / "ray_cluster.yaml", *sorted((ROOT / "deploy").rglob("*.yaml"))):
        found += of_yaml(path.read_text(), _name(path))
    found += of_containerfile((ROOT / "deploy/Containerfile").read_text(), "deploy/Containerfile")
    makefile = (ROOT / "Makefile").read_text().replace("$(BIN)/", "")
    found += of_shell(makefile, "Makefile")
    return list(dict.fromkeys(found))


def of_markdown(text: str, source: str) -> Iterator[CommandLine]:
    """Lines of code blocks, and code within sentences that is more than a name."""
    for block in _FENCE.finditer(text):
        yield from of_shell(block[1], source)
    prose = _FENCE.sub("", text)
    for code in _CODE.finditer(prose):
        yield from of_shell(" ".join(code[1].split()), source, partial=True)


def of_yaml(text: str, source: str) -> Iterator[CommandLine]:
    """Texts, command lists and what KubeRay makes of `rayStartParams`; and comments."""
    for document in yaml.safe_load_all(text):
        yield from _of_value(document, source)
    comments = [line.strip()[1:] for line in text.splitlines() if line.strip().startswith("#")]
    yield from of_shell("\n".join(comments), source)
    for code in _CODE.finditer(" ".join(" ".join(comments).split())):
        yield from of_shell(code[1], source, partial=True)


def of_containerfile(text: str, source: str) -> Iterator[CommandLine]:
    for line in _joined(text):
        instruction, _, rest = line.strip().partition(" ")
        if instruction in ("CMD", "ENTRYPOINT") and rest.lstrip().startswith("["):
            yield from _of_list(json.loads(rest), source)
        elif instruction in ("CMD", "ENTRYPOINT", "RUN"):
            yield from of_shell(rest, source)


def of_shell(text: str, source: str, *, partial: bool = False) -> Iterator[CommandLine]:
    """Commands of a shell text, whose lines may go on behind a backslash."""
    for line in _joined(text):
        if not any(program in line for program in PROGRAMS):
            continue
        try:
            lexer = shlex.shlex(_marked(line), posix=True, punctuation_chars=";&()")
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError:
            continue  # A sentence with an apostrophe; no command has an open quotation.
        for command in _split(words):
            yield from _of_words(command, source, partial=partial)


def _of_value(value: Any, source: str) -> Iterator[CommandLine]:
    if isinstance(value, str):
        yield from of_shell(value, source)
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield from _of_list(value, source)
        else:
            for item in value:
                yield from _of_value(item, source)
    elif isinstance(value, dict):
        whole = dict(value)
        command, arguments = whole.get("command"), whole.get("args")
        if isinstance(command, list) and isinstance(arguments, list):
            yield from _of_list([*command, *arguments], source)
            del whole["command"], whole["args"]
        if isinstance(parameters := whole.get("rayStartParams"), dict):
            yield CommandLine(words=("ray", "start", *_start_options(parameters)), source=source)
        for item in whole.values():
            yield from _of_value(item, source)


def _of_list(words: list[str], source: str) -> Iterator[CommandLine]:
    """A command with its arguments, or a list of shell texts."""
    if words and PurePosixPath(words[0]).name in PROGRAMS:
        yield from _of_words(words, source, partial=False)
    else:
        for word in words:
            yield from of_shell(word, source)


def _start_options(parameters: dict[str, str]) -> list[str]:
    """As KubeRay writes them: `true` is the bare option."""
    return [
        f"--{name}" if value == "true" else f"--{name}={value}"
        for name, value in parameters.items()
        if value != "false"
    ]


def _of_words(words: list[str], source: str, *, partial: bool) -> Iterator[CommandLine]:
    while words and (_VARIABLE.match(words[0]) or words[0] in _BEFORE_A_PROGRAM):
        words = words[1:]
    if len(words) < 2 or PurePosixPath(words[0]).name not in PROGRAMS:
        return
    program = PurePosixPath(words[0]).name
    cut = words[1 : words.index("ARGUMENTS") if "ARGUMENTS" in words else None]
    cut = [word for word in cut if word not in ("...", "OPTIONS")]
    partial = partial or len(cut) < len(words) - 1
    cut = [word.removesuffix("...") for word in cut]
    for chosen in itertools.product(*(_alternatives(word) for word in cut)):
        line = CommandLine(words=(program, *chosen), source=source, partial=partial)
        yield line
        yield from _within(line)


def _within(line: CommandLine) -> Iterator[CommandLine]:
    """Commands that a command is given: to a cluster, or behind `--`."""
    words = list(line.words)
    if words[:2] == ["keyphrases", "submit"]:
        job = next((at for at, word in enumerate(words) if word in _JOBS), None)
        if job is not None:
            inner = ["keyphrases", *words[job:]]
            yield from _of_words(inner, line.source, partial=line.partial)
    elif words[0] == "ray" and "--" in words:
        yield from _of_words(words[words.index("--") + 1 :], line.source, partial=line.partial)
    elif words[:2] == ["ray", "exec"]:
        for word in words[2:]:
            yield from of_shell(word, line.source)


def _alternatives(word: str) -> list[str]:
    """`{a,b}` and `a|b`, spelled out."""
    if braces := re.fullmatch(r"(.*)\{([^{}]+,[^{}]+)\}(.*)", word):
        return [braces[1] + one + braces[3] for one in braces[2].split(",")]
    return word.split("|") if re.fullmatch(r"[\w|-]+", word) else [word]


def _marked(line: str) -> str:
    """Without brackets around what may be left out, and without a comment."""
    line = re.sub(r"(^|\s)#\s.*$", "", line)
    line = re.sub(r"\[([^\[\]]*)\]", r" \1 " if " " in line else r"\1", line)
    return re.sub(r"\s@", "@", line)


def _split(words: list[str]) -> Iterator[list[str]]:
    command: list[str] = []
    for word in [*words, ";"]:
        if re.fullmatch(r"[;&()]+|\|+|[0-9]?[<>]+", word):
            if command:
                yield command
            command = []
        else:
            command.append(word)


def _joined(text: str) -> list[str]:
    return re.sub(r"\\\n\s*", " ", text).splitlines()


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))
