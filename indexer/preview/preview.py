"""The preview: keyphrases of a dump's first posts, without an index and without Ray."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from indexer.job import IndexJob
from indexer.pipeline.model_loader import ModelLoader
from indexer.stages.decode import rows_per_table
from indexer.stages.embed import check_gate, embed, has_vectors
from model_store.documents.document import Document, longest_text
from model_store.documents.reader import DocumentReader
from model_store.picture_size import picture_size
from model_store.store import Store
from posts.dump import Dump
from posts.errors import InputError, PostError
from posts.ocr import add_words, ocr_version, read_words
from posts.phrases import Keyphrase
from posts.picture_size import PictureSize, Shape
from posts.pictures import decode_picture
from posts.post import Post
from posts.records import MOST_PICTURES
from posts.shown_picture import ShownPicture, decode_to_show

if TYPE_CHECKING:
    from model_store.keyphraser import Keyphraser

_WARM_UP = 8
"""Posts asked for twice, so that the second time tells how fast the model is."""


@dataclass(frozen=True, kw_only=True)
class PreviewedPost:
    """A post as it would be indexed."""

    post: Post
    picture: Image.Image | None
    words: str | None
    """Read in the picture; None without OCR."""
    picture_dropped: bool
    """By the gate: the model was shown the text alone."""
    keyphrases: tuple[Keyphrase, ...]


@dataclass(frozen=True, kw_only=True)
class Preview:
    """Posts as they would be indexed, and what asking the model took."""

    model: str
    """`NAME@VERSION`."""
    dump: Dump
    posts: tuple[PreviewedPost, ...]
    seconds: float
    """That the loaded, warm model took for all of them: one actor's work."""


def preview(
    job: IndexJob, count: int, *, clock: Callable[[], float] = time.perf_counter
) -> Preview:
    """The first `count` posts that are good; bad ones are passed over, nothing is written."""
    if count < 1:
        raise InputError("--preview needs a number of posts, at least 1")
    if job.ocr:
        ocr_version()
    dump = Dump.open(job.dump)
    store = Store(job.store)
    model = str(store.resolve(job.model))
    size = picture_size(store.fetch(model))
    good = list(islice(_good_posts(dump, size, job.ocr), count))
    # As many threads as an actor has, for the time is to be that of an actor.
    threads = max(1, int(job.cpus_per_actor))
    load = ModelLoader(store=store, model=model, threads=threads, min_score=job.min_score)
    keyphraser = load()
    check_gate(job.picture_gate, model, vectors=has_vectors(keyphraser))
    # What is asked first also allocates and picks kernels: no part of a post's price.
    _ask(keyphraser, good[:_WARM_UP], job.picture_gate)
    begun = clock()
    answers = _ask(keyphraser, good, job.picture_gate)
    return Preview(
        model=model,
        dump=dump,
        seconds=clock() - begun,
        posts=tuple(
            PreviewedPost(
                post=post,
                picture=picture.to_look_at,
                words=picture.words,
                picture_dropped=answer.picture_dropped,
                keyphrases=tuple(answer.keyphrases),
            )
            for (post, picture), answer in zip(good, answers, strict=True)
        ),
    )


class _Picture(NamedTuple):
    """A post's picture."""

    shown: Image.Image | None = None
    """To the model."""
    to_look_at: Image.Image | None = None
    """As small, but not stretched or cropped."""
    words: str | None = None
    further: tuple[ShownPicture, ...] = ()
    """Of a post with several."""

    @property
    def all_shown(self) -> list[ShownPicture]:
        first = [] if self.shown is None else [ShownPicture(self.shown, self.words)]
        return [*first, *self.further]


class _Answer(NamedTuple):
    keyphrases: Sequence[Keyphrase]
    picture_dropped: bool = False


def _ask(
    keyphraser: Keyphraser, good: Sequence[tuple[Post, _Picture]], picture_gate: float | None
) -> list[_Answer]:
    """Of each post its keyphrases, as a run asks for them."""
    longest = longest_text(keyphraser.card.generation.max_text_tokens)
    is_document = [bool(picture.further) or len(post.text) > longest for post, picture in good]
    plain = [one for one, document in zip(good, is_document, strict=True) if not document]
    of_plain = iter(_ask_plain(keyphraser, plain, picture_gate))
    documents = [one for one, document in zip(good, is_document, strict=True) if document]
    of_documents = iter(_ask_documents(keyphraser, documents))
    return [next(of_documents) if one else next(of_plain) for one in is_document]


def _ask_plain(
    keyphraser: Keyphraser, plain: Sequence[tuple[Post, _Picture]], picture_gate: float | None
) -> list[_Answer]:
    dropped = _dropped(keyphraser, plain, picture_gate)
    asked = [
        (post.text, None) if drop else (add_words(post.text, picture.words), picture.shown)
        for (post, picture), drop in zip(plain, dropped, strict=True)
    ]
    answers = keyphraser([text for text, _ in asked], [picture for _, picture in asked])
    return list(map(_Answer, answers, dropped))


def _ask_documents(
    keyphraser: Keyphraser, documents: Sequence[tuple[Post, _Picture]]
) -> list[_Answer]:
    # Nobody sees these vectors, but a run takes time for them.
    _dropped(keyphraser, documents, None)
    read = DocumentReader.of(keyphraser)
    readings = read([Document(text=one.text, pictures=shown.all_shown) for one, shown in documents])
    return [_Answer(reading.keyphrases) for reading in readings]


def _dropped(
    keyphraser: Keyphraser, good: Sequence[tuple[Post, _Picture]], picture_gate: float | None
) -> list[bool]:
    """Which pictures the gate drops; a model with vectors makes them either way, as in a run."""
    if not has_vectors(keyphraser):
        return [False] * len(good)
    texts, pictures = [post.text for post, _ in good], [picture.shown for _, picture in good]
    return [one["picture_dropped"] for one in embed(keyphraser, texts, pictures, picture_gate)]


def _good_posts(dump: Dump, size: PictureSize, ocr: bool) -> Iterator[tuple[Post, _Picture]]:
    seen: set[str] = set()
    for fragment in dump.fragments():
        for post in dump.read(fragment):
            is_first = post.id not in seen
            seen.add(post.id)
            if is_first and post.error is None:
                with contextlib.suppress(PostError):
                    yield post, _picture(dump, post, size, ocr)


def _picture(dump: Dump, post: Post, size: PictureSize, ocr: bool) -> _Picture:
    if not post.has_picture:
        return _Picture()
    read = read_words if ocr else None
    data = dump.picture(post)
    shown, words = decode_to_show(data, dump.limits, size, read)
    most = rows_per_table(MOST_PICTURES, size)
    further = tuple(
        decode_to_show(dump.picture(post, number), dump.limits, size, read)
        for number in range(1, min(len(post.pictures), most))
    )
    # A run decodes once. Here a person looks at a few, and the model is shown the very same pixels.
    is_whole = size.shape is Shape.KEPT
    to_look_at = shown if is_whole else decode_picture(data, dump.limits, size.whole())
    return _Picture(shown, to_look_at, words, further)
