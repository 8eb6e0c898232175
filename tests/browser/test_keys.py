"""Keys in a real browser: two scans lend, one returns, and what the cabinet's own scanner hears shows by itself."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from app.base import db
from app.desk.record import numbering
from app.desk.who import people, sessions
from app.desk.work import loan
from app.procedures.counter.keys import custody, lending, register, scans
from app.procedures.counter.keys.register import KIND, Key
from app.procedures.counter.keys.worker import ScanWorker
from app.procedures.running import staff as staffing
from hardware.drivers.scanner import SerialScanner
from hardware.simulators.scanner import SimulatedScanner

BADGE = numbering.code(40, 2026, 7)
SOON = 1000  # ms: an open key page shows a scan of the cabinet's scanner within a second


@pytest.fixture
def pump(books, cast: SimpleNamespace) -> Key:
    people.Staff.update(badge=BADGE).where(people.Staff.id == cast.wang.id).execute()
    sessions.Station.create(name="1")
    return register.add(name="水泵房", hook="A07", by=cast.mia)


def lent(cast, key, minutes: int = 10) -> loan.Loan:
    """Lent a while ago, so that a scan is not taken for the same pull of the trigger."""
    made = lending.lend(key, to=lending.staff_holder(people.Staff.get_by_id(cast.wang.id)), by=cast.ana)
    with db.write():
        loan.Loan.update(since=made.since - scans.AGAIN * 20 * minutes).where(loan.Loan.id == made.id).execute()
    return made


@pytest.fixture
def cabinet(pump, tmp_path) -> Iterator[SimulatedScanner]:
    """The scanner on the key cabinet and its worker."""
    with SimulatedScanner(tmp_path / "key-scanner") as far_end:
        worker = ScanWorker(lambda: SerialScanner(far_end.path))
        worker.start()
        yield far_end
        worker.stop()


def test_two_scans_lend_and_one_takes_back_without_a_mouse(site, cast, pump, wedge):
    page = site.open(cast.ana, "/running/today/")
    page.keyboard.press("F6")
    expect(page.locator("#board")).to_contain_text("K0001")
    gun = wedge(page)
    gun.scan(register.label_of(pump))
    expect(page.locator("#hand")).to_contain_text("K0001 水泵房")
    gun.scan(BADGE)
    expect(page.locator("#keys-live")).to_contain_text("已借给 王海")
    assert loan.open_of(KIND, pump.id).signed == "badge"
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("#toasts")).to_contain_text("已撤销")
    lent(cast, pump)
    page.keyboard.press("F2")
    page.wait_for_url("**/counter/keys/back")
    expect(page.locator("[name=code]")).to_be_focused()
    page.keyboard.type("k1", delay=60)
    page.keyboard.press("Enter")
    expect(page.locator(".hook .big")).to_have_text("A07")
    assert loan.open_of(KIND, pump.id) is None


def test_a_scan_while_typing_is_heard_and_the_typing_stays(site, cast, pump, wedge):
    lent(cast, pump)
    page = site.open(cast.ana, "/counter/keys/")
    page.get_by_role("textbox", name="查找：编号").fill("配电")
    page.get_by_role("textbox", name="查找：编号").focus()
    wedge(page).scan(register.label_of(pump))
    expect(page.locator("#toasts")).to_contain_text("A07")
    assert loan.open_of(KIND, pump.id) is None


def test_esc_puts_the_key_down(site, cast, pump, wedge):
    page = site.open(cast.ana, "/counter/keys/")
    wedge(page).scan(register.label_of(pump))
    expect(page.locator("#hand")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#hand")).to_have_count(0)


def test_an_outsider_signs_the_slip_and_the_form_is_sent_with_f12(site, cast, pump, wedge):
    page = site.open(cast.ana, "/counter/keys/")
    wedge(page).scan(register.label_of(pump))
    hand = page.locator("form.hand")
    hand.locator("[name=name]").fill("赵红")
    hand.locator("[name=of]").fill("洁净公司")
    page.keyboard.press("F12")
    expect(page.locator("#notice")).to_contain_text("KEY-4")
    page.keyboard.press("Escape")
    hand.locator("[name=checked]").fill("身份证 1234")
    page.keyboard.press("F12")
    expect(page.locator("#keys-live")).to_contain_text("已借给 赵红")
    assert loan.open_of(KIND, pump.id).checked == "身份证 1234"


def refused_to_herself(site, cast, pump, wedge) -> Page:
    """Ana scans the key and her own badge: the page asks for a supervisor."""
    own = str(staffing.issue_badge(cast.ana.id, by=cast.mia).badge)
    page = site.open(cast.ana, "/counter/keys/")
    gun = wedge(page)
    gun.scan(register.label_of(pump))
    expect(page.locator("#hand")).to_be_visible()
    gun.scan(own)
    expect(page.locator("#notice")).to_contain_text("KEY-4")
    return page


def test_handing_a_key_to_oneself_is_answered_by_the_supervisor_in_place(site, cast, pump, wedge):
    staffing.set_pin(cast.mia.id, "2468", by=cast.mia)
    page = refused_to_herself(site, cast, pump, wedge)
    page.keyboard.press("2")
    page.locator("#notice [name=_approver]").fill("米娅")
    page.locator("#notice [name=_pin]").fill("2468")
    page.keyboard.press("Enter")
    expect(page.locator("#keys-live")).to_contain_text("已借给 安娜")


def test_who_has_gone_on_to_the_pin_is_not_called_back_to_the_name(site, cast, pump, wedge):
    page = refused_to_herself(site, cast, pump, wedge)
    gone_on = """name => {
      document.querySelector(`#notice [name=${name}]`)?.focus();
      return new Promise((done) => setTimeout(() => done(document.activeElement.name), 150)); // the key acts after 60 ms
    }"""
    page.keyboard.press("2")
    assert page.evaluate(gone_on, "none") == "_approver"
    page.locator("#notice .panel").focus()
    page.keyboard.press("2")
    assert page.evaluate(gone_on, "_pin") == "_pin"


def test_a_key_returned_at_the_cabinet_shows_on_an_open_page_within_a_second(site, cast, pump, cabinet):
    lent(cast, pump)
    page = site.open(cast.ana, "/counter/keys/")
    expect(page.locator("#keys-live")).to_contain_text("王海")
    cabinet.scan(register.label_of(pump))
    expect(page.locator(".hook .big")).to_have_text("A07", timeout=5 * SOON)
    assert loan.last_of(KIND, pump.id).taken_by_id == cast.ana.id


def test_a_key_scanned_at_the_cabinet_is_lent_by_the_badge_scanned_there(site, cast, pump, cabinet):
    page = site.open(cast.ana, "/counter/keys/")
    cabinet.scan(register.label_of(pump))
    expect(page.locator("#hand")).to_contain_text("K0001")
    cabinet.scan(BADGE)
    expect(page.locator("#keys-live")).to_contain_text("已借给 王海")
    assert loan.open_of(KIND, pump.id).lent_by_id == cast.ana.id


def test_what_the_cabinets_scanner_was_refused_is_seen_and_heard(site, cast, pump, cabinet, home):
    custody.accept(
        unit=home.unit, owner=home.owner, kind="hardship", reason="长期在外地工作", no_trouble=True,
        keys=[("入户门", "E14", 1)], signed=True, by=cast.ana,
    )  # fmt: skip
    page = site.open(cast.ana, "/counter/keys/")
    cabinet.scan(register.label_of(Key.get(Key.store == "entrusted")))
    stop = page.locator("#keys-live .notice.stop")
    expect(stop).to_contain_text("未经业主同意不得借出")
    expect(stop).to_contain_text("EKEY-3")
    expect(page.locator("body")).to_have_attribute("data-sounded", "stop")
    stop.get_by_role("link", name="登记同意").click()
    page.locator("[name=phone]").fill("13812341234")
    page.locator("[name=scope]").fill("保洁 赵红")
    page.keyboard.press("F12")
    expect(page.locator("#toasts")).to_contain_text("业主同意及时间已登记")


def test_a_count_is_made_with_the_scanner_alone(site, cast, pump, wedge):
    register.add(name="配电房", hook="A08", by=cast.mia)
    page = site.open(cast.ana, "/counter/key_counts/")
    page.keyboard.press("F12")
    page.wait_for_url("**/counter/key_counts/1")
    wedge(page).scan(register.label_of(pump))
    expect(page.locator("#board")).to_contain_text("水泵房")
    page.get_by_role("link", name="已扫完").click()
    page.locator("[name=missing-2]").fill("在值班室")
    page.keyboard.press("F12")
    page.wait_for_url("**/counter/key_counts/")
    expect(page.locator("#board")).to_contain_text("在值班室")


def test_the_keys_speak_english_too(site, cast, pump, wedge):
    lent(cast, pump)
    page = site.open(cast.ana, "/counter/keys/", language="en")
    expect(page.locator("#board")).to_contain_text("internal 1 · entrusted 0 · out 1")
    wedge(page).scan(register.label_of(pump))
    expect(page.locator("#toasts")).to_contain_text("is back from 王海. Hang it on A07.")
