"""Who is at the desk: passwords (Argon2id), sessions, presence."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from app.base import clock
from app.base.refusal import Refused
from app.desk import sessions
from app.desk.journal import deed
from app.desk.people import Actor, Presence, Staff, actor

# 19 MiB, two passes: the library's 64 MiB times four logins is a quarter of a small Pi (platform.md 1).
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_two_at_once = threading.Semaphore(2)
_NOBODY = _hasher.hash("nobody")


def hash_secret(secret: str) -> str:
    """For passwords and PINs."""
    with _two_at_once:
        return _hasher.hash(secret)


def fits(secret: str, hashed: str | None) -> bool:
    """Whether it is that secret; takes as long for an unknown person (promise P12)."""
    with _two_at_once:
        try:
            return _hasher.verify(hashed or _NOBODY, secret) and hashed is not None
        except VerificationError:
            return False


def sign_in(name: str, password: str, *, station: str) -> tuple[sessions.Session, str]:
    """Open a session and mark the person on duty; Refused in the same words whether name or password is wrong."""
    staff = Staff.get_or_none(Staff.name == name, Staff.active == True)  # noqa: E712
    if not fits(password, staff.password_hash if staff else None) or staff is None:
        raise Refused("Name or password is wrong. Type both again, or ask the supervisor for a new password.")
    token: list[str] = []
    session = _begin(staff, token, by=actor(staff, station=station))
    return session, token[0]


@deed("signed_in")
def _begin(staff: Staff, token: list[str], *, by: Actor) -> sessions.Session:
    token.append(sessions.begin(staff, station=by.station))
    if not Presence.select().where(Presence.staff == staff, Presence.until.is_null()).exists():
        Presence.create(staff=staff, since=clock.now())
    found = sessions.find(token[0])
    assert found is not None
    return found


def sign_out(token: str) -> None:
    """End the session and the presence of its person."""
    found = sessions.find(token)
    if found is not None:
        _end(found, token, by=actor(found.staff, station=found.station))


@deed("signed_out")
def _end(session: sessions.Session, token: str, *, by: Actor) -> None:
    sessions.end(token)
    Presence.update(until=clock.now()).where(Presence.staff == session.staff, Presence.until.is_null()).execute()
