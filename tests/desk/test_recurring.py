"""What recurs is promised for each day, at the time the supervisor has set, and never over one that was missed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date

import pytest
import time_machine

from app.base import clock
from app.base.refusal import N_, Refused
from app.desk.record import journal, options
from app.desk.record.journal import deed
from app.desk.record.options import OPTIONS, Option
from app.desk.who.people import Actor
from app.desk.work import due, recurring
from app.procedures.running import day_turn
from app.procedures.running.day_turn import DayTurn

MONDAY = date(2026, 11, 23)


@pytest.fixture
def round_(books, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A daily round at 9:00; its list's one value says whether there is anything to do it for."""
    wanted = [True]
    monkeypatch.setattr(recurring, "_daily", {})
    monkeypatch.setitem(OPTIONS, "test.round", Option("09:00", "Round", time=True))
    recurring.daily("test.rounds", slug="morning", at="test.round", text=N_("Walk round."), wanted=lambda: wanted[0])
    return wanted


@pytest.fixture
def now(round_) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(clock.at(MONDAY, 7), tick=False) as moved:
        yield moved


@deed("test.walked", act="desk.see")
def walk(*, by: Actor) -> None:
    recurring.kept("test.rounds", slug="morning")


def promised() -> list[str]:
    return [f"{row.at:%d %H:%M}" for row in due.open_list()]


def test_it_is_promised_at_the_start_once(now) -> None:
    recurring.arm()
    recurring.arm()
    assert promised() == ["23 09:00"]
    assert [line.verb for line in journal.Line.select()] == ["recurring.armed"]


def test_after_its_time_the_first_one_is_tomorrows(now) -> None:
    now.move_to(clock.at(MONDAY, 10))
    recurring.arm()
    assert promised() == ["24 09:00"]


def test_done_early_or_late_the_next_one_is_tomorrows(now, cast) -> None:
    recurring.arm()
    walk(by=cast.ana)
    assert promised() == ["24 09:00"]
    now.move_to(clock.at(date(2026, 11, 24), 15))
    walk(by=cast.ana)
    assert promised() == ["25 09:00"]


def test_one_that_was_missed_stays_late_until_it_is_done(now, cast) -> None:
    recurring.arm()
    now.move_to(clock.at(date(2026, 11, 25), 8))
    recurring.arm()
    assert promised() == ["23 09:00"]
    walk(by=cast.ana)
    assert promised() == ["26 09:00"]


def test_where_there_is_nothing_to_do_it_for_nothing_is_promised(now, round_, cast) -> None:
    round_[0] = False
    recurring.arm()
    assert promised() == []
    assert not journal.Line.select().exists()
    round_[0] = True
    recurring.arm()
    round_[0] = False
    walk(by=cast.ana)
    assert promised() == []


def test_the_supervisor_sets_its_time_and_only_a_time(now, cast) -> None:
    options.change("test.round", "１０：３０", since=MONDAY, by=cast.mia)
    recurring.arm()
    assert promised() == ["23 10:30"]
    with pytest.raises(Refused, match="no time of day"):
        options.change("test.round", "25:00", since=MONDAY, by=cast.mia)


def test_the_turn_of_the_day_promises_it_anew_and_tries_again_after_a_failure(now, monkeypatch) -> None:
    turn, real, asked = DayTurn(), recurring.arm, []

    def fails_once() -> None:
        asked.append(clock.now())
        if len(asked) == 1:
            raise OSError("disk")
        real()

    monkeypatch.setattr(recurring, "arm", fails_once)
    turn.once()
    assert promised() == []
    turn.once()
    turn.once()
    assert (promised(), len(asked)) == (["23 09:00"], 2)
    now.move_to(clock.at(date(2026, 11, 24), 4, 1))
    turn.once()
    assert len(asked) == 3


def test_a_desk_that_starts_promises_it(now) -> None:
    turn = DayTurn()
    turn.start()
    turn.stop()
    assert promised() == ["23 09:00"]


def test_it_looks_at_the_calendar_again_and_again(now, monkeypatch: pytest.MonkeyPatch) -> None:
    turn, looked = DayTurn(), threading.Event()
    times: list[int] = []

    def once() -> None:
        times.append(1)
        if len(times) == 3:
            looked.set()

    monkeypatch.setattr(day_turn, "LOOK", 0.001)
    monkeypatch.setattr(turn, "once", once)
    turn.start()
    assert looked.wait(60)
    turn.stop()
