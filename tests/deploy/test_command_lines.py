"""No command line in documentation, YAML, image or Makefile may have drifted from the programs."""

from __future__ import annotations

import re

import click
import pytest

from tests.deploy.command_lines import (
    ROOT,
    CommandLine,
    all_command_lines,
    of_containerfile,
    of_markdown,
    of_shell,
    of_yaml,
)
from tests.deploy.parsing import parse

LINES = all_command_lines()


def lines_of(*programs: str) -> list[CommandLine]:
    return [line for line in LINES if line.words[0] in programs]


@pytest.mark.parametrize("line", lines_of("keyphrases", "ray"), ids=str)
def test_a_command_line_is_one_that_the_program_takes(line: CommandLine) -> None:
    parse(line)


@pytest.mark.parametrize("line", lines_of("make"), ids=str)
def test_a_target_of_make_exists(line: CommandLine) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^([\w-]+):", makefile, re.MULTILINE)
    assert set(line.words[1:]) <= set(targets)


@pytest.mark.parametrize("line", lines_of("python", "python3"), ids=str)
def test_a_module_or_script_that_python_is_told_to_run_exists(line: CommandLine) -> None:
    option, what = line.words[1], line.words[-1] if len(line.words) < 3 else line.words[2]
    if line.source == "Makefile":
        return  # It runs what it finds.
    if option == "-m":
        path = ROOT / what.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
    elif option == "-c":
        compile(what, str(line), "exec")
    elif option.startswith("/setup/"):
        assert (ROOT / "deploy/compose" / option.removeprefix("/setup/")).is_file()
    else:
        assert (ROOT / option).is_file()


def test_the_lines_that_matter_most_are_among_those_that_are_checked() -> None:
    found = {(line.source, line.words[:2]) for line in LINES}
    assert found >= {
        ("README.md", ("keyphrases", "index")),
        ("README.md", ("ray", "up")),
        ("README.md", ("make", "test")),
        ("docs/cluster.md", ("keyphrases", "submit")),
        ("docs/cluster.md", ("ray", "down")),
        ("docs/training.md", ("keyphrases", "train")),
        ("docs/models.md", ("python", "-m")),
        ("ray_cluster.yaml", ("ray", "start")),
        ("ray_cluster.yaml", ("ray", "stop")),
        ("deploy/compose.yaml", ("ray", "start")),
        ("deploy/kuberay/cluster.yaml", ("ray", "start")),
        ("deploy/kuberay/night.yaml", ("keyphrases", "submit")),
        ("deploy/kuberay/night.yaml", ("keyphrases", "index")),
        ("deploy/kuberay/rayjob-night.yaml", ("keyphrases", "index")),
        ("deploy/kuberay/rayjob-train.yaml", ("keyphrases", "train")),
        ("deploy/Containerfile", ("keyphrases", "--help")),
        ("Makefile", ("keyphrases", "demo")),
    }
    for name in ("README.md", "docs/indexing.md", "docs/cluster.md", "ray_cluster.yaml"):
        text = (ROOT / name).read_text()
        starts = re.findall(r"^(?:\$ |    )?(?:keyphrases|ray) \S", text, re.MULTILINE)
        assert len([line for line in LINES if line.source == name]) >= len(starts) > 0


def words(lines: object) -> list[str]:
    return [" ".join(line.words) for line in lines]  # type: ignore[attr-defined]


def test_command_lines_are_found_wherever_they_stand() -> None:
    block = "```\n$ A=b .venv/bin/keyphrases tag \\\n   x.jpg  # one\n```"
    text = f"Say `ray up\nx.yaml`, or `ray`.\n{block}"
    assert words(of_markdown(text, "a")) == ["keyphrases tag x.jpg", "ray up x.yaml"]
    text = "args: {command: [keyphrases, submit], args: [--attempts=2, index, D, --rebuild]}"
    assert words(of_yaml(text, "b")) == [
        "keyphrases submit --attempts=2 index D --rebuild",
        "keyphrases index D --rebuild",
    ]
    text = "a:\n  - bash\n  - -c\n  - ulimit -n 9; export A=b; exec ray start --head && ray status"
    assert words(of_yaml(text, "c")) == ["ray start --head", "ray status"]
    text = "rayStartParams: {num-cpus: '0', block: 'true', head: 'false'}\n# see `ray down x.yaml`"
    assert words(of_yaml(text, "d")) == ["ray start --num-cpus=0 --block", "ray down x.yaml"]
    text = 'RUN a && \\\n  ray stop\nCMD ["keyphrases", "--help"]'
    assert words(of_containerfile(text, "e")) == ["ray stop", "keyphrases --help"]
    text = "ray exec c.yaml 'keyphrases index D --check'\nray job submit -- keyphrases tag x"
    assert words(of_shell(text, "f")) == [
        "ray exec c.yaml keyphrases index D --check",
        "keyphrases index D --check",
        "ray job submit -- keyphrases tag x",
        "keyphrases tag x",
    ]


def test_what_stands_for_something_is_resolved() -> None:
    assert words(of_shell("keyphrases models {list,show} NAME[@VERSION] [--json]", "a")) == [
        "keyphrases models list NAME@VERSION --json",
        "keyphrases models show NAME@VERSION --json",
    ]
    assert words(of_shell("keyphrases train --gpus-per-worker 0|1", "b")) == [
        "keyphrases train --gpus-per-worker 0",
        "keyphrases train --gpus-per-worker 1",
    ]
    (line,) = of_shell("keyphrases index ... --preview N", "c")
    assert line.partial
    parse(line)
    text = "keyphrases submit [OPTIONS] index ARGUMENTS OF keyphrases index"
    assert words(of_shell(text, "d")) == ["keyphrases submit index", "keyphrases index"]


@pytest.mark.parametrize(
    "wrong",
    [
        "keyphrases index DUMP --index INDEX --no-such-option",
        "keyphrases index ... --no-such-option",
        "keyphrases index DUMP",
        "keyphrases index DUMP more --index INDEX",
        "keyphrases index DUMP --index INDEX --mode sometimes",
        "keyphrases train ... --workers many",
        "keyphrases no-such-command",
        "keyphrases models no-such-command",
        "ray start --head --no-such-option",
        "ray up",
        "ray no-such-command x",
    ],
)
def test_a_command_line_that_a_program_would_refuse_is_caught(wrong: str) -> None:
    (line,) = of_shell(wrong, "a")
    with pytest.raises(click.UsageError):
        parse(line)
