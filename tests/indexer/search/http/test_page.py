"""The page in a real browser: what a person does, and what the page makes of it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.indexer.search.http.site import CATS, Site, ids, settled, suggested, visit


def test_words_are_typed_and_posts_are_found(page: Page, site: Site) -> None:
    visit(page, site)
    expect(page.locator("#status")).to_have_text(f"{CATS + 4} posts")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.type("sailing sea")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text("1 post for")
    assert ids(page) == ["boat-1"]
    assert page.locator(".posts mark").all_inner_texts() == ["sailing", "sea"]
    assert page.url.endswith("/?q=sailing+sea")
    expect(page).to_have_title("1 post for “\u2068sailing sea\u2069” – Keyphrases")
    expect(page.locator("[role=status]")).to_contain_text("1 post for")


def test_a_suggestion_is_chosen_with_the_keyboard_and_filters(page: Page, site: Site) -> None:
    visit(page, site)
    box = page.get_by_role("combobox", name="Search posts")
    box.fill("sea red bo")
    expect(box).to_have_attribute("aria-expanded", "true")
    options = suggested(page)
    expect(options.first).to_contain_text("red boat")
    expect(options.first).to_contain_text("5")
    box.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    active = box.get_attribute("aria-activedescendant")
    assert active == options.first.get_attribute("id")
    box.press("Enter")
    settled(page)
    assert page.url.endswith("/?q=sea&phrase=red+boat")
    expect(box).to_have_value("sea")
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(page.locator("#filters")).to_contain_text("red boat")
    assert ids(page) == ["boat-1", "boat-3"]


def test_arrows_go_round_and_escape_closes_then_clears(page: Page, site: Site) -> None:
    visit(page, site)
    box = page.locator("#query")
    box.fill("boat")
    options = suggested(page)
    expect(options).to_have_count(2)
    box.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") is None
    box.press("Escape")
    expect(options).to_have_count(0)
    expect(box).to_have_value("boat")
    box.press("ArrowDown")
    expect(options).to_have_count(2)
    box.press("Escape")
    box.press("Escape")
    expect(box).to_have_value("")


def test_a_suggestion_is_clicked(page: Page, site: Site) -> None:
    visit(page, site)
    page.locator("#query").fill("boat ra")
    suggested(page).first.click()
    expect(page.locator("#status")).to_contain_text("2 posts for")


def test_beside_operators_a_suggestion_becomes_part_of_the_query(page: Page, site: Site) -> None:
    visit(page, site)
    box = page.locator("#query")
    box.fill("key:cat OR key:red")
    suggested(page).first.click()
    settled(page)
    expect(box).to_have_value('key:cat OR key:"red boat"')
    expect(page.locator("#status")).to_contain_text(f"{CATS + 2} posts")
    box.fill("")
    box.fill("sea -boat")
    suggested(page).filter(has_text="boat race").click()
    settled(page)
    expect(box).to_have_value('sea -key:"boat race"')
    assert ids(page) == ["boat-1"]


def test_answers_that_come_late_for_what_was_typed_before_are_not_shown(
    page: Page, site: Site
) -> None:
    visit(page, site)
    page.route("**/api/suggest?q=bo&*", lambda route: None)
    box = page.locator("#query")
    with page.expect_request("**/api/suggest?q=bo&*"):
        box.fill("bo")
    with page.expect_event("requestfailed"):
        box.fill("se")
    expect(suggested(page)).to_have_count(1)
    expect(suggested(page)).to_contain_text("sea")


def test_slash_leads_to_the_box_but_can_be_typed_in_it(page: Page, site: Site) -> None:
    visit(page, site, "?q=cat")
    expect(page.locator("#query")).not_to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type("/")
    expect(page.locator("#query")).to_have_value("cat/")


def test_keyphrases_and_facets_filter_and_filters_are_removed(page: Page, site: Site) -> None:
    visit(page, site)
    page.locator(".posts").get_by_role("link", name="red boat").first.click()
    expect(page.locator("#status")).to_contain_text("5 posts for")
    page.locator("#facets").get_by_role("link", name="boat race").click()
    expect(page.locator("#status")).to_contain_text("1 post for")
    assert page.url.endswith("/?phrase=red+boat&phrase=boat+race")
    page.locator("#facets").get_by_role("link", name="Remove the filter: red boat").click()
    expect(page.locator("#status")).to_contain_text("2 posts for")
    page.locator("#filters").get_by_role("link", name="boat race").click()
    expect(page.locator("#status")).to_have_text(f"{CATS + 4} posts")
    expect(page.locator("#filters")).to_be_hidden()


def test_related_phrases_lead_on(page: Page, site: Site) -> None:
    visit(page, site, "?q=sea")
    page.locator("#related").get_by_role("link", name="boat race").click()
    expect(page.locator("#status")).to_contain_text("2 posts for")


def test_pages_go_on_and_back(page: Page, site: Site) -> None:
    visit(page, site, "?q=cat&sort=date")
    first = ids(page)
    assert len(first) == 20
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("#status")).to_contain_text(f"Posts 21–40 of {CATS}")
    expect(page.locator("#status")).to_be_focused()
    second = ids(page)
    expect(page.locator("#facets")).to_contain_text("cat")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("#status")).to_contain_text(f"Posts 41–{CATS} of {CATS}")
    shown = [*first, *second, *ids(page)]
    assert shown == [f"cat-{number:02}" for number in reversed(range(CATS))]
    expect(page.get_by_role("link", name="Next page")).to_have_count(0)
    page.get_by_role("button", name="Previous page").click()
    expect(page.locator("#status")).to_contain_text("Posts 21–40")
    page.go_back()
    expect(page.locator("#status")).to_contain_text(f"{CATS} posts for")
    assert ids(page) == first
    page.go_forward()
    expect(page.locator("#status")).to_contain_text("Posts 21–40")


def test_back_leads_to_where_the_page_stood(page: Page, site: Site) -> None:
    visit(page, site, "?q=cat")
    page.evaluate("scrollTo(0, 700)")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("#status")).to_contain_text("Posts 21–40")
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.locator("#status")).to_contain_text("45 posts")
    assert page.evaluate("scrollY") > 600


def test_a_deep_link_opens_fresh(page: Page, site: Site) -> None:
    visit(page, site, "?q=cat&sort=date")
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("#status")).to_contain_text("Posts 21–40")
    with site.context() as other:
        fresh = other.new_page()
        fresh.goto(page.url)
        expect(fresh.locator("#status")).to_contain_text("Posts 21–40")
        assert ids(fresh) == ids(page)
        expect(fresh.locator("#query")).to_have_value("cat")
        expect(fresh.locator("#sort")).to_have_value("date")
        fresh.get_by_role("link", name="First page").click()
        expect(fresh.locator("#status")).to_contain_text(f"{CATS} posts")


def test_order_pictures_and_score_are_chosen(page: Page, site: Site) -> None:
    visit(page, site, "?phrase=cat")
    page.get_by_label("Sort by").select_option("date, newest first")
    settled(page)
    expect(page.locator(".posts .id").first).to_have_text(f"cat-{CATS - 1}")
    page.get_by_label("With picture").check()
    expect(page.locator("#status")).to_contain_text("23 posts")
    visit(page, site, "?phrase=red+boat")
    score = page.get_by_role("slider", name="Score from")
    for _ in range(10):
        score.press("ArrowRight")
    expect(page.locator("#status")).to_contain_text("1 post for")
    expect(page.locator("#score-shown")).to_have_text("0.50")
    expect(page.locator("#filters")).to_contain_text("score from 0.50")


def test_what_is_typed_and_not_sent_counts_when_something_is_chosen(page: Page, site: Site) -> None:
    visit(page, site, "?q=cat")
    page.locator("#query").fill("sea")
    page.get_by_label("With picture").check()
    settled(page)
    assert "q=sea" in page.url
    expect(page.locator("#query")).to_have_value("sea")


def test_related_phrases_are_of_the_dates_that_are_chosen(page: Page, site: Site) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visit(page, site, "?q=cat&since=2026-01-12&until=2026-01-18")
    expect(page.locator("#filters")).to_contain_text("12 Jan 2026")
    page.wait_for_timeout(300)
    (related,) = [url for url in asked if "/api/related" in url]
    assert "since%3A2026-01-12+until%3A2026-01-18+cat" in related


def test_a_bar_goes_no_further_than_the_dates_that_are_chosen(page: Page, site: Site) -> None:
    visit(page, site, "?phrase=cat&since=2026-01-08")
    bars = page.locator(".chart button")
    bars.first.click()
    settled(page)
    assert "since=2026-01-08" in page.url


def test_only_with_picture_is_said_of_every_alternative(page: Page, site: Site) -> None:
    visit(page, site, "?q=key:sea+OR+key:cat&picture=1")
    expect(page.locator("#status")).to_contain_text("23 posts")


def test_a_bar_leads_to_its_dates(page: Page, site: Site) -> None:
    visit(page, site, "?phrase=cat")
    bars = page.locator(".chart button")
    expect(bars.first).to_have_attribute("aria-label", "5 Jan 2026 – 11 Jan 2026: 1 post")
    bars.last.focus()
    page.keyboard.press("Home")
    expect(bars.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(bars.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    settled(page)
    assert page.url.endswith("since=2026-01-12&until=2026-01-18")
    assert ids(page) == ["cat-01"]
    page.locator("#filters").get_by_role("link", name="12 Jan 2026").click()
    expect(page.locator("#status")).to_contain_text(f"{CATS} posts")
    page.get_by_text("Choose dates").click()
    page.get_by_label("From", exact=True).fill("2026-02-01")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#status")).to_contain_text("41 posts")


def test_a_post_is_opened_closed_and_linked_to(page: Page, site: Site) -> None:
    visit(page, site, "?q=cat+-sea")
    page.get_by_role("link", name="number 0", exact=False).first.click()
    dialog = page.get_by_role("dialog", name="Post")
    expect(dialog).to_contain_text("a cat in the garden, number 0")
    expect(dialog).to_contain_text("colour")
    expect(dialog).to_contain_text('"legs": 4')
    expect(dialog).to_contain_text("0.90")
    picture = dialog.get_by_role("img", name="Picture: cat")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 300
    assert "post=cat-00" in page.url
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.url.endswith("/?q=cat+-sea")
    with site.context() as other:
        fresh = visit(other.new_page(), site, "?q=cat&post=cat-07")
        expect(fresh.get_by_role("dialog")).to_contain_text("number 7")
        fresh.get_by_role("button", name="Close").click()
        expect(fresh.get_by_role("dialog")).to_be_hidden()
        assert fresh.url.endswith("/?q=cat")


def test_more_like_this(page: Page, site: Site) -> None:
    visit(page, site, "?q=race")
    page.get_by_role("link", name="More like this").first.click()
    expect(page.locator("#status")).to_contain_text("like")
    assert "boat-2" in ids(page)
    expect(page.locator("#filters")).to_contain_text("a race at sea")
    page.locator("#query").fill("cat")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_contain_text(f"{CATS} posts")


def test_pictures_have_a_place_before_they_come(page: Page, site: Site) -> None:
    visit(page, site, "?q=cat&picture=1")
    first = page.locator(".thumbnail").first
    expect(first.locator("img")).to_have_attribute("alt", "Picture: cat, red boat")
    expect(first).to_have_class("thumbnail there")
    box = first.bounding_box()
    assert box is not None
    assert box["width"] == box["height"]
    visit(page, site, "?q=sailing")
    expect(page.locator(".thumbnail.empty")).to_have_count(1)


def test_links_can_be_opened_elsewhere(page: Page, site: Site) -> None:
    visit(page, site)
    with page.context.expect_page() as opened:
        page.locator("#facets a").first.click(modifiers=["Control"])
    expect(opened.value.locator("#status")).to_contain_text(f"{CATS} posts for")
    assert page.url.endswith("/")


def test_a_person_who_sees_no_picture_hears_what_there_is(page: Page, site: Site) -> None:
    visit(page, site, "?q=sailing")
    tree = page.locator("main").aria_snapshot()
    assert 'link "red boat , score 0.95"' in tree.replace("'", "")
    assert 'heading "1 post for' in tree
    assert 'list "Keyphrases"' in tree
    assert 'combobox "Search posts": sailing' in tree
