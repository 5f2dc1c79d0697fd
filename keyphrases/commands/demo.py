"""`keyphrases demo`: the whole thing at work on sample posts that the program draws itself."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import orjson
from rich.rule import Rule

from indexer.index.location import open_index
from indexer.job import IndexJob
from indexer.search.answer import query_of
from keyphrases.commands.evaluate import evaluate_scenarios
from keyphrases.commands.index import run_indexing
from keyphrases.commands.search import show_results
from keyphrases.commands.train import run_training
from keyphrases.console import out, table
from model_store.base import SMALL, load_base
from model_store.generation import GenerationSettings
from model_store.keyphraser import Keyphraser
from model_store.store import ModelVersion, Store
from posts.drawn import write_sample_dump
from posts.errors import InputError
from trainer.baselines import most_frequent, nearest_neighbour
from trainer.config import TrainConfig
from trainer.configs import SMALL_CONFIG
from trainer.metrics import score
from trainer.run import TrainJob
from trainer.training_set import TrainingSet

NAME = "demo"
_SHARES = {"valid": 0.05, "test": 0.15}
_LEAST_POSTS = 100
_SCORES = ("f1@1", "f1@3", "map@5")


@dataclass(frozen=True)
class Places:
    """Where the demo puts things."""

    root: Path

    @property
    def dump(self) -> Path:
        return self.root / "dump"

    @property
    def store(self) -> Path:
        return self.root / "store"

    @property
    def index(self) -> str:
        return f"embedded:{self.root / 'index'}"

    @property
    def scores(self) -> Path:
        return self.root / "scores.json"

    def clear(self) -> None:
        """Removes what a demo made, and nothing else that may lie in the folder."""
        for name in ("dump", "store", "index", "index-dead-letters", "evaluation"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        self.scores.unlink(missing_ok=True)

    def split(self, name: str) -> str:
        return str(self.dump / f"{name}.jsonl")


@click.command(name="demo")
@click.option(
    "--out",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-output"),
    show_default=True,
    help="Folder for all that the demo makes.",
)
@click.option("--posts", default=2_000, show_default=True, help="Sample posts to draw.")
@click.option("--fresh", is_flag=True, help="Remove what an earlier demo made there first.")
def command(root: Path, posts: int, fresh: bool) -> None:
    """Draw a sample dump, fine-tune the small model on it, index it and search it."""
    if posts < _LEAST_POSTS:
        raise InputError(f"--posts must be at least {_LEAST_POSTS}, or there is nothing to learn")
    places = Places(root)
    if fresh:
        places.clear()
    _draw(places, posts)
    version = _train(places)
    _evaluate(places, version)
    _index(places, version)
    _search(places)
    _say_where(places)


def _draw(places: Places, posts: int) -> None:
    _heading(f"1. Draw a sample dump of {posts:,} posts")
    counts = {name: round(share * posts) for name, share in _SHARES.items()}
    counts = {"train": posts - sum(counts.values()), **counts}
    write_sample_dump(places.dump, counts)
    with Path(places.split("train")).open(encoding="utf-8") as lines:
        first = orjson.loads(lines.readline())
    out.print(f"A post of it: [bold]{first['text']}[/bold]")
    out.print(f"  its picture: {places.dump / first['image_uri']}")
    topic, shown = first["keyphrases"]
    out.print(f"  its keyphrases: {topic} (only in the text), {shown} (only in the picture)")


def _train(places: Places) -> ModelVersion:
    _heading("2. Fine-tune the small base that ships, through Ray Train")
    version = run_training(
        TrainJob(
            data=places.split("train"),
            valid=places.split("valid"),
            base=SMALL,
            store=str(places.store),
            name=NAME,
            config=TrainConfig.from_yaml(SMALL_CONFIG),
        )
    )
    Store(str(places.store)).promote(version.name, version.version)
    out.print(f"Published {version} and promoted it to production.")
    return version


def _evaluate(places: Places, version: ModelVersion) -> None:
    _heading("3. Measure it on posts that it has not seen")
    scratch = places.root / "evaluation"
    train = TrainingSet.build(places.split("train"), scratch)
    test = TrainingSet.build(places.split("test"), scratch)
    base = load_base(SMALL)
    untrained = Keyphraser(base.model, base.processor, base.family, GenerationSettings())
    tuned = Keyphraser.load(Store(str(places.store)).fetch(str(version)))
    known = list(map(train.__getitem__, range(len(train))))
    asked = list(map(test.__getitem__, range(len(test))))
    scores = {
        "most frequent phrases": score(most_frequent(known, asked)),
        "nearest neighbour on the text": score(nearest_neighbour(known, asked)),
        "small base, not fine-tuned": evaluate_scenarios(untrained, test, ["clean"])[0].scores,
    }
    for done in evaluate_scenarios(tuned, test, ["clean", "text-only", "image-only"]):
        scores[f"fine-tuned, {done.scenario}"] = done.scores
    shutil.rmtree(scratch)
    places.scores.write_bytes(orjson.dumps(scores, option=orjson.OPT_INDENT_2))
    rows = [[who, *(of["cmkp"]["all"][name] for name in _SCORES)] for who, of in scores.items()]
    out.print(table(f"{len(asked)} held-out posts, cmkp definition", ["", *_SCORES], rows))


def _index(places: Places, version: ModelVersion) -> None:
    _heading("4. Index the dump, through Ray Data, into the embedded index")
    live = open_index(places.index).live()
    summary = run_indexing(
        IndexJob(
            dump=str(places.dump),
            index=places.index,
            store=str(places.store),
            model=str(version),
            # An earlier demo, with other posts or settings, has made another model.
            rebuild=live is not None and live.model_digest != version.card.digest,
        )
    )
    out.print(summary.to_json())


def _search(places: Places) -> None:
    _heading("5. Search")
    index = open_index(places.index)
    _show("words of the text", 'search "jazz concert" --facets', places)
    show_results(index.search(query_of("jazz concert", limit=3, facets=True)))
    _show("what only the picture shows: no text has these words", 'search "red boat"', places)
    show_results(index.search(query_of("red boat", limit=3)))
    _show("only posts with a keyphrase", 'search "market" --phrase "blue fish"', places)
    show_results(index.search(query_of("market", phrases=["blue fish"], limit=3)))
    index.close()


def _say_where(places: Places) -> None:
    _heading("Where it lies")
    rows: Sequence[tuple[str, object]] = [
        ("posts and pictures", places.dump),
        ("model", places.store / NAME),
        ("index", places.root / "index"),
        ("scores, both definitions", places.scores),
    ]
    for what, where in rows:
        out.print(f"  {what:26}{where}")
    out.print("\nSearch it yourself:")
    out.print(f'  {_program()} search "yellow umbrella" --index {places.index} --facets')


def _program() -> str:
    """What to type for this program: its name, or where it lies if no PATH leads there."""
    name = "keyphrases"
    return name if shutil.which(name) else os.path.relpath(Path(sys.executable).with_name(name))


def _heading(words: str) -> None:
    out.print()
    out.print(Rule(f"[bold]{words}[/bold]", align="left"))


def _show(why: str, arguments: str, places: Places) -> None:
    out.print(f"\n[dim]# {why}[/dim]\n[green]keyphrases {arguments} --index {places.index}[/green]")
