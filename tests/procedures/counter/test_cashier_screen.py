"""The cashier's pages: with htmx, without JavaScript, in both languages, by every role."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from app.base import clock
from app.desk.accounts import charge, ledger, receipt
from app.desk.accounts.receipt import Receipt
from app.desk.work import listing
from app.desk.work.listing import Asked
from app.procedures.counter import cashier
from app.procedures.counter.cashier import corrections, overview
from tests.within import within


@pytest.fixture
def owing(cast, home):
    return within(
        charge.add,
        unit=home.unit,
        item="management",
        text="物业服务费",
        fen=22818,
        due=clock.today() - timedelta(days=40),
        expression="103.72㎡ × 2.20 × 1 月",
        by=cast.fei,
    )


def form(desk, home, **more):
    return {"_key": desk.key(), "unit": home.unit.id, "payer": "李伟", "cash": "300"} | more


def test_the_page_shows_what_is_owed_with_the_overdue_picked(desk, cast, home, owing) -> None:
    html = desk.client(cast.chen).get(f"/counter/cashier/?unit={home.unit.id}").text
    assert "3-2-1101 李伟" in html
    assert "103.72㎡ × 2.20 × 1 月" in html
    assert "逾期 40 天" in html
    assert re.search(rf'name="charge"\s+value="{owing.id}"[^>]*\schecked', html)
    assert "¥228.18" in html
    assert "人民币贰佰贰拾捌元壹角捌分" in html


def test_a_payment_with_htmx_answers_the_board_with_number_and_change(desk, cast, home, owing, htmx) -> None:
    answer = desk.client(cast.chen).post("/counter/cashier/pay", data=form(desk, home, charge=owing.id), headers=htmx)
    assert answer.status_code == 200, answer.text
    assert Receipt.get().number in answer.text
    assert "71.82" in answer.text
    assert "<html" not in answer.text


def test_a_payment_without_javascript_ends_in_a_redirect_so_that_reloading_pays_nothing(
    desk, cast, home, owing
) -> None:
    answer = desk.client(cast.chen).post("/counter/cashier/pay", data=form(desk, home, charge=owing.id))
    assert (answer.status_code, answer.location) == (303, f"/counter/cashier/?unit={home.unit.id}")


def test_a_refused_payment_keeps_what_was_typed_and_what_was_picked(desk, cast, home, owing) -> None:
    answer = desk.client(cast.chen).post(
        "/counter/cashier/pay", data=form(desk, home, charge=owing.id, cash="100", payer="王五")
    )
    assert answer.status_code == 422
    assert "128.18" in answer.text
    assert 'value="100"' in answer.text
    assert 'value="王五"' in answer.text
    assert re.search(rf'name="charge"\s+value="{owing.id}"[^>]*\schecked', answer.text)
    assert Receipt.select().count() == 0


@pytest.mark.parametrize("text", ["1,200", "1e3", "-5", "50.005", "NaN", "٥٠", "②"])
def test_an_amount_that_might_be_read_differently_is_refused(desk, cast, home, owing, htmx, text) -> None:
    answer = desk.client(cast.chen).post(
        "/counter/cashier/pay", data=form(desk, home, charge=owing.id, cash=text), headers=htmx
    )
    assert answer.status_code == 422
    assert Receipt.select().count() == 0


def test_full_width_digits_are_read(desk, cast, home, owing, htmx) -> None:
    desk.client(cast.chen).post(
        "/counter/cashier/pay", data=form(desk, home, charge=owing.id, cash="３００．００"), headers=htmx
    )
    assert Receipt.get().facts["change"] == 7182


def test_change_is_shown_while_amounts_are_typed(desk, cast, home, owing, htmx) -> None:
    client = desk.client(cast.chen)
    url = f"/counter/cashier/sum?unit={home.unit.id}&charge={owing.id}"
    assert "71.82" in client.get(url + "&cash=300", headers=htmx).text
    assert "28.18" in client.get(url + "&cash=abc&wechat=200", headers=htmx).text


def test_a_line_is_added_paid_voided_and_printed_again_by_hand(desk, cast, home, htmx) -> None:
    client = desk.client(cast.chen)
    added = {"_key": desk.key(), "unit": home.unit.id, "item": "resident_card", "quantity": "2"}
    assert "5.00 × 2 张" in client.post("/counter/cashier/add", data=added, headers=htmx).text
    row = charge.open_of(home.unit)[0]
    client.post("/counter/cashier/pay", data=form(desk, home, charge=row.id, cash="10"), headers=htmx)
    made = Receipt.get()
    assert made.number in client.get("/counter/cashier/last").text
    assert (
        "再打印"
        in client.post(
            f"/counter/cashier/receipt/{made.id}/reprint", data={"_key": desk.key(), "copy": "存根联"}, headers=htmx
        ).text
    )
    copies = ["客户联", "存根联", "存根联 补打 1"]
    void = {"_key": desk.key(), "copies": copies, "reason": "错户"}
    assert "错户" in client.post(f"/counter/cashier/receipt/{made.id}/void", data=void, headers=htmx).text
    assert charge.owed(home.unit) == 1000
    taken = {"_key": desk.key(), "unit": home.unit.id, "reason": "不办"}
    assert client.post(f"/counter/cashier/take_back/{row.id}", data=taken, headers=htmx).status_code == 200
    assert charge.owed(home.unit) == 0


def test_an_assistants_void_asks_for_the_supervisor_in_place(desk, cast, home, owing, htmx) -> None:
    client = desk.client(cast.ana)
    client.post("/counter/cashier/pay", data=form(desk, home, charge=owing.id), headers=htmx)
    answer = client.post(
        "/counter/cashier/receipt/1/void",
        data={"_key": desk.key(), "copies": ["客户联", "存根联"], "reason": "错"},
        headers=htmx,
    )
    assert answer.status_code == 422
    assert "CASH-11" in answer.text


def test_a_refund_is_made_and_signed_on_the_receipts_page(desk, cast, home, owing, htmx, time_machine) -> None:
    desk.client(cast.chen).post("/counter/cashier/pay", data=form(desk, home, charge=owing.id), headers=htmx)
    time_machine.move_to(clock.now() + timedelta(days=1))
    client = desk.client(cast.mia)
    data = {"_key": desk.key(), "line1": "100", "reason": "多收", "payee": "李伟"}
    assert "100.00" in client.post("/counter/cashier/receipt/1/refund", data=data, headers=htmx).text
    assert client.post("/counter/cashier/receipt/2/signed", data={"_key": desk.key()}, headers=htmx).status_code == 200
    assert ledger.balance("tender.cash") == 12818


def test_deposits_prices_books_account_and_a4_are_pages(desk, cast, home, htmx) -> None:
    row = cashier.add(home.unit, "deposit_lift", by=cast.chen)
    chen, mia = desk.client(cast.chen), desk.client(cast.mia)
    chen.post("/counter/cashier/pay", data=form(desk, home, charge=row.id, cash="1000"), headers=htmx)
    assert "1,000.00" in chen.get("/money/deposits/").text
    back = {"_key": desk.key(), "fen": "1000", "payee": "李伟", "copy_back": "1"}
    assert mia.post("/money/deposits/1/give_back", data=back, headers=htmx).status_code == 200
    assert "列表中没有记录" in chen.get("/money/deposits/").text
    price = {
        "_key": desk.key(),
        "item": "resident_card",
        "fen": "6",
        "point": "centre",
        "copies": "3",
        "since": clock.today().isoformat(),
    }
    assert "6.00" in mia.post("/money/prices/change", data=price, headers=htmx).text
    book = {"_key": desk.key(), "first": "1", "last": "60", "giver": "费账"}
    assert "58" in chen.post("/counter/cashier/books/draw", data=book, headers=htmx).text
    assert "装修保证金" in chen.get(f"/counter/cashier/account?unit={home.unit.id}").text
    sheet = chen.post("/counter/cashier/receipt/1/a4", data={"_key": desk.key()}).text
    assert "A4 第 1 次打印" in sheet
    assert "A4 三联 1" in corrections.copies_out(Receipt.get_by_id(1))
    assert sheet.count("人民币壹仟元整") == 3
    assert all(copy in sheet for copy in ("客户联", "存根联", "记账联"))


def test_somebody_without_a_unit_pays_too(desk, cast, home, htmx) -> None:
    client = desk.client(cast.chen)
    client.post("/counter/cashier/add", data={"_key": desk.key(), "unit": 0, "item": "worker_pass"}, headers=htmx)
    row = charge.open_of(None)[0]
    client.post(
        "/counter/cashier/pay",
        data={"_key": desk.key(), "unit": 0, "payer": "装修队 赵工", "charge": row.id, "cash": "5"},
        headers=htmx,
    )
    assert (receipt.paper(Receipt.get())["room"], Receipt.get().payer) == ("", "装修队 赵工")


@pytest.mark.rule("CASH-2")
def test_the_days_money_of_a_collector_is_totalled_by_tender(desk, cast, home, owing, htmx, time_machine) -> None:
    client = desk.client(cast.chen)
    client.post(
        "/counter/cashier/pay",
        data=form(desk, home, charge=owing.id, cash="200", wechat="100", wechat_ref="42", prepay="71.82"),
        headers=htmx,
    )
    desk.client(cast.ana).post("/counter/cashier/pay", data=form(desk, home, cash="50", prepay="50"), headers=htmx)
    assert overview.taken_today(cast.chen) == {"cash": 20000, "wechat": 10000}
    time_machine.move_to(clock.now() + timedelta(days=1))
    assert overview.taken_today(cast.chen) == {}


@pytest.mark.rule("CASH-7")
def test_what_is_kept_in_order_stands_in_the_manuals_page(desk, cast) -> None:
    assert "验钞机" in desk.client(cast.chen).get("/running/manual/CASH-7").text


def test_a_guard_sees_no_money(desk, cast, home) -> None:
    for url in ("/counter/cashier/", "/money/deposits/", "/counter/cashier/account?unit=1"):
        assert desk.client(cast.gao).get(url).status_code == 422


def test_the_page_costs_the_same_statements_with_a_long_history(desk, cast, home) -> None:
    from app.base import db

    client = desk.client(cast.chen)

    def cost() -> int:
        before = db.statements()
        assert client.get(f"/counter/cashier/?unit={home.unit.id}").status_code == 200
        return db.statements() - before

    def once() -> None:
        row = cashier.add(home.unit, "resident_card", by=cast.chen)
        cashier.pay(home.unit, payer="李伟", charges=[row.id], tenders=[receipt.Tender("cash", 500)], by=cast.chen)

    once()
    cashier.add(home.unit, "resident_card", by=cast.chen)
    cost()
    short = cost()
    for _ in range(60):
        once()
    for _ in range(30):
        cashier.add(home.unit, "resident_card", by=cast.chen)
    assert cost() == short


def test_a_receipt_is_reached_by_number_by_scan_and_from_the_list_of_the_day(desk, cast, home, owing, htmx) -> None:
    client = desk.client(cast.chen)
    assert "您还没有开过收据" in client.get("/counter/cashier/last", follow_redirects=True).text
    client.post("/counter/cashier/pay", data=form(desk, home, charge=owing.id), headers=htmx)
    row = Receipt.get()
    assert client.get(f"/counter/cashier/?q={row.number}").location == f"/counter/cashier/receipt/{row.id}"
    assert row.number in desk.client(cast.chen).get("/counter/cashier/").text
    assert desk.client(cast.ana).get("/counter/cashier/?q=SJ-2026-999999").status_code == 200
    heard = client.post("/counter/scan/read", data={"_key": desk.key(), "code": row.code}, headers=htmx)
    assert heard.headers["HX-Redirect"] == f"/counter/cashier/receipt/{row.id}"


def test_a_form_without_javascript_answers_with_a_redirect_everywhere(desk, cast, home, owing) -> None:
    client = desk.client(cast.mia)
    client.post("/counter/cashier/pay", data=form(desk, home, charge=owing.id))
    again = client.post("/counter/cashier/receipt/1/reprint", data={"_key": desk.key()})
    assert (again.status_code, again.location) == (303, "/counter/cashier/receipt/1")
    wrong = client.post("/counter/cashier/receipt/1/void", data={"_key": desk.key(), "reason": "错户"})
    assert wrong.status_code == 422
    assert 'value="错户"' in wrong.text


def test_a_standing_instruction_is_shown_first_and_acknowledged_in_place(desk, cast, home, htmx) -> None:
    from app.desk.homes import instructions

    row = instructions.give(home.unit, "general", "来人先核对证件", by=cast.mia)
    client, cashier = desk.client(cast.chen), f"/counter/cashier/?unit={home.unit.id}"
    assert "来人先核对证件" in client.get(cashier).text
    url = f"/homes/households/{home.unit.id}/read/{row.id}"
    read = client.post(url, data={"_key": desk.key(), "back": cashier}, headers=htmx)
    assert read.headers["HX-Redirect"] == cashier
    assert "来人先核对证件" not in client.get(cashier).text


def test_deposits_have_pages(cast, home) -> None:
    from app.procedures.money import deposits

    for _ in range(2):
        row = cashier.add(home.unit, "deposit_lift", by=cast.chen)
        cashier.pay(home.unit, payer="李伟", charges=[row.id], tenders=[receipt.Tender("cash", 100000)], by=cast.chen)
    found = deposits.register(Asked())
    first = listing.page(found, Asked(), size=1)
    older = listing.page(found, Asked(below=first.older), size=1)
    assert [each.receipt.n for each in first.rows + older.rows] == [2, 1]
