"""What somebody owes: raised by any procedure, settled by the cashier; who raised it reads `is_settled`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import peewee

from app.base import db
from app.base.refusal import Conflict, Refused
from app.desk.accounts import ledger
from app.desk.homes.households import Person, Unit
from app.desk.record import journal
from app.desk.who.people import Actor


class Charge(db.Table):
    """One thing owed, in fen. `paid` is the one stored sum of the books: it changes with an Allocation and only then.

    `expression` is the arithmetic as it is shown and printed (`103.72㎡ × 2.20 × 1 月`); late days count from `due`.
    """

    unit_id: int | None
    unit = peewee.ForeignKeyField(Unit, null=True)
    person = peewee.ForeignKeyField(Person, null=True)
    item = peewee.TextField()
    account = peewee.TextField()  # income.<item>, deposit.<item> or prepaid
    text = peewee.TextField()
    expression = peewee.TextField(default="")
    period_from = db.DayField(null=True)
    period_to = db.DayField(null=True)
    fen = db.FenField(constraints=[peewee.Check("fen > 0")])
    paid = db.FenField(default=0, constraints=[peewee.Check("paid >= 0 AND paid <= fen")])
    due = db.DayField()
    source_kind = peewee.TextField(null=True)
    source_id = peewee.IntegerField(null=True)
    at = db.MomentField()
    by_id = peewee.IntegerField()
    cancelled = db.MomentField(null=True)
    reason = peewee.TextField(default="")

    class Meta:
        indexes = ((("source_kind", "source_id"), False), (("unit", "id"), False))

    @property
    def left(self) -> int:
        return int(self.fen - self.paid)

    @property
    def period(self) -> str:
        """`2026-09`, `2026-09 至 11`, `2025-12 至 2026-01`, or empty."""
        first, last = self.period_from, self.period_to
        if first is None:
            return ""
        if last is None or (first.year, first.month) == (last.year, last.month):
            return f"{first:%Y-%m}"
        return f"{first:%Y-%m} 至 " + (f"{last:%m}" if first.year == last.year else f"{last:%Y-%m}")


# What is still owed, oldest first, whatever the history: the cashier's list and the arrears of an entrance.
Charge.add_index(
    Charge.index(Charge.unit, Charge.due, where=peewee.SQL("paid < fen AND cancelled IS NULL"), name="charge_open")
)


class Allocation(db.AppendOnly):
    """Which receipt paid how much of a charge; a reversal's is negative."""

    charge = peewee.ForeignKeyField(Charge, index=True)
    receipt_id = peewee.IntegerField(index=True)
    fen = db.FenField()


@dataclass(frozen=True)
class New:
    """A charge to be raised. `account` is `income.<item>` where it is not said otherwise."""

    unit: Unit | None
    item: str
    text: str
    fen: int
    due: date
    expression: str = ""
    period: tuple[date, date] | None = None  # first and last day
    source: tuple[str, int] | None = None  # chapter.noun and its row
    person: Person | None = None
    account: str = ""


@journal.deed("charge.raised", inside=True)
def add(
    *,
    unit: Unit | None,
    item: str,
    text: str,
    fen: int,
    due: date,
    expression: str = "",
    period: tuple[date, date] | None = None,
    source: tuple[str, int] | None = None,
    person: Person | None = None,
    account: str = "",
    by: Actor,
) -> Charge:
    """Raise one charge. Income is earned now (receivable against income); deposits and prepaid only when paid."""
    new = New(unit, item, text, fen, due, expression, period, source, person, account)
    row = Charge.create(**_row(new, by))
    ledger.post(_accrual(new), unit=unit, text=text)
    journal.note(unit_id=unit.id if unit else None, fen=fen, text=text)
    return row


@journal.deed("charges.raised", inside=True)
def add_all(news: Iterable[New], *, by: Actor) -> None:
    """Raise many charges in one deed (an import, a month's billing)."""
    rows = list(news)
    for chunk in db.slices(rows, 500):
        Charge.insert_many([_row(new, by) for new in chunk]).execute()
    ledger.post_all([(new.unit.id if new.unit else None, _accrual(new)) for new in rows])
    journal.note(count=len(rows), fen=sum(new.fen for new in rows))


def _row(new: New, by: Actor) -> dict[str, object]:
    first, last = new.period or (None, None)
    kind, about = new.source or (None, None)
    return {
        "unit": new.unit,
        "person": new.person,
        "item": new.item,
        "account": new.account or f"income.{new.item}",
        "text": new.text,
        "expression": new.expression,
        "period_from": first,
        "period_to": last,
        "fen": new.fen,
        "due": new.due,
        "source_kind": kind,
        "source_id": about,
        "at": journal.moment(),
        "by_id": by.id,
    }


def _accrual(new: New) -> dict[str, int]:
    account = new.account or f"income.{new.item}"
    return {"receivable": new.fen, account: -new.fen} if account.startswith("income.") else {}


@journal.deed("charge.cancelled", inside=True)
def cancel(row: Charge, *, reason: str, by: Actor) -> Charge:
    """Take back a charge of which nothing is paid. Who may, and when, is the caller's rule."""
    done = (
        Charge.update(cancelled=journal.moment(), reason=reason)
        .where(Charge.id == row.id, Charge.paid == 0, Charge.cancelled.is_null())
        .execute()
    )
    if not done:
        raise Conflict("{text} is paid or taken back already. Open the household anew.", text=row.text)
    if row.account.startswith("income."):
        ledger.post({"receivable": -row.fen, row.account: row.fen}, unit=row.unit, text=row.text)
    journal.note(unit_id=row.unit_id, fen=row.fen, reason=reason)
    return Charge.get_by_id(row.id)


def allocate(charge_id: int, fen: int, *, receipt_id: int) -> None:
    """A receipt pays `fen` of a charge (negative: a reversal takes it back). Never more than is left, never below 0."""
    done = (
        Charge.update(paid=Charge.paid + fen)
        .where(
            Charge.id == charge_id,
            Charge.paid + fen >= 0,
            Charge.paid + fen <= Charge.fen,
            Charge.cancelled.is_null(),
        )
        .execute()
    )
    if not done:
        raise Conflict(
            "A colleague has settled or taken back one of these charges meanwhile. Open the household anew.",
            rule="CASH-1",
        )
    Allocation.insert(charge=charge_id, receipt_id=receipt_id, fen=fen).execute()


def _open() -> peewee.Expression:
    return (Charge.paid < Charge.fen) & Charge.cancelled.is_null()


def open_of(unit: Unit | None, limit: int = 60) -> list[Charge]:
    """What is still owed, oldest first (`None`: what belongs to no unit)."""
    whose = Charge.unit.is_null() if unit is None else Charge.unit == unit
    return list(Charge.select().where(whose & _open()).order_by(Charge.due, Charge.id).limit(limit))


def picked(ids: list[int], *, unit: Unit | None) -> list[Charge]:
    """These charges of this unit, oldest first; Refused where one is not open (paid meanwhile) or another unit's."""
    whose = Charge.unit.is_null() if unit is None else Charge.unit == unit
    rows = list(Charge.select().where(Charge.id << ids, whose & _open()).order_by(Charge.due, Charge.id))
    if len(rows) != len(set(ids)):
        raise Refused("One of these charges is paid or taken back already. Open the household anew.", rule="CASH-1")
    return rows


def owed(unit: Unit) -> int:
    """What a unit owes in all, in fen (deposits asked for included)."""
    total = Charge.select(db.total(Charge.fen - Charge.paid)).where(Charge.unit == unit, _open()).scalar()
    return int(total or 0)


def of(source: tuple[str, int]) -> list[Charge]:
    """The charges a procedure's row has raised."""
    return list(
        Charge.select().where(Charge.source_kind == source[0], Charge.source_id == source[1]).order_by(Charge.id)
    )


def is_settled(source: tuple[str, int]) -> bool:
    """Whether that row has raised charges and all that were not taken back are paid in full."""
    rows = [row for row in of(source) if row.cancelled is None]
    return bool(rows) and all(row.left == 0 for row in rows)


def check() -> list[str]:
    """At every boot: `paid` against its allocations, receivables against what is open (empty = all well)."""
    total = peewee.fn.COALESCE(db.total(Allocation.fen), 0)
    crooked: Any = (
        Charge.select(Charge.id, Charge.paid, total)
        .join(Allocation, peewee.JOIN.LEFT_OUTER)
        .group_by(Charge.id, Charge.paid)
        .having(Charge.paid != total)
        .order_by(Charge.id)
        .limit(20)
    )
    problems = [f"charge {row}: paid {paid}, allocated {fen}" for row, paid, fen in crooked.tuples()]
    earned = Charge.account.startswith("income.")
    still = int(Charge.select(db.total(Charge.fen - Charge.paid)).where(earned, _open()).scalar() or 0)
    if still != (booked := ledger.balance("receivable")):
        problems.append(f"receivable {booked}, open charges {still}")
    return problems
