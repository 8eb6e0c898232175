"""Staff, roles and who may do what. Deny by default: an act that is not in the table is nobody's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import cast

import peewee

from app.base import clock, db
from app.base.refusal import N_, Refused, word

# Roles of rulebook 1.1, plus finance, gate guard and engineering.
ROLES = {
    "gm": N_("General manager"),
    "supervisor": N_("Centre supervisor"),
    "senior": N_("Senior property assistant"),
    "cashier": N_("Cashier"),
    "assistant": N_("Front-desk assistant"),
    "parking": N_("Parking administrator"),
    "patrol": N_("Patrol assistant"),
    "storekeeper": N_("Storekeeper"),
    "finance": N_("Finance"),
    "gate": N_("Gate guard"),
    "engineer": N_("Engineer"),
    "engineering_supervisor": N_("Engineering supervisor"),
}
_DESK = frozenset({"supervisor", "senior", "cashier", "assistant", "parking"})  # stand at the counter, collect money
GROUPS = {
    "desk": _DESK,
    "sees": _DESK | {"gm", "patrol", "finance"},
    "all": frozenset(ROLES),
}


def _acts() -> dict[str, frozenset[str]]:
    """app/acts/keys.toml says who may do `keys.lend`: roles and groups of roles. One file a noun; the whole of it, route by
    route, is reviewed as a golden (tests/golden/role_x_route.txt).
    """
    known = GROUPS | {role: frozenset({role}) for role in ROLES}
    found: dict[str, frozenset[str]] = {}
    for path in sorted((Path(__file__).parents[2] / "acts").glob("*.toml")):
        for verb, names in tomllib.loads(path.read_text("utf-8")).items():
            found[f"{path.stem}.{verb}"] = frozenset().union(*(known[name] for name in names))
    return found


# act -> roles. A route or deed names its act.
ACTS = _acts()


class Staff(db.Table):
    """Somebody who signs in. Never deleted: `active` ends."""

    name = peewee.TextField(unique=True)
    roles = db.JsonField(default=list)  # list of role codes
    badge = peewee.TextField(null=True, unique=True)  # 14-digit code of the badge in use
    pin_hash = peewee.TextField(null=True)
    password_hash = peewee.TextField(null=True)
    active = db.FlagField(default=True)
    version = peewee.IntegerField(default=1)


class Presence(db.Table):
    """From when to when somebody was on duty (signed on at the desk)."""

    staff = peewee.ForeignKeyField(Staff)
    since = db.MomentField()
    until = db.MomentField(null=True)

    class Meta:
        indexes = ((("staff", "until"), False), (("until", "since"), False))


@dataclass(frozen=True)
class Actor:
    """Who acts, where, with which form. `overrides`: rule code -> name of who allowed it (counter.md 7).

    `cleared`: a worker finishes what this person was allowed to begin; whether they may was asked then, and once.
    """

    id: int
    name: str
    roles: frozenset[str]
    station: str = ""
    key: str | None = None
    digest: str | None = None
    deputy: bool = False
    cleared: bool = False
    overrides: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    # What was overridden earlier for the household that is at the counter now; `check` says when it counts.
    customer: int | None = None
    remembered: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


# The desk itself: workers, commands and nightly jobs. It may do everything; no route can be it (app.web.asking).
DESK = Actor(id=0, name="", roles=frozenset())


def actor(staff: Staff, *, station: str = "", key: str | None = None, digest: str | None = None) -> Actor:
    return Actor(id=staff.id, name=staff.name, roles=frozenset(staff.roles), station=station, key=key, digest=digest)


def nobody_yet() -> bool:
    """Empty books: the first supervisor is still to be made."""
    return not Staff.select().exists()


def on_duty(role: str) -> bool:
    """Whether anybody of that role has signed on today and has not gone."""
    return any(role in staff.roles for staff in present())


def present() -> list[Staff]:
    """Who is on duty, in the order of coming. Whoever forgot to go off is not on duty the next day."""
    day = clock.business_day(clock.now())
    came = clock.at(day) + clock.DAY_TURNS_AT
    return list(
        Staff.select(Staff)
        .join(Presence)
        .where(Presence.until.is_null(), Presence.since >= came, Staff.active == True)  # noqa: E712
        .order_by(Presence.id)
    )


@dataclass(frozen=True)
class Colleague:
    """Somebody to choose from. `roles`: their codes."""

    id: int
    name: str
    roles: tuple[str, ...]
    on_duty: bool


def colleagues(act: str = "") -> list[Colleague]:
    """Who works here (and may do that act), those on duty first."""
    rows = Staff.select(Staff.id, Staff.name, Staff.roles).where(Staff.active == True).order_by(Staff.name)  # noqa: E712
    here = {each.id for each in present()}
    found = [
        Colleague(row.id, row.name, tuple(row.roles), row.id in here)
        for row in rows.limit(200)
        if not act or ACTS[act] & set(row.roles)
    ]
    return sorted(found, key=lambda each: not each.on_duty)


def may(who: Actor, act: str) -> bool:
    """Whether the table allows it, by a role of one's own or as the absent supervisor's deputy (ORG-1)."""
    return bool(who.roles & ACTS.get(act, frozenset())) or _deputises(who, act)


def _deputises(who: Actor, act: str) -> bool:
    return "supervisor" in ACTS.get(act, frozenset()) and is_deputy(who)


def is_deputy(who: Actor) -> bool:
    """Whether they stand in for the supervisor now (ORG-1): senior, and no supervisor is on duty."""
    return "senior" in who.roles and not on_duty("supervisor")


def require(who: Actor, act: str, *, rule: str | None = None) -> Actor:
    """`who`, marked as deputy where that is why they may; Refused otherwise. Deny by default: an unknown act is nobody's."""
    if who.id == DESK.id or who.cleared or who.roles & ACTS.get(act, frozenset()):
        return who
    if _deputises(who, act):
        return replace(who, deputy=True)
    raise Refused(
        "{name} may not do this. Ask a colleague who may: {roles}.",
        rule=rule or "ORG-1",
        name=who.name,
        roles=[word(ROLES[role]) for role in sorted(ACTS.get(act, frozenset()))],
    )


def check(ok: bool, no: Refused, *, by: Actor, unit_id: int | None = None) -> None:
    """Refuse unless `ok`, or unless somebody who may has overridden this refusal's rule in place (counter.md 7).

    With `unit_id` an override given before for that household holds as long as it is the one at the counter.
    """
    if ok or (no.rule and no.override and no.rule in by.overrides):
        return
    if no.rule and no.override and unit_id is not None and unit_id == by.customer and no.rule in by.remembered:
        cast("dict[str, str]", by.overrides)[no.rule] = by.remembered[no.rule]  # so that this deed's line says it too
        return
    raise no
