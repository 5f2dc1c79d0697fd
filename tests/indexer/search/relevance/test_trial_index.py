"""Documents as they would be found had weak keyphrases never been indexed."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.index.query import Query
from indexer.search.relevance.judged_documents import judged_documents
from indexer.search.relevance.trial_index import trial_index
from tests.indexer.index.samples import document, phrases
from tests.indexer.search.relevance.samples import DOCUMENTS, index_of, quiet


@pytest.mark.parametrize(("threshold", "wanted"), [(0, 3), (0.1, 3), (0.11, 2), (0.5, 1), (1, 0)])
def test_keyphrases_below_the_threshold_are_not_there(threshold: float, wanted: int) -> None:
    with trial_index(DOCUMENTS, threshold) as reader:
        found = reader.search(Query()).hits
        assert [hit.id for hit in found] == ["p1", "p2", "p3"]
        kept = [each.score for hit in found for each in hit.keyphrases]
        assert all(score >= threshold for score in kept)
        assert reader.posts_with_phrases(["cat"])["cat"] == wanted


def test_what_is_left_is_found_as_in_an_index_that_never_had_the_rest(tmp_path: Path) -> None:
    """To the last digit, for neither lengths nor counts of words know of it."""
    bare = [
        document("p1", "a cat sleeps", keyphrases=phrases(cat=0.9)),
        document("p2", "on the sofa", keyphrases=phrases(cat=0.4)),
        document("p3", "a dog"),
    ]
    query = Query(words="cat")
    with trial_index(DOCUMENTS, 0.3) as trial, index_of(tmp_path, bare) as index:
        found, wanted = (reader.search(query).hits for reader in (trial, index.reader))
        assert [(hit.id, hit.score) for hit in found] == [(hit.id, hit.score) for hit in wanted]


def test_nothing_is_left_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with trial_index(DOCUMENTS, 0):
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_judged_posts_come_with_all_that_they_are_found_by(tmp_path: Path) -> None:
    with index_of(tmp_path) as index:
        found = judged_documents(index.reader, ["p3", "unknown", "p1", "", "x" * 600], quiet)
    assert {one.id: (one.text, one.keyphrases) for one in found} == {
        "p1": ("a cat sleeps", phrases(cat=0.9)),
        "p3": ("a dog", phrases(cat=0.1)),
    }


def test_more_posts_than_a_search_takes_are_all_found(tmp_path: Path) -> None:
    ids = [f"{number:05}" for number in range(1_234)]
    with index_of(tmp_path, [document(id) for id in ids]) as index:
        assert [one.id for one in judged_documents(index.reader, ids[5:], quiet)] == ids[5:]
