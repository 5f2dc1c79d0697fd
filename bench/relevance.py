"""What the keyphrases of the model that ships are worth to search, beside texts alone.

    python -m bench.relevance                # bench/results/relevance.json; half an hour
    python -m bench.relevance --posts 60     # of fewer posts, to see that it works

Needs the openclipart and CMKP validation posts in ../shared/data, and says so where they are not.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.result import write_result
from bench.searching.meaning import Embed, measure_meaning
from indexer.index.location import open_index
from indexer.search.relevance.evaluation import evaluate_search
from indexer.search.relevance.judgements import read_judgements
from model_store.keyphraser import Keyphraser
from model_store.shipped import SHIPPED_MODEL, SHIPPED_STORE
from model_store.store import Store
from posts.dump import Dump
from posts.errors import InputError
from posts.post import Post
from posts.writing import write_parquet

DATA = Path(__file__).parents[1] / "../shared/data"
DATA_SETS = {"openclipart": "openclipart/valid.parquet", "cmkp": "cmkp/valid.jsonl.gz"}
POSTS = 1_500
QUERIES = 1_500
SEED = 0
_METHOD = (
    "Validation posts of openclipart (a title or description, a picture) and of CMKP (a text; its "
    f"pictures are not at hand), at most {{posts:,}} of each, drawn with seed {SEED}, indexed by "
    "`keyphrases index` with the model that ships, which has learnt from other posts of "
    "openclipart and from none of CMKP; then `keyphrases evaluate-search`. A query is a gold "
    "keyphrase, asked as words, at most {queries:,} of them, drawn with the same seed; relevant "
    "are the posts that have it as gold. Measures are means over queries, with 95% bootstrap "
    "intervals over queries; difference: both less text only, of the same queries. text_only, "
    "keyphrases_only and both are of the index as it is; thresholds: as if no keyphrase that "
    "scores less had ever been indexed. hybrid: both, with the posts nearest in meaning (see "
    "indexer/search/hybrid.py); hybrid_difference: that less both, asked of the same index."
)


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=POSTS, help="of each data set, at most")
    parser.add_argument("--queries", type=int, default=QUERIES, help="of each data set, at most")
    arguments = parser.parse_args()
    for path in (DATA / name for name in DATA_SETS.values()):
        if not path.is_file():
            parser.exit(
                2, f"{path} is not there, and without its posts there is nothing to measure\n"
            )
    measured = {}
    embed = shipped_embed()
    try:
        for name, place in DATA_SETS.items():
            measured[name] = measure(DATA / place, arguments.posts, arguments.queries, embed)
            print(name, {way: measured[name][way] for way in ("text_only", "both", "hybrid")})
    except InputError as error:
        parser.exit(2, f"{error}\n")
    method = _METHOD.format(posts=arguments.posts, queries=arguments.queries)
    print(write_result("relevance", method, measured))


def measure(data: Path, posts: int, queries: int, embed: Embed) -> dict[str, Any]:
    """What `keyphrases evaluate-search --json` tells of some of the posts, and how long it took to
    index them."""
    with tempfile.TemporaryDirectory() as temporary:
        dump = Path(temporary) / "posts.parquet"
        write_parquet(draw(data, posts), dump)
        location = f"embedded:{Path(temporary) / 'index'}"
        told = index_posts(dump, location)
        index = open_index(location)
        try:
            report = evaluate_search(str(dump), index, queries=queries, seed=SEED)
            judgements = read_judgements(str(dump), _silent).drawn(queries, SEED)
            meaning = measure_meaning(index.reader, embed, judgements, SEED)
        finally:
            index.close()
    found = {
        name: value for name, value in report.to_json().items() if name not in ("dump", "index")
    }
    return (
        found
        | meaning
        | {"indexed": {name: told[name] for name in ("generated", "dead", "seconds")}}
    )


def shipped_embed() -> Embed:
    """What makes vectors of queries, as searches by meaning do."""
    return Keyphraser.load(Store(SHIPPED_STORE).fetch(SHIPPED_MODEL), device="cpu").embed_text


def draw(data: Path, count: int) -> list[Post]:
    """At most so many posts that are whole and have gold keyphrases, in the order of the data.

    Nothing but text, picture and gold is kept: no other field shall help.
    """
    whole = [post for post in Dump.open(data).posts() if post.error is None and post.keyphrases]
    rows = sorted(random.Random(SEED).sample(range(len(whole)), min(count, len(whole))))
    return [
        Post(id=post.id, text=post.text, image=post.image, keyphrases=post.keyphrases)
        for post in map(whole.__getitem__, rows)
    ]


def index_posts(dump: Path, location: str) -> dict[str, Any]:
    """Indexes a dump with the model that ships, as a shell would; the last line that it printed."""
    run = subprocess.run(
        [sys.executable, "-m", "keyphrases", "index", str(dump), "--index", location],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"indexing ended with {run.returncode}")
    told: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return told


def _silent(_doing: str, _done: int, _total: int | None) -> None:
    """Progress that nobody watches."""


if __name__ == "__main__":
    main()
