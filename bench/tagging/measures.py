"""The measures of tagging, each taken in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from bench.tagging.sample import write_sample
from model_store.picture_size import picture_size
from model_store.store import Store
from posts.picture_size import PictureSize
from posts.pictures import decode_picture
from trainer.training_set import Example

POSTS = 64
THREADS = 2


def measure_tagging(store: str, model: str, examples: Sequence[Example]) -> dict[str, Any]:
    """`memory_mb`, `posts_per_second` and `time_shares` of tagging some posts."""
    with tempfile.TemporaryDirectory() as temporary:
        size = picture_size(Store(store).fetch(model))
        pictures = [_picture(example, size) for example in examples]
        write_sample(Path(temporary), ([example.text for example in examples], pictures))

        def measured(measure: str) -> Any:
            run = subprocess.run(
                [
                    *(sys.executable, "-m", "bench.tagging", measure),
                    *("--store", store, "--model", model),
                    *("--sample", temporary, "--threads", str(THREADS)),
                ],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            return json.loads(run.stdout.splitlines()[-1])

        return {
            "memory_mb": measured("memory"),
            "posts_per_second": measured("speed"),
            "time_shares": measured("shares"),
        }


def _picture(example: Example, size: PictureSize) -> Image.Image | None:
    if example.image is None:
        return None
    return decode_picture(example.image, size=size)


def megabytes(*folders: Path) -> float:
    """What the files below some folders take."""
    files = (file for folder in folders for file in folder.rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in files) / 1e6
