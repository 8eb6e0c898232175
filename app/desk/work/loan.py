"""A thing of the desk in exactly one pair of hands until a moment: keys, umbrellas, files, radios (promise P7).

Not deeds themselves: a procedure's deed lends and takes back, with its own rules around it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

import peewee

from app.base import db, text
from app.base.refusal import N_, Refused, Word, word
from app.desk.homes.households import Person
from app.desk.record import journal
from app.desk.who.people import Actor, Staff

# Departments are written into the row as papers print them; this is what a page in English calls them.
_DEPARTMENTS = {
    "工程部": N_("Engineering department"),
    "保安部": N_("Security department"),
    "巡区": N_("Patrol"),
    "车场": N_("Car park"),
    "财务部": N_("Finance department"),
    "仓库": N_("Storeroom"),
    "业主服务中心": N_("Service centre"),
    "业主": N_("Owner"),
}


def department(of: str) -> Word | str:
    """A holder's department as a page or a fact says it; a company as it was typed."""
    return word(_DEPARTMENTS[of]) if of in _DEPARTMENTS else of


@dataclass(frozen=True)
class Holder:
    """Who takes it. Staff sign with their badge; anybody else has shown `checked`, an identity paper."""

    name: str
    of: str = ""  # department or company, as papers print it
    staff: int | None = None
    person: int | None = None
    checked: str = ""


class Loan(db.Table):
    """`kind` and `thing` say what (such as "key" and its row id). Open while `ended` is null."""

    kind = peewee.TextField()
    thing = peewee.IntegerField()
    holder = peewee.TextField()
    holder_of = peewee.TextField(default="")
    staff = peewee.ForeignKeyField(Staff, null=True)
    person = peewee.ForeignKeyField(Person, null=True)
    checked = peewee.TextField(default="")
    signed = peewee.TextField()  # how the taker signed: badge | paper
    purpose = peewee.TextField(default="")
    terms = peewee.TextField(default="day")  # the procedure's own kinds of loan
    since = db.MomentField()
    until = db.MomentField()
    lent_by = peewee.ForeignKeyField(Staff)
    told = db.MomentField(null=True)  # when the holder was last reminded
    ended = db.MomentField(null=True)
    lent_by_id: int
    taken_by_id: int | None
    outcome = peewee.TextField(default="")  # returned | lost | undone
    taken_by = peewee.ForeignKeyField(
        Staff, null=True
    )  # null after the return: nobody was at the desk, to be confirmed

    class Meta:
        indexes = ((("kind", "ended"), False), (("kind", "thing", "id"), False), (("kind", "since"), False))

    @property
    def of(self) -> Word | str:
        return department(self.holder_of)

    def is_late(self, now: datetime) -> bool:
        return self.ended is None and self.until < now


# Whatever the code above it believes: two open loans of one thing cannot be stored.
Loan.add_index(Loan.index(Loan.kind, Loan.thing, unique=True, where=Loan.ended.is_null(), name="loan_in_one_hand"))


def lend(
    kind: str,
    thing: int,
    *,
    to: Holder,
    until: datetime,
    signed: str,
    by: Actor,
    purpose: str = "",
    terms: str = "day",
) -> Loan:
    """Put it into somebody's hands. Refused where it is in another's. Inside a deed."""
    if there := open_of(kind, thing):
        raise Refused(
            "It is with {holder} since {since}. Take it back first.", holder=there.holder, since=said(there.since)
        )
    return Loan.create(
        kind=kind,
        thing=thing,
        holder=to.name,
        holder_of=to.of,
        staff=to.staff,
        person=to.person,
        checked=text.mask_numbers(to.checked),
        signed=signed,
        purpose=purpose,
        terms=terms,
        since=journal.moment(),
        until=until,
        lent_by=by.id,
    )


def close(loan: Loan, *, outcome: str = "returned", by: Actor) -> Loan:
    """End exactly this loan; Refused where it ended before (a stale page, a second scan). Inside a deed."""
    at = journal.moment()
    changed = (
        Loan.update(ended=at, outcome=outcome, taken_by=by.id or None)
        .where(Loan.id == loan.id, Loan.ended.is_null())
        .execute()
    )
    if not changed:
        ended = Loan.get_by_id(loan.id).ended
        raise Refused("This loan was closed at {time} already. Look at the page again.", time=said(ended))
    return Loan.get_by_id(loan.id)


def reopen(loan: Loan) -> Loan:
    """Take a closing back; Refused where the thing was lent again since. Inside a deed."""
    if newer := last_of(loan.kind, loan.thing, after=loan.id):
        raise Refused(
            "It went on to {holder} at {time}. Nothing can be undone now.", holder=newer.holder, time=said(newer.since)
        )
    Loan.update(ended=None, outcome="", taken_by=None).where(Loan.id == loan.id).execute()
    return Loan.get_by_id(loan.id)


def open_of_these(kind: str, things: list[int]) -> list[Loan]:
    """As open_of, of several things in one read."""
    return list(Loan.select().where(Loan.kind == kind, Loan.thing.in_(things), Loan.ended.is_null()))


def open_of(kind: str, thing: int) -> Loan | None:
    return Loan.get_or_none(Loan.kind == kind, Loan.thing == thing, Loan.ended.is_null())


def last_of(kind: str, thing: int, *, after: int = 0) -> Loan | None:
    """The newest loan of that thing (with an id above `after`)."""
    query = Loan.select().where(Loan.kind == kind, Loan.thing == thing, Loan.id > after).order_by(Loan.id.desc())
    return cast("Loan | None", query.first())


def open_list(kind: str, *, limit: int = 200) -> list[Loan]:
    """Everything of that kind that is out, due first."""
    query = Loan.select().where(Loan.kind == kind, Loan.ended.is_null())
    return list(query.order_by(Loan.until).limit(limit))


def said(moment: datetime) -> str:
    """A moment as a sentence about a loan says it."""
    return f"{moment:%m-%d %H:%M}"
