"""Staff, roles and who may do what. Deny by default: an act that is not in the table is nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import peewee

from app.base import db
from app.base.refusal import Refused

# Roles of rulebook 1.1, plus finance, gate guard and engineering.
ROLES = {
    "gm": "General manager",
    "supervisor": "Centre supervisor",
    "senior": "Senior property assistant",
    "cashier": "Cashier",
    "assistant": "Front-desk assistant",
    "parking": "Parking administrator",
    "patrol": "Patrol assistant",
    "storekeeper": "Storekeeper",
    "finance": "Finance",
    "gate": "Gate guard",
    "engineer": "Engineer",
    "engineering_supervisor": "Engineering supervisor",
}
_DESK = frozenset({"supervisor", "senior", "cashier", "assistant", "parking"})  # stand at the counter, collect money
_LEAD = frozenset({"supervisor"})
_SEES = _DESK | {"gm", "patrol", "finance"}
_ALL = frozenset(ROLES)

# act -> roles. A route or deed names its act; the role x route table made from this is reviewed as a golden.
ACTS: dict[str, frozenset[str]] = {
    "desk.see": _ALL,
    "desk.sign_in": _ALL,
    "today.see": _ALL,
    "lookup.find": _SEES,
    "households.see": _SEES,
    "households.change": _DESK,
    "households.reveal": _DESK,
    "instructions.change": _DESK,
    "instructions.acknowledge": _SEES,
    "imports.run": _LEAD | {"finance"},
    "people.manage": _LEAD,
    "options.see": _SEES,
    "options.change": _LEAD,
    "journal.see": _LEAD | {"gm", "finance"},
    "signoff.supervisor": _LEAD,
    "signoff.engineering_supervisor": frozenset({"engineering_supervisor"}),
    "signatures.see": _SEES | {"engineering_supervisor"},
    "slips.see": _SEES | {"engineering_supervisor"},
    "slips.issue": _DESK,
    "slips.release_against_instruction": _LEAD,
    "gate.see": _DESK | {"gate", "patrol"},
    "gate.release": frozenset({"gate"}),
}


class Staff(db.Table):
    """Somebody who signs in. Never deleted: `active` ends."""

    name = peewee.TextField(unique=True)
    roles = db.JsonField(default=list)  # list of role codes
    badge = peewee.TextField(null=True, unique=True)  # 14-digit code of the badge in use
    pin_hash = peewee.TextField(null=True)
    password_hash = peewee.TextField(null=True)
    active = db.FlagField(default=True)
    language = peewee.TextField(default="zh_CN")
    version = peewee.IntegerField(default=1)


class Presence(db.Table):
    """From when to when somebody was on duty (signed on at the desk)."""

    staff = peewee.ForeignKeyField(Staff)
    since = db.MomentField()
    until = db.MomentField(null=True)

    class Meta:
        indexes = ((("staff", "until"), False),)


@dataclass(frozen=True)
class Actor:
    """Who acts, where, with which form. `overrides`: rule code -> name of who allowed it (counter.md 7)."""

    id: int
    name: str
    roles: frozenset[str]
    station: str = ""
    key: str | None = None
    digest: str | None = None
    deputy: bool = False
    overrides: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


# The desk itself: workers and nightly jobs.
DESK = Actor(id=0, name="", roles=frozenset())


def actor(staff: Staff, *, station: str = "", key: str | None = None, digest: str | None = None) -> Actor:
    return Actor(id=staff.id, name=staff.name, roles=frozenset(staff.roles), station=station, key=key, digest=digest)


def on_duty(role: str) -> bool:
    """Whether anybody of that role is signed on now."""
    names = Staff.select(Staff.roles).join(Presence).where(Presence.until.is_null(), Staff.active == True)  # noqa: E712
    return any(role in staff.roles for staff in names)


def may(who: Actor, act: str) -> bool:
    """Whether the table allows it, by a role of one's own or as the absent supervisor's deputy (ORG-1)."""
    return bool(who.roles & ACTS.get(act, frozenset())) or _deputises(who, act)


def _deputises(who: Actor, act: str) -> bool:
    return "senior" in who.roles and "supervisor" in ACTS.get(act, frozenset()) and not on_duty("supervisor")


def require(who: Actor, act: str, *, rule: str | None = None) -> Actor:
    """`who`, marked as deputy where that is why they may; Refused otherwise."""
    if who.roles & ACTS.get(act, frozenset()):
        return who
    if _deputises(who, act):
        return replace(who, deputy=True)
    raise Refused(
        "{name} may not do this ({act}). Ask a colleague who may: {roles}.",
        rule=rule or "ORG-1",
        name=who.name,
        act=act,
        roles=sorted(ACTS.get(act, frozenset())),
    )


def check(ok: bool, no: Refused, *, by: Actor) -> None:
    """Refuse unless `ok`, or unless somebody who may has overridden this refusal's rule in place (counter.md 7)."""
    if not ok and (no.rule is None or no.override is None or no.rule not in by.overrides):
        raise no
