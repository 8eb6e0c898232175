"""A deed is one transaction and one line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.base import db
from app.base.refusal import Conflict, Refused
from app.desk.accounts import ledger
from app.desk.record import journal, numbering
from app.desk.record.journal import Line, deed, note
from app.desk.who.people import Actor, Staff


@deed("named", act="desk.see")
def name(text: str, *, by: Actor) -> Staff:
    note(number=str(numbering.draw("SJ")))
    if text == "bad":
        raise Refused("No.")
    return Staff.create(name=text)


def test_a_deed_writes_one_line_with_who_and_where(cast) -> None:
    row = name("x", by=cast.ana)
    line = Line.get()
    assert (line.verb, line.subject, line.subject_id, line.station, line.staff_id) == (
        "named",
        "staff",
        row.id,
        "1",
        cast.ana.id,
    )


def test_the_same_form_sent_twice_is_done_once(cast) -> None:
    by = replace(cast.ana, key="k", digest="d")
    assert name("x", by=by) == name("x", by=by)
    assert Line.select().count() == 1


def test_the_same_key_with_other_content_is_a_conflict(cast) -> None:
    name("x", by=replace(cast.ana, key="k", digest="d"))
    with pytest.raises(Conflict):
        name("y", by=replace(cast.ana, key="k", digest="e"))


def test_a_refused_deed_leaves_nothing_and_its_key_and_number_are_free(cast) -> None:
    by = replace(cast.ana, key="k", digest="d")
    with pytest.raises(Refused):
        name("bad", by=by)
    assert Line.select().count() == 0
    name("x", by=by)
    assert Line.get().detail["number"].endswith("000001")


def test_a_line_is_never_changed_or_deleted(cast) -> None:
    name("x", by=cast.ana)
    for attack in (Line.delete(), Line.update(verb="y")):
        with pytest.raises(Exception, match="append-only"):
            attack.execute()
    with pytest.raises(Exception, match="append-only"):
        db.database.execute_sql("INSERT OR REPLACE INTO journal SELECT * FROM journal")


def test_stamps_never_run_backwards(cast, monkeypatch: pytest.MonkeyPatch) -> None:
    name("x", by=cast.ana)
    first = Line.get().at
    monkeypatch.setattr(journal.clock, "now", lambda: first - timedelta(days=20000))
    name("y", by=cast.ana)
    assert Line.select().order_by(Line.id.desc()).get().at == first


@pytest.mark.parametrize("ask", [journal.moment, journal.actor, lambda: note(number="1")])
def test_only_a_deed_has_a_moment_an_actor_and_a_line(books, ask) -> None:
    with pytest.raises(RuntimeError, match="inside a deed"):
        ask()


def test_a_form_of_a_deed_without_a_row_is_done_once_too(cast) -> None:
    done = []

    @deed("counted", act="desk.see")
    def count(*, by: Actor) -> None:
        done.append(by.name)

    form = replace(cast.ana, key="form-1", digest="x")
    assert count(by=form) is None
    assert count(by=form) is None
    assert done == [cast.ana.name]


def test_a_deed_that_adds_a_thousand_rows_is_proved_row_by_row(cast) -> None:
    @deed("billed", act="desk.see")
    def bill(count: int, *, by: Actor) -> None:
        ledger.post_all([(None, {"receivable": 100, "income.other": -100})] * count)

    bill(500, by=cast.ana)
    assert list(journal.verify()) == []
