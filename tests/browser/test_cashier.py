"""The cashier in a real browser: no mouse, no second payment whatever is clicked, without JavaScript too (promise P2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from app.base import clock
from app.desk.accounts import charge, ledger
from app.desk.accounts.receipt import Receipt
from tests.browser.test_shell import violations
from tests.within import within


@pytest.fixture
def owed(cast, home):
    """Two months: 228.18 overdue, 228.18 due later."""
    return [
        within(
            charge.add,
            unit=home.unit,
            item="management",
            text=text,
            fen=22818,
            due=clock.today() + timedelta(days=days),
            by=cast.fei,
        )
        for text, days in (("九月物业费", -40), ("下月物业费", 20))
    ]


def receipts() -> int:
    return int(Receipt.select().count())


def url(home) -> str:
    return f"/counter/cashier/?unit={home.unit.id}"


def test_a_household_pays_without_a_mouse(site, cast, home, owed) -> None:
    page = site.open(cast.chen, url(home))
    expect(page.locator("#sum strong")).to_have_text("¥228.18")
    page.keyboard.press("2")
    expect(page.locator("#sum strong")).to_have_text("¥456.36")
    page.keyboard.press("x")
    expect(page.locator("[name=cash]")).to_be_focused()
    page.keyboard.type("500")
    expect(page.locator("#sum b.num")).to_have_text("43.64")
    page.keyboard.press("F12")
    expect(page.locator(".notice.ok")).to_contain_text("43.64")
    assert (receipts(), charge.owed(home.unit)) == (1, 0)
    page.keyboard.press("F9")
    page.wait_for_url("**/counter/cashier/last")
    page.keyboard.press("F12")
    expect(page.locator(".toast.ok").last).to_contain_text("再打印一份")


def test_an_order_number_is_scanned_into_its_field(site, cast, home, owed, wedge) -> None:
    page = site.open(cast.chen, url(home))
    page.keyboard.press("w")
    expect(page.locator("[name=wechat]")).to_be_focused()
    page.keyboard.type("228.18")
    page.locator("[name=wechat_ref]").focus()
    wedge(page).scan("4200001234567890")
    expect(page.locator("[name=wechat_ref]")).to_have_value("4200001234567890")
    expect(page.locator("#sum")).to_contain_text("实收 228.18")
    assert receipts() == 0, "a scan alone takes no money"
    page.keyboard.press("F12")
    expect(page.locator(".notice.ok")).to_be_visible()
    assert ledger.balance("tender.wechat") == 22818


def test_a_real_double_click_pays_once(site, cast, home, owed) -> None:
    page = site.open(cast.chen, url(home))
    page.fill("[name=cash]", "228.18")
    page.locator("#pay button.go").dblclick()
    expect(page.locator(".notice.ok")).to_be_visible()
    assert receipts() == 1


def test_enter_and_a_click_pay_once(site, cast, home, owed) -> None:
    page = site.open(cast.chen, url(home))
    page.fill("[name=cash]", "228.18")
    page.evaluate(
        "() => { const form = document.getElementById('pay'); form.requestSubmit(); form.querySelector('button.go').click(); form.requestSubmit(); }"
    )
    expect(page.locator(".notice.ok")).to_be_visible()
    assert receipts() == 1


def test_f5_after_paying_pays_nothing(site, cast, home, owed) -> None:
    page = site.open(cast.chen, url(home))
    page.fill("[name=cash]", "228.18")
    page.keyboard.press("F12")
    expect(page.locator(".notice.ok")).to_be_visible()
    page.reload()
    expect(page.locator("#pay")).to_be_visible()
    assert receipts() == 1


@pytest.mark.parametrize("javascript", [True, False])
def test_back_and_sending_again_pays_nothing_more(site, cast, home, owed, javascript) -> None:
    page = site.open(cast.chen, url(home), javascript=javascript)
    page.fill("[name=prepay]", "10")
    page.fill("[name=cash]", "238.18")
    page.locator("#pay button.go").click()
    page.wait_for_load_state()
    if javascript:
        expect(page.locator(".notice.ok")).to_be_visible()
    assert receipts() == 1
    page.goto(site.url + "/running/today/")
    page.go_back()
    page.wait_for_load_state()
    if (
        javascript
    ):  # a page from the cache has a fresh form, a restored one its used key: neither takes what is not owed
        page.fill("[name=cash]", "228.18")
        page.locator("#pay button.go").click()
        expect(page.locator("#notice .panel")).to_be_visible()
    else:
        page.go_back()
        page.wait_for_load_state()
        page.locator("#pay button.go").click()
        page.wait_for_load_state()
    assert receipts() == 1


def test_two_tabs_of_one_household_pay_it_once(site, cast, home, owed) -> None:
    first, second = (site.open(who, url(home)) for who in (cast.chen, cast.ana))
    for page in (first, second):
        page.fill("[name=cash]", "228.18")
    first.keyboard.press("F12")
    expect(first.locator(".notice.ok")).to_be_visible()
    second.keyboard.press("F12")
    expect(second.locator("#notice .panel")).to_contain_text("已收取")
    assert receipts() == 1


def test_the_payment_form_works_without_javascript(site, cast, home, owed) -> None:
    page = site.open(cast.chen, url(home), javascript=False)
    page.fill("[name=cash]", "100")
    page.locator("#pay button.go").click()
    expect(page.locator("#notice")).to_contain_text("还差 128.18")
    expect(page.locator("[name=cash]")).to_have_value("100")
    page.fill("[name=cash]", "300")
    page.locator("#pay button.go").click()
    expect(page.locator("#toasts")).to_contain_text("71.82")
    assert receipts() == 1


def test_the_cashier_speaks_english_too(site, cast, home, owed) -> None:
    page = site.open(cast.chen, url(home), language="en")
    page.fill("[name=cash]", "1")
    page.keyboard.press("F12")
    expect(page.locator("#notice .panel")).to_contain_text("227.18 is missing")


def test_the_pages_of_a_household_and_a_receipt_can_be_used_by_everybody(site, cast, home, owed) -> None:
    page = site.open(cast.chen, url(home))
    assert violations(page) == []
    page.fill("[name=cash]", "228.18")
    page.keyboard.press("F12")
    expect(page.locator(".notice.ok")).to_be_visible()
    for path in ("/counter/cashier/receipt/1", f"/counter/cashier/account?unit={home.unit.id}", "/counter/cashier/"):
        page.goto(site.url + path)
        assert violations(page) == [], path
