"""What is owed: raised once, settled by receipts only, taken back only unpaid."""

from __future__ import annotations

from datetime import date

import pytest

from app.base import db
from app.base.refusal import Conflict, Refused
from app.desk.accounts import charge, ledger
from app.desk.accounts.charge import Charge, New
from app.desk.accounts.receipt import Tender
from app.desk.record.journal import Line
from app.procedures.counter import cashier
from tests.within import within

SOURCE = ("counter.water_cards", 7)


def owe(home, by, *, fen=1000, **more):
    return within(
        charge.add,
        **{"unit": home.unit, "item": "card_fee", "text": "水卡工本费", "fen": fen, "due": date(2026, 9, 1), "by": by}
        | more,
    )


def pay(home, rows, by):
    total = sum(row.left for row in rows)
    return cashier.pay(
        home.unit, payer="李伟", charges=[row.id for row in rows], tenders=[Tender("cash", total)], by=by
    )


def test_whoever_raised_a_charge_reads_whether_it_is_settled(cast, home) -> None:
    assert not charge.is_settled(SOURCE)
    rows = [owe(home, cast.ana, source=SOURCE), owe(home, cast.ana, source=SOURCE, fen=5)]
    pay(home, rows[:1], cast.chen)
    assert not charge.is_settled(SOURCE)
    within(charge.cancel, rows[1], reason="x", by=cast.mia)
    assert charge.is_settled(SOURCE)
    assert len(charge.of(SOURCE)) == 2


def test_income_is_owed_when_it_is_raised_a_deposit_is_held_when_it_is_paid(cast, home) -> None:
    owe(home, cast.ana)
    deposit = owe(home, cast.ana, account="deposit.decoration")
    assert ledger.totals() == {"income.card_fee": -1000, "receivable": 1000}
    assert charge.owed(home.unit) == 2000
    pay(home, [deposit], cast.chen)
    assert ledger.balance("deposit.decoration", unit=home.unit) == -1000


def test_many_charges_of_an_import_are_one_deed_and_one_entry(cast, home) -> None:
    news = [
        New(home.unit, "fee", "费", n, date(2026, 9, 1), period=(date(2026, 9, 1), date(2026, 9, 30)))
        for n in range(1, 1201)
    ]
    within(charge.add_all, news, by=cast.fei)
    assert (Line.select().count(), ledger.Entry.select().count(), charge.check(), ledger.check()) == (
        2,
        1,
        [],
        [],
    )  # with the deed around it
    assert charge.owed(home.unit) == sum(range(1, 1201))
    assert len(charge.open_of(home.unit)) == 60


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 9, 1), date(2026, 9, 30), "2026-09"),
        (date(2026, 9, 1), date(2026, 11, 30), "2026-09 至 11"),
        (date(2025, 12, 1), date(2026, 1, 31), "2025-12 至 2026-01"),
        (date(2026, 9, 1), None, "2026-09"),
        (None, None, ""),
    ],
)
def test_a_period_is_said_shortly(first, last, words) -> None:
    assert Charge(period_from=first, period_to=last).period == words


def test_a_charge_of_nothing_or_less_is_impossible(cast, home) -> None:
    for fen in (0, -5):
        with pytest.raises(Exception, match="CHECK"):
            owe(home, cast.ana, fen=fen)


def test_paid_never_leaves_its_bounds(cast, home) -> None:
    row = owe(home, cast.ana)
    for fen in (1001, -1):
        with pytest.raises(Conflict):
            charge.allocate(row.id, fen, receipt_id=1)
    with pytest.raises(Refused):
        charge.picked([row.id, 999], unit=home.unit)


def test_a_paid_sum_that_no_receipt_allocated_is_found_at_the_start(cast, home) -> None:
    row = owe(home, cast.ana)
    assert charge.check() == []
    db.database.execute_sql("UPDATE charge SET paid = 5 WHERE id = ?", (row.id,))
    assert charge.check() == ["charge 1: paid 5, allocated 0", "receivable 1000, open charges 995"]


def test_open_charges_of_a_unit_are_read_from_an_index_of_open_ones(cast, home) -> None:
    query, values = (
        Charge.select().where((Charge.unit == home.unit) & charge._open()).order_by(Charge.due, Charge.id).sql()
    )
    plan = " ".join(str(row[-1]) for row in db.database.execute_sql(f"EXPLAIN QUERY PLAN {query}", values))
    assert "charge_open" in plan
