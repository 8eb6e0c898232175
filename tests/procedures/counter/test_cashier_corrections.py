"""A receipt is never deleted: void on its day, refund later, never more than was taken."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from python_calamine import CalamineWorkbook

from app.base import clock
from app.base.refusal import Refused
from app.desk.accounts import charge, ledger, prices, receipt
from app.desk.accounts.receipt import Receipt, Tender
from app.desk.record.journal import Line
from app.desk.work import due, listing
from app.desk.work.listing import Asked
from app.procedures.counter import cashier
from app.procedures.counter.cashier import corrections
from app.procedures.money import deposits

ALL = ["客户联", "存根联"]


@pytest.fixture
def paid(cast, home):
    """Two cards, paid half in cash and half by phone."""
    row = cashier.add(home.unit, "resident_card", quantity=2, by=cast.chen)
    tenders = [Tender("cash", 500), Tender("wechat", 500, "42")]
    return cashier.pay(home.unit, payer="李伟", charges=[row.id], tenders=tenders, by=cast.chen)


def parts(row: Receipt, fen: int) -> tuple[dict[int, int], dict[int, int]]:
    return {receipt.items_left(row)[0][0].id: fen}, receipt.split_back(row, fen)


def refund(row, fen, by, **more):
    items, tenders = parts(row, fen)
    return corrections.refund(
        row, **{"items": items, "tenders": tenders, "reason": "退", "payee": "李伟", "by": by} | more
    )


@pytest.mark.rule("CASH-11")
def test_a_void_needs_a_reason_and_every_copy_and_keeps_its_number(cast, home, paid) -> None:
    with pytest.raises(Refused, match="存根联"):
        corrections.void(paid, copies=["客户联"], reason="错", by=cast.chen)
    with pytest.raises(Refused, match="reason"):
        corrections.void(paid, copies=ALL, reason="", by=cast.chen)
    made = corrections.void(paid, copies=ALL, reason="错户", by=cast.chen)
    assert (made.kind, made.of, made.n, Receipt.select().count()) == ("void", paid, paid.n + 1, 2)
    assert (charge.owed(home.unit), ledger.balance("tender.cash"), ledger.balance("tender.wechat")) == (1000, 0, 0)
    assert (receipt.verify(), charge.check()) == ([], [])


@pytest.mark.rule("CASH-11")
def test_a_reprinted_copy_is_handed_back_too(cast, paid) -> None:
    cashier.reprint(paid, by=cast.chen)
    with pytest.raises(Refused, match="客户联 补打 1"):
        corrections.void(paid, copies=ALL, reason="错", by=cast.chen)
    corrections.void(paid, copies=[*ALL, "客户联 补打 1"], reason="错", by=cast.chen)


@pytest.mark.rule("CASH-11")
def test_a_receipt_is_taken_back_once(cast, paid) -> None:
    made = corrections.void(paid, copies=ALL, reason="错", by=cast.chen)
    for row in (paid, made):
        with pytest.raises(Refused):
            corrections.void(row, copies=ALL, reason="错", by=cast.chen)


@pytest.mark.rule("CASH-11")
def test_an_assistant_voids_with_the_supervisor_in_place_and_her_name_is_in_the_journal(cast, paid) -> None:
    with pytest.raises(Refused, match="supervisor"):
        corrections.void(paid, copies=ALL, reason="错", by=cast.ana)
    corrections.void(paid, copies=ALL, reason="错", by=replace(cast.ana, overrides={"CASH-11": "米娅"}))
    line = Line.select().where(Line.verb == "receipt.voided").get()
    assert line.detail["overrides"] == {"CASH-11": "米娅"}


def test_void_is_for_today_and_refund_for_later(cast, paid, time_machine) -> None:
    with pytest.raises(Refused, match="void it"):
        refund(paid, 1000, cast.mia)
    time_machine.move_to(clock.now() + timedelta(days=1))
    with pytest.raises(Refused, match="refund"):
        corrections.void(paid, copies=ALL, reason="错", by=cast.chen)
    made = refund(paid, 700, cast.mia)
    assert [(way["kind"], way["fen"]) for way in made.facts["tenders"]] == [("cash", -500), ("wechat", -200)]
    assert made.facts["of"] == {"number": paid.number, "hash": paid.hash}


def test_the_payee_of_a_refund_is_named_and_signs_the_stub_the_same_evening(cast, paid, time_machine) -> None:
    time_machine.move_to(clock.now() + timedelta(days=1))
    with pytest.raises(Refused, match="name"):
        refund(paid, 1000, cast.mia, payee="")
    made = refund(paid, 1000, cast.mia)
    assert (made.payee, [promise.kind for promise in due.open_list()]) == ("李伟", ["counter.cashier"])
    corrections.signed(made, by=cast.chen)
    assert (due.open_list(), corrections.drawn(made)) == ([], 0)


def test_a_payee_who_signs_on_the_pad_leaves_the_picture_with_the_receipt(desk, cast, paid, time_machine) -> None:
    time_machine.move_to(clock.now() + timedelta(days=1))
    made, client = refund(paid, 1000, cast.mia), desk.client(cast.chen)
    url = f"/counter/cashier/receipt/{made.id}"
    assert "payee_pad" in client.get(url).text
    picture, out = Image.new("RGB", (60, 20), "white"), io.BytesIO()
    picture.putpixel((5, 5), (0, 0, 0))
    picture.save(out, "PNG")
    drawn = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    client.post(f"{url}/signed", data={"_key": desk.key(), "payee_pad": drawn})
    assert (due.open_list(), corrections.drawn(made) > 0) == ([], True)
    assert f"/running/signatures/{corrections.drawn(made)}.png" in client.get(url).text


def test_refunds_never_exceed_what_is_left_and_need_the_role(cast, paid, time_machine) -> None:
    time_machine.move_to(clock.now() + timedelta(days=1))
    with pytest.raises(Refused, match="supervisor"):
        refund(paid, 400, cast.chen)
    refund(paid, 400, cast.fei)
    with pytest.raises(Refused):
        refund(paid, 601, cast.fei)
    refund(paid, 600, cast.fei)
    assert receipt.is_reversed(paid)
    assert (ledger.balance("tender.cash"), ledger.balance("tender.wechat"), charge.check()) == (0, 0, [])


def test_water_is_taken_back_on_the_water_cards_page(cast, home, paid) -> None:
    from app.desk.record.journal import deed

    @deed("test.water", act="desk.see")
    def water(*, by) -> Receipt:
        ledger.post({"tender.cash": 100, "suspense.water": -100}, unit=home.unit)
        item = receipt.Item("水费", "", 100, "income.water")
        return receipt.issue(
            unit=home.unit, payer="李伟", items=[item], tenders=[Tender("cash", 100)], suspense="suspense.water", by=by
        )

    row = water(by=cast.chen)
    with pytest.raises(Refused, match="water card page"):
        corrections.void(row, copies=ALL, reason="错", by=cast.chen)


def held(text: str = "") -> list[deposits.Held]:
    """The lines of the deposits' page."""
    asked = Asked(text=text)
    return listing.page(deposits.register(asked), asked).rows


@pytest.fixture
def deposit(cast, home):
    row = cashier.add(home.unit, "deposit_lift", by=cast.chen)
    return cashier.pay(home.unit, payer="李伟", charges=[row.id], tenders=[Tender("cash", 100000)], by=cast.chen)


@pytest.mark.rule("CASH-12")
def test_deposits_are_listed_while_held_apart_from_income(cast, home, paid, deposit) -> None:
    assert [(each.unit, each.left) for each in held()] == [("3-2-1101", 100000)]
    assert held(home.other.label) == []
    assert {name: fen for name, fen in ledger.totals().items() if name.startswith(("income", "deposit"))} == {
        "income.resident_card": -1000,
        "deposit.decoration": -100000,
    }


@pytest.mark.rule("CASH-12")
def test_a_deposit_goes_back_against_its_copy_by_its_own_tender_and_never_twice(cast, home, deposit) -> None:
    line = held()[0].line

    def give(fen, by, *, copy_back=True):
        return deposits.give_back(line, fen=fen, payee="李伟", reason="", copy_back=copy_back, by=by)

    with pytest.raises(Refused, match="supervisor"):
        give(100000, cast.chen)
    with pytest.raises(Refused, match="copy"):
        give(100000, cast.fei, copy_back=False)
    give(60000, cast.fei)
    for fen in (40001, 0):
        with pytest.raises(Refused, match=r"400\.00"):
            give(fen, cast.fei)
    give(40000, replace(cast.chen, overrides={"CASH-12": "米娅"}), copy_back=False)
    assert (held(), ledger.balance("deposit.decoration"), ledger.balance("tender.cash")) == ([], 0, 0)


def test_a_line_that_is_no_deposit_is_not_given_back_there_nor_a_deposit_refunded_here(
    cast, paid, deposit, time_machine
) -> None:
    with pytest.raises(Refused, match="no deposit"):
        deposits.give_back(receipt.items_left(paid)[0][0], fen=1, payee="x", reason="", copy_back=True, by=cast.mia)
    time_machine.move_to(clock.now() + timedelta(days=1))
    with pytest.raises(Refused, match="deposits page"):
        refund(deposit, 100, cast.mia)


def test_the_deposits_of_a_window_are_summed_and_found_by_room_or_payer(desk, cast, home, deposit) -> None:
    client, today = desk.client(cast.ana), deposit.day.isoformat()
    for _ in range(60):
        row = cashier.add(home.unit, "deposit_lift", by=cast.chen)
        cashier.pay(home.unit, payer="李伟", charges=[row.id], tenders=[Tender("cash", 100000)], by=cast.chen)
    page = client.get("/money/deposits/", query_string={"since": today, "until": today}).text
    assert "显示 60 条，共 61 条，其余合计 1,000.00" in page
    assert "其余合计" not in client.get("/money/deposits/").text, "without days nothing is summed"
    assert [len(held(text)) for text in ("3-2-1101", "李伟", "王伟")] == [60, 60, 0]
    rows = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/money/deposits/excel").data))
    assert [row[5] for row in rows.get_sheet_by_index(0).to_python()[1:]] == [1000.0] * 61


def test_every_account_of_deposits_is_one_that_the_list_of_deposits_reads() -> None:
    """Money held for others must not be out of sight: a new kind of deposit stands in the price list."""
    named = {
        account
        for path in (Path(deposits.__file__).parents[2]).rglob("*.py")
        for account in re.findall(r"(?<!@deed\()\"(deposit\.\w+)\"", path.read_text("utf-8"))
    }
    assert named == set(prices.DEPOSITS) == {"deposit.decoration"}
