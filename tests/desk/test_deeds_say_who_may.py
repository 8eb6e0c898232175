"""A deed says who may do it; the outermost one is asked, by default nobody may (design.md 4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.base.refusal import Refused
from app.desk.record import journal
from app.desk.record.journal import DESK_ONLY, deed
from app.desk.who import people
from app.desk.who.people import Actor


@deed("test.supervised", act="people.manage", rule="ORG-1")
def supervised(seen: list[Actor], *, by: Actor) -> None:
    seen.append(by)


@deed("test.primitive", inside=True)
def primitive(*, by: Actor) -> None:
    journal.note(done=True)


@deed("test.around", act="keys.lend")
def around(seen: list[Actor], *, by: Actor) -> None:
    supervised(seen, by=by)
    primitive(by=by)


@deed("test.of_the_desk", act=DESK_ONLY)
def of_the_desk(*, by: Actor) -> None:
    journal.note(done=True)


@deed("test.of_nobody", act="keys.swallow")
def of_nobody(*, by: Actor) -> None:
    journal.note(done=True)


def lines() -> list[str]:
    return [line.verb for line in journal.Line.select().order_by(journal.Line.id)]


def on_duty(actor: Actor) -> None:
    people.Presence.create(staff=actor.id, since=journal.clock.now())


def test_the_outermost_deed_is_refused_to_whom_the_table_does_not_name_and_nothing_is_written(cast) -> None:
    on_duty(cast.mia)
    with pytest.raises(Refused) as no:
        supervised([], by=cast.ana)
    assert (no.value.rule, str(no.value)) == (
        "ORG-1",
        "安娜 may not do this. Ask a colleague who may: Centre supervisor.",
    )
    with pytest.raises(Refused):
        supervised([], by=cast.ben)  # a supervisor is on duty: nobody is their deputy
    assert lines() == []


@pytest.mark.rule("ORG-1")
def test_a_deputy_goes_on_into_the_deed_as_one_and_its_line_says_so(cast) -> None:
    seen: list[Actor] = []
    supervised(seen, by=cast.ben)
    assert seen[0].deputy
    assert journal.Line.get().deputy


def test_an_inner_deed_is_covered_by_the_outermost(cast) -> None:
    around([], by=cast.ana)
    assert lines() == ["test.supervised", "test.primitive", "test.around"]


def test_a_primitive_without_an_act_refuses_to_be_outermost(cast) -> None:
    with pytest.raises(RuntimeError, match=r"test\.primitive has no act"):
        primitive(by=cast.mia)


def test_the_desk_itself_passes_and_its_own_deeds_are_nobody_elses(cast) -> None:
    supervised([], by=people.DESK)
    of_the_desk(by=people.DESK)
    for actor in vars(cast).values():
        with pytest.raises(Refused):
            of_the_desk(by=actor)


def test_an_act_that_is_not_in_the_table_is_nobodys(cast) -> None:
    for actor in vars(cast).values():
        with pytest.raises(Refused):
            of_nobody(by=actor)


def test_a_worker_finishes_what_a_clerk_was_allowed_to_begin(cast) -> None:
    """The right was asked once, before anything was written to a card; what it ended meanwhile does not undo the card."""
    on_duty(cast.mia)
    supervised([], by=replace(cast.ben, cleared=True))
    assert lines() == ["test.supervised"]
