"""The tutorial's Python, run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from indexer.index.location import open_index
from posts.dump import Dump
from posts.phrases import Keyphrase
from tests.indexer.index.samples import BUILD, document

ROOT = Path(__file__).parents[3]
CLIP_ART = ROOT / "posts/clip_art"


def test_the_python_of_the_tutorial_runs_and_ends_in_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts/clip_art").symlink_to(CLIP_ART)
    monkeypatch.chdir(tmp_path)
    fill()
    tutorial = (ROOT / "docs/tutorial.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", tutorial, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5

    exec(compile("\n".join(blocks), "tutorial", "exec"), {})  # noqa: S102 - of this repository

    printed = capsys.readouterr().out
    assert "A teapot" in printed
    assert "this bracket is never closed, at character 6 of the query: food »(«tea" in printed
    assert "['animal']" in printed
    page = Path("wall.html").read_text()
    assert page.count("<img ") >= 3
    for source in re.findall(r'src="file://([^"]+)"', page):
        assert Path(source).is_file()


def fill() -> None:
    """An index whose keyphrases are those that people gave."""
    dump = Dump.open(str(CLIP_ART))
    posts = [post for fragment in dump.fragments() for post in dump.read(fragment)]
    index = open_index("embedded:index")
    index.begin(BUILD)
    index.write(
        [
            document(
                post.id,
                post.text,
                image_uri=post.image_uri,
                has_picture=True,
                keyphrases=tuple(Keyphrase(each, 0.9) for each in post.keyphrases or ()),
            )
            for post in posts
        ]
    )
    index.close()
