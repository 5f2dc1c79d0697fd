"""The reservation: how many model actors fit beside the tasks that feed them.

Actors that hold every CPU leave none for reading and decoding, and Ray waits for ever. So this
is worked out before anything starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from posts.errors import InputError

READ_CPUS = 0.25
"""Of a task that reads and asks. It mostly waits for disk, network and index."""
DECODE_CPUS = 0.5
"""Of a task that decodes. Unlike `READ_CPUS`, so that Ray keeps the two stages apart."""
OCR_CPUS = 0.75
"""Of one that also reads words. That takes a core; but beside a model actor two are enough."""

_AUTO_SHARE = 0.25
"""Of all CPUs, left for reading and decoding where the number of actors is ours to choose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """What one machine of the cluster offers."""

    cpus: float
    gpus: float = 0.0
    memory: float | None = None
    """Bytes that Ray lets tasks and actors have; None: it does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reservation:
    """What the model actors take."""

    actors: int
    cpus: float
    """Of each."""
    gpus: float
    """Of each."""
    decode_cpus: float
    """What a task that decodes takes."""
    elastic: bool = False
    """`actors` is what the run begins with; their number then follows the cluster."""
    awaited: bool = False
    """No machine has room for an actor yet; one must come."""
    memory: int | None = None
    """Bytes that Ray is to keep for each actor, whose number it chooses; None: it is not told."""


def reserve(
    nodes: Sequence[Node],
    actors: int | None,
    cpus: float,
    gpus: float | None,
    decode_cpus: float = DECODE_CPUS,
    *,
    growing: bool = False,
) -> Reservation:
    """`actors` None: as many as fit well; `gpus` None: one for each actor if there are any.

    `growing`: the machines are those of a cluster that others may join or leave. Then a number
    that is ours to choose is one to begin with, and not even room for one actor need be there.
    Raises `InputError` that says what to lower if they do not fit.
    """
    # What one machine must have left when all actors have theirs: a task is never spread.
    room = READ_CPUS + decode_cpus
    if gpus is None:
        gpus = 1.0 if any(node.gpus for node in nodes) else 0.0
    total = sum(node.cpus for node in nodes)
    elastic = growing and actors is None
    if elastic and _most(nodes, cpus, gpus, room) < 1:
        return Reservation(
            actors=1, cpus=cpus, gpus=gpus, decode_cpus=decode_cpus, elastic=True, awaited=True
        )
    if not any(_on_node(node, cpus, gpus) for node in nodes):
        raise InputError(
            f"no machine has the {cpus:g} CPUs and {gpus:g} GPUs that a model actor asks for; "
            "lower what an actor asks for"
        )
    most = _most(nodes, cpus, gpus, room)
    if most < 1 or (actors or 1) > most:
        raise InputError(
            f"{actors or 1} model actors of {cpus:g} CPUs and {gpus:g} GPUs do not fit into "
            f"{total:g} CPUs and {sum(node.gpus for node in nodes):g} GPUs with {room:g} CPUs left "
            f"on one machine for reading and decoding; lower {_remedy(most)}"
        )
    if actors is None:
        actors = max(1, min(most, int(total * (1 - _AUTO_SHARE) / cpus)))
    return Reservation(
        actors=actors, cpus=cpus, gpus=gpus, decode_cpus=decode_cpus, elastic=elastic
    )


def fit_memory(
    reserved: Reservation, nodes: Sequence[Node], each: int | None, *, asked: bool
) -> Reservation:
    """The reservation, with fewer actors if their number was not `asked` for and memory is short.

    `each`: bytes that an actor needs at the least; None: nobody knows, so nothing is refused.
    Raises `InputError` that says what to lower if they cannot fit.
    """
    if reserved.elastic:
        reserved = replace(reserved, memory=each)
    if each is None or reserved.awaited or any(node.memory is None for node in nodes):
        return reserved
    most = sum(
        min(_on_node(node, reserved.cpus, reserved.gpus), int((node.memory or 0) / each))
        for node in nodes
    )
    if reserved.actors <= most:
        return reserved
    if most and not asked:
        return replace(reserved, actors=most)
    actors, gigabytes = f"{reserved.actors} model actors", each / 1e9
    largest = max((node.memory or 0) / 1e9 for node in nodes)
    free = "free memory or take a smaller model"
    raise InputError(
        f"{actors if asked else 'model actors'} of {gigabytes:.1f} GB each, at the least, do not "
        f"fit into memory, of which the largest machine has {largest:.1f} GB to give; "
        + (f"lower --actors to {most} or {free}" if most else free)
    )


def _remedy(most: int) -> str:
    if most < 1:
        return "what an actor asks for"
    return f"the number of actors to {most} or what each asks for"


def _most(nodes: Sequence[Node], cpus: float, gpus: float, room: float) -> int:
    """Actors that leave so many CPUs on some machine, however Ray spreads them."""
    fitting = sum(_on_node(node, cpus, gpus) for node in nodes)
    crowding = 0
    for node in nodes:
        if node.cpus < room:
            continue
        too_many = int((node.cpus - room) / cpus) + 1
        if too_many > _on_node(node, cpus, gpus):
            return fitting
        crowding += too_many
    return min(fitting, crowding - 1)


def _on_node(node: Node, cpus: float, gpus: float) -> int:
    by_cpus = int(node.cpus / cpus)
    return by_cpus if gpus == 0 else min(by_cpus, int(node.gpus / gpus))
