"""Where checkpoints lie."""

from pathlib import Path

import pytest
from pyarrow.fs import FileSelector

from tests.servers.s3 import S3Server
from trainer.training_storage import TrainingStorage


def write(storage: TrainingStorage, name: str) -> None:
    storage.filesystem.create_dir(f"{storage.path}/{name.rpartition('/')[0]}")
    with storage.filesystem.open_output_stream(f"{storage.path}/{name}") as sink:
        sink.write(b"content")


def files(storage: TrainingStorage) -> list[str]:
    selector = FileSelector(storage.path, recursive=True, allow_not_found=True)
    found = storage.filesystem.get_file_info(selector)
    return [info.path.removeprefix(f"{storage.path}/") for info in found if info.is_file]


@pytest.mark.parametrize("place", ["folder", "s3"])
def test_a_run_is_removed_and_its_neighbour_stays(
    place: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store = str(tmp_path)
    if place == "s3":
        server: S3Server = request.getfixturevalue("s3")
        store = f"s3://{server.bucket()}/models/"
    storage = TrainingStorage.beside(store, "tagger")
    write(storage, "run-1/checkpoint-1/state.json")
    write(storage, "run-10/checkpoint-1/state.json")
    storage.remove("run-1")
    storage.remove("run-never-begun")
    assert files(storage) == ["run-10/checkpoint-1/state.json"]
