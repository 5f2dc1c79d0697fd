"""How strides go on from visit to visit, and what is known of the views so far."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch

from trainer.aimkp.masking import kept_text
from trainer.aimkp.strides import Afterwards, Modality, Progression, Strides, ViewState

IMAGE, TEXT = Modality.IMAGE, Modality.TEXT


def progression(
    after_failure: Afterwards = "adapt", *, image: int = 0, text: int = 0
) -> Progression:
    return Progression(after_failure=after_failure, largest={IMAGE: image, TEXT: text})


def strides_used(
    how: Progression, kept: Sequence[bool], modality: Modality = TEXT
) -> tuple[list[int], ViewState]:
    """The strides of a post's views that are kept or dropped in turn, and its state afterwards."""
    strides = Strides()
    strides.visited("7", modality, how)
    used = []
    for epoch, one in enumerate(kept, start=2):
        used.append(strides.of("7", modality).stride)
        strides.made("7", modality, how, epoch=epoch, cosine=0.5, kept=one)
    return used, strides.of("7", modality)


def test_a_post_that_was_never_visited_is_not_masked() -> None:
    assert Strides().of("7", IMAGE).stride == 1


def test_the_first_visit_readies_a_stride_of_two_and_a_later_one_changes_nothing() -> None:
    strides = Strides()
    strides.visited("7", IMAGE, progression())
    assert strides.of("7", IMAGE) == ViewState(stride=2)
    strides.made("7", IMAGE, progression(), epoch=2, cosine=0.5, kept=True)
    before = strides.of("7", IMAGE)
    strides.visited("7", IMAGE, progression())
    assert strides.of("7", IMAGE) == before
    assert (strides.of("7", TEXT).stride, strides.of("8", IMAGE).stride) == (1, 1)


@pytest.mark.parametrize(
    ("kept", "used", "then"),
    [
        ([True, True, True], [2, 4, 8], 16),
        ([False, False], [2, 2], 2),
        ([True, True, False, True], [2, 4, 8, 4], 8),
        ([True, False, False, False], [2, 4, 2, 2], 2),
    ],
)
def test_a_stride_doubles_when_kept_and_halves_when_dropped_but_not_below_two(
    kept: list[bool], used: list[int], then: int
) -> None:
    found, state = strides_used(progression("adapt"), kept)
    assert (found, state.stride, state.frozen) == (used, then, False)


def test_frozen_at_the_first_failure_a_stride_stays_though_views_are_still_made() -> None:
    found, state = strides_used(progression("freeze"), [True, True, False, True, True, False])
    assert found == [2, 4, 8, 4, 4, 4]
    assert state.frozen
    assert (state.stride, state.made, state.dropped) == (4, 6, 2)


def test_freezing_waits_for_a_failure() -> None:
    assert not strides_used(progression("freeze"), [True, True])[1].frozen


def test_a_frozen_text_leaves_the_picture_alone() -> None:
    strides, how = Strides(), progression("freeze")
    for modality in Modality:
        strides.visited("7", modality, how)
    strides.made("7", TEXT, how, epoch=2, cosine=-0.5, kept=False)
    strides.made("7", IMAGE, how, epoch=2, cosine=0.9, kept=True)
    assert strides.of("7", TEXT).frozen
    assert strides.of("7", IMAGE) == ViewState(
        stride=4, made=1, epoch=2, last_stride=2, cosine=0.9, kept=True
    )


@pytest.mark.parametrize(("largest", "used"), [(0, [2, 4, 8]), (4, [2, 4, 4]), (3, [2, 3, 3])])
def test_no_stride_is_longer_than_the_largest(largest: int, used: list[int]) -> None:
    how = progression(image=largest)
    assert strides_used(how, [True, True, True], IMAGE)[0] == used


def test_a_view_that_is_always_kept_never_runs_out_of_bits() -> None:
    used, state = strides_used(progression(), [True] * 100)
    kept = kept_text(torch.ones(1, 5, dtype=torch.bool), used[-1:])
    assert kept.tolist() == [[False, False, False, False, True]]
    assert state.stride == used[-1]


def test_a_largest_stride_of_one_switches_a_modality_off() -> None:
    strides = Strides()
    for modality in Modality:
        strides.visited("7", modality, progression(image=1))
    assert (strides.of("7", IMAGE).stride, strides.of("7", TEXT).stride) == (1, 2)


def some_strides() -> Strides:
    strides, how = Strides(), progression("freeze")
    for post in ("b", "a", 'a", "text'):
        for modality in Modality:
            strides.visited(post, modality, how)
    strides.made("a", TEXT, how, epoch=2, cosine=-0.1 / 3, kept=False)
    strides.made("a", TEXT, how, epoch=3, cosine=0.1 + 0.2, kept=True)
    strides.made("b", IMAGE, how, epoch=2, cosine=1.0, kept=True)
    return strides


def test_strides_come_back_from_a_file_as_they_were(tmp_path: Path) -> None:
    strides = some_strides()
    pq.write_table(strides.to_table(), tmp_path / "strides.parquet")
    found = Strides.from_table(pq.read_table(tmp_path / "strides.parquet"))
    assert found == strides
    assert len(found) == 6
    assert found.of("a", TEXT) == ViewState(
        stride=2,
        frozen=True,
        made=2,
        dropped=1,
        epoch=3,
        last_stride=2,
        cosine=0.1 + 0.2,
        kept=True,
    )
    assert found != Strides()


def test_no_strides_come_back_from_a_file_as_none(tmp_path: Path) -> None:
    pq.write_table(Strides().to_table(), tmp_path / "strides.parquet")
    assert Strides.from_table(pq.read_table(tmp_path / "strides.parquet")) == Strides()


def test_only_views_last_made_in_an_epoch_are_of_it() -> None:
    strides = some_strides()
    assert [(post, modality) for post, modality, _ in strides.made_in(2)] == [("b", IMAGE)]
    assert list(strides.made_in(3)) == [("a", TEXT, strides.of("a", TEXT))]
    assert list(strides.made_in(1)) == []
