"""Sessions live here, not in the cookie: signing out kills a copied cookie, roles count anew each request (promise P13)."""

from __future__ import annotations

import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import peewee

from app.base import clock, db
from app.desk.who.people import Staff

IDLE = timedelta(minutes=30)  # then the PIN is asked; the page with its half-typed form stays
LONGEST = timedelta(hours=12)  # then it ends, whatever happens
_RECENT = 10  # households for Shift+F8
_MOST = 500  # sessions that are remembered; the one that was idle longest goes first


class Session(db.Table):
    """One signed-in browser. Only a digest of its token is stored."""

    token = peewee.TextField(unique=True)
    staff = peewee.ForeignKeyField(Staff, index=True)
    station = peewee.TextField(default="")
    since = db.MomentField()
    ended = db.MomentField(null=True)

    class Meta:
        indexes = ((("ended", "id"), False),)


class Station(db.Table):
    """A counter window: a browser registered by cookie, with the devices bound to it."""

    name = peewee.TextField(unique=True)
    printer = peewee.TextField(default="receipt")
    scanner = db.FlagField(default=True)
    reader = db.FlagField(default=True)
    active = db.FlagField(default=True)


def window(name: str) -> Station | None:
    """The registered window of that name."""
    return Station.get_or_none(Station.name == name) if name else None


def elsewhere(device: str, station: str) -> str:
    """The windows where the `reader` or the `scanner` stands, if this one is a window without it; else empty."""
    mine = window(station)
    if mine is None or getattr(mine, device):
        return ""
    has = getattr(Station, device) == True  # noqa: E712
    rows = Station.select(Station.name).where(Station.active == True, has).order_by(Station.name).limit(9)  # noqa: E712
    return "、".join(row.name for row in rows) or "—"


@dataclass
class Memory:
    """What is known of an open session but never stored: a look at a page leaves no trace (promise P14)."""

    seen: datetime
    customer: int | None = None  # the household at the counter
    overrides: dict[str, str] = field(default_factory=dict)  # for that household only
    households: list[int] = field(default_factory=list)  # the last ten, newest first


_memories: dict[str, Memory] = {}
_lock = threading.Lock()


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def begin(staff: Staff, *, station: str) -> str:
    """Open a session; gives the token for the cookie. Inside a deed."""
    token = secrets.token_urlsafe(32)
    Session.create(token=digest(token), staff=staff, station=station, since=clock.now())
    return token


def find(token: str) -> Session | None:
    """The open session of that token, if its person still works here and it is not too old."""
    row = (
        Session.select(Session, Staff)
        .join(Staff)
        .where(Session.token == digest(token), Session.ended.is_null())
        .first()
    )
    return row if row and row.staff.active and clock.now() - row.since < LONGEST else None


def end(token: str) -> None:
    Session.update(ended=clock.now()).where(Session.token == digest(token), Session.ended.is_null()).execute()
    with _lock:
        _memories.pop(digest(token), None)


def end_all(staff: Staff) -> None:
    """Every browser of that person: after a new password, or when they leave. Inside a deed."""
    Session.update(ended=clock.now()).where(Session.staff == staff, Session.ended.is_null()).execute()


def memory(session: Session) -> Memory:
    """After a restart nothing is remembered: then the session was last seen when it began."""
    with _lock:
        if session.token not in _memories:
            if len(_memories) >= _MOST:  # sessions that were never signed out
                del _memories[min(_memories, key=lambda token: _memories[token].seen)]
            _memories[session.token] = Memory(seen=session.since)
        return _memories[session.token]


def locked(session: Session) -> bool:
    """Whether nobody has used it for half an hour: the PIN first."""
    return clock.now() - memory(session).seen >= IDLE


def touch(session: Session) -> None:
    """Somebody is there. Polling is nobody."""
    memory(session).seen = clock.now()


def opened(session: Session, unit_id: int) -> None:
    """Another household came to the counter: what was overridden for the one before no longer holds (counter.md 7)."""
    mine = memory(session)
    if mine.customer != unit_id:
        mine.customer, mine.overrides = unit_id, {}
    mine.households = [unit_id, *(each for each in mine.households if each != unit_id)][:_RECENT]


def remember(session: Session, overrides: dict[str, str]) -> None:
    """Overrides that were given in place hold for the household at the counter."""
    mine = memory(session)
    if mine.customer is not None:
        mine.overrides |= overrides
