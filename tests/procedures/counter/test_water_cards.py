"""Selling water: what is taken, written, proven, and what is never closed as done."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from app.base import clock
from app.base.refusal import Refused
from app.desk.accounts import charge, ledger
from app.desk.accounts.receipt import Receipt, Tender
from app.desk.record import options
from app.desk.work import due
from app.procedures.counter import water_cards as water
from app.procedures.counter.water_cards import Card, TopUp
from app.procedures.counter.water_cards.tables import Knows
from hardware.simulators import mifare
from tests.procedures.counter.water_desk import METER, PRICE, WaterDesk
from tests.within import within


@pytest.fixture
def counter(cast: SimpleNamespace, home: SimpleNamespace) -> WaterDesk:
    return WaterDesk(home, cast.chen, cast.mia)


def no(what: str, rule: str | None = None) -> object:
    class _Check:
        def __enter__(self) -> object:
            self.raised = pytest.raises(Refused, match=what)
            self.info = self.raised.__enter__()
            return self.info

        def __exit__(self, *error: object) -> bool:
            done = self.raised.__exit__(*error)
            assert rule is None or self.info.value.rule == rule
            return done

    return _Check()


@pytest.mark.rule("WATER-4")
@pytest.mark.rule("WATER-5")
def test_a_sale_is_done_when_the_card_reads_back_what_was_bought(counter: WaterDesk) -> None:
    counter.issue()
    row = counter.intend()
    assert (ledger.balance("tender.cash"), ledger.balance("suspense.water")) == (4440, -4440)
    assert row.receipt is None
    counter.do("write", row.id)
    row = TopUp.get_by_id(row.id)
    assert (row.state, row.reading, row.attempts) == ("done", 1500, 1)
    assert (ledger.balance("suspense.water"), ledger.balance("income.water")) == (0, -4440)
    assert row.receipt.fen == 4440
    assert row.receipt.facts["extra"]["lines"] == [
        ["购水量", "15.00 吨"],
        ["单价 2.96", "44.40"],
        ["查卡核对", "15.00 吨"],
    ]
    assert due.count(water.KIND) == 0


@pytest.mark.rule("WATER-4")
def test_a_sale_without_a_reading_is_not_closed_and_draws_no_receipt_number(counter: WaterDesk) -> None:
    counter.issue()
    row = counter.intend()
    counter.reader.fault("card_gone", at="select", after=3)
    counter.do("write", row.id)
    row = TopUp.get_by_id(row.id)
    assert (row.state, row.reading, row.receipt) == ("pending", None, None)
    assert Receipt.select().count() == 0


@pytest.mark.rule("WATER-6")
def test_a_reading_of_0_leaves_the_sale_open_until_a_later_check_succeeds(counter: WaterDesk) -> None:
    counter.issue()
    row = counter.intend()
    counter.reader.fault("silent")
    counter.do("write", row.id)
    row = TopUp.get_by_id(row.id)
    assert (row.state, row.reading, row.attempts) == ("pending", 0, 1)
    assert [d.about for d in due.open_list(before=clock.now() + timedelta(days=1)) if d.slug == "topup"] == [row.id]
    counter.do("write", row.id)
    assert TopUp.get_by_id(row.id).state == "done"
    assert ledger.balance("tender.cash") == 4440  # one payment, however often it is written


@pytest.mark.rule("WATER-6")
def test_after_three_failed_writings_the_supervisor_decides(counter: WaterDesk) -> None:
    counter.issue()
    row = counter.intend()
    for _ in range(3):
        water.check_may_try(row, by=counter.clerk)
        counter.reader.fault("silent")
        counter.do("write", row.id)
        row = TopUp.get_by_id(row.id)
    with no("supervisor decides", "WATER-6"):
        water.check_may_try(row, by=counter.clerk)


@pytest.mark.rule("WATER-7")
def test_another_reading_than_what_was_bought_is_kept_and_needs_the_supervisor(counter: WaterDesk) -> None:
    from hardware.watercard.record import Purchase, encode_purchase

    card = counter.issue()
    row = counter.intend()
    uid = card.uid
    foreign = encode_purchase(water.layout(), water.secret(), uid, 9, Purchase(1, 900, 900))
    card.store(9, foreign)
    counter.do("write", row.id)
    row = TopUp.get_by_id(row.id)
    assert row.state == "pending"
    assert "books do not know" in row.said
    assert bytes(card.memory[144:160]) == foreign  # nothing was written over it
    with no("shows 9.00 t, not 15.00 t", "WATER-7"):
        from app.procedures.counter.water_cards import closing

        closing.finish(row, Purchase(1, 900, 900), by=counter.clerk)


@pytest.mark.rule("WATER-2")
@pytest.mark.rule("WATER-3")
def test_both_reminders_are_said_before_money_is_taken(counter: WaterDesk) -> None:
    counter.issue()
    with no("shuts off", "WATER-2"):
        counter.intend(told_shut_off=False)
    with no("last two tonnes", "WATER-3"):
        counter.intend(told_slot=False)
    assert TopUp.select().count() == 0


@pytest.mark.rule("WATER-8")
def test_the_days_tonnes_and_money_and_what_is_still_pending(counter: WaterDesk) -> None:
    card = counter.issue()
    counter.sell(1500)
    counter.meter().insert(card)
    counter.lay(card)
    counter.intend(500)
    total = water.day_total(clock.business_day(clock.now()))
    assert (total.count, total.volume, total.fen, total.pending_fen) == (1, 1500, 4440, 1480)


@pytest.mark.rule("WATER-1")
def test_every_employee_ticks_the_procedure_once(counter: WaterDesk) -> None:
    assert counter.clerk.name in water.who_has_not_learnt()
    water.learnt(by=counter.clerk)
    water.learnt(by=counter.clerk)
    assert Knows.select().count() == 1
    assert counter.clerk.name not in water.who_has_not_learnt()


def test_a_second_sale_before_the_meter_took_the_first_is_refused_unless_the_setting_allows_it(
    counter: WaterDesk,
) -> None:
    card = counter.issue()
    counter.sell()
    with no("has not taken the last sale"):
        counter.intend()
    options.change("water.second_sale", True, since=clock.today(), by=counter.boss)
    counter.sell(500)
    meter = counter.meter()
    meter.insert(card)
    assert meter.state.remaining == 2000


def test_a_sale_on_another_households_card_is_refused(counter: WaterDesk) -> None:
    counter.issue()
    with no("belongs to another household: 3-2-1101"):
        counter.intend(unit=counter.home.other)


def test_a_second_pending_sale_on_one_card_is_refused(counter: WaterDesk) -> None:
    counter.issue()
    counter.intend()
    with no("not on the card yet"):
        counter.intend()


def test_money_that_does_not_pay_the_sale_is_refused(counter: WaterDesk) -> None:
    counter.issue()
    for tenders in ([Tender("cash", 4000)], [Tender("wechat", 5000)], [Tender("prepaid", 4440)]):
        with no("does not pay", "CASH-1"):
            counter.intend(tenders=tenders)


def test_change_comes_out_of_the_cash(counter: WaterDesk) -> None:
    counter.issue()
    row = counter.intend(tenders=[Tender("cash", 5000)])
    assert (row.change, ledger.balance("tender.cash")) == (560, 4440)


def test_no_price_no_sale(counter: WaterDesk) -> None:
    with no("no water price", "CASH-8"):
        water.of_volume(100, 0, 1)


@pytest.mark.parametrize(
    ("fen", "volume", "cost", "said"),
    [
        (4440, 1500, 4440, "44.40 ÷ 2.96 ＝ 15.00 吨"),
        (5000, 1689, 4999, "50.00 ÷ 2.96 ＝ 16.89 吨，16.89 × 2.96 ＝ 49.99"),
    ],
)
def test_so_much_money_buys_so_much_water_and_the_arithmetic_is_shown(
    fen: int, volume: int, cost: int, said: str
) -> None:
    assert water.of_money(fen, PRICE, 1) == water.Sum(volume, cost, said)


def test_never_more_water_than_the_money_pays_for() -> None:
    for fen in range(3, 3000, 7):
        bought = water.of_money(fen, PRICE, 1)
        assert bought.fen <= fen
        assert bought == water.Sum(bought.volume, (bought.volume * PRICE + 50) // 100, bought.expression)


def test_volumes_the_card_or_the_desk_cannot_do_are_refused() -> None:
    with no("steps of 0.10 t"):
        water.of_volume(15, PRICE, 10)
    for volume in (0, 100_001):
        with no("not a quantity"):
            water.of_volume(volume, PRICE, 1)
    with no("not a quantity"):
        water.of_money(1, PRICE, 1)


def test_the_hoard_limit_of_the_meter_is_kept(counter: WaterDesk) -> None:
    options.change("water.hoard", 1000, since=clock.today(), by=counter.boss)
    counter.issue()
    with no("at most"):
        counter.intend(1500)


def test_a_card_that_comes_back_with_its_sale_on_it_is_closed_by_itself(counter: WaterDesk) -> None:
    card = counter.issue()
    row = counter.intend()
    counter.reader.fault("card_gone", at="select", after=3)
    counter.do("write", row.id)
    assert TopUp.get_by_id(row.id).state == "pending"
    counter.lay(card)
    row = TopUp.get_by_id(row.id)
    assert (row.state, row.closed_by.id) == ("done", counter.clerk.id)


def test_the_price_list_has_dates(counter: WaterDesk) -> None:
    options.change("water.price", 350, since=clock.today() + timedelta(days=1), by=counter.boss)
    assert options.get("water.price") == PRICE
    assert options.get("water.price", on=clock.today() + timedelta(days=1)) == 350


# issue and stock


def test_a_card_is_issued_to_a_household_and_its_meter_with_its_fee_as_a_charge(counter: WaterDesk) -> None:
    card = counter.issue()
    row = counter.card_row(card)
    assert (row.state, row.issue, row.its_meter.number) == ("active", 1, METER)
    assert [c.fen for c in charge.of((water.KIND, row.id))] == [500]
    assert counter.laid().step.reason == "in_order"
    assert water.in_stock() == 0


def test_a_card_that_is_not_in_the_stock_is_not_issued(counter: WaterDesk) -> None:
    counter.lay(mifare.Card.blank(b"\x01\x02\x03\x04"))
    with no("not in the stock"):
        water.issue(counter.home.unit, METER, counter.laid(), holder="李伟", person=None, by=counter.clerk)


def test_a_stranger_and_a_card_in_use_are_not_taken_into_the_stock(counter: WaterDesk) -> None:
    counter.issue()
    with no("in order"):
        water.stock(counter.laid(), by=counter.clerk)
    with no("in the stock already"):
        counter.blank()
        water.stock(counter.laid(), by=counter.clerk)


@pytest.mark.parametrize("number", ["123", "1234567x", "１２３４５６７８"])
def test_a_meter_number_has_8_digits(counter: WaterDesk, number: str) -> None:
    counter.blank()
    with no("8 digits"):
        water.issue(counter.home.unit, number, counter.laid(), holder="李伟", person=None, by=counter.clerk)


def test_a_meter_is_prepaid_or_post_paid_never_both(counter: WaterDesk) -> None:
    water.register_meter(counter.home.unit, METER, "reading", by=counter.clerk)
    counter.blank()
    with no("never both"):
        water.issue(counter.home.unit, METER, counter.laid(), holder="李伟", person=None, by=counter.clerk)
    with no("in the register already"):
        water.register_meter(counter.home.unit, METER, "card", by=counter.clerk)


def test_a_meter_has_one_card_and_belongs_to_one_household(counter: WaterDesk) -> None:
    counter.issue()
    counter.blank()
    with no("has a card already"):
        water.issue(counter.home.unit, METER, counter.laid(), holder="李伟", person=None, by=counter.clerk)
    with no("belongs to 3-2-1101"):
        water.issue(counter.home.other, METER, counter.laid(), holder="张敏", person=None, by=counter.clerk)


def test_an_issue_that_was_cut_goes_on_with_the_same_card_or_another(counter: WaterDesk) -> None:
    card = counter.blank()
    row = water.issue(counter.home.unit, METER, counter.laid(), holder="李伟", person=None, by=counter.clerk)
    counter.reader.fault("card_gone", after=4)
    counter.do("issue", row.id)
    assert Card.get_by_id(row.id).state == "issuing"
    assert counter.lay(card).reason == "unfinished"
    other = counter.blank()
    new = water.spoilt(Card.get_by_id(row.id), counter.laid(), reason="写不进", by=counter.clerk)
    counter.do("issue", new.id)
    assert counter.card_row(other).state == "active"
    assert counter.card_row(card).ended_as == "spoiled"
    assert due.count(water.KIND) == 0


def test_a_card_whose_counter_is_full_is_not_sold_to(counter: WaterDesk) -> None:
    from hardware.watercard.record import Purchase, encode_purchase

    card = counter.issue()
    full = Purchase(65_535, 0, 0)
    card.store(8, encode_purchase(water.layout(), water.secret(), card.uid, 8, full))
    Card.update(seq=65_535).execute()
    counter.lay(card)
    options.change("water.second_sale", True, since=clock.today(), by=counter.boss)
    with no("cannot hold"):
        counter.intend()


def test_a_sale_is_closed_once_and_a_card_issued_once(counter: WaterDesk) -> None:
    from app.procedures.counter.water_cards import closing, replacing

    card = counter.issue()
    row = counter.sell()
    with no("closed already", "WATER-6"):
        closing.finish(row, row.record, by=counter.clerk)
    with no("shows 0.00 t", "WATER-7"):
        within(closing.reissued, row, row.record.__class__(0, 0, 0), card=row.card, reason="x", by=counter.boss)
    with no("issued already"):
        replacing.issued(counter.card_row(card), counter.laid(), by=counter.clerk)


def test_the_check_reading_may_be_everything_sold_so_far(counter: WaterDesk) -> None:
    card = counter.issue()
    counter.sell(1000)
    counter.meter().insert(card)
    counter.lay(card)
    options.change("water.check", "total", since=clock.today(), by=counter.boss)
    assert counter.sell(500).reading == 1500


def test_another_makers_card_is_sold_to_by_its_own_layout(counter: WaterDesk) -> None:
    options.change("water.layout", "bluewell-m2", since=clock.today(), by=counter.boss)
    counter.worker = water.ReaderWorker(counter._connect, now=counter._now)
    counter.tick()
    card = counter.issue()
    row = counter.intend(1500)
    assert (row.block, row.tag) == (None, 0)
    counter.reader.fault("tear", k=6, after=1)  # the second of its two copies
    counter.do("write", row.id)
    assert TopUp.get_by_id(row.id).state == "done"  # the first copy says so; both are written again and proven
    meter = counter.meter()
    assert meter.insert(card) == "credited"
    assert meter.state.remaining == 1500
    counter.lay(card)
    row = counter.intend(500)
    counter.reader.fault("tear", k=6)
    counter.do("write", row.id, first=True)
    counter.do("void", row.id, reason="x", signed="y")
    assert TopUp.get_by_id(row.id).state == "refunded"
    assert meter.insert(card) == "nothing new"
    with no("steps of 0.10 t"):
        counter.intend(1505)


def test_a_copy_of_another_makers_card_is_named_a_copy(counter: WaterDesk) -> None:
    options.change("water.layout", "bluewell-m2", since=clock.today(), by=counter.boss)
    counter.worker = water.ReaderWorker(counter._connect, now=counter._now)
    counter.tick()
    card = counter.issue()
    clone = mifare.Card.blank(b"\x09\x08\x07\x06")
    clone.memory[16:] = card.memory[16:]
    assert counter.lay(clone).reason == "copied"
    with no("is a copy"):
        counter.intend()
