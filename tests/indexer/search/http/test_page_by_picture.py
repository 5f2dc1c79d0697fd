"""Searching by picture in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from indexer.index.location import open_index
from indexer.search import Index
from tests.indexer.index.samples import BUILD
from tests.indexer.search.http.by_colour import PAINTED, ByColour, coloured
from tests.indexer.search.http.conftest import running
from tests.indexer.search.http.site import Site, ids, settled, visit

BLUE = FilePayload(name="sky <b>.png", mimeType="image/png", buffer=coloured("blue"))


@pytest.fixture(scope="module")
def painted_site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    index = open_index(f"embedded:{tmp_path_factory.mktemp('painted') / 'index'}")
    with index.lock("first"):
        index.begin(replace(BUILD, dimensions=2))
        assert not index.write(PAINTED)
        index.refresh()
    index.close()
    with Index(index.location, embedder=ByColour()) as searched, running(searched) as server:
        yield Site(server, browser, (index.location, ""))


@pytest.fixture
def painted(painted_site: Site) -> Iterator[Page]:
    """The page of a server whose index has vectors, and no pictures to show."""
    painted_site.troubles.clear()
    painted_site.expected[:] = ["status of 404.*thumbnail"]
    with painted_site.context() as context:
        page = visit(context.new_page(), painted_site)
        # What the server can do is asked for last.
        expect(page.get_by_role("button", name="Search by picture")).to_be_visible()
        yield page
    painted_site.check()


def drop(page: Page, colour: str, name: str) -> None:
    """A file of one colour, as from the desktop."""
    content = list(coloured(colour))
    page.evaluate(
        """([content, name]) => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(content)], name, { type: "image/png" }));
            for (const type of ["dragover", "drop"]) {
                document.body.dispatchEvent(
                    new DragEvent(type, { dataTransfer: files, bubbles: true, cancelable: true }));
            }
        }""",
        [content, name],
    )


def test_a_picture_is_chosen_by_keyboard_and_taken_away(painted: Page) -> None:
    page = painted
    button = page.get_by_role("button", name="Search by picture")
    with page.expect_file_chooser() as chooser:
        button.press("Enter")
    chooser.value.set_files(BLUE)
    expect(page.locator("#status")).to_have_text(
        "3 posts for the picture “\u2068sky <b>.png\u2069”"
    )
    assert ids(page) == ["blue", "violet", "red"]
    chip = page.locator("#filters a")
    expect(chip).to_contain_text("picture sky <b>.png")
    expect(chip.locator("canvas")).to_be_visible()
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("4 posts")
    page.go_back()
    expect(page.locator("#status")).to_contain_text("3 posts for the picture")


def test_a_picture_is_dropped_beside_words_and_only_this_server_gets_it(painted: Page) -> None:
    page = painted
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    page.locator("#query").fill("roses")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("1 post for")
    drop(page, "blue", "sky.png")
    expect(page.locator("#status")).to_contain_text("3 posts for the picture")
    assert ids(page)[:2] == ["red", "blue"]
    posts = [each for each in asked if each.startswith("POST")]
    origin = page.url.split("/?")[0]
    assert len(posts) == 1
    assert posts[0].startswith(f"POST {origin}/api/search?q=roses")
    # The address does not have the picture, so a page loaded anew is of the words alone.
    page.reload()
    settled(page)
    expect(page.locator("#status")).to_contain_text("1 post for")


def test_what_is_no_picture_is_told(painted_site: Site, painted: Page) -> None:
    painted_site.expected.append("status of 400")
    page = painted
    page.locator("#picture-file").set_input_files(
        FilePayload(name="a.png", mimeType="image/png", buffer=b"no picture")
    )
    expect(page.locator(".trouble")).to_contain_text("This cannot be searched by: broken picture")


def test_posts_are_filtered_by_how_well_their_picture_fits(painted: Page) -> None:
    page = painted
    facet = page.locator("#alignment a")
    assert [text.split("\n")[0] for text in facet.all_inner_texts()] == [
        "0.80 or more",
        "0.60 or more",
        "0.40 or more",
        "0.20 or more",
    ]
    facet.nth(1).click()
    expect(page.locator("#status")).to_have_text("2 posts")
    assert ids(page) == ["red", "violet"]
    expect(page.locator("#filters")).to_contain_text("picture fits from 0.60")
    page.locator("article h2 a").first.click()
    expect(page.locator("#post")).to_contain_text("Picture fits the text: 0.90")


def test_without_vectors_a_dropped_picture_is_refused_with_the_reason(
    page: Page, site: Site
) -> None:
    visit(page, site)
    page.wait_for_function("performance.getEntriesByName(location.origin + '/api/abilities?')[0]")
    expect(page.locator("#by-picture")).to_be_hidden()
    drop(page, "red", "a.png")
    expect(page.locator("#problem")).to_contain_text("The index has no vectors")
    assert page.url.endswith("/")
