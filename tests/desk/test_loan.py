"""The loan: a thing of the desk in exactly one pair of hands (promise P7); its procedures have rules of their own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.base import clock
from app.base.refusal import Refused
from app.desk.record import journal
from app.desk.record.journal import deed
from app.desk.who.people import Actor
from app.desk.work import loan
from app.desk.work.loan import Holder, Loan

UMBRELLA = "umbrella"


@deed("umbrella.lent", act="desk.see")
def lend(thing: int, to: str, *, by: Actor) -> Loan:
    until = journal.moment() + timedelta(hours=2)
    return loan.lend(UMBRELLA, thing, to=Holder(name=to), until=until, signed="paper", by=by)


@deed("umbrella.closed", act="desk.see")
def close(row: Loan, *, by: Actor) -> Loan:
    return loan.close(row, by=by)


@deed("umbrella.reopened", act="desk.see")
def reopen(row: Loan, *, by: Actor) -> Loan:
    return loan.reopen(row)


def test_a_thing_that_is_out_is_refused_to_a_second_borrower(cast):
    lend(1, "李伟", by=cast.ana)
    with pytest.raises(Refused, match="with 李伟 since"):
        lend(1, "张敏", by=cast.ana)
    lend(2, "张敏", by=cast.ana)
    assert [row.holder for row in loan.open_list(UMBRELLA)] == ["李伟", "张敏"]
    assert loan.open_list("key") == []


def test_closing_names_the_loan_and_closes_it_once(cast):
    first = lend(1, "李伟", by=cast.ana)
    closed = close(first, by=cast.chen)
    assert (closed.outcome, closed.taken_by_id, closed.is_late(clock.now())) == ("returned", cast.chen.id, False)
    second = lend(1, "张敏", by=cast.ana)
    with pytest.raises(Refused, match="closed at"):
        close(first, by=cast.ana)
    assert loan.open_of(UMBRELLA, 1) == second


def test_a_closing_is_taken_back_only_while_nothing_followed(cast):
    first = lend(1, "李伟", by=cast.ana)
    close(first, by=cast.ana)
    assert reopen(first, by=cast.ana).ended is None
    close(first, by=cast.ana)
    lend(1, "张敏", by=cast.ana)
    with pytest.raises(Refused, match="went on to 张敏"):
        reopen(first, by=cast.ana)


def test_lateness_follows_from_the_clock(cast):
    row = lend(1, "李伟", by=cast.ana)
    assert not row.is_late(row.until)
    assert row.is_late(row.until + timedelta(seconds=1))
