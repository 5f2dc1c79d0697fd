"""What would fail at the end of a night is found before it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.job import IndexJob
from indexer.preflight.dimensions import dimensions_of
from indexer.preflight.preflight import preflight
from model_store.shipped import SHIPPED_MODEL, SHIPPED_STORE
from model_store.store import Store
from posts.errors import InputError
from posts.ocr import ocr_version
from tests.indexer.dumps import good_rows, write_dump
from tests.servers.s3 import S3Server


def a_job(tmp_path: Path, store: str, dead_letters: str | None) -> IndexJob:
    dump = write_dump(tmp_path / "dump", good_rows(2), lines=())
    return IndexJob(
        dump=str(dump),
        index=f"embedded:{tmp_path / 'index'}",
        store=store,
        model="tiny@1",
        dead_letters=dead_letters,
    )


def test_dead_letters_that_cannot_be_written_are_refused(tmp_path: Path, store: str) -> None:
    (tmp_path / "file").write_text("taken")
    for nowhere in ("/proc/nope", str(tmp_path / "file")):
        with pytest.raises(InputError, match="dead letters cannot be written to"):
            preflight(a_job(tmp_path, store, nowhere), "run")


def test_a_report_that_cannot_be_written_is_refused(tmp_path: Path, store: str) -> None:
    job = replace(a_job(tmp_path, store, str(tmp_path / "dead")), report="/proc/nope")
    with pytest.raises(InputError, match=r"report cannot be written to /proc/nope.*--report"):
        preflight(job, "run")


def test_ocr_without_its_package_is_refused_before_anything_is_begun(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = replace(a_job(tmp_path, store, str(tmp_path / "dead")), ocr=True)
    assert preflight(job, "run").hasher.ocr == ocr_version()
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)
    with pytest.raises(InputError, match="OCR needs packages"):
        preflight(job, "run")
    assert not (tmp_path / "dead").exists()


def test_a_place_that_can_be_written_is_left_as_it_was(
    tmp_path: Path, store: str, s3: S3Server
) -> None:
    bucket = s3.bucket()
    for place in (str(tmp_path / "dead" / "letters"), f"s3://{bucket}/dead"):
        preflight(replace(a_job(tmp_path, store, place), report=place), "run")
    assert [path.name for path in tmp_path.iterdir()] == ["dump"]
    assert "Contents" not in s3.client.list_objects_v2(Bucket=bucket)


def test_dead_letters_and_reports_lie_beside_an_index_in_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    job = IndexJob(dump="d", index="embedded:~/night/", store="s", model="m")
    assert job.dead_letters_folder == str(tmp_path / "night-dead-letters")
    assert job.report_folder == str(tmp_path / "night-reports")


def test_a_model_whose_base_has_gone_is_refused(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = a_job(tmp_path, store, None)
    monkeypatch.setattr("indexer.preflight.preflight.base_folder", lambda base: None)
    with pytest.raises(InputError, match="the base of tiny@1 is not in /"):
        preflight(job, "run")
    # On a cluster the machines with the actors may have it.
    monkeypatch.setenv("RAY_ADDRESS", "auto")
    preflight(job, "run")


def test_the_model_that_ships_has_vectors() -> None:
    shipped = Store(SHIPPED_STORE)
    card = shipped.resolve(SHIPPED_MODEL).card
    assert dimensions_of(shipped.fetch(SHIPPED_MODEL), card) == 128
