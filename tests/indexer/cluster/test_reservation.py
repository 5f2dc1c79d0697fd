"""Model actors never take the CPUs of the tasks that feed them."""

from __future__ import annotations

import pytest

from indexer.cluster.reservation import DECODE_CPUS, OCR_CPUS, READ_CPUS, Node, fit_memory, reserve
from posts.errors import InputError


def test_two_cores_have_room_for_one_actor() -> None:
    assert reserve([Node(cpus=2)], None, 1.0, None).actors == 1


def test_two_cores_have_room_for_one_actor_beside_ocr() -> None:
    reserved = reserve([Node(cpus=2)], None, 1.0, None, OCR_CPUS)
    assert (reserved.actors, reserved.decode_cpus) == (1, OCR_CPUS)
    with pytest.raises(InputError, match="with 1 CPUs left"):
        reserve([Node(cpus=2)], None, 1.25, None, OCR_CPUS)
    assert reserve([Node(cpus=2)], None, 1.25, None).decode_cpus == DECODE_CPUS


def test_actors_that_take_every_cpu_are_refused_with_what_to_lower() -> None:
    with pytest.raises(InputError, match="lower the number of actors to 3"):
        reserve([Node(cpus=4)], 4, 1.0, None)


def test_an_actor_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(InputError, match="lower what an actor asks for"):
        reserve([Node(cpus=2)], None, 1.5, None)


def test_an_actor_that_fits_no_machine_is_refused_though_the_cluster_is_large() -> None:
    with pytest.raises(InputError, match="no machine has the 8 CPUs"):
        reserve([Node(cpus=4)] * 10, 1, 8.0, None)


def test_in_a_cluster_that_grows_a_number_of_ones_own_is_only_one_to_begin_with() -> None:
    reserved = reserve([Node(cpus=8)], None, 1.0, None, growing=True)
    assert (reserved.actors, reserved.elastic, reserved.awaited) == (6, True, False)
    assert not reserve([Node(cpus=8)], None, 1.0, None).elastic


def test_in_a_cluster_that_grows_an_actor_may_wait_for_its_machine() -> None:
    reserved = reserve([Node(cpus=2)], None, 1.0, 1.0, growing=True)
    assert (reserved.actors, reserved.elastic, reserved.awaited) == (1, True, True)
    fitted = fit_memory(reserved, [Node(cpus=2, memory=1.0)], 1_000, asked=False)
    assert (fitted.actors, fitted.awaited) == (1, True)
    # Nor need the head have any CPU.
    assert reserve([Node(cpus=0)], None, 1.0, None, growing=True).awaited


def test_ray_keeps_memory_for_actors_whose_number_it_chooses() -> None:
    nodes = [Node(cpus=8, memory=5_000)]
    for growing, kept in ((True, 2_000), (False, None)):
        reserved = reserve(nodes, None, 1.0, None, growing=growing)
        fitted = fit_memory(reserved, nodes, 2_000, asked=False)
        assert (fitted.actors, fitted.memory) == (2, kept)


def test_a_number_that_was_asked_for_must_fit_a_cluster_as_it_is() -> None:
    reserved = reserve([Node(cpus=8)], 4, 1.0, None, growing=True)
    assert (reserved.actors, reserved.elastic) == (4, False)
    with pytest.raises(InputError, match="no machine has the 1 CPUs and 1 GPUs"):
        reserve([Node(cpus=8)], 4, 1.0, 1.0, growing=True)


@pytest.mark.parametrize("cpus", [3, 4, 8, 64, 1000])
@pytest.mark.parametrize("each", [0.5, 1.0, 1.5])
def test_whatever_is_reserved_leaves_room_to_feed(cpus: int, each: float) -> None:
    reserved = reserve([Node(cpus=cpus)], None, each, None)
    assert reserved.actors >= 1
    assert cpus - reserved.actors * each >= READ_CPUS + DECODE_CPUS


def test_each_actor_gets_a_gpu_where_there_are_any() -> None:
    reserved = reserve([Node(cpus=8), Node(cpus=16, gpus=2)], None, 1.0, None)
    assert (reserved.actors, reserved.gpus) == (2, 1.0)


def test_room_must_be_left_on_one_machine_and_not_in_sum() -> None:
    assert reserve([Node(cpus=1)] * 3, None, 0.75, None).actors == 2
    with pytest.raises(InputError, match="lower the number of actors to 2"):
        reserve([Node(cpus=1)] * 3, 3, 0.75, None)
    with pytest.raises(InputError, match="lower what an actor asks for"):
        reserve([Node(cpus=0.5)] * 8, None, 0.25, None)


def test_room_is_left_however_the_actors_are_spread() -> None:
    # Seven on each of two machines would leave 0.5 CPUs here and 0.5 there.
    assert reserve([Node(cpus=4)] * 2, 13, 0.5, None).actors == 13
    with pytest.raises(InputError, match="lower the number of actors to 13"):
        reserve([Node(cpus=4)] * 2, 14, 0.5, None)


def test_a_machine_that_actors_cannot_fill_has_room_for_all_others() -> None:
    nodes = [Node(cpus=2, gpus=2), Node(cpus=8)]
    assert reserve(nodes, 2, 1.0, 1.0).actors == 2


def fitted(nodes: list[Node], actors: int | None, each: int | None) -> int:
    reserved = reserve(nodes, actors, 1.0, None)
    return fit_memory(reserved, nodes, each, asked=actors is not None).actors


def test_actors_that_cannot_fit_into_memory_are_refused_with_what_to_lower() -> None:
    nodes = [Node(cpus=8, memory=10e9)]
    assert fitted(nodes, 3, 3_000_000_000) == 3
    with pytest.raises(InputError, match=r"4 model actors of 3.0 GB each.*--actors to 3"):
        fitted(nodes, 4, 3_000_000_000)


def test_fewer_actors_are_chosen_where_memory_is_short() -> None:
    nodes = [Node(cpus=8, memory=10e9), Node(cpus=8, memory=4e9)]
    assert fitted(nodes, None, 100_000_000) == 12
    assert fitted(nodes, None, 3_000_000_000) == 4


def test_a_model_that_fits_no_machine_is_refused_however_many_there_are() -> None:
    with pytest.raises(InputError, match=r"largest machine has 10.0 GB to give; free memory or"):
        fitted([Node(cpus=8, memory=10e9)] * 5, None, 11_000_000_000)


def test_memory_that_nobody_knows_of_refuses_nothing() -> None:
    assert fitted([Node(cpus=8, memory=10e9)], 4, None) == 4
    assert fitted([Node(cpus=8)], 4, 10**15) == 4


def test_memory_of_a_machine_without_a_gpu_is_no_room_for_actors_with_one() -> None:
    nodes = [Node(cpus=8, memory=100e9), Node(cpus=8, gpus=2, memory=4e9)]
    with pytest.raises(InputError, match="lower --actors to 1"):
        fitted(nodes, 2, 3_000_000_000)
