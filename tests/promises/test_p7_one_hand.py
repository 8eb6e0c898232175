"""P7: a key is in exactly one hand, whatever two tabs, stale pages, double scans, duplicate labels and crashes do.

The machine keeps its own idea of who holds each key and compares it with the books after every step. Mutants: each
guard is turned off once, and the machine (or the books themselves) must notice.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import peewee
import pytest
import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from app import factory
from app.base import clock, db, faults
from app.base.refusal import Refused
from app.desk import due, journal, loan, numbering, people
from app.desk.loan import Loan
from app.procedures.counter.keys import after, lending, register, scans
from app.procedures.counter.keys.register import DUE, KIND, Key
from app.settings import Settings

TAKERS = ("王海", "鲁平", "高松")
BOUNCE = 3  # seconds in which the same label again is the same pull of the trigger
which = st.integers(0, 2)
station = st.sampled_from(["1", "2"])


class Crash(BaseException):
    """The power is gone: nothing of the program gets to clean up."""


class OneHand(RuleBasedStateMachine):
    """Two clerks at two stations, three keys, three takers with badges."""

    day = date(2026, 1, 1)
    now: Any = None

    @initialize()
    def open_the_desk(self) -> None:
        """Every example has a day, clerks, badges and keys of its own in the same books: making books takes longer."""
        OneHand.day += timedelta(days=1)
        self.now.move_to(clock.at(OneHand.day, 9, 0))
        faults.disarm()
        nth = OneHand.day.toordinal() - date(2026, 1, 1).toordinal()
        self.clerks = {}
        for place in ("1", "2"):
            staff = people.Staff.create(name=f"窗口{place} {nth}", roles=["assistant"])
            self.clerks[place] = people.actor(staff, station=f"{place}/{nth}")
        self.badges, self.takers = [], [f"{name}{nth}" for name in TAKERS]
        for n, name in enumerate(self.takers, 1):
            code = numbering.code(40, 2026, nth * 3 + n)
            people.Staff.create(name=name, roles=["engineer"], badge=code)
            self.badges.append(code)
        hooks = [f"{chr(65 + nth // 300)}{nth % 300 * 3 + n}" for n in range(3)]
        self.keys = [register.add(name="机房", hook=hook, by=self.clerks["1"]) for hook in hooks]
        self.labels = [register.label_of(key) for key in self.keys]  # what is on the tags people carry about
        self.hand: list[str | None] = [None, None, None]
        self.taken: dict[str, int | None] = {"1": None, "2": None}  # key in hand at a station
        self.dead: set[str] = set()
        self.quiet = [0, 0, 0]  # seconds since something happened to a key
        self.seen: list[tuple[int, int]] = []  # (key, loan) on pages that are open somewhere
        self.forms = 0
        self.shift(600)

    def teardown(self) -> None:
        faults.disarm()

    def shift(self, seconds: int) -> None:
        self.now.shift(seconds)
        self.quiet = [each + seconds for each in self.quiet]

    def hear(self, label: str, place: str) -> scans.Scan:
        self.forms += 1
        return scans.hear(label, source="serial", by=self.clerks[place])

    # ---- what people do ----

    @rule(seconds=st.sampled_from([1, 2, 5, 40, 70]))
    def time_passes(self, seconds: int) -> None:
        self.shift(seconds)

    @rule(n=which, place=station)
    def scan_a_key(self, n: int, place: str) -> None:
        heard = self.hear(self.labels[n], place)
        if self.labels[n] in self.dead:
            assert heard.kind == "stop", "a label on two keys was acted upon"
            return
        self.key_heard(n, place, heard)

    def key_heard(self, n: int, place: str, heard: scans.Scan) -> None:
        if self.quiet[n] < BOUNCE:
            assert heard.kind in ("note", "stop"), "one pull of the trigger counted twice"
            return
        if self.hand[n] is not None:
            assert heard.kind == "ok"
            assert heard.facts["holder"] == self.hand[n]
            self.hand[n], self.quiet[n] = None, 0
        elif heard.kind == "ok":
            assert "holder" not in heard.facts, "a key nobody holds was taken back"  # it was lost, and is found
        elif heard.kind == "note":
            self.taken[place] = n

    @rule(n=which, place=station)
    def scan_a_key_twice(self, n: int, place: str) -> None:
        """The trigger bounces: the second time it must not undo the first."""
        self.scan_a_key(n, place)
        held = self.hand[n]
        self.hear(self.labels[n], place)
        assert self.hand[n] == held

    @rule(taker=which, place=station)
    def scan_a_badge(self, taker: int, place: str) -> None:
        heard = self.hear(self.badges[taker], place)
        n = self.taken[place]
        if heard.kind == "ok" and heard.loan_id:
            assert n is not None
            assert self.hand[n] is None, f"{self.takers[taker]} got a key that {self.hand[n]} holds"
            self.hand[n], self.quiet[n] = self.takers[taker], 0
            self.taken[place] = None
            self.seen.append((n, heard.loan_id))

    @rule(n=which, taker=which, place=station)
    def lend_on_a_page(self, n: int, taker: int, place: str) -> None:
        """A page lends by its form; the page may be old."""
        to = lending.staff_holder(people.Staff.get(people.Staff.badge == self.badges[taker]))
        try:
            made = lending.lend(self.keys[n], to=to, signed="paper", by=self.clerks[place])
        except Refused:
            assert self.hand[n] is not None or self.labels[n] in self.dead or Key.get_by_id(self.keys[n].id).lost
            return
        assert self.hand[n] is None, "lent out of somebody's hands"
        self.hand[n], self.quiet[n] = self.takers[taker], 0
        self.seen.append((n, made.id))

    @rule(n=which, taker=which, place=station, data=st.data())
    def the_same_form_is_sent_twice(self, n: int, taker: int, place: str, data: st.DataObject) -> None:
        """A double click on `lend`, or one whose answer was lost: sent again after a while."""
        self.forms += 1
        by = replace(self.clerks[place], key=f"{self.clerks[place].station}-{self.forms}", digest="same")
        to = lending.staff_holder(people.Staff.get(people.Staff.badge == self.badges[taker]))
        key = Key.get_by_id(self.keys[n].id)
        try:
            first = lending.lend(key, to=to, signed="paper", by=by)
        except Refused:
            return
        self.hand[n], self.quiet[n] = self.takers[taker], 0
        self.seen.append((n, first.id))
        if data.draw(st.booleans(), label="returned in between"):
            self.shift(10)
            self.scan_a_key(n, place)
        again = lending.lend(key, to=to, signed="paper", by=by)
        assert again.id == first.id, "one form lent twice"

    @rule(data=st.data(), place=station)
    def a_stale_page_takes_back_or_undoes(self, data: st.DataObject, place: str) -> None:
        if not self.seen:
            return
        n, row = data.draw(st.sampled_from(self.seen), label="what the page shows")
        before = Loan.get_by_id(row)
        verb = data.draw(st.sampled_from(["return", "undo"]), label="button")
        try:
            if verb == "return":
                lending.give_back(Key.get_by_id(self.keys[n].id), meant=row, by=self.clerks[place])
                assert before.ended is None, "a page closed a loan that had ended, so another one was hit"
                self.hand[n], self.quiet[n] = None, 0
                return
            undone = after.undo(before, by=self.clerks[place])
        except Refused:
            return
        acted = before.taken_by_id if before.ended else before.lent_by_id
        assert acted == self.clerks[place].id, "undone by somebody else"
        if before.ended:
            assert self.hand[n] is None, "undoing a return took the key out of a third hand"
            self.hand[n] = undone.holder
            self.quiet[n] = int((clock.now() - undone.since).total_seconds())
        else:
            self.hand[n], self.quiet[n] = None, 1000  # as if it had never been scanned

    @rule(n=which, taker=which, place=station)
    def a_page_undoes_a_return_that_somebody_else_has_built_on(self, n: int, taker: int, place: str) -> None:
        """Lent, returned, lent on, all within a minute; then the first page's `undo` is pressed."""
        if self.hand[n] is not None:
            return
        self.lend_on_a_page(n, taker, place)
        if self.hand[n] is None:
            return
        first = lending.give_back(self.keys[n], by=self.clerks[place])
        self.hand[n], self.quiet[n] = None, 0
        self.lend_on_a_page(n, (taker + 1) % 3, place)
        with pytest.raises(Refused):
            after.undo(first, by=self.clerks[place])

    @rule(n=which, place=station)
    def two_tags_with_one_code(self, n: int, place: str) -> None:
        """A second tag with this code turns up: until both are labelled anew, the code means neither."""
        code = register.label_of(self.keys[n])
        if code:
            register.report_duplicate(self.keys[n], by=self.clerks[place])
            self.dead.add(code)

    @rule(n=which, place=station)
    def label_it_anew(self, n: int, place: str) -> None:
        if not register.label_of(self.keys[n]):
            register.relabel(self.keys[n], by=self.clerks[place])
            self.labels[n] = register.label_of(self.keys[n])

    @rule(n=which, place=station)
    def lose_and_find(self, n: int, place: str) -> None:
        key = Key.get_by_id(self.keys[n].id)
        if not key.lost:
            register.lose(key, remark="未见", by=self.clerks[place])
            if self.hand[n] is not None:
                self.hand[n], self.quiet[n] = None, 0
        else:
            register.found(key, by=self.clerks[place])

    @rule(n=which, taker=which, place=station, point=st.sampled_from(["keys.lent", "keys.returned"]))
    def the_power_goes(self, n: int, taker: int, place: str, point: str) -> None:
        """In the middle of a deed: it was done wholly or not at all."""

        def crash() -> None:
            raise Crash

        faults.arm(point, crash)
        key = Key.get_by_id(self.keys[n].id)
        to = lending.staff_holder(people.Staff.get(people.Staff.badge == self.badges[taker]))
        try:
            if point == "keys.lent":
                lending.lend(key, to=to, signed="paper", by=self.clerks[place])
            else:
                lending.give_back(key, by=self.clerks[place])
        except (Crash, Refused):
            pass
        else:
            raise AssertionError("the fault point was not reached")
        faults.disarm()
        db.close()
        connect()

    # ---- what must hold after every step ----

    @invariant()
    def the_books_say_who_holds_it(self) -> None:
        for n, key in enumerate(getattr(self, "keys", [])):
            there = list(Loan.select().where(Loan.kind == KIND, Loan.thing == key.id, Loan.ended.is_null()))
            assert len(there) <= 1, "two open loans of one key"
            assert [each.holder for each in there] == ([self.hand[n]] if self.hand[n] else [])

    @invariant()
    def what_is_due_is_what_is_out(self) -> None:
        if not hasattr(self, "keys"):
            return
        rows = due.Due.select().where(due.Due.kind == DUE, due.Due.slug == "back", due.Due.met.is_null())
        mine = {row.about for row in rows} & {key.id for key in self.keys}
        assert mine == {key.id for n, key in enumerate(self.keys) if self.hand[n]}

    @invariant()
    def every_return_names_the_loan_it_closed(self) -> None:
        if not hasattr(self, "keys"):
            return
        balance: dict[int, int] = {}
        mine = list(Loan.select().where(Loan.kind == KIND, Loan.thing.in_([key.id for key in self.keys])))
        about = journal.Line.subject_id.in_([row.id for row in mine])
        for line in journal.Line.select().where(journal.Line.subject == "loan", about):
            opened = {"key.lent": 1, "key.returned": -1}.get(line.verb, 0)
            if line.verb == "key.undone":
                opened = 1 if line.detail["was"] == "returned" else -1
            balance[line.subject_id] = balance.get(line.subject_id, 0) + opened
        for row in mine:
            want = 1 if row.ended is None or row.outcome == "lost" else 0
            assert balance.get(row.id, 0) == want, f"loan {row.id} ({row.outcome}): {balance.get(row.id)}"


def connect() -> None:
    db.connect()
    db.database.execute_sql("PRAGMA synchronous=OFF")  # many examples a second matter here, not the disk


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


def no_check_and_no_index(patch) -> None:
    """Lending asks nobody, and the books would take two open loans."""
    patch.setattr(loan, "open_of", lambda kind, thing: None)
    db.database.execute_sql("DROP INDEX loan_in_one_hand")


def close_whatever_is_there(patch) -> None:
    """Closing does not look whether the loan is still open."""

    def close(row, *, outcome="returned", by):
        Loan.update(ended=journal.moment(), outcome=outcome, taken_by=by.id or None).where(
            Loan.thing == row.thing, Loan.ended.is_null()
        ).execute()
        return Loan.get_by_id(row.id)

    patch.setattr(loan, "close", close)


def undo_without_looking_what_followed(patch) -> None:
    def reopen(row):
        Loan.update(ended=journal.moment(), outcome="returned").where(
            Loan.thing == row.thing, Loan.ended.is_null()
        ).execute()
        Loan.update(ended=None, outcome="", taken_by=None).where(Loan.id == row.id).execute()
        return Loan.get_by_id(row.id)

    patch.setattr(loan, "reopen", reopen)


def every_pull_of_the_trigger_counts(patch) -> None:
    patch.setattr(scans, "AGAIN", timedelta(0))


def a_duplicate_label_is_just_an_old_one(patch) -> None:
    real = register.read

    def read(label):
        row = register.Label.get_or_none(register.Label.code == label)
        return row.key if row else real(label)

    patch.setattr(register, "read", read)


def a_form_may_be_sent_twice(patch) -> None:
    patch.setattr(journal, "_earlier", lambda by, verb, gives: (False, None))


def a_lost_key_stays_in_its_borrowers_hand(patch) -> None:
    patch.setattr(register.loan, "close", lambda row, *, outcome="returned", by: row)


def anybody_undoes_at_any_time(patch) -> None:
    patch.setattr(after, "UNDO", timedelta(days=1))
    real = after.undo

    def undo(there, *, by):
        acted = there.taken_by_id if there.ended else there.lent_by_id
        return real(there, by=replace(by, id=acted or by.id))

    patch.setattr(after, "undo", undo)


def a_return_forgets_what_was_due(patch) -> None:
    patch.setattr(register, "settle", lambda key, *slugs: None)


def the_scan_returns_by_key_not_by_loan(patch) -> None:
    real = lending.give_back
    patch.setattr(lending, "give_back", lambda key, *, meant=None, by: real(key, by=by))


MUTANTS = [
    no_check_and_no_index, close_whatever_is_there, undo_without_looking_what_followed,
    every_pull_of_the_trigger_counts, a_duplicate_label_is_just_an_old_one, a_form_may_be_sent_twice,
    a_lost_key_stays_in_its_borrowers_hand, anybody_undoes_at_any_time, a_return_forgets_what_was_due,
    the_scan_returns_by_key_not_by_loan,
]  # fmt: skip


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
            start.wait(10)
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
        thread.join(60)
    assert not wrong
    assert sorted(thing for thing, _ in won) == [key.id for key in keys]
    assert sorted((there.thing, there.holder) for there in loan.open_list(KIND)) == sorted(won)


CHILD = """
    import os, sys
    from pathlib import Path
    from app import factory
    from app.base import db, faults
    from app.desk import people
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
    died = subprocess.run([sys.executable, "-c", textwrap.dedent(CHILD), str(books), point], check=False, timeout=60)
    assert died.returncode == 9
    factory.open_books(Settings(data=books))
    assert [there.holder for there in loan.open_list(KIND)] == before
    assert journal.Line.select().count() == lines
