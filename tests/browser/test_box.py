"""The box at the top answers while somebody types; arrows and Enter go there; a scan leaves no list behind."""

from __future__ import annotations

from playwright.sync_api import expect

from app.desk.homes import households


def test_the_box_lists_while_typing_and_arrows_lead_to_a_hit(site, cast, home) -> None:
    page = site.page(cast.ana)
    page.goto(site.url + "/running/today/")
    page.locator("#box").press_sequentially("1234", delay=60)
    expect(page.locator("#found")).to_contain_text("138****1234")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#found a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1").first).to_contain_text("李伟")


def test_escape_empties_the_list_and_keeps_what_was_typed(site, cast, home) -> None:
    page = site.page(cast.ana)
    page.goto(site.url + "/running/today/")
    page.locator("#box").press_sequentially("1234", delay=60)
    expect(page.locator("#found a").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#found a")).to_have_count(0)
    expect(page.locator("#box")).to_have_value("1234")
    assert households.Unit.select().count() == 2
