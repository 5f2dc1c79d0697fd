"""Whole runs through Ray, into real indexes."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from elasticsearch import Elasticsearch

from indexer.cluster.index_actor import RemoteIndex
from indexer.index.condition import HasKeyphrase
from indexer.index.location import open_index
from indexer.index.query import Query
from indexer.index.records import Build
from indexer.index.vectors import Modality
from indexer.job import IndexJob
from indexer.progress.stage_counts import STAGES
from indexer.progress.watch import Snapshot
from indexer.run import index_dump
from indexer.summary import RunSummary
from indexer.writing.writer import WriteSettings
from posts.errors import InputError, JobError
from posts.post import Post
from posts.writing import write_parquet
from tests.indexer.dumps import BAD_REASONS, good_rows, jpeg, write_dump
from tests.indexer.faults import AskThatDies, LossyStream, StreamThatBreaks
from tests.indexer.stand_in import LastWord, Silent, refuse_to_load
from tests.sample_pictures import encoded, written
from tests.servers.s3 import S3Server

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("ray_session")]

GOOD, BAD = 100, len(BAD_REASONS)


def a_job(tmp_path: Path, store: str, **others: Any) -> IndexJob:
    values = {
        "dump": str(tmp_path / "dump"),
        "index": f"embedded:{tmp_path / 'index'}",
        "store": store,
        "model": "tiny@1",
        "actors": 1,
        "model_rows": 16,
    }
    return IndexJob(**(values | others))


def counts(summary: RunSummary) -> dict[str, int]:
    names = ("read", "indexed", "generated", "updated", "unchanged", "dead")
    return {name: getattr(summary, name) for name in names}


def dead_letters(summary: RunSummary) -> dict[str, str]:
    rows = pq.read_table(str(summary.dead_letters)).to_pylist()
    return {row["key"]: row["reason"] for row in rows}


def test_a_night_after_a_night_pays_only_for_what_is_new(tmp_path: Path, store: str) -> None:
    rows = good_rows(GOOD)
    write_dump(tmp_path / "dump", rows)
    job = a_job(tmp_path, store)

    first = index_dump(job)
    assert counts(first) == {
        "read": GOOD + BAD,
        "indexed": GOOD,
        "generated": GOOD,
        "updated": 0,
        "unchanged": 0,
        "dead": BAD,
    }
    assert dead_letters(first) == BAD_REASONS
    index = open_index(job.index)
    assert index.count() == GOOD
    assert index.reader.search(Query(words="post")).total == GOOD
    assert any(hit.keyphrases for hit in index.reader.search(Query(words="post", limit=GOOD)).hits)

    seen: list[Snapshot] = []
    second = index_dump(job, load=refuse_to_load, on_progress=seen.append)
    assert (second.unchanged, second.indexed, second.dead) == (GOOD, 0, BAD)
    # They pass the stages, which have no work with them.
    assert seen[-1].stages.posts == dict.fromkeys(STAGES, GOOD + BAD)
    assert seen[-1].stages.worked["decode"] == seen[-1].stages.worked["generate"] == 0
    assert dead_letters(second) == BAD_REASONS

    for row in rows[:10]:
        row["text"] += " changed"
    for row in rows[10:15]:
        row["created_at"] = "2026-04-01T00:00:00Z"
    write_dump(tmp_path / "dump", rows)
    third = index_dump(job, load=LastWord)
    assert (third.generated, third.updated, third.unchanged) == (10, 5, GOOD - 15)
    assert index.count() == GOOD
    assert index.reader.search(Query(where=HasKeyphrase("changed"))).total == 10


def test_an_interrupted_run_is_resumed_and_nothing_is_done_twice(
    tmp_path: Path, store: str
) -> None:
    write_dump(tmp_path / "dump", good_rows(GOOD))
    job = a_job(tmp_path, store, write=WriteSettings(posts=20), read_rows=20)
    seen: list[Snapshot] = []

    def interrupt(snapshot: Snapshot) -> None:
        seen.append(snapshot)
        if snapshot.tally.read:
            raise KeyboardInterrupt

    with pytest.raises(JobError, match="interrupted"):
        index_dump(job, on_progress=interrupt, load=LastWord)
    done = open_index(job.index).count()
    assert done >= seen[-1].tally.generated

    again = index_dump(job, load=LastWord)
    assert (again.unchanged, again.generated) == (done, GOOD - done)
    assert again.dead == BAD
    assert open_index(job.index).count() == GOOD


def test_what_has_gone_from_the_dump_stays_or_goes_as_asked(tmp_path: Path, store: str) -> None:
    write_dump(tmp_path / "dump", good_rows(20))
    job = a_job(tmp_path, store)
    assert index_dump(job, load=LastWord).removed is None
    write_dump(tmp_path / "dump", good_rows(15), lines=())
    appended = index_dump(job, load=refuse_to_load)
    assert (appended.unchanged, appended.removed) == (15, None)
    index = open_index(job.index)
    assert index.count() == 20
    with pytest.raises(JobError, match="5 of the index's 20 posts"):
        index_dump(replace(job, mode="snapshot", max_gone_rate=0.2), load=refuse_to_load)
    # What stands behind the break of a file has not gone.
    torn = tmp_path / "dump" / "torn.jsonl.gz"
    torn.write_bytes(gzip.compress(b'{"id": "post-15", "text": "x"}\n' * 99)[:-9])
    with pytest.raises(JobError, match="cannot be read to its end"):
        index_dump(replace(job, mode="snapshot", max_error_rate=1.0), load=LastWord)
    torn.unlink()
    snapshot = index_dump(replace(job, mode="snapshot"), load=refuse_to_load)
    assert json.loads(snapshot.to_json())["removed"] == 5
    assert index.count() == 15
    assert index.held(["post-14", "post-15"]).keys() == {"post-14"}


def test_words_in_pictures_are_read_if_asked_for(tmp_path: Path, store: str) -> None:
    rows = good_rows(6)
    rows[1]["image"] = encoded(written((10, 20, "boat club", 30), size=(200, 80)))
    write_dump(tmp_path / "dump", rows)
    without = index_dump(a_job(tmp_path, store), load=LastWord)
    summary = index_dump(a_job(tmp_path, store, ocr=True), load=LastWord)
    # Of the six every second has a picture; the dead ones broke before anything could be read.
    assert (summary.generated, summary.unchanged, summary.dead) == (3, 3, without.dead)
    index = open_index(f"embedded:{tmp_path / 'index'}")
    (hit,) = index.reader.search(Query(where=HasKeyphrase("club"))).hits
    assert (hit.id, hit.text) == ("post-1", rows[1]["text"])
    assert index.reader.search(Query(words="boat")).total == 0


def test_posts_of_no_picture_many_pictures_and_long_text_are_indexed_together(
    tmp_path: Path, store: str
) -> None:
    pictures = [jpeg(number) for number in range(30)]
    book = " ".join(f"This is sentence {number} of a book on cats." for number in range(14_000))
    posts = [
        Post(id="none", text="a post without a picture"),
        Post(id="many", text="See the cats.", image=pictures[0], images=tuple(pictures[1:])),
        Post(id="book", text=book, image=pictures[0]),
    ]
    write_parquet(posts, tmp_path / "dump" / "a.parquet")
    job = a_job(tmp_path, store)

    first = index_dump(job)
    assert (first.generated, first.dead) == (3, 0)
    reader = open_index(job.index).reader
    found = {post.id: reader.post(post.id) for post in posts}
    assert {id: hit and hit.has_picture for id, hit in found.items()} == {
        "none": False,
        "many": True,
        "book": True,
    }
    assert found["book"] is not None
    assert found["book"].text == book
    assert found["book"].summary is not None
    assert 0 < len(found["book"].summary) <= 280
    assert [hit and hit.summary for id, hit in found.items() if id != "book"] == [None, None]
    assert index_dump(job, load=refuse_to_load).unchanged == 3


def test_one_poisonous_post_costs_no_other_its_keyphrases(tmp_path: Path, store: str) -> None:
    rows = good_rows(20)
    rows[7]["text"] = "poison"
    write_dump(tmp_path / "dump", rows, lines=())
    summary = index_dump(a_job(tmp_path, store), load=LastWord)
    assert (summary.generated, summary.dead) == (19, 1)
    assert dead_letters(summary) == {"post-7": "model failed"}


def test_another_model_is_refused_unless_the_index_is_rebuilt(tmp_path: Path, store: str) -> None:
    write_dump(tmp_path / "dump", good_rows(20))
    index_dump(a_job(tmp_path, store), load=LastWord)
    with pytest.raises(InputError, match=r"tiny@1.*tiny@2.*--rebuild"):
        index_dump(a_job(tmp_path, store, model="tiny@2"), load=LastWord)

    rebuild = a_job(tmp_path, store, model="tiny@2", rebuild=True, max_error_rate=0.0)
    refreshed = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RemoteIndex, "refresh", lambda _: refreshed.append(1))
        with pytest.raises(JobError, match="max-error-rate"):
            index_dump(rebuild, load=LastWord)
    # What it has committed is as ready to be searched as after a run that ends well.
    assert refreshed == [1]
    index = open_index(rebuild.index)
    live = index.live()
    assert live is not None
    assert live.model == "tiny@1"

    resumed = index_dump(a_job(tmp_path, store, model="tiny@2", rebuild=True), load=refuse_to_load)
    assert resumed.unchanged == 20
    live = index.live()
    assert live is not None
    assert live.model == "tiny@2"
    assert index.count() == 20


def test_a_rebuild_that_fails_the_gate_changes_nothing(tmp_path: Path, store: str) -> None:
    write_dump(tmp_path / "dump", good_rows(20), lines=())
    index_dump(a_job(tmp_path, store), load=LastWord)
    rebuild = a_job(tmp_path, store, model="tiny@2", rebuild=True)
    for load in (Silent, refuse_to_load):
        with pytest.raises(JobError, match=r"not promoted \(keyphrases: 100.0% of the documents"):
            index_dump(rebuild, load=load)
    index = open_index(rebuild.index)
    assert [one.status for one in index.versions()] == ["live", "ready"]
    assert index.reader.search(Query(where=HasKeyphrase("0"))).total == 1
    with index.lock("operator"):
        index.promote_version(2)
    assert index.reader.search(Query(where=HasKeyphrase("0"))).total == 0
    assert index.reader.search(Query()).total == 20


@pytest.fixture
def elastic_index(elasticsearch: str) -> Iterator[str]:
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield f"{elasticsearch}/{name}"
    with Elasticsearch(elasticsearch, request_timeout=120) as client:
        names = list(client.indices.get(index=f"{name}*", features="aliases"))
        client.indices.delete(index=names)


def test_a_dump_on_s3_is_indexed_into_elasticsearch(
    tmp_path: Path, store: str, s3: S3Server, elastic_index: str
) -> None:
    bucket = s3.bucket()
    for path in write_dump(tmp_path / "dump", good_rows(40)).iterdir():
        s3.client.upload_file(str(path), bucket, f"night/{path.name}")
    job = a_job(
        tmp_path,
        store,
        dump=f"s3://{bucket}/night",
        index=elastic_index,
        dead_letters=f"s3://{bucket}/dead",
    )
    first = index_dump(job, load=LastWord)
    assert (first.generated, first.dead) == (40, BAD)
    letters = s3.client.get_object(Bucket=bucket, Key=f"dead/{first.run}.parquet")
    (tmp_path / "letters.parquet").write_bytes(letters["Body"].read())
    reasons = pq.read_table(tmp_path / "letters.parquet").column("reason").to_pylist()
    assert sorted(reasons) == sorted(BAD_REASONS.values())

    second = index_dump(job, load=refuse_to_load)
    assert (second.unchanged, second.dead) == (40, BAD)
    assert open_index(elastic_index).reader.search(Query(words="number")).total == 40
    assert json.loads(second.to_json())["read"] == 40 + BAD


def test_what_the_index_refuses_in_its_own_process_is_told_in_one_line(
    tmp_path: Path, store: str
) -> None:
    remote = RemoteIndex(f"embedded:{tmp_path / 'index'}")
    remote.begin(Build(model="tiny@1", model_digest="one"))
    with pytest.raises(InputError) as refused:
        remote.begin(Build(model="tiny@2", model_digest="two"))
    remote.close()
    assert type(refused.value) is InputError
    assert "\n" not in str(refused.value)


def test_a_stage_that_fails_ends_the_run_in_one_line_that_names_the_cause(
    tmp_path: Path, store: str
) -> None:
    write_dump(tmp_path / "dump", good_rows(4), lines=())
    with pytest.raises(JobError) as failed:
        index_dump(a_job(tmp_path, store), load=refuse_to_load)
    assert str(failed.value).startswith("the model was loaded; 0 posts were dealt with")
    assert "\n" not in str(failed.value)


def test_no_post_is_lost_or_done_twice_when_a_worker_dies_after_a_commit(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    died = tmp_path / "died"

    def dying(*args: Any, **kwargs: Any) -> AskThatDies:
        ask = AskThatDies(*args, **kwargs)
        ask.died = died
        return ask

    monkeypatch.setattr("indexer.run.Ask", dying)
    write_dump(tmp_path / "dump", good_rows(GOOD))
    job = a_job(tmp_path, store, write=WriteSettings(posts=5), read_rows=10, model_rows=8)
    summary = index_dump(job, load=LastWord)
    assert died.exists()
    assert (summary.indexed + summary.unchanged, summary.dead) == (GOOD, BAD)
    assert open_index(job.index).count() == GOOD


def test_a_run_that_lost_a_table_fails_and_promotes_nothing(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dump(tmp_path / "dump", good_rows(40))
    monkeypatch.setattr("indexer.run.Stream", LossyStream)
    job = a_job(tmp_path, store)
    with pytest.raises(JobError, match="1 of 2 fragments incomplete"):
        index_dump(job, load=LastWord)
    monkeypatch.undo()
    index_dump(job, load=LastWord)
    monkeypatch.setattr("indexer.run.Stream", LossyStream)
    rebuild = a_job(tmp_path, store, model="tiny@2", rebuild=True)
    with pytest.raises(JobError, match="incomplete"):
        index_dump(rebuild, load=LastWord)
    live = open_index(job.index).live()
    assert live is not None
    assert live.model == "tiny@1"


def test_what_came_before_ray_failed_is_committed(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dump(tmp_path / "dump", good_rows(40), lines=())
    monkeypatch.setattr("indexer.run.Stream", StreamThatBreaks)
    job = a_job(tmp_path, store)
    with pytest.raises(JobError, match=r"a node is gone; \d+ posts were dealt with") as failed:
        index_dump(job, load=LastWord)
    # 8 where the last table was the first to come.
    count = open_index(job.index).count()
    assert count in (8, 16)
    assert f" {count} posts" in str(failed.value)


def test_a_run_writes_vectors_that_are_searched_when_it_has_ended(
    tmp_path: Path, store_with_vectors: str
) -> None:
    rows = good_rows(10)
    write_dump(tmp_path / "dump", rows)
    # So no picture fits well enough.
    job = a_job(tmp_path, store_with_vectors, picture_gate=1.0)

    assert index_dump(job).generated == 10
    assert len(list(tmp_path.glob("index/000001/vectors/*.arrow"))) == 2
    reader = open_index(job.index).reader
    assert reader.dimensions() == 8
    assert len(reader.nearest([1.0] * 8, Modality.TEXT, Query(), 100)) == 10
    hits = reader.search(Query(limit=10)).hits
    assert {hit.picture_dropped for hit in hits if hit.has_picture} == {True}
    assert {hit.picture_dropped for hit in hits if not hit.has_picture} <= {False}
