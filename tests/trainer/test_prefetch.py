"""Work done ahead of time."""

import threading

import pytest

from trainer.prefetch import prefetch


def test_results_keep_their_order() -> None:
    assert list(prefetch(lambda n: n * n, range(50), threads=4, ahead=8)) == [
        n * n for n in range(50)
    ]


def test_work_begins_before_it_is_asked_for_but_not_without_bound() -> None:
    begun: list[int] = []
    enough = threading.Event()

    def work(item: int) -> int:
        begun.append(item)
        if len(begun) == 4:
            enough.set()
        return item

    results = prefetch(work, range(100), threads=1, ahead=3)
    assert next(results) == 0
    assert enough.wait(10)
    results.close()
    assert len(begun) == 4


def test_an_error_is_raised_where_its_result_would_have_come() -> None:
    def work(item: int) -> int:
        if item == 2:
            raise ValueError("two")
        return item

    results = prefetch(work, range(5), threads=2, ahead=5)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)
