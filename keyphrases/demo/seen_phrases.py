"""Seen phrases: keyphrases that only pictures can have given, for no text has a word of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from indexer.index.analysis import tokens
from indexer.index.query import Hit


def seen_phrases(posts: Sequence[Hit], count: int) -> list[str]:
    """At most `count` phrases that are worth a search, the most worth it first.

    Of those without a word that a search would find in the text of any of the posts, each is the
    one with the highest scores over the posts that none before it finds: of `house`, `home` and
    `building` that the same posts have, one is enough.
    """
    told = {token.term for post in posts for token in tokens(post.text)}
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for post in posts:
        for phrase, score in post.keyphrases:
            words = {token.term for token in tokens(phrase)}
            if words and words.isdisjoint(told):
                found[phrase][post.id] = score
    chosen: list[str] = []
    covered: set[str] = set()
    while len(chosen) < count:
        worth = {
            phrase: sum(score for post, score in scores.items() if post not in covered)
            for phrase, scores in found.items()
        }
        best = min(worth, key=lambda phrase: (-worth[phrase], phrase), default=None)
        if best is None or not worth[best]:
            break
        chosen.append(best)
        covered |= found[best].keys()
    return chosen
