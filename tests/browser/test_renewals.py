"""Open pages renew themselves; whoever works on one loses neither what was typed, pressed or sent, nor the focus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route, expect

from app.desk.record import numbering
from app.desk.who import people, sessions
from app.desk.work import loan
from app.procedures.counter.keys import register, scans
from app.procedures.counter.keys.register import KIND, Key

BADGE = numbering.code(40, 2026, 7)
BOARD = "**/counter/keys/?**"
RENEW = "document.body.dispatchEvent(new CustomEvent('live:keys'))"


@pytest.fixture
def pump(books, cast) -> Key:
    people.Staff.update(badge=BADGE).where(people.Staff.id == cast.wang.id).execute()
    sessions.Station.create(name="1")
    return register.add(name="水泵房", hook="A07", by=cast.mia)


@contextmanager
def held(page: Page, url: str) -> Iterator[None]:
    """Answers to this address come when the block ends."""
    waiting: list[Route] = []
    page.route(url, lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright marks the function it is given
    yield
    for route in waiting:
        route.continue_()
    page.unroute(url)


def in_hand(site, cast, pump, wedge) -> Page:
    """The key page with a key taken off its hook, nothing typed yet."""
    page = site.open(cast.ana, "/counter/keys/")
    wedge(page).scan(register.label_of(pump))
    expect(page.locator("form.hand")).to_be_visible()
    return page


def test_what_is_typed_while_a_renewal_is_on_its_way_stays(site, cast, pump, wedge):
    page = in_hand(site, cast, pump, wedge)
    page.evaluate("document.activeElement.blur()")
    name = page.locator("form.hand [name=name]")
    with held(page, BOARD):
        with page.expect_request(BOARD):
            page.evaluate(f"window.renewing = setInterval(() => {RENEW}, 50)")  # one may be under way already
        name.fill("赵红")
        page.evaluate("clearInterval(window.renewing)")
    with page.expect_response("**/live**"):
        pass
    expect(name).to_have_value("赵红")


def test_what_is_typed_outlasts_the_renewal_by_the_clock(site, cast, pump):
    scans.take(pump, by=cast.ana)
    page = site.page(cast.ana)
    page.clock.install()
    page.goto(site.url + "/counter/keys/")
    name = page.locator("form.hand [name=name]")
    name.fill("赵红")
    page.evaluate("document.activeElement.blur()")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response("**/live**"):
        page.clock.fast_forward(61_000)
        page.clock.run_for(1_000)
    assert not [url for url in asked if "/counter/keys/" in url]
    expect(name).to_have_value("赵红")


def test_the_answer_to_a_form_is_heard_though_its_board_changed_meanwhile(site, cast, pump, wedge):
    page = in_hand(site, cast, pump, wedge)
    wedge(page).scan(BADGE)
    undo = page.get_by_role("button", name="撤销")
    with held(page, "**/counter/keys/undo"):
        with page.expect_request("**/counter/keys/undo"):
            undo.click()
        page.evaluate(RENEW)
        with page.expect_response("**/live**"):
            pass
    expect(page.locator("#toasts")).to_contain_text("已撤销")
    assert loan.open_of(KIND, pump.id) is None


def test_a_button_being_pressed_is_not_renewed_before_its_click(site, cast, pump, wedge):
    page = in_hand(site, cast, pump, wedge)
    wedge(page).scan(BADGE)
    undo = page.get_by_role("button", name="撤销")
    undo.hover()
    page.mouse.down()
    page.evaluate(RENEW)
    with page.expect_response("**/live**"):
        pass
    page.mouse.up()
    expect(page.locator("#toasts")).to_contain_text("已撤销")


def test_what_was_put_off_while_somebody_typed_is_shown_afterwards(site, cast, pump, wedge):
    page = in_hand(site, cast, pump, wedge)
    name = page.locator("form.hand [name=name]")
    name.fill("赵红")
    register.add(name="配电房", hook="A08", by=cast.mia)
    with page.expect_response("**/live**"):
        pass
    expect(page.locator("#keys-live")).not_to_contain_text("配电房")
    page.evaluate("delete document.querySelector('form.hand').dataset.dirty; document.activeElement.blur()")
    expect(page.locator("#keys-live")).to_contain_text("配电房")


def test_a_renewal_does_not_take_the_focus_from_another_field(site, cast):
    page = site.open(cast.ana, "/counter/release_slips/")
    page.locator("#box").focus()
    with page.expect_response("**/counter/release_slips/**"):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('live:slips'))")
    page.keyboard.type("201", delay=60)
    expect(page.locator("#box")).to_have_value("201")


def test_a_field_gone_to_as_the_board_appears_keeps_the_focus(site, cast, pump, wedge):
    page = site.open(cast.ana, "/counter/keys/")
    page.evaluate(
        """document.addEventListener("htmx:afterSwap", () =>
             queueMicrotask(() => document.querySelector("form.hand [name=name]")?.focus()), { once: true })"""
    )
    wedge(page).scan(register.label_of(pump))
    expect(page.locator("form.hand [name=name]")).to_be_focused()
    page.evaluate("new Promise((later) => setTimeout(later, 50))")  # htmx's own habit was to go elsewhere after 20 ms
    expect(page.locator("form.hand [name=name]")).to_be_focused()


def test_a_scan_and_a_second_f12_wait_for_the_answer_to_the_form(site, cast, pump, wedge):
    page = in_hand(site, cast, pump, wedge)
    other = register.add(name="配电房", hook="A08", by=cast.mia)
    page.locator("form.hand [name=name]").fill("赵红")
    page.locator("form.hand [name=checked]").fill("身份证 1234")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    with held(page, "**/counter/keys/hand"):
        with page.expect_request("**/counter/keys/hand"):
            page.keyboard.press("F12")
        page.keyboard.press("F12")
        wedge(page).scan(register.label_of(other))
        with page.expect_response("**/live**"):
            pass
        assert len(asked) == 1
    expect(page.locator("#hand")).to_contain_text("K0002 配电房")
    assert [url.rpartition("/")[2] for url in asked] == ["hand", "read"]
    assert loan.open_of(KIND, pump.id).holder == "赵红"
