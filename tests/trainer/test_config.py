"""Settings of a run."""

from pathlib import Path

import pytest

from posts.errors import InputError
from trainer.config import TrainConfig
from trainer.configs import SHIPPED, find_config


def write(folder: Path, text: str) -> Path:
    (folder / "c.yaml").write_text(text)
    return folder / "c.yaml"


def test_yaml_settings_are_taken_and_overridden(tmp_path: Path) -> None:
    path = write(tmp_path, "epochs: 2\nlora_dropout: 0\n")
    config = TrainConfig.from_yaml(path, epochs=5)
    assert (config.epochs, config.lora_dropout) == (5, 0)


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert TrainConfig.from_yaml(write(tmp_path, "")) == TrainConfig()


def test_an_unknown_key_is_refused_and_the_nearest_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown key 'epoch', the nearest valid one is 'epochs'"):
        TrainConfig.from_yaml(write(tmp_path, "epoch: 2"))


@pytest.mark.parametrize("name", SHIPPED)
def test_settings_that_ship_are_valid(name: str) -> None:
    assert TrainConfig.from_yaml(find_config(name)).method == "aimkp"


def test_a_name_that_does_not_ship_is_a_path() -> None:
    assert find_config("mine.yaml") == Path("mine.yaml")


def test_shares_of_posts_with_one_part_alone_cannot_exceed_all_posts() -> None:
    assert TrainConfig(picture_only=0.5, text_only=0.5).text_only == 0.5
    with pytest.raises(InputError, match="together at most 1"):
        TrainConfig(picture_only=0.6, text_only=0.5)


@pytest.mark.parametrize("setting", [{"projector_warm_up": 1}, {"vision_dropout": 0.5}])
def test_what_needs_cached_features_says_so(setting: dict[str, float]) -> None:
    assert TrainConfig(**setting, cache_vision=True).cache_vision  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"needs cache_vision: true"):
        TrainConfig(**setting)  # type: ignore[arg-type]


def test_the_published_settings_are_the_defaults_but_for_what_a_machine_decides() -> None:
    """And but for the published code's freezing of strides, which the paper's text does not do."""
    published = TrainConfig.from_yaml(find_config("llava-1.5-7b"))
    own = {"micro_batch_size", "gradient_checkpointing", "precision", "validation_posts"}
    own |= {"stride_after_failure", "max_text_tokens"}
    differing = {k for k, v in published.to_json().items() if v != TrainConfig().to_json()[k]}
    assert differing <= own


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- 1", "must hold keys and values"),
        ("a: [", "is not YAML"),
        ("lora_learning_rate: 2e-4", "write 2.0e-4"),
        ("epochs: 1.5", "epochs must be a whole number"),
        ("epochs: true", "epochs must be a whole number"),
        ("weight_decay: .nan", "weight_decay must be a number"),
        ("gradient_checkpointing: 1", "gradient_checkpointing must be true or false"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        TrainConfig.from_yaml(write(tmp_path, text))


@pytest.mark.parametrize(
    "setting",
    [
        {"method": "magic"},
        {"precision": "fp8"},
        {"joint_objective": "max"},
        {"stride_after_failure": "stop"},
        {"tau_image": 1.5},
        {"tau_text": -1.1},
        {"largest_text_stride": -1},
        {"epochs": 0},
        {"micro_batch_size": 0},
        {"projector_learning_rate": 0.0},
        {"weight_decay": -1.0},
        {"warmup_ratio": 1.0},
        {"lora_dropout": 1.0},
        {"alignment": "on"},
        {"beta": -0.1},
        {"alignment_temperature": 0.0},
        {"alignment_weight_temperature": -1.0},
        {"alignment_queue": -1},
        {"alignment_dimensions": 0},
        {"alignment_learning_rate": 0.0},
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(setting: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(iter(setting))):
        TrainConfig(**setting)  # type: ignore[arg-type]  # wrong on purpose


def test_the_shipped_settings_are_valid() -> None:
    folder = Path(__file__).parents[2] / "trainer" / "configs"
    for path in sorted(folder.glob("*.yaml")):
        TrainConfig.from_yaml(path)
