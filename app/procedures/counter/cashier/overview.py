"""What stands against a unit, as the counter sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.base import clock, money
from app.desk.accounts import charge, ledger
from app.desk.accounts.charge import Charge
from app.desk.accounts.receipt import Receipt
from app.desk.homes.households import Unit
from app.desk.who.people import Actor
from app.procedures.counter import cashier


@dataclass(frozen=True)
class Line:
    """An open charge as the counter sees it; `late` in days since it fell due (negative: not due yet)."""

    id: int
    text: str
    expression: str
    left: int
    late: int
    mine: bool  # added today by the clerk who asks: may be taken back


@dataclass(frozen=True)
class Board:
    """What stands against a unit, oldest first; the overdue ones come picked. Amounts in fen."""

    lines: list[Line]
    picked: int
    prepaid: int
    deposits: int
    last: str  # this clerk's last receipt


def of(unit: Unit | None, *, by: Actor) -> Board:
    """A bounded number of statements, whatever the history."""
    today, rows = clock.today(), charge.open_of(unit)
    lines = [_line(row, today, by) for row in rows]
    mine = cashier.last_of(by)
    return Board(
        lines=lines,
        picked=sum(line.left for line in lines if line.late >= 0),
        prepaid=ledger.prepaid(unit),
        deposits=-ledger.balance_below("deposit.", unit=unit) if unit else 0,
        last=mine.number if mine else "",
    )


def _line(row: Charge, today: date, by: Actor) -> Line:
    expression = row.expression
    if row.paid:
        expression = f"{expression} = {money.plain(row.fen)} − {money.plain(row.paid)}".lstrip(" =")
    return Line(
        id=row.id,
        text=f"{row.text} {row.period}".strip(),
        expression=expression,
        left=row.left,
        late=(today - row.due).days,
        mine=row.by_id == by.id and clock.business_day(row.at) == clock.business_day(clock.now()) and not row.paid,
    )


@dataclass(frozen=True)
class Tally:
    """What the counter shows while amounts are typed, in fen; `missing` is 0 when it suffices."""

    wanted: int
    received: int
    change: int
    missing: int


def tally(wanted: int, received: int) -> Tally:
    """Change and what is missing."""
    return Tally(wanted, received, max(0, received - wanted), max(0, wanted - received))


def taken_today(by: Actor) -> dict[str, int]:
    """What came into this collector's till on the business day: tender -> fen, refunds and voids taken off (CASH-2)."""
    return ledger.taken(till=by.id, day=clock.business_day(clock.now()))


def made_today(by: Actor, *, limit: int = 20) -> list[Receipt]:
    """This clerk's receipts of the business day, newest first."""
    day = clock.business_day(clock.now())
    query = Receipt.select().where(Receipt.staff == by.id, Receipt.day == day)
    return list(query.order_by(Receipt.id.desc()).limit(limit))
