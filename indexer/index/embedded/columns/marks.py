"""Keyphrases of posts as numbers: which a post has, which posts have one, and how sure.

Numbers are by falling number of posts, ties in the order of the phrases, so that what is most
frequent comes first.
"""

from __future__ import annotations

import numpy as np

from indexer.index.embedded.columns.arrays import Array, ArrayFolder, ends_of, gathered
from indexer.index.embedded.columns.harvest import Harvest
from indexer.index.embedded.columns.names import save_names


def save_marks(folder: ArrayFolder, harvest: Harvest, rows: Array) -> None:
    """`rows`: of each post its row. Holds about 40 bytes for each keyphrase of each post."""
    chosen = gathered(harvest.mark_ends, rows)
    lengths = np.diff(harvest.mark_ends)[rows]
    marks = harvest.folder.load("marks")[chosen]
    scores = harvest.folder.load("mark_scores")[chosen]
    counts = np.bincount(marks, minlength=len(harvest.phrases))
    phrases = list(harvest.phrases)
    # Those that only deleted rows have are left out.
    named = sorted(np.flatnonzero(counts).tolist(), key=phrases.__getitem__)
    save_names(folder, "phrases", [phrases[each] for each in named])
    by_count = np.argsort(-counts[named], kind="stable")
    ranks = np.argsort(by_count)
    folder.save("phrase_ranks", by_count.astype(np.int32))
    folder.save("phrase_numbers", ranks.astype(np.int32))
    numbers = np.zeros(len(phrases), np.int32)
    numbers[named] = ranks
    marks = numbers[marks]
    folder.save("post_phrase_ends", ends_of(lengths))
    folder.save("post_phrases", marks)
    order = np.argsort(marks, kind="stable")
    folder.save("phrase_ends", ends_of(np.bincount(marks, minlength=len(named))))
    posts = np.repeat(np.arange(len(rows), dtype=np.int32), lengths)
    folder.save("phrase_posts", posts[order])
    folder.save("phrase_scores", scores[order])
