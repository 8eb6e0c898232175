"""P3: receipt numbers 1..n, no gap, no reuse, in order of time; drawn inside the deed, so a refusal uses none."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.base import clock, db
from app.base.refusal import Refused
from app.desk.accounts import receipt
from app.desk.accounts.receipt import Item, Receipt, Tender
from app.desk.record import journal, numbering
from app.desk.record.journal import deed
from app.desk.record.numbering import Number, Series
from app.desk.who.people import Actor

CLERKS, EACH = 4, 500


@deed("test.paid", act="desk.see")
def pay(fen: int, *, change_mind: bool, by: Actor) -> Receipt:
    if not fen:
        raise Refused("Nothing is paid.")
    row = receipt.issue(
        unit=None, payer="散客", items=[Item("伞", "", fen, "income.umbrella")], tenders=[Tender("cash", fen)], by=by
    )
    if change_mind:
        raise Refused("The customer goes away after the number was drawn.")
    return row


def clerk(by: Actor, times: int, seed: int, trouble: list[BaseException]) -> None:
    """Pays, and is refused at random: before a number is drawn, or after."""
    chance = random.Random(seed)
    db.connect()
    try:
        for _ in range(times):
            try:
                pay(chance.choice([100, 0, 250]), change_mind=chance.random() < 0.3, by=by)
            except Refused:
                continue
    except BaseException as error:  # a thread's end is the test's end
        trouble.append(error)
    finally:
        db.close()


def work(cast, times: int) -> None:
    trouble: list[BaseException] = []
    people = itertools.cycle([cast.chen, cast.ana, cast.ben, cast.mia])
    threads = [threading.Thread(target=clerk, args=(next(people), times, seed, trouble)) for seed in range(CLERKS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if trouble:
        raise trouble[0]


def problems() -> list[str]:
    """What a person would say against the numbers of the books."""
    found = receipt.verify()
    rows = list(Receipt.select(Receipt.n, Receipt.at, Receipt.id).order_by(Receipt.id).tuples())
    if [n for n, _, _ in rows] != list(range(1, len(rows) + 1)):
        found.append("there is a gap, or they are out of order")
    if any(later[1] < row[1] for row, later in itertools.pairwise(rows)):
        found.append("a later number has an earlier time")
    return found


def test_numbers_have_no_gap_and_no_reuse_under_four_clerks_with_refusals(cast, times) -> None:
    work(cast, EACH * times)
    assert problems() == []
    assert Receipt.select().count() > EACH


def _drawn_before_the_deed() -> Callable[[str], Number]:
    """A counter in memory: a refusal leaves a gap."""
    count = itertools.count(1)
    return lambda series: Number(series, clock.today().year, next(count))


def _one_more_than_the_rows() -> Callable[[str], Number]:
    """Counted from the rows before the writer's turn."""
    start = threading.local()

    def draw(series: str) -> Number:
        start.n = getattr(start, "n", 0) + 1
        return Number(series, clock.today().year, start.n)

    return draw


def _given_back_when_refused() -> Callable[[str], Number]:
    """Drawn twice in a deed: the counter runs ahead of the receipts."""
    honest = numbering.draw

    def draw(series: str) -> Number:
        honest(series)
        return honest(series)

    return draw


@pytest.mark.parametrize("mutant", [_drawn_before_the_deed, _one_more_than_the_rows, _given_back_when_refused])
def test_a_number_drawn_otherwise_is_caught(cast, monkeypatch: pytest.MonkeyPatch, mutant) -> None:
    monkeypatch.setattr(numbering, "draw", mutant())
    try:
        work(cast, 12)
        caught = problems()
    except Exception as error:  # the books' own unique index may be what catches it
        caught = [str(error)]
    assert caught


def test_a_number_stamped_by_a_clock_that_runs_back_is_caught(
    cast, monkeypatch: pytest.MonkeyPatch, time_machine
) -> None:
    def twice() -> None:
        pay(100, change_mind=False, by=cast.chen)
        time_machine.move_to(clock.now() - timedelta(days=9000))
        pay(100, change_mind=False, by=cast.chen)

    twice()
    assert problems() == []
    monkeypatch.setattr(journal, "_stamp", clock.now)
    twice()
    assert "a later number has an earlier time" in problems()


def test_the_series_begins_anew_each_year_and_the_chain_goes_on(cast, time_machine) -> None:
    next_year = clock.now().year + 1
    pay(100, change_mind=False, by=cast.chen)
    time_machine.move_to(clock.at(clock.today().replace(year=next_year, month=1, day=1), 9))
    row = pay(100, change_mind=False, by=cast.chen)
    assert str(row.number) == f"SJ-{next_year}-000001"
    assert receipt.verify() == []
    assert {series.year: series.last for series in Series.select()} == {next_year - 1: 1, next_year: 1}
