"""The benchmark of the model that ships, on tiny models and drawn posts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import pocket
from bench.pocket import alone, baselines, features, scores
from bench.tagging.measures import measure_tagging, megabytes
from model_store.base import Base, load_base
from model_store.generation import GenerationSettings
from model_store.keyphraser import Keyphraser
from model_store.store import Store
from posts.drawn import drawn_posts
from tests.model_store.conftest import save, train_a_little
from tests.tiny_models import POCKET, tiny_base
from tests.trainer.examples import drawn_dump, mixed_posts, training_set
from trainer.metrics import Case
from trainer.training_set import Example, TrainingSet


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return load_base(str(tiny_base(POCKET, tmp_path / "bases")))


@pytest.fixture
def posts(tmp_path: Path) -> TrainingSet:
    return training_set(tmp_path, mixed_posts(12))


def rows(posts: TrainingSet) -> list[Example]:
    return [posts[row] for row in range(len(posts))]


def test_scores_are_fractions_with_their_intervals_beside_them() -> None:
    found = scores(
        [
            Case(id="1", text="a", gold=["red cat"], predicted=["red cat"]),
            Case(id="2", text="b", gold=["dog"], predicted=["cat"]),
        ]
    )
    for definition in ("cmkp", "aimkp"):
        assert {"f1@1", "f1@3", "map@5"} <= found[definition].keys()
        assert found[definition]["f1@1"] == 0.5
        assert found[definition]["f1@1_interval"] == [0.0, 1.0]
    json.dumps(found)


def test_all_baselines_predict_for_every_post_and_know_their_own(
    base: Base, posts: TrainingSet
) -> None:
    asked = rows(posts)
    found = dict(baselines(base, asked, asked))
    assert list(found) == [
        "most frequent",
        "nearest neighbour, text",
        "nearest neighbour, picture",
        "nearest neighbour, both",
        "10 nearest neighbours, picture",
        "10 nearest neighbours, both",
    ]
    assert {len(cases) for cases in found.values()} == {len(asked)}
    # A post asked for among those that are known is most like itself.
    for name, shown in (("text", "text"), ("picture", "image"), ("both", "image")):
        for case, example in zip(found[f"nearest neighbour, {name}"], asked, strict=True):
            if getattr(example, shown):
                assert list(case.predicted) == list(example.keyphrases)


def test_a_post_without_a_picture_has_no_features(base: Base, posts: TrainingSet) -> None:
    found = features(base, rows(posts))
    assert found.shape == (len(posts), base.model.config.vision_config.hidden_size)
    assert found.any(1).tolist() == [one.image is not None for one in rows(posts)]


def test_parts_are_shown_alone(base: Base, posts: TrainingSet) -> None:
    settings = GenerationSettings(beams=2, max_new_tokens=4)
    keyphraser = Keyphraser(base.model, base.processor, base.family, settings)
    found = alone(keyphraser, posts)
    assert found.keys() == {
        *("image_only", "image_only_interval"),
        *("text_only", "text_only_interval"),
    }
    assert isinstance(found["image_only"], float)
    assert len(found["text_only_interval"]) == 2


def test_tagging_is_measured_in_fresh_processes(base: Base, tmp_path: Path) -> None:
    train_a_little(base)
    Store(str(tmp_path / "store")).publish("tagger", save(base, tmp_path / "bundle"))
    examples = [
        Example(id=one.id, text=one.text, image=one.image, keyphrases=("x",))
        for one in drawn_posts("test", 10)
    ]
    found = measure_tagging(str(tmp_path / "store"), "tagger", examples)
    assert found.keys() == {"memory_mb", "posts_per_second", "time_shares"}
    assert 100 < found["memory_mb"] < 2000
    assert found["posts_per_second"] > 0
    shares = found["time_shares"]
    assert shares.keys() == {"tower", "prompt", "beams", "scoring", "encoding"}
    assert all(share > 0 for share in shares.values())
    assert sum(shares.values()) == pytest.approx(1)


def test_megabytes_are_those_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "one").write_bytes(bytes(1_000_000))
    (tmp_path / "a" / "b" / "two").write_bytes(bytes(500_000))
    assert megabytes(tmp_path / "a", tmp_path / "a" / "b") == 2.0


def test_without_its_data_it_says_so_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pocket, "DATA", tmp_path / "nowhere")
    monkeypatch.setattr(sys, "argv", ["pocket"])
    with pytest.raises(SystemExit) as ended:
        pocket.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_measured_process_imports_neither_trainer_nor_indexer() -> None:
    code = "import sys, bench.tagging.__main__; print({'trainer', 'indexer'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_the_result_has_every_model_and_measure(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    for split in ("train", "valid"):
        drawn_dump(tmp_path / "data", 6, split)
    train_a_little(base)
    Store(str(tmp_path / "store")).publish("tagger", save(base, tmp_path / "bundle"))
    base_folder = Path(base.identity.name)
    monkeypatch.setattr(pocket, "DATA", tmp_path / "data")
    monkeypatch.setattr(pocket, "POCKET", str(base_folder))
    monkeypatch.setattr(pocket, "pocket_folder", lambda: base_folder)
    found = pocket.measure(str(tmp_path / "store"), "tagger", {"other": tmp_path / "bundle"})

    assert {"models", "image_only", "text_only", "memory_mb", "posts_per_second"} <= found.keys()
    assert {"disk_mb", "time_shares", "image_only_interval"} <= found.keys()
    assert "pocket" in found["models"]
    assert "untrained" in found["models"]
    assert found["models"]["other"] == found["models"]["pocket"]
    assert found["disk_mb"] == megabytes(base_folder, tmp_path / "bundle")
    json.dumps(found)
