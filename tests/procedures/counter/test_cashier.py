"""The cashier's rules: what is picked is paid once, oldest first, by real money."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.base import clock, db
from app.base.refusal import Conflict, Refused
from app.desk.accounts import charge, ledger, prices, receipt
from app.desk.accounts.receipt import Receipt, Tender
from app.desk.homes.households import Unit
from app.desk.papers import outbox
from app.desk.record import options
from app.procedures.counter import cashier
from app.procedures.counter.cashier import account, books, overview
from tests.within import within

MONTH = 22818


def cash(fen):
    return [Tender("cash", fen)]


@pytest.fixture
def owing(cast, home):
    """Three months of the management fee, raised newest first."""
    return [
        within(
            charge.add,
            unit=home.unit,
            item="management",
            text="物业服务费",
            fen=MONTH,
            due=date(2026, month, 1),
            expression="103.72㎡ × 2.20 × 1 月",
            period=(date(2026, month, 1), date(2026, month, 28)),
            by=cast.fei,
        )
        for month in (11, 10, 9)
    ]


def ids(rows):
    return [row.id for row in rows]


def pay(unit, charges, tenders, by, **more):
    return cashier.pay(unit, payer="李伟", charges=charges, tenders=tenders, by=by, **more)


def test_open_charges_stand_oldest_first_with_their_arithmetic_and_days_late(cast, home, owing, time_machine) -> None:
    time_machine.move_to(clock.at(date(2026, 10, 23), 10))
    lines = overview.of(home.unit, by=cast.chen).lines
    assert [(line.text, line.expression, line.late) for line in lines] == [
        ("物业服务费 2026-09", "103.72㎡ × 2.20 × 1 月", 52),
        ("物业服务费 2026-10", "103.72㎡ × 2.20 × 1 月", 22),
        ("物业服务费 2026-11", "103.72㎡ × 2.20 × 1 月", -9),
    ]
    assert overview.of(home.unit, by=cast.chen).picked == 2 * MONTH


@pytest.mark.rule("CASH-1")
def test_what_is_picked_is_paid_and_nothing_else(cast, home, owing) -> None:
    row = pay(home.unit, ids(owing[:2]), cash(50000), cast.chen)
    assert (row.fen, row.facts["change"], charge.owed(home.unit)) == (2 * MONTH, 50000 - 2 * MONTH, MONTH)
    assert (charge.check(), ledger.check(), receipt.verify()) == ([], [], [])


def test_a_partial_payment_pays_the_oldest_first(cast, home, owing) -> None:
    with pytest.raises(Refused, match="is missing"):
        pay(home.unit, ids(owing), cash(30000), cast.chen)
    row = pay(home.unit, ids(owing), cash(30000), cast.chen, partial=True)
    assert [(item["period"], item["fen"]) for item in row.facts["items"]] == [
        ("2026-09", MONTH),
        ("2026-10", 30000 - MONTH),
    ]
    assert row.facts["items"][1]["expression"] == "103.72㎡ × 2.20 × 1 月 = 228.18 部分"
    assert [line.left for line in overview.of(home.unit, by=cast.chen).lines] == [2 * MONTH - 30000, MONTH]


def test_tenders_are_split_and_change_comes_out_of_the_cash(cast, home, owing) -> None:
    tenders = [Tender("wechat", 20000, "4200001"), Tender("cash", 3000)]
    row = pay(home.unit, ids(owing[:1]), tenders, cast.chen)
    assert [(way.kind, left) for way, left in receipt.tenders_left(row)] == [("wechat", 20000), ("cash", MONTH - 20000)]
    assert ledger.balance("tender.cash", till=cast.chen.id) == MONTH - 20000


def test_too_much_by_phone_is_refused_unless_it_is_put_on_the_prepaid_account(cast, home, owing) -> None:
    with pytest.raises(Refused, match="too much"):
        pay(home.unit, ids(owing[:1]), [Tender("wechat", 30000, "1")], cast.chen)
    pay(home.unit, ids(owing[:1]), [Tender("wechat", 30000, "1")], cast.chen, prepay=30000 - MONTH)
    assert ledger.prepaid(home.unit) == 30000 - MONTH
    pay(home.unit, ids(owing[1:2]), [Tender("prepaid", 7000), Tender("cash", MONTH - 7000)], cast.chen)
    assert ledger.prepaid(home.unit) == 182


def test_prepaid_money_is_neither_overdrawn_nor_prepaid_again(cast, home, owing) -> None:
    pay(home.unit, [], cash(1000), cast.chen, prepay=1000)
    with pytest.raises(Refused, match="prepaid balance"):
        pay(home.unit, ids(owing[:1]), [Tender("prepaid", MONTH)], cast.chen)
    with pytest.raises(Refused, match="not with prepaid"):
        pay(home.unit, ids(owing[:1]), [Tender("prepaid", 1000), Tender("cash", MONTH)], cast.chen, prepay=1000)
    with pytest.raises(Refused, match="for a unit"):
        pay(None, [], cash(1000), cast.chen, prepay=1000)


def test_an_order_number_is_needed_and_counts_once(cast, home, owing) -> None:
    with pytest.raises(Refused, match="order number"):
        pay(home.unit, ids(owing[:1]), [Tender("alipay", MONTH)], cast.chen)
    first = pay(home.unit, ids(owing[:1]), [Tender("alipay", MONTH, "2026112200")], cast.chen)
    again = [Tender("alipay", MONTH, "2026112200")]
    with pytest.raises(Refused, match=first.number):
        pay(home.unit, ids(owing[1:2]), again, cast.chen)
    pay(home.unit, ids(owing[1:2]), again, replace(cast.chen, overrides={"CASH-1": "米娅"}))


def test_nothing_picked_or_nothing_paid_is_no_receipt(cast, home, owing) -> None:
    for charges, tenders in [([], cash(100)), (ids(owing), []), ([], [])]:
        with pytest.raises(Refused):
            pay(home.unit, charges, tenders, cast.chen)
    assert Receipt.select().count() == 0


def test_a_charge_that_a_colleague_has_settled_is_refused_to_the_second(cast, home, owing) -> None:
    pay(home.unit, ids(owing), cash(3 * MONTH), cast.chen)
    with pytest.raises(Refused, match="already"):
        pay(home.unit, ids(owing), cash(3 * MONTH), cast.ana)


def test_another_units_charge_is_not_paid_here(cast, home, owing) -> None:
    with pytest.raises(Refused):
        pay(home.other, ids(owing), cash(3 * MONTH), cast.chen)


@pytest.mark.rule("CASH-8")
@pytest.mark.parametrize(
    ("item", "fen"),
    [
        ("resident_card", 500),
        ("meter_test", 3500),
        ("telephone", 30000),
        ("telephone_prepaid", 60000),
        ("vehicle", 2000),
    ],
)
def test_items_with_a_fixed_price_cost_that_and_nothing_else(cast, home, item, fen) -> None:
    assert cashier.add(home.unit, item, quantity=2, by=cast.ana).fen == 2 * fen
    with pytest.raises(Refused, match="price"):
        cashier.add(home.unit, item, fen=fen - 1, by=cast.ana)


@pytest.mark.rule("CASH-9")
@pytest.mark.rule("PASS-3")
def test_items_of_a_decoration_a_deposit_by_building_a_pass_and_amounts_that_are_typed(cast, home) -> None:
    assert cashier.add(home.unit, "worker_pass", quantity=3, by=cast.ana).fen == 1500
    assert cashier.add(home.unit, "deposit_lift", by=cast.ana).fen == 100000
    assert cashier.add(home.other, "deposit_walk_up", by=cast.ana).fen == 50000
    with pytest.raises(Refused):
        cashier.add(home.other, "deposit_lift", by=cast.ana)
    for item in ("debris", "temporary_power"):
        with pytest.raises(Refused, match="no fixed price"):
            cashier.add(home.unit, item, by=cast.ana)
        assert cashier.add(home.unit, item, fen=20000, by=cast.ana).fen == 20000
    with pytest.raises(Refused, match="household first"):
        cashier.add(None, "three_months", fen=100, by=cast.ana)


@pytest.mark.rule("CASH-9")
def test_three_months_in_advance_are_worked_out_from_the_units_own_fee_and_stay_prepaid(cast, home) -> None:
    from app.desk.homes.estate import FeeRule, UnitFee

    with pytest.raises(Refused, match="no fixed price"):
        cashier.add(home.unit, "three_months", by=cast.ana)
    rule = FeeRule.create(number="1", item="住宅物业服务费(电梯)", formula="area", unit_price=22000)
    UnitFee.create(unit=home.unit, fee=rule)
    row = cashier.add(home.unit, "three_months", by=cast.ana)
    assert (row.fen, row.expression) == (3 * MONTH, "103.72㎡ × 2.20 = 228.18/月 × 3 月")
    pay(home.unit, [row.id], cash(3 * MONTH), cast.ana)
    assert (ledger.prepaid(home.unit), ledger.balance("income.management")) == (3 * MONTH, 0)


def test_a_wrong_quantity_or_item_is_refused(cast, home) -> None:
    for item, quantity in [("resident_card", 0), ("resident_card", 1000), ("gold", 1)]:
        with pytest.raises(Refused):
            cashier.add(home.unit, item, quantity=quantity, by=cast.ana)


def test_a_price_holds_from_its_day_on(cast, home, time_machine) -> None:
    tomorrow = clock.today() + timedelta(days=1)
    prices.change("resident_card", fen=600, point="centre", since=tomorrow, by=cast.mia)
    assert cashier.add(home.unit, "resident_card", by=cast.ana).fen == 500
    time_machine.move_to(clock.at(tomorrow, 9))
    assert cashier.add(home.unit, "resident_card", by=cast.ana).fen == 600
    with pytest.raises(Refused, match="from today on"):
        prices.change("resident_card", fen=1, point="centre", since=tomorrow - timedelta(days=2), by=cast.mia)
    with pytest.raises(Refused, match="no such item"):
        prices.change("gold", fen=1, point="centre", since=tomorrow, by=cast.mia)


@pytest.mark.rule("CASH-10")
def test_an_item_that_finance_collects_is_not_paid_at_the_counter(cast, home) -> None:
    prices.change("debris", fen=None, point="finance", since=clock.today(), by=cast.mia)
    row = cashier.add(home.unit, "debris", fen=5000, by=cast.ana)
    with pytest.raises(Refused, match="finance"):
        pay(home.unit, [row.id], cash(5000), cast.chen)
    pay(home.unit, [row.id], cash(5000), cast.fei)


def test_finance_gets_a_third_copy_of_what_the_supervisor_says(cast, home) -> None:
    prices.change("debris", fen=None, point="centre", copies=3, since=clock.today(), by=cast.mia)
    row = cashier.add(home.unit, "debris", fen=5000, by=cast.ana)
    assert pay(home.unit, [row.id], cash(5000), cast.chen).facts["copies"] == ["客户联", "存根联", "记账联"]
    with pytest.raises(Refused):
        prices.change("debris", fen=None, point="centre", copies=4, since=clock.today(), by=cast.mia)


@pytest.mark.rule("CASH-10")
def test_every_collector_has_an_own_till(cast, home, owing) -> None:
    for row, who in zip(owing, (cast.chen, cast.ana, cast.ben), strict=True):
        pay(home.unit, [row.id], cash(MONTH), who)
    assert [ledger.balance("tender.cash", till=who.id) for who in (cast.chen, cast.ana, cast.ben)] == [MONTH] * 3
    assert ledger.balance("tender.cash") == 3 * MONTH


def test_ones_own_charge_of_today_is_taken_back_alone_others_with_the_supervisor(cast, home, time_machine) -> None:
    mine = cashier.add(home.unit, "resident_card", by=cast.ana)
    with pytest.raises(Refused, match="supervisor"):
        cashier.take_back(mine, reason="x", by=cast.chen)
    with pytest.raises(Refused, match="reason"):
        cashier.take_back(mine, reason=" ", by=cast.ana)
    cashier.take_back(mine, reason="不办了", by=cast.ana)
    assert (charge.owed(home.unit), ledger.balance("receivable"), charge.check()) == (0, 0, [])
    with pytest.raises(Conflict):
        cashier.take_back(mine, reason="again", by=cast.ana)
    older = cashier.add(home.unit, "resident_card", by=cast.ana)
    time_machine.move_to(clock.now() + timedelta(days=1))
    with pytest.raises(Refused, match="supervisor"):
        cashier.take_back(older, reason="x", by=cast.ana)
    cashier.take_back(older, reason="x", by=replace(cast.ana, overrides={"CASH-1": "米娅"}))


def test_a_paid_charge_is_not_taken_back(cast, home) -> None:
    row = cashier.add(home.unit, "resident_card", by=cast.ana)
    pay(home.unit, [row.id], cash(500), cast.ana)
    with pytest.raises(Conflict):
        cashier.take_back(row, reason="x", by=cast.ana)


def test_a_reprint_says_for_the_how_manieth_time_and_which_copy(cast, home, owing) -> None:
    row = pay(home.unit, ids(owing), cash(3 * MONTH), cast.chen)
    for _ in range(2):
        cashier.reprint(row, by=cast.chen)
    assert [(job.copy, job.reprint) for job in outbox.Job.select()] == [
        ("客户联", 0),
        ("存根联", 0),
        ("客户联", 1),
        ("客户联", 2),
    ]
    assert cashier.last_of(cast.chen) == row
    assert cashier.last_of(cast.ana) is None
    with pytest.raises(Refused):
        cashier.reprint(row, copy="记账联", by=cast.chen)


def test_a_receipt_keeps_the_company_name_of_its_day(cast, home, owing) -> None:
    row = pay(home.unit, ids(owing), cash(3 * MONTH), cast.chen)
    options.change("company.name", "新物业有限公司", since=clock.today(), by=cast.mia)
    assert receipt.paper(Receipt.get_by_id(row.id))["company"] == "翠湖花园物业服务有限公司"


@pytest.mark.rule("CASH-6")
def test_ranges_are_drawn_from_finance_without_a_gap_and_what_is_left_is_known(cast, home, owing) -> None:
    assert books.left() is None
    books.draw(1, 100, giver="费账", by=cast.chen)
    pay(home.unit, ids(owing), cash(3 * MONTH), cast.chen)
    assert books.left() == 99
    for first, last in [(100, 200), (102, 200), (101, 100)]:
        with pytest.raises(Refused):
            books.draw(first, last, giver="费账", by=cast.chen)
    books.draw(101, 150, giver="费账", by=cast.chen)
    assert books.left() == 149
    assert [(book.first, book.last) for book in books.drawn()] == [(101, 150), (1, 100)]


@pytest.mark.rule("CASH-13")
def test_the_account_shows_charges_payments_and_balances_in_pages(cast, home, owing) -> None:
    for _ in range(account.ROWS):
        row = cashier.add(home.unit, "resident_card", by=cast.ana)
        pay(home.unit, [row.id], cash(500), cast.ana)
    first = account.of(home.unit)
    assert (first.owed, len(first.charges), len(first.receipts)) == (3 * MONTH, account.ROWS, account.ROWS)
    assert (first.older_receipts, first.older_charges > 0) == (0, True)
    second = account.of(home.unit, charges_below=first.older_charges)
    assert [row.text for row in second.charges] == ["物业服务费"] * 3
    assert second.older_charges == 0


@pytest.mark.rule("CASH-13")
def test_the_account_and_the_counter_cost_the_same_statements_with_a_long_history(cast, home, owing) -> None:
    def cost() -> int:
        before = db.statements()
        account.of(Unit.get_by_id(home.unit.id))
        overview.of(Unit.get_by_id(home.unit.id), by=cast.chen)
        return db.statements() - before

    pay(home.unit, [owing[0].id], cash(MONTH), cast.chen)
    new = cost()
    for _ in range(70):
        row = cashier.add(home.unit, "resident_card", by=cast.ana)
        pay(home.unit, [row.id], cash(500), cast.ana)
    for _ in range(10):
        cashier.add(home.unit, "resident_card", by=cast.ana)
    assert cost() == new
