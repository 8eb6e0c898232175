"""The owner's consent to each use of an entrusted key (EKEY-3): for one use, or a dated standing permission."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import cast

import peewee

from app.base import clock, db, text
from app.base.refusal import N_, Refused
from app.desk.record import journal
from app.desk.record.journal import deed
from app.desk.who.people import Actor, Staff
from app.desk.work.loan import Loan
from app.procedures.counter.keys import custody as custodies
from app.procedures.counter.keys import register
from app.procedures.counter.keys.register import Custody, Key

ONCE_HOLDS = timedelta(hours=24)  # a consent given for one use is for that day's errand

HOW = {"phone": N_("by phone"), "in person": N_("in person"), "letter": N_("by letter")}


class Permission(db.Table):
    """The owner's consent (EKEY-3): for one use, or standing between two dates."""

    custody = peewee.ForeignKeyField(Custody, index=True)
    standing = db.FlagField()
    since = db.MomentField()
    until = db.MomentField()
    agreed_by = peewee.TextField()
    how = peewee.TextField()  # HOW
    phone = peewee.TextField(default="")  # the number called
    scope = peewee.TextField(default="")  # for whom and what
    asked_by = peewee.ForeignKeyField(Staff)
    used = peewee.ForeignKeyField(Loan, null=True)  # one use: the loan it was spent on
    revoked = db.MomentField(null=True)


@deed("custody.consented", act="keys.entrust")
def give(
    custody: Custody,
    *,
    agreed_by: str,
    how: str,
    phone: str = "",
    scope: str,
    until: date | None = None,
    by: Actor,
) -> Permission:
    """Record the owner's consent: for one use today, or standing until the end of a day (EKEY-3)."""
    custodies.still_open(custody)
    if agreed_by.strip() not in (names := [person.name for person in custodies.owners(custody.unit)]):
        raise Refused(
            "The consent is the owner's to give: {owner}.", rule="EKEY-3", field="agreed_by", owner="、".join(names)
        )
    if how == "phone":
        phone = text.phone(phone, field="phone")
    elif how not in HOW:
        raise Refused("Say how the owner agreed: by phone, in person or by letter.", rule="EKEY-3", field="how")
    now = journal.moment()
    if until is not None and until < now.date():
        raise Refused("A standing permission ends today at the earliest.", rule="EKEY-3", field="until")
    row = Permission.create(
        custody=custody,
        standing=until is not None,
        since=now,
        agreed_by=agreed_by.strip(),
        how=how,
        phone=phone,
        until=clock.at(until, 23, 59) if until else now + ONCE_HOLDS,
        scope=text.remark(scope),
        asked_by=by.id,
    )
    journal.note(unit_id=custody.unit_id, number=custody.number, how=how, standing=until is not None)
    register.changed()
    return row


@deed("custody.revoked", act="keys.entrust")
def revoke(permission: Permission, *, by: Actor) -> Permission:
    """The owner takes a consent back: from now on it opens nothing."""
    permission.revoked = journal.moment()
    permission.save()
    journal.note(unit_id=permission.custody.unit_id, number=permission.custody.number)
    register.changed()
    return permission


def permission(custody: Custody, at: datetime) -> Permission | None:
    """The consent a loan may stand on at that moment: a standing one first, else the oldest unspent one."""
    query = Permission.select().where(
        Permission.custody == custody,
        Permission.revoked.is_null(),
        Permission.used.is_null(),
        Permission.since <= at,
        Permission.until >= at,
    )
    return cast("Permission | None", query.order_by(Permission.standing.desc(), Permission.id).first())


def permissions(custody: Custody, limit: int = 20) -> list[Permission]:
    return list(Permission.select().where(Permission.custody == custody).order_by(Permission.id.desc()).limit(limit))


def require_consent(key: Key, at: datetime) -> Permission:
    """Refused unless the owner consented (EKEY-3); nobody can override it."""
    assert key.custody is not None  # its store says so (KEY-1)
    if found := permission(key.custody, at):
        return found
    last = next(iter(permissions(key.custody, 1)), None)
    if last and last.standing and not last.revoked:
        raise Refused(
            "The owner's permission for {key} ended on {day}. Call the owner, and note the number and the time.",
            rule="EKEY-3",
            key=key.number,
            day=f"{last.until:%m-%d}",
        )
    raise Refused(
        "{key} is entrusted: it is lent only with the owner's consent. Call the owner, and note the number and the time.",
        rule="EKEY-3",
        key=key.number,
    )


def spend(permission: Permission, on: Loan) -> None:
    """A consent for one use is used up by its loan. Inside a deed."""
    if not permission.standing:
        permission.used = on
        permission.save()


def unspend(loan_row: Loan) -> None:
    """The loan was undone: its consent is whole again. Inside a deed."""
    Permission.update(used=None).where(Permission.used == loan_row).execute()
