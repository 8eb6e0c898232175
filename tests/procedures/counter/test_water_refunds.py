"""Paying a pending sale back: the card is proven empty, and where it was away somebody has looked at its meter."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from app.base.refusal import Refused
from app.desk.accounts import ledger
from app.desk.accounts.receipt import Tender
from app.desk.papers.outbox import Job
from app.desk.record.journal import Line
from app.procedures.counter import water_cards as water
from app.procedures.counter.water_cards import TopUp
from hardware.simulators import mifare
from tests.procedures.counter.water_desk import WaterDesk

HOME = "/counter/water_cards"


@pytest.fixture
def counter(cast: SimpleNamespace, home: SimpleNamespace) -> WaterDesk:
    return WaterDesk(home, cast.chen, cast.mia)


def torn(counter: WaterDesk, **how: object) -> TopUp:
    """A sale whose first write was cut off; its card lies on the reader."""
    row = counter.intend(**how)
    counter.reader.fault("tear", k=7)
    counter.do("write", row.id, first=True)
    return TopUp.get_by_id(row.id)


def pay_back(counter: WaterDesk, row: TopUp, meter_seq: int | None = None) -> TopUp:
    counter.do("void", row.id, reason="业主不买了", signed="李伟", meter_seq=meter_seq)
    return TopUp.get_by_id(row.id)


@pytest.mark.rule("WATER-6")
def test_the_money_goes_back_by_its_tenders_after_the_card_was_proven_empty(counter: WaterDesk) -> None:
    card = counter.issue()
    row = pay_back(counter, torn(counter, tenders=[Tender("wechat", 2000, "8841"), Tender("cash", 3000)]))
    assert (row.state, row.reason, row.closed_by.id) == ("refunded", "业主不买了", counter.boss.id)
    assert ledger.totals() == {**ledger.totals(), "tender.cash": 0, "tender.wechat": 0, "suspense.water": 0}
    assert counter.meter().insert(card) == "nothing new"
    assert Job.select().where(Job.paper == "water_slip").count() == 2


@pytest.mark.rule("WATER-6")
def test_only_the_supervisor_pays_back_and_only_after_the_card_was_proven(counter: WaterDesk) -> None:
    counter.issue()
    row = counter.intend()
    with pytest.raises(Refused):
        counter.worker.submit("void", row.id, by=counter.clerk, reason="x", signed="y", meter_seq=0)
    counter.tick()
    assert TopUp.get_by_id(row.id).state == "pending"
    counter.reader.fault("silent")
    assert pay_back(counter, row, 0).state == "refunded"  # nothing was on it, and the reading says so


def test_nothing_is_paid_back_before_the_slot_is_proven_destroyed(counter: WaterDesk) -> None:
    counter.issue()
    row = counter.intend()
    counter.reader.fault("tear", k=7, rest="random")
    counter.do("write", row.id, first=True)
    counter.reader.fault("silent")
    assert (pay_back(counter, row).state, ledger.balance("tender.cash")) == ("pending", 4440)
    assert (pay_back(counter, row).state, ledger.balance("tender.cash")) == ("refunded", 0)


def test_a_sale_that_is_on_the_card_is_not_paid_back(counter: WaterDesk) -> None:
    card = counter.issue()
    row = counter.intend()
    counter.reader.fault("card_gone", at="select", after=3)
    counter.do("write", row.id, first=True)
    assert TopUp.get_by_id(row.id).state == "pending"
    counter.reader.lay(card)
    row = pay_back(counter, row)
    assert (row.state, row.receipt.fen, ledger.balance("tender.cash")) == ("done", 4440, 4440)


# A torn write can leave bits that read right in the meter and wrong here, and a card that is pulled out at once
# carries no note of the meter: the desk cannot see that the water was delivered. Somebody has to look.


@pytest.fixture
def taken(counter: WaterDesk) -> SimpleNamespace:
    """A sale that the meter has taken, and whose card shows nothing of it."""
    card, meter = counter.issue(), counter.meter()
    before = card.dump()
    row = counter.intend()
    counter.reader.fault("card_gone", at="select", after=3)  # written; never read back
    counter.do("write", row.id, first=True)
    assert meter.insert(card, pulled_after=0) == "credited"
    card.restore(before)
    counter.lay(card)
    return SimpleNamespace(card=card, meter=meter, row=TopUp.get_by_id(row.id))


@pytest.mark.rule("WATER-6")
def test_a_card_that_was_off_the_reader_is_not_paid_back_before_its_meter_was_looked_at(
    counter: WaterDesk, taken: SimpleNamespace
) -> None:
    assert counter.laid().step.action == "write"
    row = pay_back(counter, taken.row)
    assert (row.state, ledger.balance("tender.cash")) == ("pending", 4440)
    assert "Look at the meter" in row.said


@pytest.mark.rule("WATER-6")
def test_what_the_meter_has_taken_is_not_paid_back_but_written_again_and_closed(
    counter: WaterDesk, taken: SimpleNamespace
) -> None:
    assert pay_back(counter, taken.row, taken.meter.state.accepted_seq).state == "pending"
    counter.do("write", taken.row.id)
    assert TopUp.get_by_id(taken.row.id).state == "done"
    assert taken.meter.insert(taken.card) == "nothing new"
    assert taken.meter.state.taken == 1500


def test_a_meter_that_has_not_taken_it_lets_the_money_go_back_and_what_it_showed_is_kept(counter: WaterDesk) -> None:
    card = counter.issue()
    row = torn(counter)
    counter.lay(card)  # away and back
    row = pay_back(counter, row, 0)
    assert row.state == "refunded"
    assert Line.select().where(Line.verb == "topup.refunded").get().detail["meter_seq"] == 0
    paper = Job.select().where(Job.paper == "water_slip").first()
    assert "已看表：水表最后一次购水为第 0 次。" in paper.facts["remarks"]


@pytest.mark.parametrize("away", ["no card", "another card", "a restart", "a reader that failed"])
def test_whatever_lay_there_meanwhile_counts_as_away(counter: WaterDesk, away: str) -> None:
    card = counter.issue()
    row = torn(counter)
    counter.tick(12)
    assert counter.worker.stayed(row.id)
    if away == "a restart":
        counter.worker = water.ReaderWorker(counter._connect, now=counter._now)
    elif away == "a reader that failed":
        counter.reader.fault("lost_answer", at="any")
        counter.tick(1)
    else:
        counter.reader.take_off() if away == "no card" else counter.reader.lay(mifare.Card.blank(b"\x09\x09\x09\x09"))
        counter.tick(1)
        counter.reader.lay(card)
    counter.tick()
    assert counter.laid().uid == card.uid.hex()
    assert not counter.worker.stayed(row.id)
    assert pay_back(counter, row).state == "pending"


def test_a_second_try_does_not_make_a_card_one_that_stayed(counter: WaterDesk) -> None:
    card = counter.issue()
    row = torn(counter)
    counter.lay(card)
    counter.reader.fault("silent")
    counter.do("write", row.id)
    counter.reader.fault("silent")
    counter.do("write", row.id, first=True)  # the same form once more
    assert not counter.worker.stayed(row.id)


@pytest.fixture
def boss(counter: WaterDesk, desk: object) -> FlaskClient:
    desk.app.extensions["devices"] = SimpleNamespace(reader=counter.worker)
    return desk.client(counter.boss)


def test_the_page_asks_for_the_meter_only_where_the_card_was_away(
    counter: WaterDesk, boss: FlaskClient, desk: object
) -> None:
    card = counter.issue()
    row = torn(counter)
    page = f"{HOME}/?unit={counter.home.unit.id}"
    assert 'name="reason"' in boss.get(page).text
    assert 'name="meter_seq"' not in boss.get(page).text
    counter.lay(card)
    assert 'name="meter_seq"' in boss.get(page).text
    form = {"reason": "不买了", "signed": "李伟"}
    for wrong, said in (({}, "看水表"), ({"meter_seq": "1"}, "水表已收下"), ({"meter_seq": "一"}, "一")):
        answer = boss.post(f"{HOME}/refund/{row.id}", data={"_key": desk.key(), **form, **wrong})
        assert answer.status_code == 422
        assert said in answer.text
        assert 'value="不买了"' in answer.text
    answer = boss.post(f"{HOME}/refund/{row.id}", data={"_key": desk.key(), **form, "meter_seq": "0"})
    assert answer.status_code == 303
    counter.tick()
    assert TopUp.get().state == "refunded"
    late = boss.post(f"{HOME}/refund/{row.id}", data={"_key": desk.key(), **form})  # from a page left open
    assert late.status_code == 303


@pytest.mark.parametrize(("seq", "stayed"), [(None, False), (1, False), (1, True), (2, True)])
def test_the_refusal_names_its_rule_and_the_field_to_fill(counter: WaterDesk, seq: int | None, stayed: bool) -> None:
    counter.issue()
    with pytest.raises(Refused) as refused:
        water.check_not_taken(torn(counter), seq, stayed=stayed)
    assert (refused.value.rule, refused.value.field) == ("WATER-6", "meter_seq")
