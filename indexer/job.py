"""The job of indexing a dump: everything that the user decides about a run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from indexer.gate import GateSettings
from indexer.writing.writer import WriteSettings
from posts.errors import InputError

_SHARES = ("max_error_rate", "max_gone_rate", "picture_gate", "min_score")
_PER_ACTOR = ("cpus_per_actor", "gpus_per_actor")
APPEND, SNAPSHOT = MODES = ("append", "snapshot")


@dataclass(frozen=True, kw_only=True)
class IndexJob:
    """Checked when built; `InputError` says which setting is wrong."""

    dump: str
    """Folder, file or s3:// URI."""
    index: str
    """`embedded:PATH` or `http(s)://host:port/NAME`."""
    store: str
    """Folder or s3:// URI of the model store."""
    model: str
    """`NAME`, `NAME@VERSION` or `NAME@ALIAS`."""
    dead_letters: str | None = None
    """Folder or s3:// URI for the Parquet file. None: beside an embedded index, in
    `PATH-dead-letters`; for Elasticsearch, no file."""
    retry_dead: str | None = None
    """Dead letters of earlier runs, a Parquet file or a folder of them, whose posts are tried again
    whatever they failed for."""
    report: str | None = None
    """Folder or s3:// URI for the run's report. None: beside an embedded index, in
    `PATH-reports`; for Elasticsearch, no report."""
    max_error_rate: float | None = None
    """See `indexer.progress.tally.ErrorBudget`."""
    mode: str = APPEND
    """`append`: what a dump does not bring any more stays; `snapshot`: it goes."""
    max_gone_rate: float | None = None
    """See `indexer.snapshot.remove_gone`."""
    rebuild: bool = False
    """Write a new version of the index, which goes live when it is complete and passes the gate."""
    gate: GateSettings = field(default_factory=GateSettings)
    keep_text_of_broken_pictures: bool = False
    """Index the text of a post whose picture is broken or refused."""
    ocr: bool = False
    """Show the model the words in a picture, behind the post's text."""
    picture_gate: float | None = None
    """Show the model a picture only if it fits the text with this probability or a higher one;
    None: show it always."""

    min_score: float | None = None
    """Keyphrases that score less never enter the index; None: as the model's card has it."""

    actors: int | None = None
    """Processes with the model; None: as many as fit, on a cluster also when that has changed."""
    cpus_per_actor: float = 1.0
    gpus_per_actor: float | None = None
    """None: one each if the cluster has any, else none."""
    read_rows: int = 2048
    """Posts that the index is asked about at once."""
    model_rows: int = 64
    """Posts that cross the stages together, at most; the model makes batches of like length from
    those of them that need it. Fewer if its pictures are large."""
    write: WriteSettings = field(default_factory=WriteSettings)
    stall_after: float = 1800.0
    """Seconds without any stage getting on, after which the run is given up."""
    drain: float = 25.0
    """Seconds that a run which is asked to stop has for what it is at. Kubernetes waits for 30."""

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InputError(f"--mode must be {' or '.join(MODES)}, not {self.mode}")
        for name in (*_SHARES, *_PER_ACTOR):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise InputError(f"--{name.replace('_', '-')} must be a number, not {value}")
        for name in _SHARES:
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                option = f"--{name.replace('_', '-')}"
                raise InputError(f"{option} must lie between 0 and 1, such as 0.05")
        for name, least in (("actors", 1), ("read_rows", 1), ("model_rows", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise InputError(f"{name} must be at least {least}, not {value}")
        if self.cpus_per_actor <= 0 or (self.gpus_per_actor or 0) < 0 or self.stall_after <= 0:
            raise InputError(
                "cpus_per_actor and stall_after must be above 0, gpus_per_actor at least 0"
            )

    @property
    def dead_letters_folder(self) -> str | None:
        """Where the Parquet file goes, with the default filled in."""
        return self._place(self.dead_letters, "-dead-letters")

    @property
    def report_folder(self) -> str | None:
        """Where the report goes, with the default filled in."""
        return self._place(self.report, "-reports")

    def _place(self, wanted: str | None, ending: str) -> str | None:
        if wanted is not None or not self.index.startswith("embedded:"):
            return wanted
        return str(Path(self.index.removeprefix("embedded:")).expanduser()) + ending
