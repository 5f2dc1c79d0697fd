"""Searching the arrays: the same answers as `indexer.index.embedded.search` gives, faster."""

from __future__ import annotations

import time

import numpy as np

from indexer.index.analysis import query_words, required_words
from indexer.index.embedded.columns.columns import Columns
from indexer.index.embedded.columns.conditions import conditions_of, is_list
from indexer.index.embedded.columns.counts import days, facets
from indexer.index.embedded.columns.page import page, place_of
from indexer.index.embedded.columns.words import (
    added,
    any_of,
    anywhere,
    is_misspelt,
    with_enough,
)
from indexer.index.query import Query, Results
from indexer.index.ranking import ranking_words
from indexer.index.stored import hit_from_source


def search(columns: Columns, query: Query) -> Results:
    begun = time.perf_counter()
    boosts = query.boosts
    words, others = query_words(query.words), ranking_words(query.where)
    alike = {
        word.term: columns.spelling.near(word.term)
        for word in words
        if is_misspelt(columns, word.term, boosts)
    }
    within = conditions_of(columns, query)
    if words:
        enough = query.enough_words or required_words(len(words))
        meant = [
            any_of(columns, alike[word.term], boosts)
            if word.term in alike
            else anywhere(columns, word.term, boosts)
            for word in words
        ]
        posts, impacts = with_enough(columns, meant, enough, within)
    else:
        if within is None:
            posts = np.arange(len(columns), dtype=np.int32)
        else:
            posts = within if is_list(within) else np.flatnonzero(within).astype(np.int32)
        impacts = np.zeros(len(posts), np.float32)
    ranked = bool(words or others)
    if others:
        lists = [anywhere(columns, word.term, boosts) for word in others]
        impacts = added(columns, impacts, posts, lists)
    found = page(columns, posts, impacts if ranked else None, query)
    more, found = found[query.limit :], found[: query.limit]
    terms = {word.term for word in (*words, *others)}
    terms.update(columns.terms[place] for places in alike.values() for place in places)
    hits = []
    for index in found.tolist():
        score = 0.0 if query.newest_first else float(impacts[index])
        hits.append(hit_from_source(columns.source(int(posts[index])), score, terms))
    after = None
    if len(more) and len(found):
        last = int(found[-1])
        after = place_of(columns, int(posts[last]), float(impacts[last]), query, len(found))
    return Results(
        total=len(posts),
        took_ms=(time.perf_counter() - begun) * 1000,
        hits=tuple(hits),
        facets=tuple(facets(columns, posts, query.facet_size) if query.facets else ()),
        days=tuple(days(columns, posts)) if query.days else (),
        next=after,
    )
