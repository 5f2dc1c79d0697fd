"""A real Chromium for tests that ask for the fixture `browser`: Debian's package, without a window.

Without one the tests are skipped, loudly; with `REQUIRE_CHROMIUM=1` they
fail. `CHROMIUM` names one that stands elsewhere.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_SKIPPED = "the page was not tested: "


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # From the reports: a process of many that run the tests has no other word for the first one.
    told = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", ())]
    if any(_SKIPPED in each for each in told):
        terminalreporter.section("THE PAGE WAS NOT TESTED", sep="!", red=True, bold=True)
        problems = {each.partition(_SKIPPED)[2].rstrip("')") for each in told if _SKIPPED in each}
        terminalreporter.line(f"tests of it were skipped: {'; '.join(sorted(problems))}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless, with nothing kept from earlier; one for all tests of a module.

    It ends with the module: while it runs there is an event loop in this thread.
    """
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        _give_up("there is no chromium; apt-get install chromium")
    # Imported here: it takes a moment, which most tests can do without.
    from playwright.sync_api import Error, expect, sync_playwright

    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(
                executable_path=program, args=_FLAGS, chromium_sandbox=False
            )
        except Error as error:
            _give_up(f"chromium does not start: {str(error).splitlines()[0]}")
        yield started
        started.close()


def _give_up(problem: str) -> NoReturn:
    if os.environ.get("REQUIRE_CHROMIUM") == "1":
        pytest.fail(problem)
    pytest.skip(_SKIPPED + problem)
