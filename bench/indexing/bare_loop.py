"""A bare loop over tables that are ready: as fast as a model can be asked.

python -m bench.indexing.bare_loop DUMP STORE MODEL      prints posts a second
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import torch
from PIL import Image

from indexer.job import IndexJob
from model_store.keyphraser import Keyphraser
from model_store.picture_size import picture_size
from model_store.store import Store
from posts.dump import Dump
from posts.pictures import decode_picture


def bare_rate(dump: Path, store: Path, model: str) -> float:
    """Posts a second, in a process of its own, on one thread."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.indexing.bare_loop", str(dump), str(store), model],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    """Asks for all posts of the dump; the first table is not counted."""
    dump, store, model = sys.argv[1:]
    torch.set_num_threads(1)
    bundle = Store(store).fetch(model)
    keyphraser, size = Keyphraser.load(bundle, device="cpu"), picture_size(bundle)
    source = Dump.open(dump)
    posts = list(source.posts())
    pictures: list[Image.Image | None] = [
        decode_picture(source.picture(post), size=size) if post.has_picture else None
        for post in posts
    ]
    rows = IndexJob(dump=dump, index="embedded:none", store=store, model=model).model_rows
    begun = 0.0
    for start in range(0, len(posts), rows):
        if start == rows:
            begun = time.perf_counter()
        table = slice(start, start + rows)
        keyphraser([post.text for post in posts[table]], pictures[table])
    print((len(posts) - rows) / (time.perf_counter() - begun))


if __name__ == "__main__":
    main()
