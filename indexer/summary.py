"""The summary: what a run did, in numbers that add up."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """`read = indexed + unchanged + dead` and `indexed = generated + updated`."""

    run: str
    index: str
    model: str
    """`NAME@VERSION`."""
    read: int
    indexed: int
    generated: int
    updated: int
    unchanged: int
    dead: int
    removed: int | None
    """Posts that were in the index and not in the dump any more; None: nobody looked."""
    seconds: float
    dead_letters: str | None
    """Where the Parquet file lies."""

    @property
    def posts_per_second(self) -> float:
        return self.read / self.seconds if self.seconds > 0 else 0.0

    def to_json(self) -> str:
        """One line, with the keys that the command line promises."""
        counts = ("read", "indexed", "generated", "updated", "unchanged", "dead")
        return json.dumps(
            {
                "run": self.run,
                **{name: getattr(self, name) for name in counts},
                **({} if self.removed is None else {"removed": self.removed}),
                "seconds": round(self.seconds, 3),
                "posts_per_second": round(self.posts_per_second, 2),
                "index": self.index,
            }
        )
