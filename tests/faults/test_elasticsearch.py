"""Elasticsearch goes away and comes back, or is too busy, while a run writes to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.job import IndexJob
from indexer.run import index_dump
from indexer.writing.writer import WriteSettings
from tests.faults.accounting import assert_accounted_for
from tests.faults.runs import Start, committed
from tests.faults.some_posts import some_posts
from tests.indexer.stand_in import LastWord
from tests.keyphrases.processes import wait_until
from tests.servers.bulk_refusals import BulkRefusals
from tests.servers.elastic_proxy import elastic_proxy
from tests.servers.elasticsearch_process import ElasticsearchProcess

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_a_run_outlives_a_restart_of_elasticsearch(
    own_elasticsearch: ElasticsearchProcess, store: str, start_run: Start, tmp_path: Path
) -> None:
    posts = some_posts(tmp_path / "dump", 600, padding=50_000)
    location = f"{own_elasticsearch.url}/posts"
    run = start_run(
        *("index", posts.folder, "--index", location, "--store", store, "--model", "tiny@1")
    )
    # More than one bulk request brings: the first is confirmed, or the server might lose it.
    wait_until(lambda: committed(location) > 150, run)
    assert committed(location) < len(posts.texts), "it will miss nothing"
    own_elasticsearch.kill()
    assert run.poll() is None
    own_elasticsearch.start()
    own_elasticsearch.wait()

    output, errors = run.communicate(timeout=300)
    assert run.returncode == 0, errors
    summary = assert_accounted_for(posts, location, output)
    assert summary["generated"] == len(posts.texts)


@pytest.mark.usefixtures("ray_session")
def test_nothing_is_lost_where_a_third_of_the_writes_is_refused_for_a_while(
    elastic_location: str, store: str, tmp_path: Path
) -> None:
    posts = some_posts(tmp_path / "dump", 300)
    url, _, name = elastic_location.rpartition("/")
    refusals = BulkRefusals()
    with elastic_proxy(url, refusals) as busy:
        job = IndexJob(
            dump=str(posts.folder),
            index=f"{busy}/{name}",
            store=store,
            model="tiny@1",
            actors=1,
            model_rows=16,
            read_rows=32,
            write=WriteSettings(posts=30),
        )
        summary = index_dump(job, load=LastWord)
    assert len(refusals.seen) == len(posts)
    assert len(refusals.items) == len(posts) // 3
    assert set(refusals.items.values()) == {2}
    assert refusals.requests[429] > 0
    assert refusals.requests[503] > 0
    assert_accounted_for(posts, elastic_location, summary)
