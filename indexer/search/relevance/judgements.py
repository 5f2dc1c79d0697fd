"""Judgements: which posts are relevant to which query, from the gold keyphrases of a dump.

Each gold keyphrase is a query, and relevant to it are all posts that have it as gold, compared in
display form (see `posts.phrases`). A post without gold says nothing, so it is not judged.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from indexer.index.analysis import query_words
from indexer.search.relevance.progress import Progress
from indexer.search.tokens import as_words
from posts.dump import Dump
from posts.errors import InputError
from posts.phrases import display_form

_NO_GOLD = "no gold keyphrases"
_TOLD_EVERY = 100
"""Posts."""


@dataclass(frozen=True, kw_only=True)
class Judgements:
    """Queries, and the posts that are relevant to each."""

    posts: tuple[str, ...]
    """Ids of the judged posts, in the order of the dump: each is relevant to a query or not."""
    relevant: Mapping[str, frozenset[str]]
    """Ids by query, a gold keyphrase in display form; no query has none."""
    left_out: Mapping[str, int]
    """How many posts of the dump are not judged, by reason."""

    def drawn(self, queries: int, seed: int) -> Judgements:
        """The same posts with at most so many queries, drawn at random."""
        names = sorted(self.relevant)
        if len(names) > queries:
            names = random.Random(seed).sample(names, queries)
        return Judgements(
            posts=self.posts,
            relevant={name: self.relevant[name] for name in names},
            left_out=self.left_out,
        )


def read_judgements(dump_uri: str, progress: Progress) -> Judgements:
    """The judgements of a dump; `InputError` if none of its posts is whole and has gold."""
    relevant: dict[str, list[str]] = defaultdict(list)
    posts: list[str] = []
    left_out: Counter[str] = Counter()
    for number, post in enumerate(Dump.open(dump_uri).posts(), start=1):
        if number % _TOLD_EVERY == 0:
            progress("read the dump", number, None)
        gold = {display_form(phrase) for phrase in post.keyphrases or ()} - {""}
        if post.error is not None:
            left_out[str(post.error.reason)] += 1
        elif not gold:
            left_out[_NO_GOLD] += 1
        else:
            posts.append(post.id)
            for phrase in gold:
                relevant[phrase].append(post.id)
    if not posts:
        raise InputError(
            f"no post of {dump_uri} is whole and has gold keyphrases ({tally(left_out)}), by which "
            "search is measured; name a dump whose posts have `keyphrases`"
        )
    queries = {
        phrase: frozenset(ids) for phrase, ids in relevant.items() if query_words(as_words(phrase))
    }
    if not queries:
        # Such as ":-)", which finds nothing in particular.
        raise InputError(f"none of the gold keyphrases of {dump_uri} has a word to search for")
    return Judgements(posts=tuple(posts), relevant=queries, left_out=dict(left_out))


def tally(left_out: Mapping[str, int]) -> str:
    """In words, the most frequent reasons first."""
    found = Counter(left_out).most_common()
    return ", ".join(f"{count:,} {reason}" for reason, count in found) or "it is empty"
