"""What a person would write without a search engine: SQLite's full text index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from bench.searching.queries import Asked
from indexer.index.records import Document

_SCHEMA = """
CREATE TABLE posts (number INTEGER PRIMARY KEY, id TEXT, text TEXT, created_at TEXT, picture INT);
CREATE TABLE phrases (post INTEGER, phrase TEXT, score REAL);
CREATE VIRTUAL TABLE words USING fts5(text, keyphrases, tokenize = 'porter unicode61');
"""
_INDEXES = """
CREATE INDEX phrases_by_post ON phrases (post, phrase);
CREATE INDEX phrases_by_phrase ON phrases (phrase, post);
CREATE INDEX posts_by_date ON posts (created_at);
CREATE TABLE weights AS SELECT phrase, sum(score) AS weight FROM phrases GROUP BY phrase;
CREATE INDEX weights_by_phrase ON weights (phrase, weight);
INSERT INTO words (words) VALUES ('optimize');
ANALYZE;
"""


class Sqlite:
    """All words must be there; the ten best by BM25, their number, and counted keyphrases."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._database.executescript("PRAGMA journal_mode = WAL; PRAGMA cache_size = -1000000;")

    def fill(self, chunks: Iterable[list[Document]]) -> None:
        self._database.executescript(_SCHEMA)
        number = 0
        for posts in chunks:
            with self._database as database:
                for post in posts:
                    number += 1
                    date = post.created_at.date().isoformat() if post.created_at else None
                    row = (number, post.id, post.text, date, post.has_picture)
                    database.execute("INSERT INTO posts VALUES (?, ?, ?, ?, ?)", row)
                    phrases = "; ".join(each.phrase for each in post.keyphrases)
                    database.execute(
                        "INSERT INTO words (rowid, text, keyphrases) VALUES (?, ?, ?)",
                        (number, post.text, phrases),
                    )
                    database.executemany(
                        "INSERT INTO phrases VALUES (?, ?, ?)",
                        [(number, each.phrase, each.score) for each in post.keyphrases],
                    )
        self._database.executescript(_INDEXES)

    def search(self, asked: Asked) -> int:
        """How many posts there are; hits and counted keyphrases are fetched and left."""
        tables, where = "words", ["words MATCH ?"]
        values: list[object] = [" AND ".join(f'"{word}"' for word in asked.words)]
        if asked.phrase:
            # With +, or it would look up the words for each post that has the keyphrase.
            where.append("+words.rowid IN (SELECT post FROM phrases WHERE phrase = ?)")
            values.append(asked.phrase)
        if asked.since or asked.has_picture:
            # In this order, for the same reason.
            tables += " CROSS JOIN posts ON number = words.rowid"
        if asked.since:
            where.append("created_at >= ?")
            values.append(asked.since)
        if asked.has_picture:
            where.append("picture")
        found = f"FROM {tables} WHERE {' AND '.join(where)}"
        hits = f"SELECT words.rowid, bm25(words, 1.0, 2.5) AS rank {found} ORDER BY rank LIMIT 10"
        top = [row[0] for row in self._database.execute(hits, values)]
        for number in top:
            self._database.execute("SELECT * FROM posts WHERE number = ?", (number,)).fetchone()
        total = self._database.execute(f"SELECT count(*) {found}", values).fetchone()[0]
        of_hits = f"FROM phrases WHERE post IN (SELECT words.rowid {found}) GROUP BY phrase"
        facets = f"SELECT phrase, count(*) AS posts {of_hits} ORDER BY posts DESC, phrase LIMIT 20"
        self._database.execute(facets, values).fetchall()
        return int(total)

    def suggest(self, beginning: str) -> int:
        rows = self._database.execute(
            "SELECT phrase FROM weights WHERE phrase >= ? AND phrase < ? "
            "ORDER BY weight DESC LIMIT 8",
            (beginning, beginning + "\U0010ffff"),
        )
        return len(rows.fetchall())

    def close(self) -> None:
        self._database.close()
