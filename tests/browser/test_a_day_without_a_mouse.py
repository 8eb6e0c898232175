"""A whole day at the counter over the four jobs, on the demo with its simulated devices, by keyboard and scanner alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from app import demo, devices, start
from app.base import db
from app.desk.accounts.receipt import Receipt
from app.desk.papers import outbox
from app.desk.who import people
from app.desk.work import loan
from app.procedures.counter import water_cards as water
from app.procedures.counter.keys import register
from app.procedures.counter.release_slips.tables import Slip
from app.procedures.running import proof
from app.settings import Settings
from tests.browser.conftest import Site, serve

TYPING = 45  # ms a character: faster than this is a scanner


@pytest.fixture
def counter(tmp_path: Path, browser) -> Iterator[SimpleNamespace]:
    """The demo, its printer, reader and scanner running, and the far ends of their wires in our hands."""
    chosen = start.open_books(start.choose(tmp_path / "demo", asked=True), asked=True)
    workers = devices.of(chosen)
    workers.start()
    more = {"demo": True, "printer": chosen.printer, "card_reader": chosen.card_reader}
    try:
        for site in serve(chosen.data, browser, workers, **more):
            yield SimpleNamespace(site=site, workers=workers, settings=chosen)
    finally:
        workers.stop()
        db.close()
        start.let_go(chosen.data)


class Hands:
    """Ten fingers and a wedge scanner: whatever needs a pointer cannot be done with these."""

    def __init__(self, page: Page, wedge: type) -> None:
        self.page, self.wedge = page, wedge(page)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text, delay=TYPING)

    def tab_to(self, selector: str) -> None:
        """Tab until that field has the focus."""
        for _ in range(80):
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            self.press("Tab")
        raise AssertionError(f"no Tab leads to {selector}")

    def find(self, text: str) -> None:
        """F4, the household, Enter."""
        self.press("F4")
        self.type(text)
        self.press("Enter")
        self.page.wait_for_url("**/homes/households/*")


def test_a_day_without_a_mouse(counter, wedge) -> None:
    site: Site = counter.site
    page = site.page()
    hands = Hands(page, wedge)
    sign_in(site, hands, counter.settings)
    fees_are_paid(hands)
    a_key_goes_out_and_comes_back(hands)
    goods_leave(hands)
    water_is_sold(hands, counter)
    expect_every_paper_printed()
    assert list(proof.problems()) == []


def sign_in(site: Site, hands: Hands, settings: Settings) -> None:
    password = re.search(r"password (\S+)", demo.sign_in(settings.data))[1]
    hands.page.goto(site.url)
    hands.type("安娜")
    hands.press("Tab")
    hands.type(password)
    hands.press("Enter")
    expect(hands.page.locator("h1", has_text="工作台")).to_be_visible()


def fees_are_paid(hands: Hands) -> None:
    """Somebody who owes three months pays with notes; the instruction comes first, the change is shown."""
    page = hands.page
    before = Receipt.select().count()
    hands.find("3-2-1001")
    hands.press("F1")
    page.wait_for_url("**/counter/cashier/**")
    expect(page.locator("text=家中有卧床老人")).to_be_visible()
    hands.tab_to("button:has(+ *), .notice button, .notice.note button")
    hands.press("Enter")
    expect(page.locator("text=家中有卧床老人")).to_have_count(0)
    hands.press("x")
    expect(page.locator("[name=cash]")).to_be_focused()
    hands.type("800")
    hands.press("F12")
    expect(page.locator("#toasts")).to_contain_text("SJ-")
    assert Receipt.select().count() == before + 1
    row = Receipt.select().order_by(Receipt.id.desc()).get()
    assert row.facts["change"] == 80000 - row.fen


def a_key_goes_out_and_comes_back(hands: Hands) -> None:
    """Key, badge: out. Yesterday's overdue one: back, and the hook to hang it on stands huge on the page."""
    page = hands.page
    key = register.Key.get(register.Key.name == "高压配电房")
    engineer = people.Staff.get(people.Staff.name == "王海")
    hands.press("F6")
    page.wait_for_url("**/counter/keys/")
    hands.wedge.scan(register.label_of(key))
    expect(page.locator("#hand")).to_contain_text(key.number)
    hands.wedge.scan(engineer.badge)
    expect(page.locator("#hand")).to_have_count(0)
    out = loan.open_of("key", key.id)
    assert out is not None
    assert out.holder == "王海"
    overdue = register.Key.get(register.Key.name == "电梯机房")
    hands.wedge.scan(register.label_of(overdue))
    expect(page.locator(".hook").first).to_contain_text("A08")
    assert loan.open_of("key", overdue.id) is None


def goods_leave(hands: Hands) -> None:
    page = hands.page
    before = Slip.select().count()
    hands.press("Shift+F1")
    page.wait_for_url("**/counter/release_slips/")
    hands.type("3-2-1001")
    hands.press("Enter")
    page.wait_for_url("**/new?unit=*")
    hands.tab_to("select[name=who]")
    hands.press("ArrowDown")
    hands.tab_to("input[name=item_name_1]")
    hands.type("双开门冰箱")
    hands.tab_to("input[name=item_quantity_1]")
    hands.type("1")
    hands.tab_to("input[name=item_unit_1]")
    hands.type("台")
    hands.tab_to("select[name=consent]")
    hands.press("ArrowDown")
    hands.press("F12")
    expect(page.locator("h1", has_text="FX-")).to_be_visible()
    assert Slip.select().count() == before + 1


def water_is_sold(hands: Hands, counter: SimpleNamespace) -> None:
    """The card is laid on, the steps fill, the check reading is printed."""
    page = hands.page
    counter.workers.water_bench.lay(counter.workers.water_bench.cards()[0].uid)
    hands.find("3-2-1002")
    hands.press("F7")
    page.wait_for_url("**/counter/water_cards/**")
    expect(page.locator("#board")).to_contain_text("表内剩余 15.00 吨")
    expect(page.locator("[name=quantity]")).to_be_editable()
    hands.tab_to("[name=quantity]")
    hands.type("12")
    for told in ("told_shut_off", "told_slot"):
        hands.tab_to(f"[name={told}]")
        hands.press("Space")
    hands.press("F12")
    expect(page.locator("#board")).to_contain_text("查卡核对 12.00 吨")
    row = water.TopUp.select().order_by(water.TopUp.id.desc()).get()
    assert (row.state, row.volume, row.reading) == ("done", 1200, 1200)


def expect_every_paper_printed() -> None:
    """The simulated printers have printed and confirmed whatever the day queued."""
    import time

    until = time.monotonic() + 60  # only how long a broken run takes
    while outbox.Job.select().where(outbox.Job.state << ["queued", "sending"]).exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert {job.state for job in outbox.Job.select()} == {"printed"}
