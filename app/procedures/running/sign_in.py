"""Who is at the desk: signing in, switching, waking a locked session, vouching in place, going off duty."""

from __future__ import annotations

from collections.abc import Mapping

from app.base import clock
from app.base.refusal import N_, Refused
from app.desk.record.journal import DESK_ONLY, deed
from app.desk.who import passwords, people, sessions
from app.desk.who.passwords import fits, hash_secret
from app.desk.who.people import DESK, Actor, Presence, Staff, actor, may

__all__ = ["fits", "hash_secret"]  # what tests and the demo make people with

WRONG = N_("Name or password is wrong. Type both again, or ask the supervisor for a one-time code.")
WRONG_CODE = N_("Name or code is wrong, or the code has been used or is older than three days.")
WRONG_PIN = N_("Badge, name or PIN is wrong. Type them again.")


def device_of(cookies: Mapping[str, str]) -> str:
    """The digest of the browser's own cookie; empty where it has none."""
    token = cookies.get("device", "")
    return passwords.sha(token) if token else ""


def _named(text: str) -> Staff | None:
    """Somebody who works here, by name or by badge."""
    text = text.strip()
    by_badge = len(text) == 14 and text.isascii() and text.isdigit()
    found = Staff.get_or_none((Staff.badge == text) if by_badge else (Staff.name == text))
    return found if found and found.active else None


def sign_in(name: str, password: str, *, station: str, device: str = "") -> tuple[sessions.Session, str]:
    """Open a session and mark the person on duty; Refused in the same words whether name or password is wrong."""
    staff = _named(name)
    good = passwords.attempt(name, staff, device, lambda: fits(password, staff.password_hash if staff else None))
    if not good or staff is None:
        raise Refused(WRONG)
    return _open(staff, device, station)


def switch(badge: str, pin: str, *, station: str, device: str, before: str | None) -> tuple[sessions.Session, str]:
    """Badge (or name) and PIN at a browser that has been signed in with a password before; ends the session `before`."""
    staff = _named(badge)
    hashed = staff.pin_hash if staff and passwords.knows(device) else None
    if not passwords.attempt(staff.name if staff else badge, staff, device, lambda: fits(pin, hashed)) or staff is None:
        raise Refused(WRONG_PIN)
    if before:
        sign_out(before)
    return _open(staff, device, station)


def _open(staff: Staff, device: str, station: str) -> tuple[sessions.Session, str]:
    token: list[str] = []
    return _begin(staff, device, token, by=actor(staff, station=station)), token[0]


@deed("signed_in", act="desk.sign_in")
def _begin(staff: Staff, device: str, token: list[str], *, by: Actor) -> sessions.Session:
    token.append(sessions.begin(staff, station=by.station))
    passwords.learn(device, staff)
    come(staff)
    found = sessions.find(token[0])
    assert found is not None
    return found


def come(staff: Staff) -> None:
    """On duty from now on; a presence that nobody ended yesterday ends where it began to be another day. Inside a deed."""
    begin = clock.at(clock.business_day(clock.now())) + clock.DAY_TURNS_AT
    Presence.update(until=begin).where(
        Presence.staff == staff, Presence.until.is_null(), Presence.since < begin
    ).execute()
    if not Presence.select().where(Presence.staff == staff, Presence.until.is_null()).exists():
        Presence.create(staff=staff, since=clock.now())


def sign_out(token: str) -> None:
    """End this session. Its person stays on duty: going off is a deed of its own."""
    found = sessions.find(token)
    if found is not None:
        _end(found, token, by=actor(found.staff, station=found.station))


@deed("signed_out", act="desk.sign_in")
def _end(session: sessions.Session, token: str, *, by: Actor) -> None:
    sessions.end(token)


@deed("went_off_duty", act="desk.see")
def go_off(*, by: Actor) -> None:
    """下班: the deputy rule (ORG-1) counts on it."""
    Presence.update(until=clock.now()).where(Presence.staff == by.id, Presence.until.is_null()).execute()


def unlock(session: sessions.Session, secret: str, *, device: str) -> None:
    """Wake a session that nobody used for half an hour: by PIN, or by password for those without one."""
    staff = session.staff
    hashed = staff.pin_hash or staff.password_hash
    if not passwords.attempt(staff.name, staff, device, lambda: fits(secret, hashed)):
        raise Refused("That is not it. Type it again, or sign in with your password.")
    sessions.touch(session)


def vouch(approver: str, pin: str, *, act: str, rule: str, device: str) -> str:
    """The name of who allows it in place: badge or name, and the PIN. A badge alone never does (counter.md 7)."""
    staff = _named(approver)
    hashed = staff.pin_hash if staff else None
    if not passwords.attempt(staff.name if staff else approver, staff, device, lambda: fits(pin, hashed)) or not staff:
        raise Refused(WRONG_PIN, rule=rule, override=act)
    if not may(actor(staff), act):
        raise Refused("{name} may not allow this either. Ask somebody else.", rule=rule, override=act, name=staff.name)
    return str(staff.name)


def first_code() -> str | None:
    """On books without any staff: a one-time code that makes the first supervisor. None where somebody is there."""
    if not people.nobody_yet():
        return None
    made: list[str] = []
    _first_code(made, by=DESK)
    return made[0]


@deed("first_code.made", act=DESK_ONLY)
def _first_code(made: list[str], *, by: Actor) -> None:
    made.append(passwords.one_time(None))


def redeem(name: str, code: str, password: str, *, station: str, device: str) -> tuple[sessions.Session, str]:
    """Set a new password with a one-time code and sign in; on empty books this makes the first supervisor."""
    first = people.nobody_yet()
    if first and not 1 <= len(name) <= 32:
        raise Refused("Please fill in the marked field.", field="name")
    passwords.good_password(password, name=name)
    staff = None if first else _named(name)
    made: list[Staff] = []

    def holds() -> bool:
        made.append(_redeem(name, staff, code, password, by=actor(staff) if staff else DESK))
        return True

    if not first and staff is None:
        passwords.attempt(name, None, device, lambda: fits(password, None))
        raise Refused(WRONG_CODE)
    passwords.attempt(name, staff, device, holds)
    return _open(made[0], device, station)


@deed("password.set", act="desk.sign_in")
def _redeem(name: str, staff: Staff | None, code: str, password: str, *, by: Actor) -> Staff:
    if not passwords.take(code, staff):
        raise Refused(WRONG_CODE)
    if staff is None:
        return Staff.create(name=name, roles=["supervisor"], password_hash=hash_secret(password))
    Staff.update(password_hash=hash_secret(password)).where(Staff.id == staff.id).execute()
    sessions.end_all(staff)
    return staff


def change_own(old: str, password: str, pin: str, *, by: Actor, device: str) -> Staff:
    """A new password, PIN or both, by the person; the old password first. Empty = stays."""
    staff = Staff.get_by_id(by.id)
    made: list[Staff] = []

    def holds() -> bool:
        made.append(_change_own(staff, old, password, pin, by=by))
        return True

    passwords.attempt(staff.name, staff, device, holds)  # around the deed: a refusal takes no count of tries back
    return made[0]


@deed("password.changed", act="desk.see")
def _change_own(staff: Staff, old: str, password: str, pin: str, *, by: Actor) -> Staff:
    if not fits(old, staff.password_hash):
        raise Refused("The password you have now is not right.", field="old")
    if password:
        staff.password_hash = hash_secret(passwords.good_password(password, name=staff.name))
    if pin:
        staff.pin_hash = hash_secret(passwords.good_pin(pin))
    staff.save()
    return staff
