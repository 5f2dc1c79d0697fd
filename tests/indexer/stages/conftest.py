"""An index for the stages to ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.index.location import open_index
from indexer.index.protocol import Index
from indexer.index.records import Build


@pytest.fixture
def index(tmp_path: Path) -> Index:
    opened = open_index(f"embedded:{tmp_path / 'index'}")
    opened.begin(Build(model="m@1", model_digest="digest"))
    return opened
