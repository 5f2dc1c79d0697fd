"""More like a post: a query of its most telling words.

Words of its keyphrases and its text, each weighed by how often the post has it and how few other
posts do (tf-idf). Those that weigh most are the query, of which a similar post must have a third.
"""

from __future__ import annotations

import math
from collections import Counter

from indexer.index.analysis import QueryWord, tokens, valid_unicode
from indexer.index.condition import Every, HasId, Not
from indexer.index.query import Hit, Query
from indexer.index.reader import Reader

_READ = 20_000
"""Characters of the text that are looked at."""
_CANDIDATES = 64
"""Words whose number of posts is asked for."""
_MOST_WORDS = 16
_SHARED = 0.3
"""Share of the words that a similar post must have."""
_KEYPHRASE_WEIGHT = 3.0
"""What a word of a keyphrase that scores 1 weighs more than one of the text."""


def similar_query(reader: Reader, post: Hit, limit: int) -> Query | None:
    """The query for posts like this one, itself not among them; None: it has no words."""
    weights, words = _weighed_words(post)
    candidates = [term for term, _ in weights.most_common(_CANDIDATES)]
    counts = reader.posts_with_words(candidates)
    everything = reader.search(Query(limit=0)).total
    telling = {
        # A word that only this post has finds no other.
        term: weights[term] * math.log((1 + everything) / counts[term])
        for term in candidates
        if counts[term] > 1
    }
    best = sorted(telling, key=lambda term: (-telling[term], term))[:_MOST_WORDS]
    if not best:
        return None
    return Query(
        words=" ".join(words[term].raw for term in best),
        enough_words=max(1, math.ceil(len(best) * _SHARED)),
        where=Every((Not(HasId(post.id)),)),
        limit=limit,
    )


def _weighed_words(post: Hit) -> tuple[Counter[str], dict[str, QueryWord]]:
    """How much the post says each word, by its term; and the word as it stands there."""
    weights: Counter[str] = Counter()
    words: dict[str, QueryWord] = {}
    texts = [(post.text[:_READ], 1.0)]
    texts += [(each.phrase, _KEYPHRASE_WEIGHT * each.score) for each in post.keyphrases]
    for text, weight in texts:
        text = valid_unicode(text)
        for token in tokens(text):
            weights[token.term] += weight  # type: ignore[assignment]  # typed for whole numbers
            words.setdefault(token.term, QueryWord(text[token.start : token.end], token.term))
    return weights, words
