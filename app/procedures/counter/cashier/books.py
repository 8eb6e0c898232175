"""Receipt books: the ranges of numbers drawn from finance (CASH-6)."""

from __future__ import annotations

import peewee

from app.base import clock, db
from app.base import text as texts
from app.base.refusal import Refused
from app.desk.record import journal
from app.desk.record.journal import deed
from app.desk.record.numbering import Series
from app.desk.who.people import Actor, Staff

FEW = 50  # so few numbers left are a notice at the counter


class ReceiptBook(db.AppendOnly):
    """Numbers `first` to `last` of a year's receipts, handed out by `giver` of finance."""

    year = peewee.IntegerField()
    first = peewee.IntegerField()
    last = peewee.IntegerField()
    giver = peewee.TextField()
    staff = peewee.ForeignKeyField(Staff)
    at = db.MomentField()

    class Meta:
        indexes = ((("year", "first"), True),)


@deed("book.drawn", act="cashier.books")
def draw(first: int, last: int, *, giver: str, by: Actor) -> ReceiptBook:
    """Record a range drawn from finance. Refused where it overlaps another or leaves a gap after it."""
    year = journal.moment().year
    latest = ReceiptBook.select(peewee.fn.MAX(ReceiptBook.last)).where(ReceiptBook.year == year).scalar() or 0
    if first != latest + 1:
        raise Refused(
            "The next range starts at {first}: numbers are drawn without a gap.",
            rule="CASH-6",
            field="first",
            first=latest + 1,
        )
    if last < first:
        raise Refused("The range of numbers ends before it starts.", rule="CASH-6", field="last")
    journal.note(first=first, last=last)
    return ReceiptBook.create(
        year=year, first=first, last=last, giver=texts.name(giver, field="giver"), staff=by.id, at=journal.moment()
    )


def drawn() -> list[ReceiptBook]:
    """This year's ranges, the newest first."""
    return list(
        ReceiptBook.select().where(ReceiptBook.year == clock.today().year).order_by(ReceiptBook.id.desc()).limit(40)
    )


def left() -> int | None:
    """How many drawn numbers are unused; below zero: receipts went past what was drawn. None: no range is recorded."""
    year = clock.today().year
    latest = ReceiptBook.select(peewee.fn.MAX(ReceiptBook.last)).where(ReceiptBook.year == year).scalar()
    used = Series.select(Series.last).where(Series.name == "SJ", Series.year == year).scalar() or 0
    return None if latest is None else int(latest - used)
