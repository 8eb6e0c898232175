"""Double entry in whole fen: every deed that moves money posts amounts that sum to zero (promise P10).

Debits are positive, credits negative. Accounts:
`tender.cash|wechat|alipay|card|transfer` what came in, `receivable` what units owe, `income.<item>`, `deposit.<item>`
(a liability, apart from income: CASH-12), `prepaid` (a liability), `suspense.<noun>` money taken for a thing not yet
done, `over_short` what a count found.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import peewee

from app.base import clock, db
from app.base.refusal import N_
from app.desk.homes.households import Unit
from app.desk.record import journal, modes

TENDERS = {
    "cash": N_("Cash"),
    "wechat": N_("WeChat"),
    "alipay": N_("Alipay"),
    "card": N_("Bank card"),
    "transfer": N_("Transfer"),
}
KINDS = ("tender", "receivable", "income", "deposit", "prepaid", "suspense", "over_short")


class Entry(db.AppendOnly):
    """One movement: its postings sum to zero."""

    at = db.MomentField()
    day = db.DayField(index=True)  # business day
    text = peewee.TextField(default="")


class Posting(db.AppendOnly):
    """`till` = the collector (staff id) whose till the movement went through (CASH-10); 0 = the desk itself."""

    entry = peewee.ForeignKeyField(Entry, index=True)
    account = peewee.TextField()
    unit = peewee.ForeignKeyField(Unit, null=True)
    till = peewee.IntegerField()
    fen = db.FenField()

    class Meta:
        indexes = (
            (("account", "unit", "fen"), False),
            (("unit", "account", "fen"), False),
            (("till", "account", "entry", "fen"), False),
        )


def post(amounts: Mapping[str, int], *, unit: Unit | None = None, text: str = "") -> Entry | None:
    """Post one movement of one unit. Inside a deed; its moment and clerk are the deed's. Nothing but zeros: None."""
    return post_all([(unit.id if unit else None, amounts)], text=text)


def post_all(movements: list[tuple[int | None, Mapping[str, int]]], *, text: str = "") -> Entry | None:
    """As `post` for many units (unit id, amounts) in one entry: an import's charges."""
    modes.require_money()
    till = journal.actor().id
    rows = []
    for unit_id, amounts in movements:
        assert sum(amounts.values()) == 0, f"postings sum to {sum(amounts.values())}: {amounts}"
        assert all(account.partition(".")[0] in KINDS for account in amounts), f"no such account: {amounts}"
        rows += [(account, unit_id, till, fen) for account, fen in amounts.items() if fen]
    if not rows:
        return None
    entry = Entry.create(at=journal.moment(), day=clock.business_day(journal.moment()), text=text)
    fields = [Posting.entry, Posting.account, Posting.unit, Posting.till, Posting.fen]
    for chunk in db.slices(rows, 1000):
        Posting.insert_many([(entry.id, *row) for row in chunk], fields=fields).execute()
    return entry


def balance(account: str, *, unit: Unit | None = None, till: int | None = None) -> int:
    """Debits less credits of an account (liabilities and income are negative), of one unit or one till where given."""
    query = Posting.select(db.total(Posting.fen)).where(Posting.account == account)
    if unit is not None:
        query = query.where(Posting.unit == unit)
    if till is not None:
        query = query.where(Posting.till == till)
    return int(query.scalar() or 0)


def balance_below(prefix: str, *, unit: Unit) -> int:
    """As `balance`, of all accounts of a unit whose names begin so (`deposit.`)."""
    below = (Posting.account >= prefix) & (Posting.account < prefix[:-1] + chr(ord(prefix[-1]) + 1))
    return int(Posting.select(db.total(Posting.fen)).where(below, Posting.unit == unit).scalar() or 0)


def taken(*, till: int, day: date) -> dict[str, int]:
    """What one till took on a business day: tender -> fen (CASH-2)."""
    todays = Entry.select(Entry.id).where(Entry.day == day)
    accounts = [f"tender.{kind}" for kind in TENDERS]
    query = Posting.select(Posting.account, db.total(Posting.fen)).group_by(Posting.account)
    rows: Any = query.where(Posting.till == till, Posting.account.in_(accounts), Posting.entry.in_(todays)).tuples()
    return {account.removeprefix("tender."): int(fen) for account, fen in rows}


def prepaid(unit: Unit | None) -> int:
    """What a unit has paid in advance and not used, in fen."""
    return -balance("prepaid", unit=unit) if unit is not None else 0


def totals() -> dict[str, int]:
    """Every account with its balance."""
    query = Posting.select(Posting.account, db.total(Posting.fen)).group_by(Posting.account)
    rows: Any = query.order_by(Posting.account).tuples()
    return {account: int(fen) for account, fen in rows}


def check() -> list[str]:
    """At every boot: what does not add up (empty = all well)."""
    entries = Posting.select(Posting.entry).group_by(Posting.entry).having(peewee.fn.SUM(Posting.fen) != 0)
    crooked: Any = entries.order_by(Posting.entry).limit(20)
    return [f"entry {entry_id}: its postings do not sum to zero" for (entry_id,) in crooked.tuples()]
