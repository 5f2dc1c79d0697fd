"""A preview on a terminal, in a file, as a page and as JSON."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from PIL import Image
from rich.console import Console

from indexer.preview.estimate import Estimate
from indexer.preview.preview import Preview, PreviewedPost
from keyphrases.preview_display import draw_preview_page, show_preview, to_json
from keyphrases.thumbnail import COLUMNS, ROWS, thumbnail
from posts.dump import Dump
from posts.phrases import Keyphrase
from posts.post import Post
from tests.indexer.dumps import good_rows, write_dump
from tests.keyphrases.conftest import Keyphrases

HALF = "▀"
ESTIMATE = Estimate(
    posts=72_000,
    held=None,
    measured=2,
    with_picture=0.5,
    seconds_per_post=0.5,
    actors=4,
    price_per_hour=1.5,
)


@pytest.fixture
def preview(tmp_path: Path) -> Preview:
    """A post with a picture, red above and blue below, and one that is hostile."""
    picture = Image.new("RGB", (100, 50), "red")
    picture.paste("blue", (0, 25, 100, 50))
    posts = (
        PreviewedPost(
            post=Post(id="one", text="a flag in the wind " * 20),
            picture=picture,
            words="go",
            picture_dropped=False,
            keyphrases=(Keyphrase("flag", 0.91),),
        ),
        PreviewedPost(
            post=Post(id="two", text="<script>alert(1)</script>\x1b[2J [red]"),
            picture=None,
            words=None,
            picture_dropped=False,
            keyphrases=(Keyphrase("<b>bold</b>", 0.5),),
        ),
    )
    dump = Dump.open(write_dump(tmp_path / "dump", good_rows(2)))
    return Preview(model="tags@3", dump=dump, posts=posts, seconds=1.0)


def shown(preview: Preview, estimate: Estimate | None, **console: object) -> str:
    told = io.StringIO()
    options = {"soft_wrap": True, "width": 100, "_environ": {}} | console
    show_preview(preview, estimate, Console(file=told, **options))  # type: ignore[arg-type]
    return told.getvalue()


def coloured(preview: Preview, **console: object) -> str:
    return shown(preview, ESTIMATE, force_terminal=True, color_system="truecolor", **console)


def test_a_terminal_with_colours_shows_a_small_picture_beside_the_text(preview: Preview) -> None:
    lines = coloured(preview).splitlines()
    drawn = [line for line in lines if HALF in line]
    assert (len(drawn), drawn[0].count(HALF)) == (6, COLUMNS)
    # Red is the foreground of the upper half, blue of the lower.
    assert "\x1b[38;2;255;0;0" in drawn[0]
    assert "\x1b[38;2;0;0;255" in drawn[-1]
    beside = re.sub(r"\x1b\[[\d;]*m", "", drawn[0])
    assert "one  (picture 100x50)  a flag in" in beside
    assert all(len(re.sub(r"\x1b\[[\d;]*m", "", line)) <= 100 for line in drawn)


@pytest.mark.parametrize(
    "console",
    [
        {},
        {"force_terminal": True, "color_system": None},
        {"force_terminal": True, "color_system": "truecolor", "width": 40},
    ],
)
def test_elsewhere_there_is_no_picture(preview: Preview, console: dict[str, object]) -> None:
    text = shown(preview, ESTIMATE, **console)
    assert HALF not in text
    assert "words in the picture: go" in text
    assert "flag 0.91" in text


def test_a_picture_that_the_gate_drops_is_said_to_be(preview: Preview) -> None:
    first, second = preview.posts
    gated = replace(preview, posts=(replace(first, picture_dropped=True), second))
    text = shown(gated, ESTIMATE)
    assert "one  (picture 100x50, dropped by the gate)" in text
    assert "words in the picture" not in text
    assert draw_preview_page(gated, ESTIMATE).count("(the gate dropped the picture)") == 1
    assert "dropped" not in draw_preview_page(preview, ESTIMATE)
    assert [post["picture_dropped"] for post in to_json(gated, ESTIMATE)["posts"]] == [True, False]


def test_a_post_can_command_no_terminal(preview: Preview) -> None:
    assert "\x1b" not in shown(preview, ESTIMATE)
    assert "two  (no picture)  <script>alert(1)</script> [2J [red]" in shown(preview, ESTIMATE)
    assert "\x1b[2J" not in coloured(preview)


def test_the_estimate_says_what_it_was_measured_on(preview: Preview) -> None:
    *_, dump, post, hours = shown(preview, ESTIMATE).splitlines()
    assert dump == "The dump has 72,000 posts."
    assert "0.50 s, measured on 2 posts of which 50% have a picture: the fewer" in post
    assert hours == (
        "About 10.00 model-hours, which 4 actors do in 2:30:00, and costs 15.00 at 1.5 an "
        "actor-hour."
    )


def test_what_the_index_holds_makes_the_estimate_an_upper_bound(preview: Preview) -> None:
    held = replace(ESTIMATE, held=7_000, price_per_hour=None, actors=1)
    *_, dump, _, hours = shown(preview, held).splitlines()
    assert dump == "The dump has 72,000 posts, and the index holds 7,000 posts."
    assert hours == "At most 10.00 model-hours, which 1 actor does in 10:00:00."


def test_a_page_shows_pictures_and_makes_hostile_posts_harmless(preview: Preview) -> None:
    page = draw_preview_page(preview, ESTIMATE)
    assert page.count('src="data:image/jpeg;base64,') == 1
    assert page.count("<article>") == 2
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;b&gt;bold" in page
    assert "About 10.00 model-hours" in page


def test_machines_read_the_same(preview: Preview) -> None:
    found = orjson.loads(orjson.dumps(to_json(preview, ESTIMATE)))
    assert found["model"] == "tags@3"
    assert found["posts"][0] | {"text": ""} == {
        "id": "one",
        "text": "",
        "picture": {"width": 100, "height": 50},
        "words": "go",
        "picture_dropped": False,
        "keyphrases": [{"phrase": "flag", "score": 0.91}],
    }
    assert found["estimate"] == {
        "posts": 72_000,
        "held": None,
        "at_most": False,
        "measured_posts": 2,
        "share_with_picture": 0.5,
        "seconds_per_post": 0.5,
        "model_hours": 10.0,
        "actors": 4,
        "hours": 2.5,
        "price_per_hour": 1.5,
        "price": 15.0,
    }
    assert to_json(preview, None)["estimate"] is None


@pytest.mark.parametrize(("size", "cells"), [((10, 400), (1, ROWS)), ((400, 10), (COLUMNS, 1))])
def test_a_long_picture_stays_within_its_room(size: tuple[int, int], cells: object) -> None:
    lines = thumbnail(Image.new("RGB", size)).plain.split("\n")
    assert (len(lines[0]), len(lines)) == cells


@pytest.mark.timeout(400)
def test_the_command_previews_and_writes_only_the_page(
    tmp_path: Path, random_store: Path, keyphrases: Keyphrases
) -> None:
    write_dump(tmp_path / "dump", good_rows(5))
    arguments = (
        *("index", tmp_path / "dump", "--index", f"embedded:{tmp_path / 'index'}"),
        *("--store", random_store, "--model", "random"),
    )
    page = tmp_path / "page.html"
    done = keyphrases(
        *(*arguments, "--preview", 2, "--json", "--preview-page", page, "--price-per-hour", "3")
    )
    assert done.returncode == 0, done.stderr
    found = orjson.loads(done.stdout)
    assert [post["id"] for post in found["posts"]] == ["post-0", "post-1"]
    assert (found["estimate"]["posts"], found["estimate"]["price_per_hour"]) == (10, 3.0)
    assert page.read_text(encoding="utf-8").count("<article>") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dump", "page.html"]
    for wrong in (
        ("--json",),
        ("--preview", 2, "--price-per-hour", "nan"),
        ("--preview", 2, "--preview-page", tmp_path / "no" / "page.html"),
    ):
        refused = keyphrases(*arguments, *wrong)
        assert refused.returncode == 2, wrong
        assert len(refused.stderr.splitlines()) == 1
