"""What every index does, whichever engine it has."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from indexer.index.condition import Every, HasKeyphrase
from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.query import Facet, Query
from indexer.index.records import DeadHeld, Document, Held
from posts.errors import InputError, Reason
from tests.indexer.index.samples import (
    BUILD,
    OTHER_BUILD,
    SPRING,
    document,
    letter,
    phrases,
    update,
)


def found(index: Index, words: str = "", **query: object) -> list[str]:
    index.refresh()
    return [hit.id for hit in index.reader.search(Query(words=words, **query)).hits]  # type: ignore[arg-type]


def test_an_index_that_is_not_there_has_no_build_and_holds_nothing(location: str) -> None:
    index = open_index(location)
    index.check()
    assert index.live() is None
    assert index.held(["p1"]) == {}
    assert index.dead(["p1"]) == {}
    assert index.count() == 0
    with pytest.raises(InputError, match="there is no index"):
        index.reader.search(Query(words="cat"))


def test_what_is_written_is_held_at_once(index: Index) -> None:
    assert index.write([document("p1"), document("p2")]) == {}
    assert index.held(["p1", "p2", "p3"]) == {
        "p1": Held("generation of p1", "document of p1"),
        "p2": Held("generation of p2", "document of p2"),
    }
    assert index.count() == 2


def test_a_summary_and_the_lead_picture_come_back_and_stay_in_an_update(index: Index) -> None:
    index.write(
        [document("p1", "a cat", lead_picture=2, summary="A cat."), document("p2", "a cat")]
    )
    index.write(updates=[update("p1", held=Held("g", "d"))])
    index.refresh()
    hits = {hit.id: hit for hit in index.reader.search(Query(words="cat")).hits}
    assert (hits["p1"].lead_picture, hits["p1"].summary) == (2, "A cat.")
    assert (hits["p2"].lead_picture, hits["p2"].summary) == (0, None)
    again = index.reader.post("p1")
    assert again is not None
    assert again.summary == "A cat."


def test_a_document_written_again_replaces_the_old_one(index: Index) -> None:
    index.write([document("p1", "an old cat")])
    index.write([document("p1", "a new dog", held=Held("g", "d"))])
    assert index.count() == 1
    assert index.held(["p1"]) == {"p1": Held("g", "d")}
    assert found(index, "cat") == []
    assert found(index, "dog") == ["p1"]


def test_a_hit_gives_back_all_of_the_document(index: Index) -> None:
    extra = {"a.b": {"": [1, None]}, "n": 2**70}
    index.write([document("p1", "a cat", extra=extra, keyphrases=phrases(red_cat=0.625))])
    index.refresh()
    (hit,) = index.reader.search(Query(words="cat")).hits
    assert (hit.id, hit.text, hit.created_at, hit.extra) == ("p1", "a cat", SPRING, extra)
    assert hit.keyphrases == phrases(red_cat=0.625)
    assert hit.score > 0


def test_an_update_keeps_text_and_keyphrases_and_replaces_date_and_extra(index: Index) -> None:
    index.write([document("p1", "a cat", extra={"old": 1}, keyphrases=phrases(pet=0.75))])
    later = SPRING + timedelta(days=30)
    index.write(updates=[update("p1", created_at=later, extra={"new": 2})])
    assert index.held(["p1"])["p1"] == Held("generation of p1", "new document")
    index.refresh()
    (hit,) = index.reader.search(Query(words="pet", since=later)).hits
    assert (hit.text, hit.extra, hit.created_at) == ("a cat", {"new": 2}, later)


def test_an_update_of_a_document_that_is_not_there_is_refused(index: Index) -> None:
    assert list(index.write(updates=[update("nobody")])) == ["nobody"]
    assert index.count() == 0


def test_a_dead_letter_replaces_its_document(index: Index) -> None:
    index.write([document("p1")])
    index.write(letters=[letter("p1", reason=Reason.TAKEN_DOWN, detail="", replaces=True)])
    assert index.held(["p1"]) == {}
    assert index.dead(["p1", "p2"]) == {
        "p1": DeadHeld("0123456789abcdef", Reason.TAKEN_DOWN, "", transient=False)
    }
    assert index.count() == 0


def test_a_dead_letter_of_a_duplicate_leaves_the_document_of_that_id(index: Index) -> None:
    index.write([document("p1")])
    index.write(letters=[letter("posts.jsonl:9", id="p1", reason=Reason.DUPLICATE_ID)])
    assert set(index.held(["p1"])) == {"p1"}
    assert set(index.dead(["p1", "posts.jsonl:9"])) == {"posts.jsonl:9"}


def test_a_document_removes_its_dead_letter(index: Index) -> None:
    index.write(letters=[letter("p1", transient=True), letter("p2")])
    assert index.dead(["p1"])["p1"].transient
    index.write([document("p1", was_dead=True)])
    assert set(index.dead(["p1", "p2"])) == {"p2"}
    assert set(index.held(["p1"])) == {"p1"}


def test_so_does_an_update(index: Index) -> None:
    index.write([document("p1")], letters=[letter("p1", transient=True)])
    index.write(updates=[update("p1", was_dead=True)])
    assert dict(index.dead(["p1"])) == {}
    assert set(index.held(["p1"])) == {"p1"}


def test_a_word_that_was_corrected_is_a_misspelt_one(index: Index) -> None:
    """Though the old document may lie in the index until it is tidied up."""
    index.write([document("p1", "the crosing"), document("p2", "a cat")])
    index.write([document("p1", "the crossing")])
    index.refresh()
    assert [hit.id for hit in index.reader.search(Query(words="crosing")).hits] == ["p1"]


def test_by_date_nothing_is_ranked(index: Index) -> None:
    index.write([document("p1", "a cat"), document("p2", "a cat")])
    index.refresh()
    found = index.reader.search(Query(words="cat", newest_first=True))
    assert [hit.score for hit in found.hits] == [0.0, 0.0]


def test_a_run_with_another_model_is_refused(index: Index) -> None:
    with pytest.raises(InputError, match=r"cats@1.*cats@2.*--rebuild"):
        index.begin(OTHER_BUILD)


def test_an_index_of_another_layout_is_refused_and_can_be_rebuilt(location: str) -> None:
    old = open_index(location)
    old.begin(replace(BUILD, layout=1))
    old.write([document("p1")])
    old.close()
    index = open_index(location)
    index.check()
    with pytest.raises(InputError, match=r"another release of this program.*--rebuild"):
        index.begin(BUILD)
    with index.lock("takedown"):
        assert index.take_down([letter("p1", reason=Reason.TAKEN_DOWN)]) == 1
    index.begin(BUILD, rebuild=True)
    index.write([document("p2", "a cat")])
    index.promote()
    assert found(index, "cat") == ["p2"]


def test_a_later_run_with_the_same_model_goes_on_with_the_live_version(index: Index) -> None:
    index.write([document("p1")])
    index.begin(BUILD)
    assert set(index.held(["p1"])) == {"p1"}


def test_searches_see_the_old_version_until_a_rebuild_is_promoted(index: Index) -> None:
    index.write([document("old", "cat")])
    index.refresh()
    index.begin(OTHER_BUILD, rebuild=True)
    assert index.held(["old"]) == {}
    index.write([document("new", "cat")])
    assert index.count() == 1
    assert found(index, "cat") == ["old"]
    assert index.live() == BUILD
    index.promote()
    assert index.live() == OTHER_BUILD
    assert found(index, "cat") == ["new"]


def test_a_killed_rebuild_resumes_its_own_version(location: str, index: Index) -> None:
    index.begin(OTHER_BUILD, rebuild=True)
    index.write([document("p1")])
    index.close()
    again = open_index(location)
    again.begin(OTHER_BUILD, rebuild=True)
    assert set(again.held(["p1"])) == {"p1"}
    again.promote()
    assert again.count() == 1
    again.close()


def test_a_rebuild_with_a_third_model_does_not_resume_another_ones(index: Index) -> None:
    index.begin(OTHER_BUILD, rebuild=True)
    index.write([document("p1")])
    index.begin(BUILD, rebuild=True)
    assert index.held(["p1"]) == {}


def test_dead_letters_outlive_a_rebuild(index: Index) -> None:
    index.write(letters=[letter("p1")])
    index.begin(OTHER_BUILD, rebuild=True)
    index.promote()
    assert set(index.dead(["p1"])) == {"p1"}


def test_a_second_run_is_refused_with_the_name_of_the_first(location: str, index: Index) -> None:
    second = open_index(location)
    with pytest.raises(InputError, match="run first is writing"), second.lock("second"):
        pass


def test_of_runs_that_begin_in_the_same_moment_one_has_the_lock_and_the_others_name_it(
    location: str,
) -> None:
    begin, end = threading.Barrier(8, timeout=60), threading.Barrier(8, timeout=60)

    def refusal(run: str) -> str:
        """What it was told; empty: it had the lock."""
        index = open_index(location)
        begin.wait()
        try:
            with index.lock(run):
                end.wait()
                return ""
        except InputError as error:
            end.wait()
            return str(error)
        finally:
            index.close()

    runs = [f"run-{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        told = dict(zip(runs, threads.map(refusal, runs), strict=True))
    (winner,) = [run for run, refused in told.items() if not refused]
    del told[winner]
    assert all(f"run {winner} is writing" in refused for refused in told.values()), told


def test_the_lock_is_free_after_a_run(location: str) -> None:
    index = open_index(location)
    with index.lock("first"):
        pass
    with index.lock("second"):
        pass
    index.close()


def test_an_index_travels_to_other_processes(location: str, index: Index) -> None:
    index.write([document("p1")])
    other = pickle.loads(pickle.dumps(index))  # noqa: S301 - its own pickle
    assert other.location == location
    assert set(other.held(["p1"])) == {"p1"}
    other.close()


def test_ids_that_no_engine_can_hold_are_refused_but_have_dead_letters(index: Index) -> None:
    ids = ["", "x" * 513, "é" * 257, "lone \ud800 surrogate"]
    refused = index.write([*map(document, ids), document("good")])
    assert list(refused) == ids
    assert set(index.held([*ids, "good"])) == {"good"}
    index.write(letters=[letter(id, reason=Reason.INDEX_REFUSED) for id in ids])
    assert set(index.dead(ids)) == set(ids)


def test_hostile_ids_are_ids_like_any_other(index: Index) -> None:
    ids = [" ", "a/b?c=d#e", '"}\n{"delete":{}}', "\x00", "_all", "..", "猫", "🎉", "x" * 512]
    assert index.write([document(id, "a cat") for id in ids]) == {}
    assert set(index.held(ids)) == set(ids)
    assert found(index, "cat") == sorted(ids)


def test_hostile_texts_are_written_or_refused_but_never_break_a_batch(index: Index) -> None:
    hostile = {
        "long": "word " * 200_000,
        "unbroken": "x" * 1_000_000,
        "apostrophes": "a'" * 300_000,
        "nul": "a\x00cat",
        "marks": "e" + "\u0301" * 10_000,
        "controls": "\x1b[31m \u202e \ufeff cat",
    }
    documents = [document(id, text) for id, text in hostile.items()]
    refused = index.write([*documents, document("surrogate", "\ud800"), document("good", "cat")])
    assert list(refused) == ["surrogate"]
    assert index.count() == len(hostile) + 1
    assert set(found(index, "cat")) == {"good", "nul", "controls"}


def test_extra_fields_that_are_not_json_are_refused(index: Index) -> None:
    assert list(index.write([document("nan", extra={"a": float("nan")})])) == ["nan"]


def test_words_of_any_script_are_found(index: Index) -> None:
    asked = [
        ("The Cafés are RUNNING dogs", "cafe"),
        ("a party 🎉 tonight", "🎉"),
        ("我住在东京的旧城", "东京"),
        ("東京タワー", "タワー"),
        ("한국어 문장", "문장"),
        ("שלום עולם", "עולם"),
        ("مرحبا بالعالم", "مرحبا"),
        ("the cat's tail", "cats"),
        ("don’t panic", "don't"),
        ("#snow_day on 3.14", "snow 14"),
        ("ภาษาไทย", "ภาษาไทย"),
    ]
    index.write([document(f"p{n:02}", text) for n, (text, _) in enumerate(asked)])
    index.refresh()
    for n, (_, words) in enumerate(asked):
        assert [hit.id for hit in index.reader.search(Query(words=words)).hits] == [f"p{n:02}"], (
            words
        )


def test_words_are_found_in_any_form(index: Index) -> None:
    index.write([document("p1", "The Cafés are RUNNING dogs")])
    assert found(index, "run DOG") == ["p1"]


def test_a_strong_keyphrase_weighs_as_much_as_text_and_others_less(
    index: Index,
) -> None:
    def post(id: str, text: str = "boat", **asked: float) -> Document:
        others = {"harbour": 0.9, "sea": 0.3, "sand": 0.1}
        kept = {name: score for name, score in others.items() if score not in asked.values()}
        return document(id, text, keyphrases=phrases(**asked, **kept))

    index.write(
        [
            post("text", "lighthouse"),
            post("weak", lighthouse=0.1),
            post("medium", lighthouse=0.3),
            post("strong", lighthouse=0.9),
            post("none"),
        ]
    )
    index.refresh()
    hits = index.reader.search(Query(words="lighthouse")).hits
    assert [hit.id for hit in hits] == ["strong", "text", "medium", "weak"]
    strong = hits[0].score
    assert [hit.score for hit in hits] == pytest.approx([strong, strong, strong / 2, strong / 4])


def test_two_words_must_both_match_and_of_four_three(index: Index) -> None:
    index.write(
        [
            document("one", "red"),
            document("two", "red cat", keyphrases=()),
            document("split", "red", keyphrases=phrases(cat=0.9)),
            document("three", "red cat sleeps"),
        ]
    )
    assert set(found(index, "red cat")) == {"two", "split", "three"}
    assert set(found(index, "red cat sleeps deeply")) == {"three"}


def test_filters_by_phrase_compare_display_forms_and_whole_phrases(index: Index) -> None:
    index.write(
        [
            document("p1", keyphrases=phrases(red_cat=0.9, sofa=0.1)),
            document("p2", keyphrases=phrases(red_cats=0.9)),
            document("p3", keyphrases=phrases(red_cat=0.2)),
        ]
    )
    assert found(index, where=HasKeyphrase("  RED\tcat ")) == ["p1", "p3"]
    assert found(index, where=Every((HasKeyphrase("red cat"), HasKeyphrase("sofa")))) == ["p1"]
    assert found(index, where=HasKeyphrase("red")) == []


def test_the_date_filter_includes_its_moment_and_leaves_out_undated_posts(index: Index) -> None:
    index.write(
        [
            document("before", created_at=SPRING - timedelta(milliseconds=1)),
            document("at", created_at=SPRING),
            document("after", created_at=SPRING + timedelta(days=1)),
            document("undated", created_at=None),
            document("old", created_at=SPRING.replace(year=1066)),
        ]
    )
    assert found(index, since=SPRING) == ["after", "at"]
    assert found(index, since=SPRING.replace(year=1000)) == ["after", "at", "before", "old"]


def test_facets_count_all_matching_posts_and_break_ties_by_phrase(index: Index) -> None:
    documents = [
        document(f"p{n}", "cat", keyphrases=phrases(zebra=0.5, apple=0.5) + phrases(pet=0.9))
        for n in range(3)
    ]
    documents += [document("q", "cat", keyphrases=phrases(pet=0.9, moon=0.1, bee=0.2))]
    documents += [document("r", "dog", keyphrases=phrases(pet=0.9))]
    index.write(documents)
    index.refresh()
    results = index.reader.search(Query(words="cat", facets=True, facet_size=4, limit=1))
    assert results.total == 4
    assert len(results.hits) == 1
    assert results.facets == (
        Facet("pet", 4),
        Facet("apple", 3),
        Facet("zebra", 3),
        Facet("bee", 1),
    )


def test_hits_of_one_score_come_by_id(index: Index) -> None:
    index.write([document(f"p{n}", "one cat") for n in (5, 3, 9, 1, 7, 2)])
    assert found(index, "cat", limit=4) == ["p1", "p2", "p3", "p5"]
    assert found(index, limit=2) == ["p1", "p2"]


def test_the_highlight_is_escaped_and_marks_the_words(index: Index) -> None:
    index.write([document("p1", "<b>Running</b> & a dog")])
    index.refresh()
    (hit,) = index.reader.search(Query(words="runs dog")).hits
    assert hit.highlight == ("&lt;b&gt;<mark>Running</mark>&lt;/b&gt; &amp; a <mark>dog</mark>")


def test_query_syntax_is_only_words(index: Index) -> None:
    index.write([document("p1", "a dog"), document("p2", "another cat")])
    index.refresh()
    for words in (
        '" OR *:* --',
        "text:cat AND (",
        "*",
        "../../_search",
        '{"match_all":{}}',
        "\ud800",
        "\x00",
    ):
        assert index.reader.search(Query(words=f"{words} unicorn")).total == 0
        assert index.reader.search(Query(words=f"{words} dog")).total <= 1


def test_a_query_of_a_thousand_words_is_answered(index: Index) -> None:
    index.write([document("p1", " ".join(f"w{n}" for n in range(1000)))])
    assert found(index, " ".join(f"w{n}" for n in range(1000))) == ["p1"]


def test_punctuation_alone_asks_for_nothing_and_no_hits_can_be_wanted(index: Index) -> None:
    index.write([document("p1")])
    assert found(index, " ... !? ") == ["p1"]
    assert found(index, "plain", limit=0) == []


def test_all_ids_are_told_and_documents_removed_by_them(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.index.embedded.table._PAGE", 2)
    monkeypatch.setattr("indexer.index.elastic.lookup._PAGE", 2)
    ids = ["p1", " ", "é", "_all", "x" * 512]
    index.write([document(id, "a cat") for id in ids], letters=[letter("p9")])
    pages = list(index.ids())
    assert sorted(id for page in pages for id in page) == sorted(ids)
    assert max(map(len, pages)) == 2
    index.remove(["p1", "é", "nobody"])
    assert {id for page in index.ids() for id in page} == {" ", "_all", "x" * 512}
    assert set(index.dead(["p9"])) == {"p9"}
