"""docs/cluster.md: the sentences by which it knows a trouble are sentences of the program."""

from __future__ import annotations

import re

from tests.deploy.manifests import DEPLOY, ROOT

PACKAGES = ("posts", "model_store", "trainer", "indexer", "keyphrases")


def sentences() -> list[str]:
    """The first column of the table of what the program says."""
    text = (ROOT / "docs/cluster.md").read_text()
    table = text.split("| what it says |")[1].split("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    return [said for row in rows for said in re.findall(r"`([^`]+)`", row)]


def test_what_the_runbook_says_that_the_program_says_it_says() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    # Sentences are written as several texts, one to a line.
    sources = re.sub(r'"\s*\n\s*f?"', "", "\n".join(path.read_text() for path in files))
    said = sentences()
    assert len(said) > 12
    assert [sentence for sentence in said if sentence not in sources] == []


def test_there_is_no_second_index_template_that_could_drift_from_the_programs() -> None:
    for path in DEPLOY.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert not re.search(r"\"(mappings|index_patterns|analyzer)\"", path.read_text()), path
