"""Which lines of a job's log are its result."""

from __future__ import annotations

from keyphrases.submission.job_output import JobOutput

SUMMARY = '{"run": "20261126T021739Z-4dd545", "read": 20}'
OF_RAY = (
    "2026-11-26 02:17:39,123\tINFO job_manager.py:568 -- Runtime env is setting up.",
    "Running entrypoint for job posts-2026-11-26-1: exec python -m keyphrases index",
)


def shown(*lines: str, succeeded: bool = True) -> tuple[list[str], list[str]]:
    out: list[str] = []
    err: list[str] = []
    output = JobOutput(out.append, err.append)
    for line in lines:
        output.line(line)
    output.end(succeeded=succeeded)
    return out, err


def test_the_summary_is_the_last_line_of_stdout_whatever_is_said_after_it() -> None:
    assert shown("dump  20 posts", SUMMARY, "farewell") == (
        [SUMMARY],
        ["dump  20 posts", "farewell"],
    )


def test_only_the_last_result_is_one() -> None:
    assert shown("{}", SUMMARY) == ([SUMMARY], ["{}"])


def test_a_published_version_is_a_result() -> None:
    published = "published tagger@1; `keyphrases models promote tagger@1 --store /s` uses it"
    assert shown(published) == ([published], [])


def test_a_job_that_failed_has_no_result() -> None:
    assert shown(SUMMARY, "keyphrases: failed", succeeded=False) == (
        [],
        ["keyphrases: failed", SUMMARY],
    )


def test_what_ray_says_at_the_head_of_a_log_is_left_out() -> None:
    assert shown(*OF_RAY, "dump") == ([], ["dump"])
