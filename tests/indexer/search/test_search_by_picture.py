"""From a dump to a search by picture, with a tiny model that has vectors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw

from indexer.job import IndexJob
from indexer.pipeline.model_loader import ModelLoader
from indexer.preflight.preflight import preflight
from indexer.search import Index
from indexer.search.unavailable_error import UnavailableError
from keyphrases.commands.search import command
from posts.errors import InputError
from tests.indexer.stages.night import Night, lines
from tests.sample_pictures import encoded

COLOURS = {"red": (250, 10, 10), "striped": (10, 10, 250), "white": (255, 255, 255)}


def drawn(name: str) -> bytes:
    picture = Image.new("RGB", (64, 64), COLOURS[name])
    if name == "striped":
        for row in range(0, 64, 8):
            ImageDraw.Draw(picture).rectangle((0, row, 64, row + 3), fill="yellow")
    return encoded(picture)


@pytest.fixture(scope="module")
def job(store_with_vectors: str, tmp_path_factory: pytest.TempPathFactory) -> IndexJob:
    """Of an index that is filled."""
    folder = tmp_path_factory.mktemp("by-picture")
    dump = lines(
        folder / "dump",
        [{"id": name, "text": f"a {name} thing", "image_uri": f"{name}.png"} for name in COLOURS]
        + [{"id": "bare", "text": "nothing to see"}],
    )
    for name in COLOURS:
        (dump / f"{name}.png").write_bytes(drawn(name))
    job = IndexJob(
        dump=str(dump),
        index=f"embedded:{folder / 'index'}",
        store=store_with_vectors,
        model="tiny",
        picture_gate=0.0,
    )
    ready = preflight(job, "first")
    assert ready.build.dimensions == 8
    with ready.index.lock("first"):
        ready.index.begin(ready.build)
        load = ModelLoader(store=ready.store, model=str(ready.model), threads=1)
        outcomes = Night(dump, ready.index).go(load)
        assert all(one.vectors is not None for one in outcomes.documents)
        ready.index.refresh()
    ready.index.close()
    return job


def test_a_picture_finds_the_post_that_has_it(job: IndexJob) -> None:
    with Index(job.index, store=job.store) as index:
        for name in COLOURS:
            found = index.search(picture=drawn(name), facets=True)
            assert found.total == 4
            # As near as a picture can be; of texts only that of the post without one counts.
            assert {found.hits[0].id, found.hits[1].id} == {"bare", name}
            assert sum(each.count for each in found.alignments) == 3
        assert index.search("-has:picture", picture=drawn("red")).total == 1
        words = index.search("striped", picture=drawn("striped"))
        assert words.hits[0].id == "striped"
        assert "<mark>striped</mark>" in words.hits[0].highlight
        assert index.search("striped", hybrid=True).total == 4
        assert index.search("", hybrid=True).total == 4
        assert index.search("striped").total == 1


def test_the_command_line_searches_by_picture(job: IndexJob, tmp_path: Path) -> None:
    image = tmp_path / "asked.png"
    image.write_bytes(drawn("red"))
    ran = CliRunner().invoke(
        command,
        ["red", "--index", job.index, "--store", job.store, "--image", str(image), "--json"],
        catch_exceptions=False,
    )
    answer = json.loads(ran.stdout)
    assert answer["hits"][0]["id"] == "red"
    assert 0 <= answer["hits"][0]["alignment"] <= 1
    image.write_bytes(b"no picture")
    with pytest.raises(InputError, match="cannot be searched by: broken picture"):
        CliRunner().invoke(
            command,
            ["--index", job.index, "--store", job.store, "--image", str(image)],
            catch_exceptions=False,
        )


def test_without_the_index_s_model_nothing_is_searched_by_picture(
    job: IndexJob, store: str
) -> None:
    with Index(job.index) as index:
        with pytest.raises(UnavailableError, match="say with --store where it lies"):
            index.search(picture=drawn("red"))
        assert index.search("red").total == 1
    with (
        Index(job.index, store=store) as index,
        pytest.raises(UnavailableError, match="of this store is another"),
    ):
        index.search(picture=drawn("red"))


def test_a_model_that_is_loaded_answers_whatever_becomes_of_its_store(
    job: IndexJob, tmp_path: Path
) -> None:
    place = tmp_path / "store"
    shutil.copytree(job.store, place)
    with Index(job.index, store=str(place)) as index:
        found = index.search(picture=drawn("red"))
        # As when another version is promoted there, or S3 cannot be reached.
        shutil.rmtree(place)
        assert [hit.id for hit in index.search(picture=drawn("red")).hits] == [
            hit.id for hit in found.hits
        ]
        index.check_vectors()


def test_an_index_without_vectors_is_searched_and_says_that_it_has_none(
    job: IndexJob, store: str, tmp_path: Path
) -> None:
    old = IndexJob(dump=job.dump, index=f"embedded:{tmp_path / 'index'}", store=store, model="tiny")
    ready = preflight(old, "first")
    assert ready.build.dimensions == 0
    with ready.index.lock("first"):
        ready.index.begin(ready.build)
        Night(Path(job.dump), ready.index).go()
    with Index(old.index, store=store) as index:
        assert index.search("red").total == 1
        for asked in ({"picture": drawn("red")}, {"hybrid": True}):
            with pytest.raises(InputError, match=r"the index has no vectors.*--rebuild"):
                index.search("red", **asked)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="--picture-gate needs to know"):
        preflight(
            IndexJob(dump=job.dump, index=old.index, store=store, model="tiny", picture_gate=0.5),
            "second",
        )
