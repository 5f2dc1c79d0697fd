"""The page where posts are hostile, servers fail, keys are wanted and nothing is found."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from indexer.search.http.settings import Settings
from tests.indexer.search.http.conftest import KEY
from tests.indexer.search.http.site import (
    CATS,
    HOSTILE_ID,
    HOSTILE_PHRASES,
    HOSTILE_TEXT,
    SCRIPT,
    Site,
    ids,
    served,
    settled,
    suggested,
    visit,
)


def refuse(status: int, message: str, **place: int) -> dict[str, object]:
    body = json.dumps({"error": {"message": message, **place}})
    return {"status": status, "content_type": "application/json", "body": body}


def test_what_hostile_posts_say_is_text(page: Page, site: Site) -> None:
    visit(page, site, "?q=hostile")
    assert ids(page) == [HOSTILE_ID]
    post = page.locator("article")
    expect(post.locator("h2")).to_contain_text(f"hostile {SCRIPT} &amp;lt; <mark>no mark</mark>")
    assert post.locator("mark").all_inner_texts() == ["hostile"]
    assert post.locator(".chip bdi").all_inner_texts() == HOSTILE_PHRASES
    assert page.locator("#facets .phrase").count() == len(HOSTILE_PHRASES)
    expect(page.locator(".thumbnail.there")).to_have_count(1)
    post.locator("h2 a").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".whole")).to_have_text(HOSTILE_TEXT)
    expect(dialog.locator("dt").first).to_have_text(SCRIPT)
    expect(dialog.locator(".thumbnail.large.there")).to_have_count(1)
    assert page.locator("article b, dialog b, article img[src=x], script:not([src])").count() == 0
    assert page.evaluate("[window.bad, document.title.length > 1]") == [None, True]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("phrase", HOSTILE_PHRASES, ids=range(len(HOSTILE_PHRASES)))
def test_hostile_keyphrases_filter_like_any_other(page: Page, site: Site, phrase: str) -> None:
    visit(page, site, "?q=hostile")
    page.locator(".posts .chip").nth(HOSTILE_PHRASES.index(phrase)).click()
    expect(page.locator("#filters bdi")).to_have_text(phrase)
    expect(page.locator("#status")).to_contain_text("1 post for")
    assert ids(page) == [HOSTILE_ID]
    page.locator("#filters a").click()
    expect(page.locator("#filters bdi")).to_have_count(0)
    expect(page.locator("#status")).to_contain_text("1 post for “\u2068hostile")


def test_a_hostile_keyphrase_is_suggested_as_text_and_chosen(page: Page, site: Site) -> None:
    visit(page, site)
    page.locator("#query").press_sequentially("quot")
    expect(suggested(page).locator("bdi")).to_have_text('a "quoted" phrase')
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("1 post for")
    assert ids(page) == [HOSTILE_ID]


def test_hostile_addresses_are_only_words(page: Page, site: Site) -> None:
    address = "?q=%3Cimg+src=x+onerror=alert(1)%3E&phrase=%3Cb%3E&similar=&after=&score=9&since=x"
    visit(page, site, f"{address}&sort=x&from=-1&picture=yes&nothing=1")
    expect(page.locator("#status")).to_contain_text("No post for")
    expect(page.locator("#query")).to_have_value("<img src=x onerror=alert(1)>")
    assert page.locator("main img").count() == 0


@pytest.mark.parametrize(
    ("query", "wrong", "says"),
    [
        ("👩‍👩‍👧 cat (key:dog", "(", "This bracket is never closed."),
        ('cat "dog', '"', "This quotation mark has no second one."),
        ("cat score:7", "7", "Score: wants a number"),
    ],
)
@pytest.mark.parametrize("others", ["", "&sort=date&score=0.5&picture=1"])
def test_an_error_points_at_its_place_in_the_box(
    page: Page, site: Site, query: str, wrong: str, says: str, others: str
) -> None:
    site.expected.append("400")
    visit(page, site, f"?phrase=cat{others}")
    box = page.locator("#query")
    box.fill(query)
    box.press("Enter")
    expect(page.locator("#problem")).to_contain_text(says)
    expect(page.locator(".wrong")).to_have_text(wrong)
    expect(page.locator(".echo")).to_have_text(query)
    expect(box).to_have_attribute("aria-invalid", "true")
    selected = "(box) => box.value.slice(box.selectionStart, box.selectionEnd)"
    assert box.evaluate(selected) == wrong
    box.fill("cat")
    box.press("Enter")
    expect(page.locator(".wrong")).to_have_count(0)
    assert box.get_attribute("aria-invalid") is None


def test_where_nothing_is_found_there_is_what_to_try(page: Page, site: Site) -> None:
    visit(page, site, "?q=zeppelin+boat&phrase=cat&score=0.5")
    panel = page.locator(".panel")
    expect(panel).to_contain_text("without the keyphrase “cat”")
    expect(panel.locator(".chip").first).to_contain_text("boat")
    panel.get_by_role("link", name="without the words").click()
    expect(page.locator("#status")).to_contain_text(f"{CATS} posts")


def test_a_server_that_fails_is_told_of_and_asked_again(page: Page, site: Site) -> None:
    site.expected.append("503")
    page.route("**/api/search?*", lambda route: route.fulfill(**refuse(503, "it is <b>away</b>")))
    visit(page, site, "?q=cat")
    expect(page.locator("#results")).to_contain_text("It is <b>away</b>.")
    expect(page.locator("#announced")).to_contain_text("No answer")
    page.unroute("**/api/search?*")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#status")).to_contain_text(f"{CATS} posts")


def test_an_answer_that_is_no_json_is_told_of(page: Page, site: Site) -> None:
    site.expected.append("502")
    page.route("**/api/search?*", lambda route: route.fulfill(status=502, body="<html>proxy"))
    visit(page, site, "?q=cat")
    expect(page.locator("#results")).to_contain_text("cannot be read (502)")


def test_offline_it_says_so_and_goes_on_by_itself(page: Page, site: Site) -> None:
    site.expected.append("ERR_INTERNET_DISCONNECTED")
    visit(page, site, "?q=cat")
    page.context.set_offline(True)
    page.locator("#query").fill("sailing")
    page.keyboard.press("Enter")
    expect(page.locator("#results")).to_contain_text("This device is offline.")
    page.context.set_offline(False)
    expect(page.locator("#status")).to_contain_text("1 post for")


def test_a_post_that_has_gone_is_told_of(page: Page, site: Site) -> None:
    site.expected.append("404")
    visit(page, site, "?q=cat&post=nobody")
    expect(page.get_by_role("dialog")).to_contain_text("no longer in the index")
    page.keyboard.press("Escape")
    expect(page.locator("#status")).to_contain_text(f"{CATS} posts")


def test_a_picture_that_is_not_there_leaves_a_quiet_sign(page: Page, site: Site) -> None:
    site.expected.append("404")
    asked: set[str] = set()

    def refuse_once(route: Route) -> None:
        url = route.request.url
        if url in asked:
            route.continue_()
            return
        asked.add(url)
        route.fulfill(**refuse(404, "none"))

    page.route("**/api/thumbnail?*", refuse_once)
    visit(page, site, "?q=cat&picture=1")
    first = page.locator(".thumbnail").first
    expect(first).to_have_class("thumbnail empty")
    before = first.bounding_box()
    # It is tried once more, and comes without moving anything.
    expect(first).to_have_class("thumbnail there")
    assert first.bounding_box() == before


def test_the_key_is_asked_for_and_kept_as_a_session(site: Site) -> None:
    site.expected.append("401")
    with served(*site.places, Settings(api_key=KEY)) as server, site.context() as context:
        page = context.new_page()
        page.goto(f"{server.url}/?q=cat&picture=1")
        dialog = page.get_by_role("dialog", name="This server wants a key")
        dialog.get_by_label("API key").fill("wrong")
        dialog.get_by_label("API key").press("Enter")
        expect(dialog).to_contain_text("That is not the key.")
        dialog.get_by_label("API key").fill(KEY)
        dialog.get_by_role("button", name="Go on").click()
        expect(dialog).to_be_hidden()
        expect(page.locator("#status")).to_contain_text("23 posts")
        expect(page.locator(".thumbnail").first).to_have_class("thumbnail there")
        assert KEY not in page.url
        kept = page.evaluate("[JSON.stringify(localStorage), document.cookie]")
        assert kept == ["{}", ""]
        page.reload()
        expect(page.locator("#status")).to_contain_text("23 posts")
        context.clear_cookies()
        page.reload()
        dialog.get_by_label("API key").press("Escape")
        expect(page.locator("#results")).to_contain_text("nobody without its API key")


def test_a_post_that_was_linked_to_is_shown_when_the_key_is_given(site: Site) -> None:
    site.expected.append("401")
    with served(*site.places, Settings(api_key=KEY)) as server, site.context() as context:
        page = context.new_page()
        page.goto(f"{server.url}/?q=cat&post=cat-00")
        page.get_by_label("API key").fill(KEY)
        page.get_by_label("API key").press("Enter")
        expect(page.get_by_role("dialog", name="Post")).to_contain_text("number 0")


@pytest.mark.parametrize("width", [320, 390, 768])
@pytest.mark.parametrize("address", ["?q=hostile", "", "?q=cat&post=cat-00", "?q=(", "?q=zzz"])
def test_on_a_small_screen_nothing_must_be_scrolled_sideways(
    site: Site, width: int, address: str
) -> None:
    site.expected.append("400")
    with site.context(viewport={"width": width, "height": 700}, has_touch=True) as context:
        page = visit(context.new_page(), site, address)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        if "post" not in address:
            page.locator("#refine").click()
            page.get_by_text("What can be typed?").click()
            assert page.evaluate("document.documentElement.scrollWidth") == width


def test_on_a_small_screen_facets_are_behind_a_button(site: Site) -> None:
    with site.context(viewport={"width": 390, "height": 700}) as context:
        page = visit(context.new_page(), site, "?q=sea")
        expect(page.locator("#facets")).to_be_hidden()
        page.get_by_role("button", name="Refine").click()
        page.locator("#facets").get_by_role("link", name="red boat").click()
        expect(page.locator("#status")).to_contain_text("2 posts for")


def luminance(colour: str) -> float:
    """Relative, as WCAG 2 has it, of `rgb(…)`."""
    parts = [int(each) / 255 for each in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_has_enough_contrast(site: Site, theme: str) -> None:
    script = """() => {
      const ground = (node) => {
        for (let at = node; at; at = at.parentElement) {
          const colour = getComputedStyle(at).backgroundColor;
          if (!/, 0\\)$/.test(colour) && colour !== "transparent") return colour;
        }
        return getComputedStyle(document.body).backgroundColor;
      };
      return [...document.querySelectorAll("body *")]
        .filter((one) => [...one.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
        .filter((one) => one.checkVisibility() && !one.closest(".unseen, svg, option, script"))
        .map((one) => [one.className + one.tagName, getComputedStyle(one).color, ground(one)]);
    }"""
    site.expected.append("400")
    with site.context(color_scheme=theme) as context:
        page = context.new_page()
        seen = 0
        for address in ("?q=sea&phrase=red+boat", "?q=cat&post=cat-00", "?q=cat+(", "?q=zzz"):
            visit(page, site, address)
            if "post" in address:
                expect(page.locator("dialog .facet")).to_have_count(2)
            else:
                page.get_by_text("What can be typed?").click()
            for name, colour, ground in page.evaluate(script):
                light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (name, colour, ground)
                seen += 1
        assert seen > 100


def test_the_theme_is_that_of_the_system_until_one_is_chosen_and_remembered(site: Site) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with site.context(color_scheme="dark") as context:
        page = visit(context.new_page(), site)
        assert luminance(page.evaluate(ground)) < 0.05
        switch = page.get_by_role("button", name="Dark theme")
        expect(switch).to_have_attribute("aria-pressed", "true")
        switch.click()
        assert luminance(page.evaluate(ground)) > 0.8
        page.reload()
        settled(page)
        assert luminance(page.evaluate(ground)) > 0.8
        page.get_by_role("button", name="Dark theme").click()
        page.emulate_media(color_scheme="light")
        # The page is told a moment later.
        expect(page.get_by_role("button", name="Dark theme")).to_have_attribute(
            "aria-pressed", "false"
        )
        assert luminance(page.evaluate(ground)) > 0.8


def test_less_motion_is_less_motion(site: Site) -> None:
    with site.context(reduced_motion="reduce") as context:
        page = visit(context.new_page(), site)
        style = page.locator("#results").evaluate(
            "(one) => getComputedStyle(one).transitionProperty"
        )
        assert style == "none"


def test_nothing_is_fetched_from_elsewhere(page: Page, site: Site) -> None:
    asked: list[str] = []

    def note(route: Route) -> None:
        asked.append(route.request.url)
        route.continue_()

    page.route("**/*", note)
    visit(page, site, "?q=cat&post=cat-00")
    assert len(asked) > 20
    assert all(url.startswith(site.server.url) for url in asked)


def test_the_policy_of_the_page_forbids_what_posts_could_bring(page: Page, site: Site) -> None:
    answer = page.goto(site.server.url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    site.expected.append("violation|violates|[Rr]efused|404")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"a=1\">')")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>')")
    expect(page.locator("body > p")).not_to_have_css("color", "rgb(255, 0, 0)")
    # So does the watch of this test: it has seen both.
    assert any("violat" in each or "efused" in each for each in site.troubles)
