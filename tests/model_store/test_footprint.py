"""How much memory a model needs is told without loading it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from model_store.base import load_base
from model_store.bundle import save_bundle
from model_store.card import BaseIdentity
from model_store.footprint import FACTOR, IMPORTS, base_folder, footprint
from model_store.generation import INT8, GenerationSettings
from model_store.lora import LoraSettings, attach_lora
from tests.tiny_models import tiny_base


def bundles(folder: Path) -> tuple[int, Path, Path]:
    """Parameters of a base, and bundles on it: one plain, one int8."""
    base = load_base(str(tiny_base("llava", folder / "bases")))
    parameters = base.model.num_parameters()
    attach_lora(base.model, base.family, LoraSettings(r=4, alpha=8))
    made = []
    for name, settings in (
        ("plain", GenerationSettings()),
        ("int8", GenerationSettings(quantization=INT8)),
    ):
        none: dict[str, str] = {}
        save_bundle(
            folder / name, base, generation=settings, training=none, metrics=none, data=none
        )
        made.append(folder / name)
    return parameters, made[0], made[1]


def test_weights_count_in_the_precision_in_which_they_are_held(tmp_path: Path) -> None:
    parameters, plain, int8 = bundles(tmp_path)
    on_cpu, on_gpu = footprint(plain, on_gpu=False), footprint(plain, on_gpu=True)
    assert on_cpu == pytest.approx(IMPORTS + FACTOR * 4 * parameters, abs=2)
    assert on_gpu == pytest.approx(IMPORTS + FACTOR * 2 * parameters, abs=2)
    small = footprint(int8, on_gpu=False)
    assert small is not None
    assert IMPORTS + FACTOR * parameters < small < IMPORTS + FACTOR * 2 * parameters


def test_a_base_that_is_not_on_this_machine_is_neither_fetched_nor_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    unknown = BaseIdentity(name="pocket", revision="", sha256="0")
    assert base_folder(unknown) is None
    assert base_folder(replace(unknown, name="nobody/has-this")) is None
    assert base_folder(replace(unknown, name=str(tmp_path / "gone"))) is None
    assert list(tmp_path.iterdir()) == []
    assert base_folder(replace(unknown, name="small")) is not None


def test_files_that_are_no_weights_are_for_whoever_loads_them_to_tell(tmp_path: Path) -> None:
    _, plain, _ = bundles(tmp_path)
    (file,) = (tmp_path / "bases").rglob("*.safetensors")
    for content in (b"", b"\xff" * 9, b"\x02" + bytes(7) + b"[]"):
        file.write_bytes(content)
        assert footprint(plain, on_gpu=False) is None


def test_it_does_without_torch() -> None:
    code = "import sys, model_store.footprint; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
