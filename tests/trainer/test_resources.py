"""What each worker is given, checked before a launch."""

import pytest
from ray.util.placement_group import placement_group, remove_placement_group

from posts.errors import InputError
from trainer import resources
from trainer.resources import Node, Share, check_placement, share_out


def cpus(*counts: float) -> list[Node]:
    return [Node(cpus=count, gpus=0) for count in counts]


def test_workers_share_the_cpus_equally() -> None:
    share = share_out(cpus(8), 8, workers=3, gpus_per_worker=0)
    assert share == Share(cpus=2, threads=2, loader_threads=1)


def test_a_worker_lies_whole_on_one_machine() -> None:
    # Together six CPUs, three for each of two workers; but the small machine has only one.
    assert share_out(cpus(5, 1), 6, workers=2, gpus_per_worker=0).cpus == 2


def test_cpus_in_use_are_not_counted_on() -> None:
    assert share_out(cpus(8), 4, workers=2, gpus_per_worker=0).cpus == 2
    with pytest.raises(InputError, match="Ray has 0 free: free some"):
        share_out(cpus(8), 0, workers=2, gpus_per_worker=0)


def test_too_many_workers_are_refused_with_the_number_that_fits() -> None:
    with pytest.raises(InputError, match=r"needs 3 CPUs .* has 2 free: use --workers 2"):
        share_out(cpus(2), 2, workers=3, gpus_per_worker=0)


def test_beside_a_gpu_one_cpu_drives_and_the_others_load() -> None:
    share = share_out([Node(cpus=8, gpus=2)], 8, workers=2, gpus_per_worker=1)
    assert share == Share(cpus=4, threads=1, loader_threads=3)


def test_a_gpu_worker_without_a_cpu_for_pictures_is_refused() -> None:
    with pytest.raises(InputError, match=r"needs 4 CPUs for models and pictures.*--workers 1"):
        share_out([Node(cpus=2, gpus=2)], 2, workers=2, gpus_per_worker=1)


@pytest.mark.parametrize(("gpus", "advice"), [(0, "--gpus-per-worker 0"), (1, "--workers 1")])
def test_missing_gpus_are_refused(gpus: int, advice: str) -> None:
    with pytest.raises(InputError, match=advice):
        share_out([Node(cpus=8, gpus=gpus)], 8, workers=2, gpus_per_worker=1)


@pytest.mark.usefixtures("ray_session")
def test_a_launch_that_ray_cannot_place_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    share = Share(cpus=1, threads=1, loader_threads=1)
    check_placement(share, workers=4, gpus_per_worker=0)
    taken = placement_group([{"CPU": 1.0}])
    taken.wait()
    try:
        with monkeypatch.context() as hurried:
            hurried.setattr(resources, "_PLACEMENT_SECONDS", 2)
            with pytest.raises(InputError, match="no place for 4 workers"):
                check_placement(share, workers=4, gpus_per_worker=0)
    finally:
        remove_placement_group(taken)
    check_placement(share, workers=4, gpus_per_worker=0)
