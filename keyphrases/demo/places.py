"""Where the demo puts things: all below one folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PicturePlaces:
    """Of pictures that are indexed."""

    root: Path
    name: str

    @property
    def dump(self) -> Path:
        """Of pictures that were no dump before."""
        return self.root / f"{self.name}-dump"

    @property
    def index_folder(self) -> Path:
        return self.root / f"{self.name}-index"

    @property
    def index(self) -> str:
        return f"embedded:{self.index_folder}"

    @property
    def page(self) -> Path:
        return self.root / f"{self.name}.html"

    def clear(self) -> None:
        """Removes what a demo made of these pictures, and nothing else."""
        for folder in (self.dump, self.index_folder, *_beside(self.index_folder)):
            shutil.rmtree(folder, ignore_errors=True)
        self.page.unlink(missing_ok=True)


@dataclass(frozen=True)
class Places:
    """Of a whole demo."""

    root: Path

    @property
    def pictures(self) -> PicturePlaces:
        """Of the pictures that come with the package."""
        return PicturePlaces(self.root, "pictures")

    @property
    def own_pictures(self) -> PicturePlaces:
        """Of the user's."""
        return PicturePlaces(self.root, "own-pictures")

    @property
    def dump(self) -> Path:
        """The drawn posts."""
        return self.root / "dump"

    @property
    def store(self) -> Path:
        return self.root / "store"

    @property
    def index_folder(self) -> Path:
        return self.root / "index"

    @property
    def index(self) -> str:
        return f"embedded:{self.index_folder}"

    @property
    def scores(self) -> Path:
        return self.root / "scores.json"

    @property
    def evaluation(self) -> Path:
        """Of files that are needed while the model is measured."""
        return self.root / "evaluation"

    def split(self, name: str) -> str:
        return str(self.dump / f"{name}.jsonl")

    def clear(self) -> None:
        """Removes what a demo made, and nothing else that may lie in the folder."""
        self.pictures.clear()
        self.own_pictures.clear()
        beside = _beside(self.index_folder)
        for folder in (self.dump, self.store, self.index_folder, *beside, self.evaluation):
            shutil.rmtree(folder, ignore_errors=True)
        self.scores.unlink(missing_ok=True)


def _beside(index_folder: Path) -> list[Path]:
    """Where runs put dead letters and reports."""
    return [Path(f"{index_folder}-{what}") for what in ("dead-letters", "reports")]
