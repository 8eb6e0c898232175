"""Sessions live here, not in the cookie: signing out kills a copied cookie (promise P13)."""

from __future__ import annotations

import hashlib
import secrets

import peewee

from app.base import clock, db
from app.desk.people import Staff


class Session(db.Table):
    """One signed-in browser. Only a digest of its token is stored."""

    token = peewee.TextField(unique=True)
    staff = peewee.ForeignKeyField(Staff, index=True)
    station = peewee.TextField(default="")
    since = db.MomentField()
    ended = db.MomentField(null=True)


class Station(db.Table):
    """A counter window: a browser registered by cookie, with the devices bound to it."""

    name = peewee.TextField(unique=True)
    printer = peewee.TextField(default="receipt")
    scanner = db.FlagField(default=True)
    reader = db.FlagField(default=True)
    active = db.FlagField(default=True)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def begin(staff: Staff, *, station: str) -> str:
    """Open a session; gives the token for the cookie. Inside a deed."""
    token = secrets.token_urlsafe(32)
    Session.create(token=digest(token), staff=staff, station=station, since=clock.now())
    return token


def find(token: str) -> Session | None:
    """The open session of that token, if its person still works here."""
    row = (
        Session.select(Session, Staff)
        .join(Staff)
        .where(Session.token == digest(token), Session.ended.is_null())
        .first()
    )
    return row if row and row.staff.active else None


def end(token: str) -> None:
    Session.update(ended=clock.now()).where(Session.token == digest(token), Session.ended.is_null()).execute()
