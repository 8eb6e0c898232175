"""Who works here and as what: made, changed and ended by the supervisor; passwords are set with one-time codes."""

from __future__ import annotations

from app.base.refusal import Conflict, Refused
from app.desk.papers import outbox
from app.desk.record import numbering, options
from app.desk.record.journal import deed, note
from app.desk.who import passwords, sessions
from app.desk.who.people import ROLES, Actor, Staff

numbering.declare("GP", kind="badge", digits=40)


def everybody() -> list[Staff]:
    """Those who work here first, by name."""
    return list(Staff.select().order_by(Staff.active.desc(), Staff.name).limit(200))


def member(staff_id: int) -> Staff:
    staff = Staff.get_or_none(Staff.id == staff_id)
    if staff is None:
        raise Refused("There is no such person. Open the list anew.")
    return staff


@deed("staff.added", act="people.manage")
def add(name: str, roles: list[str], *, by: Actor) -> Staff:
    """A new colleague without a password yet: give them a one-time code."""
    if Staff.select().where(Staff.name == name).exists():
        raise Refused("There is somebody of that name already. Add something that tells them apart.", field="name")
    note(roles=_known(roles))
    return Staff.create(name=name, roles=_known(roles))


@deed("staff.changed", act="people.manage")
def change(staff_id: int, *, roles: list[str], active: bool, version: int, by: Actor) -> Staff:
    """Other roles, or gone (they hold from the next request on; whoever leaves is signed out everywhere)."""
    staff = member(staff_id)
    if staff.version != version:
        raise Conflict("Somebody else changed this person meanwhile. Look again, then change it.")
    roles = _known(roles)
    if "supervisor" in staff.roles and staff.active and not (active and "supervisor" in roles) and _last(staff):
        raise Refused("This is the last supervisor. Make somebody else supervisor first.", rule="ORG-1")
    note(before=staff.roles, after=roles, active=active)
    Staff.update(roles=roles, active=active, version=version + 1).where(Staff.id == staff.id).execute()
    if not active:
        sessions.end_all(staff)
        Staff.update(badge=None, pin_hash=None).where(Staff.id == staff.id).execute()
    return member(staff_id)


def reset(staff_id: int, *, by: Actor) -> tuple[Staff, str]:
    """A one-time code for a new password, shown once; the old password ends now."""
    made: list[str] = []
    staff = _reset(staff_id, made, by=by)
    return staff, made[0] if made else ""


@deed("staff.password_reset", act="people.manage")
def _reset(staff_id: int, made: list[str], *, by: Actor) -> Staff:
    staff = member(staff_id)
    Staff.update(password_hash=None).where(Staff.id == staff.id).execute()
    sessions.end_all(staff)
    made.append(passwords.one_time(staff))
    return member(staff_id)


@deed("staff.badge_issued", act="people.manage")
def issue_badge(staff_id: int, *, by: Actor) -> Staff:
    """A badge with a new number, printed to be stuck on; the one before is worthless from now on."""
    staff = member(staff_id)
    if not staff.active:
        raise Refused("{name} does not work here any more.", name=staff.name)
    number = numbering.draw("GP")
    note(number=str(number), before=staff.badge)
    Staff.update(badge=number.code, version=staff.version + 1).where(Staff.id == staff.id).execute()
    label = {"name": staff.name, "code": number.code, "centre": options.get("centre.name")}
    outbox.queue("badge_label", staff, facts=label, number=str(number))
    return member(staff_id)


@deed("staff.badge_withdrawn", act="people.manage")
def withdraw_badge(staff_id: int, *, by: Actor) -> Staff:
    """Lost or handed back."""
    staff = member(staff_id)
    note(before=staff.badge)
    Staff.update(badge=None, version=staff.version + 1).where(Staff.id == staff.id).execute()
    return member(staff_id)


@deed("staff.pin_set", act="people.manage")
def set_pin(staff_id: int, pin: str, *, by: Actor) -> Staff:
    """The person types it here themselves, at the supervisor's window."""
    staff = member(staff_id)
    Staff.update(pin_hash=passwords.hash_secret(passwords.good_pin(pin))).where(Staff.id == staff.id).execute()
    return member(staff_id)


def _known(roles: list[str]) -> list[str]:
    chosen = [role for role in ROLES if role in roles]
    if not chosen:
        raise Refused("Choose at least one role.", field="roles")
    return chosen


def _last(staff: Staff) -> bool:
    others = Staff.select(Staff.roles).where(Staff.active == True, Staff.id != staff.id)  # noqa: E712
    return not any("supervisor" in other.roles for other in others)
