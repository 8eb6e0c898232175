"""Receipts are numbered, chained, and never give back more than they took."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from app.base import clock, db
from app.base.refusal import Refused
from app.desk.accounts import charge, ledger, receipt
from app.desk.accounts.receipt import Item, Receipt, Tender
from app.desk.papers import outbox
from app.desk.papers import paper as papers
from app.desk.record.journal import deed
from app.desk.who.people import Actor
from tests.within import within

FEE = Item("物业服务费", "103.72㎡ × 2.20 × 1 月", 22818, "income.management", period="2026-11")


@deed("test.paid", act="desk.see")
def take(unit, items, tenders, *, by: Actor, **more) -> Receipt:
    return receipt.issue(unit=unit, payer="李伟", items=items, tenders=tenders, by=by, **more)


@deed("test.back", act="desk.see")
def back(original, items, tenders, *, by: Actor, kind="refund") -> Receipt:
    return receipt.reverse(original, kind=kind, items=items, tenders=tenders, reason="错", payee="李伟", by=by)


def owe(home, by, fen=22818, **more):
    return within(
        charge.add, unit=home.unit, item="management", text="物业服务费", fen=fen, due=date(2026, 9, 1), by=by, **more
    )


def test_a_receipt_takes_the_next_number_and_prints_two_copies_and_opens_the_drawer_for_cash(cast, home) -> None:
    row = take(home.unit, [FEE], [Tender("cash", 30000)], change=7182, by=cast.chen)
    assert row.number.endswith("-000001")
    assert [(job.copy, job.drawer) for job in outbox.Job.select()] == [("客户联", True), ("存根联", False)]
    assert ledger.totals() == {"income.management": -22818, "tender.cash": 22818}


def test_no_cash_leaves_the_drawer_shut(cast, home) -> None:
    take(home.unit, [FEE], [Tender("wechat", 22818, "4200001")], by=cast.chen)
    assert not any(job.drawer for job in outbox.Job.select())


@pytest.mark.parametrize(
    ("tenders", "change"),
    [
        ([Tender("cash", 22817)], 0),
        ([Tender("cash", 22819)], 0),
        ([Tender("wechat", 30000, "1")], 7182),
        ([Tender("cash", 100), Tender("wechat", 29900, "1")], 7182),
        ([Tender("cash", 7182), Tender("wechat", 22818, "1")], 7182),
        ([Tender("cash", 22000)], -818),
    ],
)
@pytest.mark.rule("CASH-1")
def test_a_receipt_whose_sums_differ_is_refused_and_change_is_for_cash_only(cast, home, tenders, change) -> None:
    with pytest.raises(Refused):
        take(home.unit, [FEE], tenders, change=change, by=cast.chen)
    assert Receipt.select().count() == 0
    assert ledger.totals() == {}


def test_a_receipt_pays_its_charge_and_a_charge_is_never_paid_twice(cast, home) -> None:
    row = owe(home, cast.chen)
    take(home.unit, [receipt.item_of(row, 10000)], [Tender("cash", 10000)], by=cast.chen)
    assert charge.owed(home.unit) == 12818
    with pytest.raises(Refused):
        take(home.unit, [receipt.item_of(row, 22818)], [Tender("cash", 22818)], by=cast.chen)
    assert (charge.check(), ledger.check(), ledger.balance("receivable")) == ([], [], 12818)


def test_money_posted_at_the_intent_is_taken_out_of_suspense(cast, home) -> None:
    @deed("test.intent", act="desk.see")
    def intent(*, by: Actor) -> None:
        ledger.post({"tender.cash": 22818, "suspense.water": -22818}, unit=home.unit)

    intent(by=cast.ana)
    take(home.unit, [FEE], [Tender("cash", 22818)], suspense="suspense.water", by=cast.ana)
    assert ledger.totals() == {"income.management": -22818, "suspense.water": 0, "tender.cash": 22818}


@pytest.mark.rule("CASH-11")
def test_a_void_is_a_new_receipt_that_names_and_hashes_the_original_and_the_charge_is_owed_again(cast, home) -> None:
    row = owe(home, cast.chen)
    paid = take(home.unit, [receipt.item_of(row)], [Tender("cash", 22818)], by=cast.chen)
    void = back(
        paid,
        {line.id: left for line, left in receipt.items_left(paid)},
        receipt.split_back(paid, 22818),
        kind="void",
        by=cast.chen,
    )
    assert (void.fen, void.of, void.facts["of"]["hash"], void.number != paid.number) == (-22818, paid, paid.hash, True)
    assert charge.owed(home.unit) == 22818
    assert receipt.is_reversed(paid)
    assert (charge.check(), ledger.balance("tender.cash")) == ([], 0)


def test_a_refund_gives_the_money_back_and_nothing_is_owed_again(cast, home) -> None:
    row = owe(home, cast.chen)
    paid = take(home.unit, [receipt.item_of(row)], [Tender("cash", 22818)], by=cast.chen)
    line = receipt.items_left(paid)[0][0]
    back(paid, {line.id: 5000}, receipt.split_back(paid, 5000), by=cast.mia)
    assert charge.owed(home.unit) == 0
    assert ledger.totals() == {"income.management": -17818, "receivable": 0, "tender.cash": 17818}
    assert charge.check() == []


def test_reversals_never_give_back_more_than_is_left_of_a_line_or_of_a_tender(cast, home) -> None:
    paid = take(home.unit, [FEE], [Tender("cash", 10000), Tender("wechat", 12818, "42")], by=cast.chen)
    line = receipt.items_left(paid)[0][0]
    cash, wechat = (way for way, _ in receipt.tenders_left(paid))
    back(paid, {line.id: 15000}, {cash.id: 5000, wechat.id: 10000}, by=cast.mia)
    for items, tenders in [
        ({line.id: 7819}, {cash.id: 5001, wechat.id: 2818}),
        ({line.id: 7818}, {cash.id: 7818}),
        ({line.id: 5001}, {cash.id: 5001}),
        ({line.id: 0}, {cash.id: 0}),
        ({line.id: -5}, {cash.id: -5}),
        ({line.id: 10}, {cash.id: 11}),
        ({999: 10}, {cash.id: 10}),
    ]:
        with pytest.raises(Refused):
            back(paid, items, tenders, by=cast.mia)
    back(paid, {line.id: 7818}, {cash.id: 5000, wechat.id: 2818}, by=cast.mia)
    assert receipt.is_reversed(paid)
    assert ledger.totals() == {"income.management": 0, "tender.cash": 0, "tender.wechat": 0}


def test_prepaid_money_is_spent_once(cast, home) -> None:
    take(home.unit, [Item("预存款", "", 10000, "prepaid")], [Tender("cash", 10000)], by=cast.chen)
    take(home.unit, [Item("卡", "", 6000, "income.card")], [Tender("prepaid", 6000)], by=cast.chen)
    with pytest.raises(Refused, match="prepaid balance"):
        take(home.unit, [Item("卡", "", 4001, "income.card")], [Tender("prepaid", 4001)], by=cast.chen)
    with pytest.raises(Refused, match="prepaid balance"):
        first = Receipt.get_by_id(1)
        back(first, {receipt.items_left(first)[0][0].id: 10000}, receipt.split_back(first, 10000), by=cast.mia)
    assert ledger.prepaid(home.unit) == 4000


@pytest.mark.rule("CASH-12")
def test_a_deposit_is_a_liability_apart_from_income_and_gets_three_copies(cast, home) -> None:
    take(home.unit, [Item("装修保证金", "", 100000, "deposit.decoration")], [Tender("cash", 100000)], by=cast.chen)
    assert ledger.totals() == {"deposit.decoration": -100000, "tender.cash": 100000}
    assert outbox.Job.select().count() == 3


def test_the_chain_shows_every_change_to_what_was_printed(cast, home) -> None:
    for _ in range(3):
        take(home.unit, [FEE], [Tender("cash", 22818)], by=cast.chen)
    assert receipt.verify() == []
    db.database.execute_sql("DROP TRIGGER receipt_no_update")
    for column, value in [
        ("facts", "replace(facts, '22818', '12818')"),
        ("payer", "'王五'"),
        ("fen", "5"),
        ("n", "7"),
        ("previous", "''"),
    ]:
        before = db.database.execute_sql(f"SELECT {column} FROM receipt WHERE id = 2").fetchone()[0]
        db.database.execute_sql(f"UPDATE receipt SET {column} = {value} WHERE id = 2")
        assert receipt.verify(), column
        db.database.execute_sql(f"UPDATE receipt SET {column} = ? WHERE id = 2", (before,))
    assert receipt.verify() == []


def test_the_key_of_the_chain_is_readable_by_the_desk_alone_and_never_made_anew(cast, home, books) -> None:
    take(home.unit, [FEE], [Tender("cash", 22818)], by=cast.chen)
    key = books / receipt.KEY_FILE
    assert key.stat().st_mode & 0o777 == 0o600
    key.unlink()
    with pytest.raises(db.Damaged):
        take(home.unit, [FEE], [Tender("cash", 22818)], by=cast.chen)


GOLDEN = Path(__file__).parents[1] / "golden"


def printed(row: Receipt) -> str:
    """The first copy on 58 mm; the check code is another with every key, so it is blotted out."""
    job = outbox.Job.select().where(outbox.Job.about_id == row.id).order_by(outbox.Job.id).first()
    return papers.laid_out(job, 32).text().replace(row.check_code, "********")


def test_a_receipt_and_its_refund_are_printed_as_people_know_them(cast, home, time_machine) -> None:
    time_machine.move_to(clock.at(date(2026, 11, 22), 10, 42), tick=False)
    months = (date(2026, 9, 1), date(2026, 11, 30))
    rows = [
        owe(home, cast.fei, fen=68454, expression="103.72㎡ × 2.20 × 3 月", period=months),
        within(
            charge.add,
            unit=home.unit,
            item="waste",
            text="生活垃圾处理费",
            fen=3000,
            due=date(2026, 9, 1),
            expression="10.00 × 3 月",
            period=months,
            by=cast.fei,
        ),
    ]
    items = [receipt.item_of(rows[0]), receipt.item_of(rows[1], 2000)]
    paid = take(
        home.unit, items, [Tender("cash", 50000), Tender("wechat", 26782, "4200388841")], change=6328, by=cast.chen
    )
    time_machine.move_to(clock.at(date(2026, 11, 23), 9), tick=False)
    refund = back(paid, {receipt.items_left(paid)[0][0].id: 5000}, receipt.split_back(paid, 5000), by=cast.mia)
    for row, name in ((paid, "receipt_58mm.txt"), (refund, "refund_58mm.txt")):
        assert printed(row) == (GOLDEN / name).read_text(), name


def test_a_receipt_is_found_by_its_number_and_by_its_code(cast, home) -> None:
    row = take(home.unit, [FEE], [Tender("cash", 22818)], by=cast.chen)
    assert receipt.of_number(row.number.lower()) == receipt.of_number(row.code) == row
    assert receipt.of_number("SJ-2026-999999") is None


def test_change_out_of_several_notes_leaves_what_stays(cast, home) -> None:
    row = take(home.unit, [FEE], [Tender("cash", 5000), Tender("cash", 30000)], change=12182, by=cast.chen)
    assert [left for _, left in receipt.tenders_left(row)] == [22818]
    assert ledger.balance("tender.cash") == 22818


def test_a_receipt_that_is_gone_shows_as_a_gap_and_as_a_number_too_many(cast, home) -> None:
    for _ in range(3):
        take(home.unit, [FEE], [Tender("cash", 22818)], by=cast.chen)
    assert receipt.head() == Receipt.get_by_id(3).hash
    db.database.execute_sql("PRAGMA foreign_keys = 0")
    for table, column in (("receipt_item", "receipt_id"), ("receipt_tender", "receipt_id"), ("receipt", "id")):
        db.database.execute_sql(f"DROP TRIGGER {table}_no_delete")
        db.database.execute_sql(f"DELETE FROM {table} WHERE {column} = 2")
    assert [problem.partition(": ")[2] for problem in receipt.verify()] == [
        "its chain is broken",
        f"number 2 of {clock.today().year} was expected",
    ]
    db.database.execute_sql("DELETE FROM receipt WHERE id = 3")
    assert receipt.verify() == [f"SJ {clock.today().year}: 3 numbers drawn, receipts up to 1"]
