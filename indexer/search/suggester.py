"""Suggestions while a person types: keyphrases that begin so, or nearly so.

    weight of a keyphrase = sum of its scores over all posts = how frequent x how sure

A keyphrase is found by the beginning of any of its words. Those that begin exactly so come first;
where they are too few, those follow whose beginning has one letter more, less, other, or swapped
with its neighbour, but for the last letter typed, which would stand for any other. Both by falling
weight. Posts and their keyphrases change while this does not: whoever shows suggestions asks the
index how many posts have them now.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import tantivy

from indexer.index.analysis import tokens
from indexer.index.reader import ScoredPhrase
from indexer.search.folding import folded

LONGEST_TYPED = 200
"""Characters that are read of what is typed."""
_TYPO_FROM = 4
"""Characters from which one may be wrong."""
_LONGEST_PHRASE = 100
"""Characters; longer keyphrases are not suggested."""
_MOST_PHRASES = 1_000_000
"""Those of the greatest weight, which take about 500 MB."""
_BEGINNINGS, _WEIGHT, _PHRASE = "beginnings", "weight", "phrase"
_WRITER_BYTES = 128_000_000


class Suggester:
    """All keyphrases of an index at one time, held in memory; safe for many threads."""

    def __init__(self, vocabulary: Iterable[ScoredPhrase]) -> None:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field(_BEGINNINGS, tokenizer_name="raw", index_option="basic")
        builder.add_unsigned_field(_WEIGHT, fast=True)
        builder.add_text_field(_PHRASE, stored=True, tokenizer_name="raw", index_option="basic")
        self._schema = builder.build()
        index = tantivy.Index(self._schema)
        writer = index.writer(_WRITER_BYTES, 1)
        for phrase, weight in _heaviest(vocabulary):
            row = tantivy.Document()
            for beginning in _beginnings(phrase):
                row.add_text(_BEGINNINGS, beginning)
            row.add_unsigned(_WEIGHT, weight)
            row.add_text(_PHRASE, phrase)
            writer.add_document(row)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def suggest(self, typed: str, limit: int) -> list[str]:
        """Keyphrases, the best first; none for nothing typed."""
        beginning = folded(typed[:LONGEST_TYPED]).lstrip()
        if not beginning or limit < 1:
            return []
        found = self._heaviest(self._beginning(beginning), limit)
        if len(found) < limit and len(beginning) >= _TYPO_FROM:
            nearly = [
                (tantivy.Occur.Must, self._beginning(beginning, typos=1)),
                (tantivy.Occur.MustNot, self._beginning(beginning[:-1])),
            ]
            found += self._heaviest(tantivy.Query.boolean_query(nearly), limit - len(found))
        return found

    def _beginning(self, beginning: str, typos: int = 0) -> tantivy.Query:
        return tantivy.Query.fuzzy_term_query(
            self._schema, _BEGINNINGS, beginning, distance=typos, prefix=True
        )

    def _heaviest(self, asked: tantivy.Query, limit: int) -> list[str]:
        result = self._searcher.search(asked, limit, count=False, order_by_field=_WEIGHT)
        documents = (self._searcher.doc(address) for _, address in result.hits)
        return [str(document.get_first(_PHRASE)) for document in documents]


def _heaviest(vocabulary: Iterable[ScoredPhrase]) -> list[tuple[str, int]]:
    """Phrases with their weights in hundredths."""
    weights: dict[str, int] = {}
    for each in vocabulary:
        if len(each.phrase) <= _LONGEST_PHRASE:
            # One more, so that one of score 0 is worth something.
            worth = each.posts * (round(each.score * 100) + 1)
            weights[each.phrase] = weights.get(each.phrase, 0) + worth
    return heapq.nlargest(_MOST_PHRASES, weights.items(), key=lambda item: (item[1], item[0]))


def _beginnings(phrase: str) -> set[str]:
    """The phrase from each of its words on."""
    text = folded(phrase)
    return {text, *(text[word.start :] for word in tokens(text))}
