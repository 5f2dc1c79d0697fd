"""What people see of a run: a block on a terminal, a line now and then in a log."""

from __future__ import annotations

import io
import re

from rich.console import Console

from indexer.progress.stage_counts import StageCounts
from indexer.progress.tally import Tally
from indexer.progress.watch import Snapshot
from keyphrases.run_display import RunDisplay


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def snapshot(seconds: float, total: int | None = 5_000) -> Snapshot:
    posts = {"read": 2_000, "ask": 2_000, "decode": 1_900, "generate": 1_800}
    worked = {"read": 2_000, "ask": 2_000, "decode": 400, "generate": 380}
    return Snapshot(
        seconds=seconds,
        total=total,
        stages=StageCounts(posts=posts, worked=worked),
        tally=Tally(generated=340, updated=10, unchanged=1_247, dead=3),
    )


def terminal(width: int = 100) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, _environ={"TERM": "xterm"})


def drawn(console: Console, *seen: Snapshot) -> list[str]:
    """The lines of the block after the last of the snapshots."""
    display, clock = RunDisplay(console, clock := Clock()), clock
    for each in seen:
        clock.now = each.seconds
        display(each)
    with console.capture() as told:
        console.print(display._draw())
    return [line.strip() for line in re.sub(r"\x1b\[[\d;]*m", "", told.get()).splitlines() if line]


def test_each_stage_is_told_with_what_it_did_and_not_with_what_passed_through_it() -> None:
    _, names, counts, rates = drawn(terminal(), snapshot(100))
    assert names.split() == ["read", "unchanged", "decoded", "generated", "written", "dead"]
    assert counts.split() == ["2,000", "1,247", "400", "380", "350", "3"]
    assert rates == "16.0 posts/s, in the last 5 minutes 16.0 posts/s"


def test_the_block_says_how_far_it_is_and_how_long_it_will_take() -> None:
    head, *_ = drawn(terminal(), snapshot(100))
    assert "1,600 of 5,000  0:01:40, time left 0:03:32" in head


def test_what_is_not_known_is_said_so() -> None:
    assert "time left unknown" in drawn(terminal(), snapshot(0))[0]
    (head,) = drawn(terminal(), snapshot(10, total=None))
    assert "read ids 2,000 of them  200.0 posts/s  0:00:10" in head
    (head,) = drawn(terminal())
    assert "check and start" in head


def test_a_narrow_terminal_gets_as_many_lines() -> None:
    assert len(drawn(terminal(width=40), snapshot(100))) == 4


def test_the_block_is_gone_when_the_run_ends() -> None:
    console = terminal()
    with RunDisplay(console, Clock()) as display:
        display(snapshot(5))
    told = console.file.getvalue()  # type: ignore[attr-defined]
    # Each line that was drawn is erased again: up, and clear.
    assert told.count("\x1b[1A\x1b[2K") >= 3


def test_a_log_gets_a_line_every_thirty_seconds_and_no_colours() -> None:
    console = Console(file=(told := io.StringIO()), soft_wrap=True)
    clock = Clock()
    with RunDisplay(console, clock) as display:
        for second in range(95):
            clock.now = second
            display(snapshot(second))
    lines = told.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0] == (
        "progress: done=1600 total=5000 read=2000 unchanged=1247 decoded=400 generated=380 "
        "written=350 dead=3 rate=53.3/s rate-5-minutes=53.3/s left=0:01:04 elapsed=0:00:30"
    )


def test_a_log_is_told_of_ids_too() -> None:
    console = Console(file=(told := io.StringIO()), soft_wrap=True)
    clock = Clock()
    with RunDisplay(console, clock) as display:
        clock.now = 40
        display(snapshot(40, total=None))
    assert told.getvalue() == "progress: ids=2000 rate=50.0/s elapsed=0:00:40\n"
