"""P7: a key is in exactly one hand, whatever two tabs, stale pages, double scans, duplicate labels and crashes do."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from datetime import date

import peewee
import pytest
import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from app import factory
from app.base import clock, db
from app.base.refusal import Refused
from app.desk.record import journal
from app.desk.who import people
from app.desk.work import loan
from app.desk.work.loan import Loan
from app.procedures.counter.keys import lending, register
from app.procedures.counter.keys.register import KIND
from app.settings import Settings
from tests.promises.key_machine import OneHand, connect
from tests.promises.key_mutants import MUTANTS


@pytest.fixture
def run(books):
    """Runs the machine on one set of books."""
    connect()
    with time_machine.travel(clock.at(date(2026, 1, 1), 9, 0), tick=False) as traveller:
        OneHand.day, OneHand.now = date(2026, 1, 1), traveller

        def go(examples: int, *, shrink: bool = True) -> None:
            run_state_machine_as_test(
                OneHand,
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=30,
                    phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
                    deadline=None,
                    database=None,
                    print_blob=False,
                    report_multiple_bugs=False,
                    suppress_health_check=list(HealthCheck),
                ),
            )

        yield go


@pytest.mark.rule("KEY-8")
def test_a_key_is_in_exactly_one_hand_whatever_happens(run, times):
    run(30 * times)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_each_guard_that_is_turned_off_is_noticed(mutant, run, monkeypatch, times):
    mutant(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception, Refused, peewee.PeeweeException, Loan.DoesNotExist)):
        run(200 * times, shrink=False)


@pytest.mark.rule("KEY-8")
def test_the_books_themselves_refuse_a_second_open_loan(books, cast):
    key = register.add(name="水泵房", hook="A07", by=cast.mia)
    made = lending.lend(key, to=lending.staff_holder(people.Staff.get_by_id(cast.wang.id)), by=cast.ana)
    facts = {"kind": KIND, "thing": key.id, "holder": "x", "signed": "paper", "lent_by": cast.ana.id}
    facts |= {"since": made.since, "until": made.until}
    with pytest.raises(peewee.IntegrityError), db.write():
        Loan.create(**facts)
    Loan.create(**facts, ended=made.since)


def test_two_clerks_who_lend_one_key_at_the_same_moment_give_it_to_one(books, cast, times):
    keys = [register.add(name=f"机房 {n}", hook=f"A{n}", by=cast.mia) for n in range(1, 21)]
    takers = [
        lending.staff_holder(people.Staff.get_by_id(each.id)) for each in (cast.wang, cast.lu, cast.gao, cast.fei)
    ]
    won: list[tuple[int, str]] = []
    wrong: list[BaseException] = []
    start = threading.Barrier(len(takers))

    def clerk(taker) -> None:
        try:
            db.connect()
            start.wait(60)
            for key in keys:
                try:
                    won.append((lending.lend(key, to=taker, by=cast.ana).thing, taker.name))
                except Refused as no:
                    if no.rule != "KEY-8":
                        raise
        except BaseException as error:
            wrong.append(error)
        finally:
            db.close()

    threads = [threading.Thread(target=clerk, args=(taker,)) for taker in takers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    assert not wrong
    assert sorted(thing for thing, _ in won) == [key.id for key in keys]
    assert sorted((there.thing, there.holder) for there in loan.open_list(KIND)) == sorted(won)


CHILD = """
    import os, sys
    from pathlib import Path
    from app import factory
    from app.base import db, faults
    from app.desk.who import people
    from app.procedures.counter.keys import lending, register
    from app.settings import Settings

    factory.open_books(Settings(data=Path(sys.argv[1])))
    ana, wang = people.Staff.get(people.Staff.name == "安娜"), people.Staff.get(people.Staff.name == "王海")
    key = register.Key.get()
    faults.arm(sys.argv[2], lambda: os._exit(9))
    if sys.argv[2] == "keys.lent":
        lending.lend(key, to=lending.staff_holder(wang), by=people.actor(ana, station="1"))
    else:
        lending.give_back(key, by=people.actor(ana, station="1"))
"""


@pytest.mark.parametrize("point", ["keys.lent", "keys.returned"])
def test_a_process_that_dies_in_the_middle_leaves_the_key_where_it_was(books, cast, point):
    key = register.add(name="水泵房", hook="A07", by=cast.mia)
    if point == "keys.returned":
        lending.lend(key, to=lending.staff_holder(people.Staff.get_by_id(cast.wang.id)), by=cast.ana)
    before = [there.holder for there in loan.open_list(KIND)]
    lines = journal.Line.select().count()
    db.close()
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(CHILD), str(books), point], check=False, timeout=180)
    assert died.returncode == 9
    factory.open_books(Settings(data=books))
    assert [there.holder for there in loan.open_list(KIND)] == before
    assert journal.Line.select().count() == lines
