"""What the decode stage hands on has a bounded size."""

from __future__ import annotations

from indexer.stages.decode import rows_per_table
from posts.picture_size import PictureSize


def test_tables_hold_fewer_posts_if_a_model_wants_large_pictures() -> None:
    assert rows_per_table(64, PictureSize(side=336)) == 64
    assert rows_per_table(64, PictureSize(side=1024)) == 20
    assert rows_per_table(64, PictureSize(longest=1456)) == 10
    assert rows_per_table(64, PictureSize(side=100_000)) == 1
