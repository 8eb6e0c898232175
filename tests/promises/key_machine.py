"""The key counter as a state machine (promise P7): two tabs, stale pages, double scans, duplicate labels, crashes.

It keeps its own idea of who holds each key and compares it with the books after every step.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.base import clock, db, faults
from app.base.refusal import Refused
from app.desk.record import journal, numbering
from app.desk.who import people
from app.desk.work import due
from app.desk.work.loan import Loan
from app.procedures.counter.keys import after, lending, register, scans
from app.procedures.counter.keys.register import DUE, KIND, Key

TAKERS = ("王海", "鲁平", "高松")
BOUNCE = 3  # seconds in which the same label again is the same pull of the trigger
which = st.integers(0, 2)
station = st.sampled_from(["1", "2"])


class Crash(BaseException):
    """The power is gone: nothing of the program gets to clean up."""


def connect() -> None:
    db.connect()
    db.database.execute_sql("PRAGMA synchronous=OFF")  # many examples a second matter here, not the disk


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
