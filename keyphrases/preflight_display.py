"""What a person sees of the checks before a run."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from indexer.preflight.checked import Checked
from keyphrases.console import err, printable


def show_checked(checked: Checked, console: Console = err) -> None:
    """A line for each thing that was checked, and for each warning."""
    for name, words in _lines(checked):
        console.print(f"{name:14}{printable(words)}", markup=False)


def _lines(checked: Checked) -> Iterator[tuple[str, str]]:
    ready, reserved = checked.preflight, checked.reservation
    files = {each.name for each in ready.fragments}
    size = _size(sum(each.bytes for each in ready.fragments))
    where = "/".join([ready.dump.files.root, *filter(None, [ready.dump.only])])
    yield (
        "dump",
        f"{where}: {_count(len(files), 'file')} with {size} in "
        f"{_count(len(ready.fragments), 'fragment')}",
    )
    needs = "memory is not checked, for its base is not here yet"
    if checked.actor_bytes is not None:
        needs = f"an actor needs at least {_size(checked.actor_bytes)} of memory"
    yield "model", f"{ready.model} verified; {needs}"
    holds = "does not exist yet"
    if ready.live is not None:
        holds = f"holds {_count(checked.documents, 'post')} by {ready.live.model}"
    yield "index", f"{ready.index.location} {holds}"
    gpus = f" and {_count(reserved.gpus, 'GPU')}" if reserved.gpus else ""
    have = _count(sum(node.cpus for node in checked.nodes), "CPU")
    machines = _count(len(checked.nodes), "machine")
    follows = ", to begin with" if reserved.elastic else ""
    yield (
        "actors",
        f"{reserved.actors} x {_count(reserved.cpus, 'CPU')}{gpus}{follows}, on {machines} with "
        f"{have}",
    )
    yield "dead letters", checked.dead_letters or "beside the index only"
    yield "report", checked.report or "none; --report says where it is to go"
    for warning in checked.warnings:
        yield "warning", warning


def _count(count: float, noun: str) -> str:
    return (
        f"{count:,g} {noun}{'' if count == 1 else 's'}" if count < 1e5 else f"{count:,.0f} {noun}s"
    )


def _size(size: float) -> str:
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size:.0f} bytes"
