"""What `keyphrases search` shows of posts that come from anywhere."""

import pytest

from indexer.index.highlight import highlight
from indexer.index.query import Facet, Hit, Results
from keyphrases.commands.search import show_results
from posts.phrases import Keyphrase

EVIL = "\x1b[2J\x1b]0;title\x07 [red]fox[/red]\u202e"
SHOWN = "[2J ]0;title [red]fox[/red]"


def test_nothing_in_a_post_commands_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    text = f"{EVIL} & a <mark>\nhill"
    hit = Hit(
        id=f"id {EVIL}",
        score=1.0,
        text=text,
        keyphrases=(Keyphrase(EVIL, 0.5),),
        highlight=highlight(text, ["hill"]),
    )
    show_results(Results(total=1, hits=(hit,), facets=(Facet(EVIL, 3),), took_ms=1.0))

    printed = capsys.readouterr().out
    assert all(one.isprintable() or one == "\n" for one in printed)
    assert f"{SHOWN} & a <mark> hill  id {SHOWN}" in printed
    assert f"{SHOWN} 0.50" in printed
    assert f"{SHOWN} " in printed.splitlines()[-2]
