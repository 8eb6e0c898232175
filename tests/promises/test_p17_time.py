"""P17: time never runs backwards in the books."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine

from app.base import clock
from app.base.refusal import Refused
from app.desk.accounts import charge, ledger, receipt
from app.desk.record import journal, modes, numbering
from app.desk.record.journal import Line, deed
from app.desk.who.people import Actor
from app.procedures.running import clock_check

START = datetime(2026, 11, 22, 10, 42, tzinfo=clock.ZONE)


@pytest.fixture(autouse=True)
def _money_on():
    yield
    modes.let_money("clock")


@deed("paid", act="desk.see")
def pay(unit, *, by: Actor) -> receipt.Receipt:
    owed = charge.add(unit=unit, item="card_fee", text="卡", fen=500, due=date(2026, 11, 22), by=by)
    return receipt.issue(
        unit=unit, payer="李伟", items=[receipt.item_of(owed)], tenders=[receipt.Tender("cash", 500)], by=by
    )


def at(moment: datetime):
    return time_machine.travel(moment, tick=False)


def stamps() -> list[datetime]:
    return [line.at for line in Line.select().order_by(Line.id)]


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=-20000), timedelta(seconds=-1)])
def test_a_clock_put_back_while_the_desk_runs_never_makes_an_earlier_stamp(cast, home, jump: timedelta) -> None:
    with at(START):
        pay(home.unit, by=cast.chen)
    with at(START + jump):
        row = pay(home.unit, by=cast.chen)
    assert row.at == START
    assert stamps() == sorted(stamps())


def test_a_boot_in_1970_stops_money_until_the_clock_is_set(cast, home) -> None:
    with at(START):
        pay(home.unit, by=cast.chen)
    with at(datetime(1970, 1, 1, 8, tzinfo=clock.ZONE)):
        assert clock_check.check() == "behind"
        with pytest.raises(Refused, match="Set the machine's clock"):
            pay(home.unit, by=cast.chen)
        with pytest.raises(Refused):
            clock_check.confirm(by=cast.mia)
    with at(START + timedelta(minutes=1)):
        assert clock_check.check() == "ok"
        pay(home.unit, by=cast.chen)


def test_a_boot_ten_years_ahead_stops_money_until_somebody_confirms(cast, home) -> None:
    with at(START):
        pay(home.unit, by=cast.chen)
    with at(START.replace(year=2036)):
        assert clock_check.check() == "ahead"
        with pytest.raises(Refused, match="Confirm the date"):
            pay(home.unit, by=cast.chen)
        clock_check.confirm(by=cast.chen)
        assert pay(home.unit, by=cast.chen).at.year == 2036


def test_a_wrongly_confirmed_future_is_put_right_by_the_supervisor_and_nothing_is_restamped(cast, home) -> None:
    with at(START):
        pay(home.unit, by=cast.chen)
    with at(START.replace(year=2036)):
        clock_check.confirm(by=cast.chen)
        wrong = pay(home.unit, by=cast.chen)
    with at(START + timedelta(hours=1)):
        clock_check.check()
        with pytest.raises(Refused):
            clock_check.correct("误确认", by=cast.chen)
        clock_check.correct("误确认", by=cast.mia)
        right = pay(home.unit, by=cast.chen)
    assert right.at == START + timedelta(hours=1)
    assert receipt.Receipt.get_by_id(wrong.id).at.year == 2036
    assert [right.number, wrong.number] == ["SJ-2026-000002", "SJ-2036-000001"]
    assert list(journal.verify()) == []


def test_there_is_nothing_to_correct_while_the_clock_is_not_behind(cast, home) -> None:
    with at(START):
        pay(home.unit, by=cast.chen)
        with pytest.raises(Refused, match="nothing to correct"):
            clock_check.correct("x", by=cast.mia)


def test_new_books_and_a_short_step_back_stop_nothing(cast, home) -> None:
    assert clock_check.check() == "ok"
    with at(START):
        pay(home.unit, by=cast.chen)
    with at(START - timedelta(minutes=1)):
        assert clock_check.check() == "ok"


@pytest.mark.parametrize(
    ("moment", "day", "number"),
    [
        (datetime(2026, 12, 31, 23, 59, 59, 900000, tzinfo=clock.ZONE), date(2026, 12, 31), "SJ-2026-000001"),
        (datetime(2027, 1, 1, 0, 0, 0, tzinfo=clock.ZONE), date(2026, 12, 31), "SJ-2027-000001"),
        (datetime(2028, 2, 29, 12, 0, tzinfo=clock.ZONE), date(2028, 2, 29), "SJ-2028-000001"),
    ],
)
def test_the_year_end_and_the_leap_day_get_their_number_and_business_day(
    cast, home, moment: datetime, day: date, number: str
) -> None:
    with at(moment):
        row = pay(home.unit, by=cast.chen)
    assert (row.number, row.day, row.at) == (number, day, moment)
    assert numbering.read_code(row.code) is not None
    assert sum(ledger.totals().values()) == 0


def test_the_clock_page_confirms_and_corrects(cast, home, desk) -> None:
    with at(START):
        pay(home.unit, by=cast.chen)
    with at(START.replace(year=2036)):
        clock_check.check()
        client = desk.client(cast.chen)
        assert "2036-11-22 10:42" in client.get("/running/clock/").text
        assert client.post("/running/clock/confirm", data={"_key": desk.key()}).status_code == 200
        pay(home.unit, by=cast.chen)
    with at(START + timedelta(hours=1)):
        clock_check.check()
        client = desk.client(cast.mia)
        answer = client.post("/running/clock/correct", data={"_key": desk.key(), "reason": "误确认日期"})
        assert answer.status_code == 200
        assert pay(home.unit, by=cast.chen).at == START + timedelta(hours=1)
