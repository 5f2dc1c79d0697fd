"""The part of the demo that trains: drawn posts, a model of one's own, its scores, its index."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import orjson

from indexer.index.location import open_index
from indexer.job import IndexJob
from indexer.search.answer import query_of
from keyphrases.commands.evaluate import evaluate_scenarios
from keyphrases.commands.index import run_indexing
from keyphrases.commands.search import show_results
from keyphrases.commands.train import run_training
from keyphrases.console import out, table
from keyphrases.demo.places import Places
from keyphrases.demo.steps import Place, Steps, search_arguments, serve_arguments, show_command
from model_store.base import load_base
from model_store.base_names import SMALL
from model_store.generation import GenerationSettings
from model_store.keyphraser import Keyphraser
from model_store.store import ModelVersion, Store
from posts.drawn import write_sample_dump
from trainer.baselines import most_frequent, nearest_neighbour
from trainer.config import TrainConfig
from trainer.configs import SMALL_CONFIG
from trainer.metrics import score
from trainer.run import TrainJob
from trainer.training_set import TrainingSet

_NAME = "demo"
_SHARES = {"valid": 0.05, "test": 0.15}
_SCORES = ("f1@1", "f1@3", "map@5")


class TrainingPart:
    """A number of posts to draw, and where what is made of them goes."""

    def __init__(self, places: Places, posts: int) -> None:
        self._places = places
        self._posts = posts

    def show(self, steps: Steps) -> None:
        """Draws, trains, measures, indexes and searches."""
        steps.begin(f"Draw a sample dump of {self._posts:,} posts, to show training")
        self._draw()
        steps.begin("Fine-tune the small base that ships, through Ray Train")
        version = self._train()
        steps.begin("Measure it on posts that it has not seen")
        self._evaluate(version)
        steps.begin("Index the dump, through Ray Data, into the embedded index")
        self._index(version)
        steps.begin("Search")
        self._search()

    @property
    def made(self) -> Sequence[Place]:
        """See `Part`."""
        return [
            ("drawn posts and pictures", self._places.dump),
            ("model trained on them", self._places.store / _NAME),
            ("its index", self._places.index_folder),
            ("its scores, both definitions", self._places.scores),
        ]

    @property
    def search(self) -> str:
        """See `Part`."""
        return search_arguments("yellow umbrella", self._places.index, "--facets")

    @property
    def page(self) -> str:
        """See `Part`."""
        return serve_arguments(self._places.index, self._places.dump)

    def _draw(self) -> None:
        counts = {name: round(share * self._posts) for name, share in _SHARES.items()}
        counts = {"train": self._posts - sum(counts.values()), **counts}
        write_sample_dump(self._places.dump, counts)
        with Path(self._places.split("train")).open(encoding="utf-8") as lines:
            first = orjson.loads(lines.readline())
        out.print(f"A post of it: [bold]{first['text']}[/bold]")
        out.print(f"  its picture: {self._places.dump / first['image_uri']}")
        topic, shown = first["keyphrases"]
        out.print(f"  its keyphrases: {topic} (only in the text), {shown} (only in the picture)")

    def _train(self) -> ModelVersion:
        store = str(self._places.store)
        version = run_training(
            TrainJob(
                data=self._places.split("train"),
                valid=self._places.split("valid"),
                base=SMALL,
                store=store,
                name=_NAME,
                config=TrainConfig.from_yaml(SMALL_CONFIG),
            )
        )
        Store(store).promote(version.name, version.version)
        out.print(f"Published {version} and promoted it to production.")
        return version

    def _evaluate(self, version: ModelVersion) -> None:
        scratch = self._places.evaluation
        train = TrainingSet.build(self._places.split("train"), scratch)
        test = TrainingSet.build(self._places.split("test"), scratch)
        base = load_base(SMALL)
        untrained = Keyphraser(base.model, base.processor, base.family, GenerationSettings())
        tuned = Keyphraser.load(Store(str(self._places.store)).fetch(str(version)))
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
        self._places.scores.write_bytes(orjson.dumps(scores, option=orjson.OPT_INDENT_2))
        rows = [[who, *(of["cmkp"]["all"][name] for name in _SCORES)] for who, of in scores.items()]
        out.print(table(f"{len(asked)} held-out posts, cmkp definition", ["", *_SCORES], rows))

    def _index(self, version: ModelVersion) -> None:
        live = open_index(self._places.index).live()
        summary = run_indexing(
            IndexJob(
                dump=str(self._places.dump),
                index=self._places.index,
                store=str(self._places.store),
                model=str(version),
                # An earlier demo, with other posts or settings, has made another model.
                rebuild=live is not None and live.model_digest != version.card.digest,
            )
        )
        out.print(summary.to_json())

    def _search(self) -> None:
        where = self._places.index
        index = open_index(where)
        show_command("words of the text", search_arguments("jazz concert", where, "--facets"))
        show_results(index.reader.search(query_of("jazz concert", limit=3, facets=True)))
        why = "what only the picture shows: no text has these words"
        show_command(why, search_arguments("red boat", where))
        show_results(index.reader.search(query_of("red boat", limit=3)))
        filtered = search_arguments("market", where, '--phrase "blue fish"')
        show_command("only posts with a keyphrase", filtered)
        show_results(index.reader.search(query_of("market", phrases=["blue fish"], limit=3)))
        index.close()
