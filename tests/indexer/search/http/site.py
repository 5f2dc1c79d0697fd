"""A site to be looked at by a browser: a server of the page, over posts with pictures."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from indexer.index.location import open_index
from indexer.index.records import Document
from indexer.search import Index
from indexer.search.http.settings import Settings
from posts.phrases import Keyphrase
from posts.picture_finder import PictureFinder
from tests.indexer.index.samples import BUILD, document, phrases
from tests.indexer.search.http.conftest import Running, running
from tests.sample_pictures import encoded

CATS = 45
SCRIPT = '</script><img src=x onerror="document.title=1"><b>bold</b>'
HOSTILE_ID = '<b id="x">\'&?#%2F/../é 👩‍👩‍👧 \u202eabc'
HOSTILE_PHRASES = [
    '<img src=x onerror="window.bad=1">',
    'a "quoted" phrase',
    "שלום עולם",
    "👩‍👩‍👧 emoji",
    "w" * 300,
]
HOSTILE_TEXT = f"hostile {SCRIPT} &amp;lt; <mark>no mark</mark> \u202eright to left " + "x" * 900
FIRST_DAY = datetime(2026, 1, 10, tzinfo=UTC)


def _documents() -> list[Document]:
    cats = [
        document(
            f"cat-{number:02}",
            f"a cat in the garden, number {number}",
            created_at=FIRST_DAY + timedelta(days=7 * number),
            has_picture=number % 2 == 0,
            extra={"colour": "grey", "size": {"legs": 4}} if number == 0 else {},
            keyphrases=phrases(cat=0.9, **({"red_boat": 0.4} if number < 3 else {})),
        )
        for number in range(CATS)
    ]
    hostile = document(
        HOSTILE_ID,
        HOSTILE_TEXT,
        created_at=None,
        has_picture=True,
        extra={SCRIPT: SCRIPT, "nested": [SCRIPT]},
        keyphrases=tuple(Keyphrase(phrase, 0.8) for phrase in HOSTILE_PHRASES),
    )
    boats = [
        document("boat-1", "sailing at sea", keyphrases=phrases(red_boat=0.95, sea=0.7)),
        document("boat-2", "a boat at sea", keyphrases=phrases(boat_race=0.5, sea=0.2)),
        document("boat-3", "a race at sea", keyphrases=phrases(red_boat=0.1, boat_race=0.9)),
    ]
    return [*cats, hostile, *boats]


def fill(folder: Path) -> tuple[str, str]:
    """Location of a new index, and of the dump with its pictures."""
    documents = _documents()
    index = open_index(f"embedded:{folder / 'index'}")
    with index.lock("first"):
        index.begin(BUILD)
        assert not index.write(documents)
        index.finish()
    index.close()
    dump = folder / "dump"
    dump.mkdir()
    (dump / "one.png").write_bytes(encoded(Image.new("RGB", (300, 200), "teal")))
    lines = [
        orjson.dumps({"id": each.id, "image_uri": "one.png"})
        for each in documents
        if each.has_picture
    ]
    (dump / "posts.jsonl").write_bytes(b"\n".join(lines))
    return index.location, str(dump)


@dataclass
class Site:
    """A running server, and browsers that look at it."""

    server: Running
    browser: Browser
    places: tuple[str, str]
    """Of index and dump."""
    troubles: list[str] = field(default_factory=list)
    """What browsers complained of: errors of scripts and of the policy, failed answers."""
    expected: list[str] = field(default_factory=list)
    """Regular expressions of complaints that a test means to cause."""

    def context(self, **options: Any) -> BrowserContext:
        """A browser without memory, whose complaints are kept."""
        settings: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"}
        context = self.browser.new_context(**settings | options)
        context.set_default_timeout(20_000)
        context.on("page", self._watch)
        context.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => "
            "console.error('violation', event.violatedDirective, event.blockedURI))"
        )
        return context

    def check(self) -> None:
        """Fails if a browser complained of anything that was not expected."""
        left = [
            trouble
            for trouble in self.troubles
            if not any(re.search(each, trouble) for each in self.expected)
        ]
        assert not left

    def _watch(self, page: Page) -> None:
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self.troubles.append(f"{message.text} {message.location.get('url', '')}")


@contextlib.contextmanager
def served(location: str, dump: str, settings: Settings | None = None) -> Iterator[Running]:
    with (
        Index(location) as index,
        PictureFinder(dump, patience_seconds=30) as pictures,
        running(index, settings, thumbnails=pictures) as server,
    ):
        yield server


def visit(page: Page, site: Site, address: str = "") -> Page:
    """Opens an address of the site and waits until it has been answered."""
    page.goto(f"{site.server.url}/{address}")
    settled(page)
    return page


def settled(page: Page) -> None:
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")


def ids(page: Page) -> list[str]:
    """Of the posts that are shown."""
    return page.locator(".posts .id").all_inner_texts()


def suggested(page: Page) -> Locator:
    """The keyphrases that the box offers."""
    return page.locator("#suggestions [role=option]")
