"""The pretrained weights of the pocket base, for tests that need the real ones.

They come with the packages of `requirements-weights.lock`. Without these the tests are skipped,
loudly.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from posts.errors import InputError

_SKIPPED = pytest.StashKey[set[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_SKIPPED] = set()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if skipped := terminalreporter.config.stash[_SKIPPED]:
        terminalreporter.section("THE POCKET BASE WAS NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(skipped)} tests were skipped: its weights are not installed")


@pytest.fixture(scope="session")
def _converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A cache folder into which the base was converted, or what stood in the way."""
    # Imported here: it takes torch, which most tests of posts can do without.
    from model_store.pocket.conversion import pocket_folder

    cache = tmp_path_factory.mktemp("pocket")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        try:
            pocket_folder()
        except InputError as error:
            if "not installed" not in str(error):
                raise
            return cache, str(error)
    return cache, ""


@pytest.fixture
def pocket_cache(
    request: pytest.FixtureRequest, _converted: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The cache that the user has during the test; the base is in it."""
    cache, problem = _converted
    if problem:
        request.config.stash[_SKIPPED].add(request.node.nodeid)
        pytest.skip(problem)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return cache
