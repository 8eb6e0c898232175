"""The water pages with a reader behind them: a web request queues and shows, it never waits for the device."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from app.desk.accounts import ledger
from app.procedures.counter import water_cards as water
from app.procedures.counter.water_cards import Card, TopUp
from app.procedures.counter.water_cards.tables import Account
from hardware.simulators.water_bench import WaterBench
from tests.procedures.counter.water_desk import METER, WaterDesk

HOME = "/counter/water_cards"


@pytest.fixture
def counter(cast: SimpleNamespace, home: SimpleNamespace, desk: object, data: Path) -> WaterDesk:
    made = WaterDesk(home, cast.chen, cast.mia)
    made.bench = WaterBench(made.reader, data / "bench")
    desk.app.extensions["devices"] = SimpleNamespace(reader=made.worker, water_bench=made.bench)
    return made


@pytest.fixture
def web(counter: WaterDesk, desk: object) -> FlaskClient:
    return desk.client(counter.clerk)


def post(web: FlaskClient, desk: object, path: str, **form: object) -> object:
    return web.post(path, data={"_key": desk.key(), **form})


SALE = {"by": "volume", "quantity": "15", "payer": "李伟", "told_shut_off": "1", "told_slot": "1"}


def test_a_whole_sale_from_the_blank_card_to_the_receipt(counter: WaterDesk, web: FlaskClient, desk: object) -> None:
    unit = counter.home.unit.id
    counter.bench.new()
    counter.bench.lay("04510001")
    counter.tick()
    assert "白卡" in web.get(f"{HOME}/").text or "blank" in web.get(f"{HOME}/").text
    assert post(web, desk, f"{HOME}/stock").status_code == 303
    assert post(web, desk, f"{HOME}/issue", unit=unit, meter=METER, holder="李伟").status_code == 303
    counter.tick()
    assert Card.get().state == "active"
    shown = web.get(f"{HOME}/").text  # the card itself opens its household
    assert "3-2-1101" in shown
    assert METER in shown
    answer = post(web, desk, f"{HOME}/sell", unit=unit, **SALE)
    assert answer.status_code == 303
    assert TopUp.get().state == "pending"
    counter.tick()
    row = TopUp.get()
    assert (row.state, row.reading) == ("done", 1500)
    assert row.receipt.number in web.get(f"{HOME}/?unit={unit}").text
    check = web.get(f"{HOME}/check").text
    assert "15.00" in check
    assert counter.bench.card("04510001").uid.hex() in check


def test_a_double_click_sells_once(counter: WaterDesk, web: FlaskClient, desk: object) -> None:
    counter.issue()
    key = desk.key()
    for _ in range(2):
        answer = web.post(f"{HOME}/sell", data={"_key": key, "unit": counter.home.unit.id, **SALE})
        assert answer.status_code == 303
    counter.tick(6)
    assert [row.state for row in TopUp.select()] == ["done"]
    assert ledger.balance("tender.cash") == 4440


def test_no_money_is_taken_while_the_reader_is_lost(counter: WaterDesk, web: FlaskClient, desk: object) -> None:
    counter.issue()
    counter.reader.plugged = False
    counter.tick(4)
    assert counter.worker.state == "lost"
    assert post(web, desk, f"{HOME}/sell", unit=counter.home.unit.id, **SALE).status_code == 503
    assert TopUp.select().count() == 0


def test_the_arithmetic_is_shown_while_it_is_typed(counter: WaterDesk, web: FlaskClient) -> None:
    shown = web.get(f"{HOME}/sum?by=money&quantity=５０&cash=100", headers={"HX-Request": "true"}).text
    assert "16.89 × 2.96 ＝ 49.99" in shown
    assert "50.01" in shown
    assert "<html" not in shown
    assert web.get(f"{HOME}/sum?by=volume&quantity=abc", headers={"HX-Request": "true"}).status_code == 200
    assert web.get(f"{HOME}/sum?quantity=1").status_code == 303


def test_a_failed_writing_is_written_again_and_the_reading_of_0_is_shown(
    counter: WaterDesk, web: FlaskClient, desk: object
) -> None:
    counter.issue()
    post(web, desk, "/counter/water_bench/fault", fault="silent")
    post(web, desk, f"{HOME}/sell", unit=counter.home.unit.id, **SALE)
    counter.tick()
    shown = web.get(f"{HOME}/?unit={counter.home.unit.id}").text
    assert "0.00" in shown
    row = TopUp.get()
    assert post(web, desk, f"{HOME}/again/{row.id}").status_code == 303
    counter.tick()
    assert TopUp.get().state == "done"


def test_only_the_supervisor_pays_back(counter: WaterDesk, web: FlaskClient, desk: object) -> None:
    counter.issue()
    row = counter.intend()
    assert post(web, desk, f"{HOME}/refund/{row.id}", reason="不买了", signed="李伟").status_code in {403, 422}
    boss = desk.client(counter.boss)
    assert post(boss, desk, f"{HOME}/refund/{row.id}", reason="不买了", signed="李伟", meter_seq="0").status_code == 303
    counter.tick()
    assert TopUp.get().state == "refunded"


def test_lost_replaced_exchanged_transferred_and_handed_back(
    counter: WaterDesk, web: FlaskClient, desk: object
) -> None:
    card = counter.issue()
    counter.sell()
    counter.meter().insert(card)
    boss, account = desk.client(counter.boss), counter.account.id
    assert post(web, desk, f"{HOME}/lost/{account}", reason="丢了", signed="李伟").status_code == 303
    assert post(web, desk, f"{HOME}/found/{account}").status_code == 303
    post(web, desk, f"{HOME}/lost/{account}", reason="丢了", signed="李伟")
    counter.blank()
    form = {"meter_seq": "1", "meter_left": "15", "reason": "丢了", "signed": "李伟"}
    assert post(web, desk, f"{HOME}/replace/{account}", **form).status_code == 303
    counter.tick()
    form = {"meter": "00900001", "left": "3.4", "meter_seq": "1", "reason": "旧表停走", "signed": "李伟"}
    assert post(web, desk, f"{HOME}/exchange/{account}", **form).status_code == 303
    counter.tick()
    assert [row.kind for row in TopUp.select().order_by(TopUp.id)] == ["sale", "carry"]
    new = counter.meter("00900001")
    new.insert(counter.reader.cards[0])
    assert new.state.remaining == 340
    assert post(web, desk, f"{HOME}/transfer/{account}", to="王芳", left="3.4", signed="李伟、王芳").status_code == 303
    form = {"left": "3.4", "meter_seq": "1", "reason": "搬走", "signed": "王芳"}
    assert post(boss, desk, f"{HOME}/hand_back/{account}", **form).status_code == 303
    assert Account.get().closed is not None
    assert ledger.balance("tender.cash") == 4440 - 1006
    assert web.get(f"{HOME}/?unit={counter.home.unit.id}").status_code == 200


def test_an_issue_that_was_cut_is_shown_and_goes_on(counter: WaterDesk, web: FlaskClient, desk: object) -> None:
    counter.blank()
    counter.reader.fault("card_gone", after=3)
    post(web, desk, f"{HOME}/issue", unit=counter.home.unit.id, meter=METER, holder="李伟")
    counter.tick()
    row = Card.get()
    assert row.state == "issuing"
    other = counter.blank()
    assert f"issue/{row.id}" in web.get(f"{HOME}/?unit={counter.home.unit.id}").text
    assert post(web, desk, f"{HOME}/issue/{row.id}", reason="写不进").status_code == 303
    counter.tick()
    assert counter.card_row(other).state == "active"


def test_the_bench_lays_copies_rolls_back_and_feeds_the_meter(
    counter: WaterDesk, web: FlaskClient, desk: object
) -> None:
    counter.bench.new()
    uid = "04510001"
    counter.bench.lay(uid)
    counter.tick()
    post(web, desk, f"{HOME}/stock")
    post(web, desk, f"{HOME}/issue", unit=counter.home.unit.id, meter=METER, holder="李伟")
    counter.tick()
    bench = "/counter/water_bench"
    post(web, desk, f"{bench}/card/image", uid=uid)
    post(web, desk, f"{HOME}/sell", unit=counter.home.unit.id, **SALE)
    counter.tick()
    assert post(web, desk, f"{bench}/insert", uid=uid, meter=METER).status_code == 303
    assert post(web, desk, f"{bench}/use", meter=METER, volume="20").status_code == 303
    assert counter.bench.meters()[0].remaining == 200
    post(web, desk, f"{bench}/card/roll_back", uid=uid)
    counter.tick()
    post(web, desk, f"{bench}/card/lay", uid=uid)
    counter.tick()
    assert counter.laid().reason == "rolled_back"
    assert "WATER-7" in web.get(f"{HOME}/").text
    for act in ("add", "copy", "damage", "take_off", "new"):
        assert post(web, desk, f"{bench}/card/{act}", uid=uid).status_code == 303
        counter.tick()
        assert web.get(f"{HOME}/").status_code == 200
        assert web.get(f"{HOME}/check").status_code == 200
    assert post(web, desk, f"{bench}/card/lay", uid="nobody").status_code == 422
    assert post(web, desk, f"{bench}/fault", fault="").status_code == 303


def test_without_simulated_devices_there_is_no_bench(counter: WaterDesk, web: FlaskClient, desk: object) -> None:
    desk.app.extensions["devices"] = None
    assert web.get(f"{HOME}/").status_code == 200
    assert "bench" not in web.get(f"{HOME}/").text
    assert post(web, desk, "/counter/water_bench/fault", fault="tear").status_code == 404
    assert post(web, desk, f"{HOME}/sell", unit=counter.home.unit.id, **SALE).status_code == 503


def test_a_room_is_found_and_a_household_without_a_card_can_be_given_one(counter: WaterDesk, web: FlaskClient) -> None:
    assert web.get(f"{HOME}/?room=3-2-1101").status_code == 303
    assert web.get(f"{HOME}/?room=nobody").status_code == 200
    assert web.get(f"{HOME}/?unit=99999").status_code == 404


def test_a_meter_that_is_read_is_entered_and_everybody_ticks_the_procedure(
    counter: WaterDesk, web: FlaskClient, desk: object
) -> None:
    unit = counter.home.unit.id
    assert post(web, desk, f"{HOME}/meter", unit=unit, meter="00000001", mode="reading").status_code == 303
    assert post(web, desk, f"{HOME}/learnt").status_code == 303
    assert counter.clerk.name not in water.who_has_not_learnt()
