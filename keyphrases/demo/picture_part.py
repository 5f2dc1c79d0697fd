"""The part of the demo with real pictures: index them, look at them, search them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.markup import escape

from indexer.index.location import open_index
from indexer.index.query import Hit
from indexer.job import IndexJob
from indexer.search.answer import MOST_HITS, query_of
from indexer.search.tokens import as_words
from indexer.writing.dead_letters import read_dead_letters
from keyphrases.chosen_model import ChosenModel
from keyphrases.commands.index import run_indexing
from keyphrases.commands.search import show_results
from keyphrases.console import err, out
from keyphrases.demo.places import PicturePlaces
from keyphrases.demo.seen_phrases import seen_phrases
from keyphrases.demo.steps import Place, Steps, search_arguments, serve_arguments, show_command
from model_store.store import ModelVersion
from posts.dump import Dump
from posts.errors import JobError
from posts.picture_size import PictureSize
from posts.pictures import decode_picture
from trainer.report.contact_sheet import SIDE, Card, draw_contact_sheet

_SHOWN = 6
_SEARCHES = 3


class PicturePart:
    """Pictures, where what is made of them goes, and the model that tags them."""

    def __init__(
        self,
        dump: Path,
        what: str,
        places: PicturePlaces,
        chosen: ChosenModel,
        version: ModelVersion,
    ) -> None:
        """`what` names the pictures for people; `version` is what `chosen` means."""
        self._dump = str(dump)
        self._what = what
        self._places = places
        self._chosen = chosen
        self._version = version
        self._phrases: list[str] = []

    def show(self, steps: Steps) -> None:
        """Raises JobError if no picture could be indexed."""
        steps.begin(f"Index {self._what}")
        out.print(f"Model: {self._version}")
        self._index()
        index = open_index(self._places.index)
        hits = index.reader.search(query_of("", limit=MOST_HITS)).hits
        cards = list(_cards(Dump.open(self._dump), hits))
        if not cards:
            raise JobError(f"{self._what} could not be indexed, none of them")
        steps.begin("Look at what it says of them")
        self._look(cards)
        steps.begin("Search for what stands in no text and was only seen")
        self._phrases = list(map(as_words, seen_phrases(hits, _SEARCHES)))
        for phrase in self._phrases:
            show_command("no text has it", search_arguments(phrase, self._places.index))
            show_results(index.reader.search(query_of(phrase, limit=3)))
        if not self._phrases:
            out.print("Every word that the model gave stands in one of the texts, too.")
        index.close()

    @property
    def made(self) -> Sequence[Place]:
        """See `Part`."""
        return [
            ("pictures with keyphrases", self._places.page),
            ("index of the pictures", self._places.index_folder),
        ]

    @property
    def search(self) -> str:
        """See `Part`."""
        words = self._phrases[0] if self._phrases else ""
        return search_arguments(words, self._places.index, "--facets")

    @property
    def page(self) -> str:
        """See `Part`."""
        return serve_arguments(self._places.index, self._dump)

    def _index(self) -> None:
        live = open_index(self._places.index).live()
        summary = run_indexing(
            IndexJob(
                dump=self._dump,
                index=self._places.index,
                store=self._chosen.store,
                model=str(self._version),
                # An earlier demo may have asked another model.
                rebuild=live is not None and live.model_digest != self._version.card.digest,
            )
        )
        if summary.dead and summary.dead_letters:
            for letter in read_dead_letters(summary.dead_letters):
                err.print(f"  {letter.id}: {letter.reason}: {letter.detail}", markup=False)
        out.print(summary.to_json())

    def _look(self, cards: Sequence[Card]) -> None:
        for card in cards[:_SHOWN]:
            text = " ".join(card.text.split())
            out.print(f"\n{escape(text[:200]) or '[dim](no text)[/dim]'}  [dim]{card.id}[/dim]")
            if card.gold is not None:
                out.print(f"   gold       {escape(', '.join(card.gold))}")
            tags = "   ".join(
                f"{escape(one)} [dim]{score:.2f}[/dim]" for one, score in card.keyphrases
            )
            out.print(f"   predicted  [cyan]{tags or '(no keyphrases)'}[/cyan]")
        page = draw_contact_sheet(
            f"Keyphrases by {self._version}", f"{len(cards)} posts: {self._what}.", cards
        )
        self._places.page.write_text(page, encoding="utf-8")
        out.print(f"\nAll {len(cards)} with their pictures: {self._places.page}")


def _cards(dump: Dump, hits: Sequence[Hit]) -> Iterator[Card]:
    """Of the posts that the index holds, in the order of the dump; pictures shrunk."""
    held = {hit.id: hit for hit in hits}
    for post in dump.posts():
        if post.error is None and post.id in held:
            picture = decode_picture(dump.picture(post), size=PictureSize(longest=SIDE))
            yield Card(
                id=post.id,
                text=post.text,
                picture=picture,
                gold=post.keyphrases,
                keyphrases=held[post.id].keyphrases,
            )
