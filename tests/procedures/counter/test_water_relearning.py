"""After a restore the books learn from a card what they have lost: the water goes on, the money is said in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.base.refusal import Refused
from app.desk.accounts import ledger, receipt
from app.desk.record import journal, options
from app.desk.work import due
from app.procedures.counter import water_cards as water
from app.procedures.counter.water_cards import Card, TopUp, overview, relearning
from app.procedures.counter.water_cards.tables import Handling
from hardware.simulators import mifare
from hardware.simulators.meter import Meter
from hardware.watercard.record import Identity, Purchase, encode_identity
from tests.procedures.counter.water_desk import WaterDesk
from tests.procedures.counter.water_restore import LAST_ON_PAPER, Disaster, forge

WHY = f"补记，纸质收据 {LAST_ON_PAPER}"
HOME = "/counter/water_cards"


@pytest.fixture
def counter(cast: SimpleNamespace, home: SimpleNamespace) -> WaterDesk:
    return WaterDesk(home, cast.chen, cast.mia)


@pytest.fixture
def disaster(books: Path, tmp_path: Path, cast: SimpleNamespace) -> Iterator[Disaster]:
    yield (made := Disaster(books, tmp_path / "stick", cast.mia))
    made.over()


@pytest.fixture
def meter(counter: WaterDesk) -> Meter:
    return counter.meter()


@pytest.fixture
def card(counter: WaterDesk, meter: Meter) -> mifare.Card:
    """The household's card with its first sale, taken by the meter."""
    made = counter.issue()
    counter.sell(1000)
    taken(counter, meter, made)
    return made


@pytest.fixture
def lost(counter: WaterDesk, disaster: Disaster, card: mifare.Card) -> mifare.Card:
    """The card with one sale more than the books know: made after the backup that they were brought back to."""
    disaster.back_up()
    counter.sell(1500)
    disaster.bring_back()
    counter.lay(card)
    return card


def taken(counter: WaterDesk, meter: Meter, card: mifare.Card) -> None:
    counter.lay()
    assert meter.insert(card) == "credited"
    counter.lay(card)


def learn(counter: WaterDesk, **how: object) -> Handling:
    return water.relearn(counter.account, counter.laid(), **({"reason": WHY, "by": counter.boss} | how))


@pytest.mark.rule("WATER-7")
def test_a_sale_that_the_restored_books_do_not_know_is_not_sold_upon_until_it_is_learned(
    counter: WaterDesk, lost: mifare.Card
) -> None:
    assert counter.laid().reason == "other_record"
    with pytest.raises(Refused, match="call the supervisor"):
        counter.intend()
    learn(counter)
    assert counter.laid().step.action == "use"
    assert counter.card_row(lost).record == counter.laid().state.current


def test_the_learned_sale_is_listed_with_its_volume_and_no_money(counter: WaterDesk, lost: mifare.Card) -> None:
    before = ledger.balance("income.water"), ledger.balance("tender.cash"), receipt.Receipt.select().count()
    row = learn(counter)
    row = Handling.get_by_id(row.id)
    assert row.facts["sales"] == [[2, 1500]]
    assert (row.facts["volume"], row.facts["fen"], row.reason) == (1500, 0, WHY)
    assert before == (
        ledger.balance("income.water"),
        ledger.balance("tender.cash"),
        receipt.Receipt.select().count(),
    )
    change = overview.changes(counter.home.unit)[0]
    assert change.kind == "learned"
    assert change.expression.startswith("账本恢复到 ")
    assert "第 2 次购水 15.00 吨，金额 0.00" in change.expression
    line = journal.Line.select().where(journal.Line.verb == "water_card.relearned").get()
    assert (line.unit_id, line.detail["volume"], line.detail["reason"]) == (counter.home.unit.id, 1500, WHY)
    assert list(journal.verify()) == []


def test_several_lost_sales_are_learned_together_those_between_two_records_as_one(
    counter: WaterDesk, disaster: Disaster, card: mifare.Card, meter: Meter
) -> None:
    disaster.back_up()
    for volume in (100, 200, 300, 400):
        counter.sell(volume)
        taken(counter, meter, card)
    disaster.bring_back()
    counter.lay(card)
    shown = overview.to_learn(counter.laid())
    assert shown is not None
    assert shown.sales == [(3, 300), (4, 300), (5, 400)]
    assert (shown.books_seq, shown.books_total, shown.seq, shown.total, shown.volume) == (1, 1000, 5, 2000, 1000)
    assert learn(counter).facts["expression"].endswith("第 2–5 次购水 10.00 吨，金额 0.00")


def test_a_second_restore_can_lose_and_teach_again(
    counter: WaterDesk, disaster: Disaster, lost: mifare.Card, meter: Meter
) -> None:
    learn(counter)
    disaster.back_up()
    taken(counter, meter, lost)
    counter.sell(700)
    disaster.bring_back()
    counter.lay(lost)
    assert learn(counter).facts["volume"] == 700
    assert counter.laid().step.action == "use"


def test_a_sale_pending_in_the_backup_is_closed_by_its_bytes_and_what_came_after_it_is_learned(
    counter: WaterDesk, disaster: Disaster, card: mifare.Card, meter: Meter
) -> None:
    row = counter.intend(500)
    disaster.back_up()
    counter.do("write", row.id)
    taken(counter, meter, card)
    counter.sell(700)
    disaster.bring_back()
    counter.lay(card)
    assert learn(counter).facts["volume"] == 700
    row = TopUp.get_by_id(row.id)
    assert (row.state, row.reading, ledger.balance("suspense.water")) == ("done", 500, 0)
    assert row.receipt.number > LAST_ON_PAPER
    assert counter.laid().step.action == "use"


def test_a_sale_pending_in_the_backup_that_the_card_does_not_show_is_decided_first(
    counter: WaterDesk, disaster: Disaster, card: mifare.Card
) -> None:
    row = counter.intend(500)
    disaster.back_up()
    counter.do("void", row.id, reason="不买了", signed="李伟", meter_seq=0)
    counter.sell(700)
    disaster.bring_back()
    counter.lay(card)
    with pytest.raises(Refused, match="not proven yet") as refused:
        learn(counter)
    assert refused.value.rule == "WATER-6"


def test_a_card_issued_anew_after_the_backup_is_not_learned_from(counter: WaterDesk, lost: mifare.Card) -> None:
    row = counter.card_row(lost)
    identity = Identity(row.account_id, row.its_meter.number, row.issue + 1)
    for block, data in encode_identity(water.layout(), water.secret(), lost.uid, identity).items():
        lost.store(block, data)
    counter.lay(lost)
    assert counter.laid().reason == "other_record"
    assert overview.to_learn(counter.laid()) is None
    with pytest.raises(Refused, match="call the supervisor"):
        learn(counter)


@pytest.mark.parametrize(
    "record",
    [Purchase(2, 1500, 2400), Purchase(2, 1500, 2600), Purchase(3, 1500, 2500), Purchase(2, 0, 1000)],
    ids=["less in all", "more in all", "a sale between without water", "no water"],
)
def test_totals_that_do_not_go_on_from_the_books_are_not_learned(
    counter: WaterDesk, disaster: Disaster, card: mifare.Card, record: Purchase
) -> None:
    disaster.back_up()
    forge(counter, card, record)
    disaster.bring_back()
    counter.lay(card)
    with pytest.raises(Refused, match="call the supervisor"):
        learn(counter)


def test_a_card_that_tells_the_last_sale_in_the_books_otherwise_is_not_learned_from(
    counter: WaterDesk, disaster: Disaster, card: mifare.Card
) -> None:
    disaster.back_up()
    disaster.bring_back()
    forge(counter, card, Purchase(2, 1500, 2500))  # goes on from the books ...
    forge(counter, card, Purchase(1, 1000, 1000, tag=99))  # ... but beside it stands another first sale than theirs
    assert counter.laid().state.current == Purchase(2, 1500, 2500)
    with pytest.raises(Refused, match="call the supervisor"):
        learn(counter)


def test_only_the_supervisor_or_the_deputy_lets_the_books_learn(
    counter: WaterDesk, lost: mifare.Card, cast: SimpleNamespace
) -> None:
    for clerk in (cast.chen, cast.ana, cast.fei):
        with pytest.raises(Refused, match="may not do this"):
            learn(counter, by=clerk)
    learn(counter, by=cast.ben)  # no supervisor is on duty: the senior assistant deputises
    assert journal.Line.select().where(journal.Line.verb == "water_card.relearned").count() == 1


def test_an_exchanged_meter_carries_over_the_learned_water_that_it_had_not_taken(
    counter: WaterDesk, lost: mifare.Card
) -> None:
    learn(counter)
    done = water.exchange_meter(
        counter.account, "00900001", left=300, meter_seq=1, reason="坏表", signed="李伟", by=counter.boss
    )
    assert (done.facts["untaken"], done.facts["carry"]) == (1500, 1800)


def test_an_exchanged_meter_that_had_taken_the_learned_water_does_not_carry_it_again(
    counter: WaterDesk, lost: mifare.Card
) -> None:
    learn(counter)
    done = water.exchange_meter(
        counter.account, "00900001", left=300, meter_seq=2, reason="坏表", signed="李伟", by=counter.boss
    )
    assert (done.facts["untaken"], done.facts["carry"]) == (0, 300)


def test_where_the_money_went_is_promised_until_somebody_writes_it_down(
    counter: WaterDesk, lost: mifare.Card, cast: SimpleNamespace
) -> None:
    row = learn(counter)
    (promise,) = due.open_list(unit_id=counter.home.unit.id)
    assert (promise.role, promise.facts["volume"]) == ("supervisor", "15.00")
    with pytest.raises(Refused, match="may not do this"):
        water.note_money(row, how="长款", by=cast.chen)
    noted = water.note_money(row, how=f"{LAST_ON_PAPER}，44.40 元在当日长款内", by=cast.fei)
    assert due.open_list(unit_id=counter.home.unit.id) == []
    assert water.without_money() == []
    assert overview.changes(counter.home.unit)[0].reason == noted.reason
    with pytest.raises(Refused, match="written down already"):
        water.note_money(row, how="又一次", by=cast.fei)


# the pages


@pytest.fixture
def reader(counter: WaterDesk, desk: object) -> WaterDesk:
    desk.app.extensions["devices"] = SimpleNamespace(reader=counter.worker)
    return counter


def test_the_check_page_shows_books_and_card_and_offers_it_to_the_supervisor(
    reader: WaterDesk, lost: mifare.Card, desk: object
) -> None:
    boss = desk.client(reader.boss)
    assert f"{HOME}/check" in boss.get(f"{HOME}/?unit={reader.home.unit.id}").text
    shown = boss.get(f"{HOME}/check").text
    assert "仅卡内有" in shown
    assert "按卡补记 15.00 吨" in shown
    clerk = desk.client(reader.clerk).get(f"{HOME}/check").text
    assert "须由主管按卡补记" in clerk
    assert "/relearn/" not in clerk


def test_a_whole_relearning_on_the_pages_twice_clicked_is_done_once(
    reader: WaterDesk, lost: mifare.Card, desk: object, cast: SimpleNamespace
) -> None:
    boss = desk.client(reader.boss)
    form = {"_key": desk.key(), "reason": WHY}
    for _ in range(2):
        answer = boss.post(f"{HOME}/relearn/{reader.account.id}", data=form)
        assert answer.status_code == 303
    (row,) = Handling.select().where(Handling.kind == "learned")
    assert "按卡补记" in boss.get("/running/today/").text
    shown = boss.get(f"{HOME}/?unit={reader.home.unit.id}").text
    assert "第 2 次购水 15.00 吨，金额 0.00" in shown
    money = f"{HOME}/money/{row.id}"
    finance = desk.client(cast.fei)
    assert money in finance.get(f"{HOME}/").text
    form = {"_key": desk.key(), "how": "当日长款"}
    for _ in range(2):
        assert finance.post(money, data=form).status_code == 303
    assert money not in finance.get(f"{HOME}/").text
    assert "当日长款" in boss.get(f"{HOME}/?unit={reader.home.unit.id}").text


def test_a_clerk_who_posts_it_all_the_same_is_refused_and_nothing_is_learned(
    reader: WaterDesk, lost: mifare.Card, desk: object
) -> None:
    web = desk.client(reader.clerk)
    answer = web.post(f"{HOME}/relearn/{reader.account.id}", data={"_key": desk.key(), "reason": WHY})
    assert answer.status_code in {403, 422}
    assert web.post(f"{HOME}/relearn/99", data={"_key": desk.key(), "reason": WHY}).status_code in {403, 422}
    boss = desk.client(reader.boss)
    assert boss.post(f"{HOME}/relearn/99", data={"_key": desk.key(), "reason": WHY}).status_code == 404
    assert boss.post(f"{HOME}/money/99", data={"_key": desk.key(), "how": WHY}).status_code == 404
    assert Card.get(Card.uid == lost.uid.hex()).seq == 1


def test_a_card_in_order_offers_nothing(reader: WaterDesk, card: mifare.Card, desk: object) -> None:
    assert reader.laid().step.action == "use"
    assert "/relearn/" not in desk.client(reader.boss).get(f"{HOME}/check").text
    with pytest.raises(Refused, match="in order"):
        learn(reader)
    assert options.get("water.second_sale") is False


def test_records_without_a_later_sale_teach_nothing() -> None:
    known = Purchase(seq=3, amount=1500, cumulative=4000, tag=7)
    for records in ([], [known], [Purchase(seq=2, amount=1500, cumulative=2500, tag=6), known]):
        with pytest.raises(Refused):
            relearning._sales(known, records)
