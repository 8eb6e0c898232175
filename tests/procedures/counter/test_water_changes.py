"""Lost, damaged and replaced cards, exchanged meters, a change of owner: the water goes where it is paid for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.base import clock
from app.base.refusal import Refused
from app.desk.accounts import charge, ledger
from app.desk.accounts.receipt import Tender
from app.desk.papers.outbox import Job
from app.desk.record import options
from app.procedures.counter import water_cards as water
from app.procedures.counter.water_cards import Card, TopUp, overview
from app.procedures.counter.water_cards.tables import Handling
from hardware.simulators import mifare
from hardware.watercard.record import MeterNote, Purchase
from tests.procedures.counter.water_desk import METER, WaterDesk

NEW = "00900001"


@pytest.fixture
def counter(cast: SimpleNamespace, home: SimpleNamespace) -> WaterDesk:
    return WaterDesk(home, cast.chen, cast.mia)


def sold(counter: WaterDesk, volume: int = 1500, *, taken: bool = True) -> mifare.Card:
    card = counter.issue()
    counter.sell(volume)
    if taken:
        counter.meter().insert(card)
        counter.lay(card)
    return card


def replaced(counter: WaterDesk, **how: object) -> Card:
    given = {"meter_seq": 1, "meter_left": 0, "reason": "补卡", "signed": "李伟", "by": counter.clerk} | how
    row = water.replace(counter.account, counter.laid(), **given)
    counter.do("issue", row.id)
    return Card.get_by_id(row.id)


def test_a_lost_card_is_replaced_with_what_the_books_know_and_the_meter_stops_the_old_one(counter: WaterDesk) -> None:
    old = sold(counter, taken=False)  # the last sale is on the lost card only
    water.lost(counter.card_row(old), reason="丢了", signed="李伟", by=counter.clerk)
    counter.blank()
    row = replaced(counter, meter_seq=0)
    assert (row.state, row.issue, row.record) == ("active", 2, Purchase(1, 1500, 1500, 1))
    new, meter = counter.reader.cards[0], counter.meter()
    assert meter.insert(new) == "credited"
    assert meter.insert(old) == "replaced card"
    assert meter.state.remaining == 1500  # once, whoever comes first
    assert [c.fen for c in charge.of((water.KIND, row.id))] == [500]
    assert counter.lay(old).reason == "lost"


def test_the_finder_of_the_old_card_gains_nothing(counter: WaterDesk) -> None:
    old = sold(counter, taken=False)
    water.lost(counter.card_row(old), reason="丢了", signed="李伟", by=counter.clerk)
    counter.blank()
    replaced(counter, meter_seq=0)
    meter = counter.meter()
    assert meter.insert(old) == "credited"
    assert meter.insert(counter.reader.cards[0]) == "nothing new"
    assert meter.state.remaining == 1500


def test_a_card_that_is_found_again_before_it_was_replaced_is_in_use_again(counter: WaterDesk) -> None:
    card = sold(counter)
    row = counter.card_row(card)
    with pytest.raises(Refused, match="never lost"):
        water.found(row, by=counter.clerk)
    water.lost(row, reason="丢了", signed="李伟", by=counter.clerk)
    with pytest.raises(Refused, match="not in use"):
        water.lost(counter.card_row(card), reason="丢了", signed="李伟", by=counter.clerk)
    water.found(counter.card_row(card), by=counter.clerk)
    assert counter.lay(card).reason == "in_order"


def test_a_damaged_card_is_issued_again_from_the_books_without_a_fee(counter: WaterDesk) -> None:
    card = sold(counter)
    for block in (8, 9):
        card.store(block, b"\x33" * 16)
    assert counter.lay(card).step.action == "reissue"
    row = replaced(counter)
    assert (row.uid, row.issue, row.state) == (card.uid.hex(), 2, "active")
    assert counter.laid().reason == "in_order"
    counter.meter().insert(card)
    counter.lay(card)
    assert counter.sell(500).state == "done"


def test_a_pending_sale_of_a_dead_card_is_put_on_the_new_one_by_the_supervisor(counter: WaterDesk) -> None:
    card = sold(counter)
    row = counter.intend(500)
    counter.reader.take_off()
    water.lost(counter.card_row(card), reason="丢了", signed="李伟", by=counter.clerk)
    counter.blank()
    with pytest.raises(Refused, match="may not do this"):
        replaced(counter, pending_then="reissue")
    with pytest.raises(Refused, match="choose whether"):
        replaced(counter, by=counter.boss)
    new = replaced(counter, pending_then="reissue", by=counter.boss)
    row = TopUp.get_by_id(row.id)
    assert (row.state, row.reading, row.card_id, row.reason) == ("reissued", 500, new.id, "补卡")
    assert row.receipt.fen == 1480
    meter = counter.meter()
    assert meter.insert(counter.reader.cards[0]) == "credited"
    assert meter.state.taken == 2000
    assert ledger.balance("suspense.water") == 0
    counter.lay(counter.reader.cards[0])
    assert counter.laid().reason == "in_order"


def test_or_paid_back_unless_the_meter_has_taken_it(counter: WaterDesk) -> None:
    card = sold(counter)
    row = counter.intend(500)
    water.lost(counter.card_row(card), reason="丢了", signed="李伟", by=counter.clerk)
    counter.blank()
    with pytest.raises(Refused, match="was delivered"):
        replaced(counter, pending_then="refund", meter_seq=2, by=counter.boss)
    replaced(counter, pending_then="refund", by=counter.boss)
    assert TopUp.get_by_id(row.id).state == "refunded"
    assert ledger.balance("tender.cash") == 4440


def test_the_meter_is_looked_at_and_must_fit_the_books(counter: WaterDesk) -> None:
    card = sold(counter)
    water.lost(counter.card_row(card), reason="丢了", signed="李伟", by=counter.clerk)
    counter.blank()
    with pytest.raises(Refused, match="shows sale 9; the books know 1"):
        replaced(counter, meter_seq=9)


def test_a_card_in_order_and_a_closed_account_are_not_replaced(counter: WaterDesk) -> None:
    sold(counter)
    with pytest.raises(Refused, match="nothing to replace"):
        replaced(counter)
    account = counter.account
    water.hand_back(account, left=0, meter_seq=1, reason="搬走", signed="李伟", by=counter.boss)
    with pytest.raises(Refused, match="no card to replace"):
        water.replace(
            type(account).get_by_id(account.id),
            counter.laid(),
            meter_seq=1,
            meter_left=0,
            reason="x",
            signed="y",
            by=counter.clerk,
        )


def test_a_replacement_that_was_cut_keeps_its_decision_on_another_blank(counter: WaterDesk) -> None:
    card = sold(counter)
    row = counter.intend(500)
    water.lost(counter.card_row(card), reason="丢了", signed="李伟", by=counter.clerk)
    counter.blank()
    given = {"meter_seq": 1, "meter_left": 0, "reason": "补卡", "signed": "李伟", "by": counter.boss}
    cut = water.replace(counter.account, counter.laid(), pending_then="reissue", **given)
    counter.reader.fault("card_gone", after=5)
    counter.do("issue", cut.id)
    counter.blank()
    new = water.spoilt(Card.get_by_id(cut.id), counter.laid(), reason="写不进", by=counter.clerk)
    counter.do("issue", new.id)
    assert TopUp.get_by_id(row.id).state == "reissued"
    assert Card.get_by_id(new.id).issue == 2


def test_an_exchanged_meter_gets_what_was_left_and_what_was_not_taken_signed(counter: WaterDesk) -> None:
    card = counter.issue()
    counter.sell(1000)
    old = counter.meter()
    old.insert(card)
    old.use(660)
    counter.lay(card)
    counter.sell(500)  # on the card, not in the meter
    done = water.exchange_meter(
        counter.account, NEW, left=340, meter_seq=1, reason="旧表停走", signed="李伟、王工", by=counter.clerk
    )
    assert done.facts["expression"] == "旧表剩余 3.40 ＋ 卡内未入表 5.00 ＝ 8.40 吨"
    counter.do("issue", done.card.id)
    carried = TopUp.get(TopUp.kind == "carry")
    assert (carried.state, carried.fen, carried.volume, carried.receipt) == ("done", 0, 840, None)
    new = counter.meter(NEW)
    assert new.insert(card) == "credited"
    assert new.state.remaining == 840
    assert counter.meter().insert(card) == "another meter's card"
    assert Job.select().where(Job.paper == "water_slip").count() == 2
    assert ledger.balance("income.water") == -4440


def test_an_empty_exchanged_meter_carries_nothing_over(counter: WaterDesk) -> None:
    sold(counter)
    done = water.exchange_meter(counter.account, NEW, left=0, meter_seq=1, reason="坏", signed="x", by=counter.clerk)
    counter.do("issue", done.card.id)
    assert TopUp.select().count() == 1


def test_an_exchange_that_cannot_be_right_is_refused(counter: WaterDesk) -> None:
    sold(counter)
    account = counter.account
    with pytest.raises(Refused, match="shows sale 5"):
        water.exchange_meter(account, NEW, left=0, meter_seq=5, reason="x", signed="y", by=counter.clerk)
    with pytest.raises(Refused, match="has a card already"):
        water.exchange_meter(account, METER, left=0, meter_seq=1, reason="x", signed="y", by=counter.clerk)
    counter.intend(500)
    with pytest.raises(Refused, match="not proven yet"):
        water.exchange_meter(account, NEW, left=0, meter_seq=1, reason="x", signed="y", by=counter.clerk)


def test_a_meter_that_was_taken_down_does_not_come_back(counter: WaterDesk) -> None:
    sold(counter)
    done = water.exchange_meter(counter.account, NEW, left=0, meter_seq=1, reason="坏", signed="x", by=counter.clerk)
    counter.do("issue", done.card.id)
    counter.blank()
    with pytest.raises(Refused, match="taken down"):
        water.issue(counter.home.unit, METER, counter.laid(), holder="李伟", person=None, by=counter.clerk)


def test_a_new_owner_takes_card_meter_and_water_over(counter: WaterDesk) -> None:
    card = sold(counter)
    water.transfer(counter.account, "王芳", None, left=1500, signed="李伟、王芳", by=counter.clerk)
    assert counter.account.holder == "王芳"
    assert Handling.get().facts == {"from": "李伟", "to": "王芳", "left": 1500}
    assert counter.lay(card).reason == "in_order"
    assert overview.changes(counter.home.unit)[0].kind == "transferred"


def test_water_handed_back_is_paid_at_the_price_it_was_sold_newest_first(counter: WaterDesk) -> None:
    card = sold(counter, 1000)  # 29.60
    options.change("water.price", 400, since=clock.today(), by=counter.boss)
    row = water.intend(
        counter.home.unit,
        counter.laid(),
        water.of_volume(500, 400, 1),
        payer="李伟",
        tenders=[Tender("cash", 2000)],
        told_shut_off=True,
        told_slot=True,
        by=counter.clerk,
    )
    counter.do("write", row.id)
    with pytest.raises(Refused, match="has not taken the last sale"):
        water.hand_back(counter.account, left=600, meter_seq=1, reason="搬走", signed="李伟", by=counter.boss)
    counter.meter().insert(card)
    counter.lay(card)
    with pytest.raises(Refused, match="may not do this"):
        water.hand_back(counter.account, left=600, meter_seq=2, reason="搬走", signed="李伟", by=counter.clerk)
    with pytest.raises(Refused, match=r"Only 15\.00 t were sold"):
        water.hand_back(counter.account, left=1600, meter_seq=2, reason="搬走", signed="李伟", by=counter.boss)
    done = water.hand_back(counter.account, left=600, meter_seq=2, reason="搬走", signed="李伟", by=counter.boss)
    assert done.facts["fen"] == 2000 + 296  # 5 t x 4.00, then 1 t x 2.96
    assert ledger.balance("income.water") == -(2960 - 296)
    assert counter.card_row(card).ended_as == "handed_back"
    assert water.accounts_of(counter.home.unit) == []
    with pytest.raises(Refused, match="no card in use"):
        water.transfer(type(counter.card_row(card).its_account).get(), "x", None, left=0, signed="y", by=counter.clerk)


def test_the_meter_goes_on_counting_when_the_next_owner_gets_a_card(counter: WaterDesk) -> None:
    first, meter = sold(counter, taken=False), counter.meter()
    meter.insert(first)
    water.hand_back(counter.account, left=0, meter_seq=1, reason="搬走", signed="李伟", by=counter.boss)
    new = counter.blank()
    row = water.issue(counter.home.unit, METER, counter.laid(), holder="王芳", person=None, by=counter.clerk)
    counter.do("issue", row.id)
    assert Card.get_by_id(row.id).issue == 2
    assert meter.insert(new) == "nothing new"  # the same meter: its counters stand at sale 1
    counter.lay(new)
    assert counter.sell(500).seq == 2
    assert meter.insert(new) == "credited"
    assert meter.state.taken == 2000


def test_what_the_card_says_of_its_meter_is_proposed() -> None:
    assert water.left_on(MeterNote(3, 2, 340), Purchase(2, 1, 1)) == (340, 2)
    assert water.left_on(None, Purchase(2, 1, 1)) == (0, 1)
    assert water.left_on(None, None) == (0, 0)
