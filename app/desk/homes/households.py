"""Buildings, units, persons, and who is what where and since when: dated, never overwritten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import peewee

from app.base import clock, db
from app.base import text as texts
from app.base.refusal import N_

# What somebody can be in a unit, in the order the desk asks for them.
KINDS = {
    "owner": N_("Owner"),
    "family": N_("Family"),
    "tenant": N_("Tenant"),
    "staff": N_("Staff of a shop"),
    "temporary": N_("Temporary resident"),
}
USES = {110: N_("Dwelling"), 120: N_("Office or shop"), 119: N_("Dormitory")}
STATES = {
    2001: N_("Lived in"),
    2002: N_("Not sold"),
    2003: N_("Handed over"),
    2004: N_("Not moved in"),
    2005: N_("Decorated"),
    2006: N_("Let out"),
    2007: N_("Sold"),
    2008: N_("Idle"),
    2009: N_("Decorating"),
}
SHOWN_MOST = 60  # rows a page shows of anything here


class Entrance(db.Table):
    """A building's entrance (单元); entrance 0 holds the shops."""

    building = peewee.TextField()
    code = peewee.TextField()
    floors = peewee.IntegerField(default=0)
    lift = db.FlagField(default=False)

    class Meta:
        indexes = ((("building", "code"), True),)


class Unit(db.Table):
    """A unit (房). `label` is how it is said and printed: 3-2-1101. Areas in 0.01 m2, rent in fen a month."""

    entrance = peewee.ForeignKeyField(Entrance, index=True)
    room = peewee.TextField(index=True)
    label = peewee.TextField(unique=True)
    floor = peewee.IntegerField(default=0)
    kind = peewee.IntegerField(default=110)  # USES
    layout = peewee.TextField(default="")
    area = peewee.IntegerField(default=0)
    inner_area = peewee.IntegerField(default=0)
    rent = db.FenField(default=0)
    state = peewee.IntegerField(default=2001)  # STATES
    version = peewee.IntegerField(default=1)


class Person(db.Table):
    """A person or a firm. Empty phone or ID = not known. Lookup columns are normalised (app.base.text)."""

    name = peewee.TextField()
    name_key = peewee.TextField(index=True)
    initials = peewee.TextField(default="", index=True)
    pinyin = peewee.TextField(default="", index=True)
    sex = peewee.TextField(default="")  # m, f or not known
    born = db.DayField(null=True)
    phone = peewee.TextField(default="", index=True)
    phone_tail = peewee.TextField(default="", index=True)  # last four digits
    id_number = peewee.TextField(default="", index=True)
    number = peewee.TextField(null=True, index=True)  # the old system's 业主编号
    version = peewee.IntegerField(default=1)


class Relation(db.Table):
    """Who is what where: KINDS. `until` = last day; rows are ended, not edited."""

    person = peewee.ForeignKeyField(Person, index=True)
    person_id: int
    unit = peewee.ForeignKeyField(Unit, index=True)
    unit_id: int
    kind = peewee.TextField()
    since = db.DayField(null=True)
    until = db.DayField(null=True)
    confirmed = db.FlagField(default=True)


class Vehicle(db.Table):
    """A car of a unit, or (unit empty) of a person with several units."""

    plate = peewee.TextField(index=True)
    unit = peewee.ForeignKeyField(Unit, index=True, null=True)
    unit_id: int | None
    person = peewee.ForeignKeyField(Person, null=True, index=True)
    person_id: int | None
    brand = peewee.TextField(default="")
    kind = peewee.TextField(default="")
    colour = peewee.TextField(default="")
    since = db.DayField(null=True)
    until = db.DayField(null=True)


def label(building: str, entrance: str, room: str) -> str:
    """How a unit is said and printed."""
    return f"{building}-{entrance}-{room}"


def keys_of(name: str, phone: str) -> dict[str, str]:
    """The lookup columns that belong to a name and a phone."""
    digits = "".join(c for c in phone if c.isdigit())
    return {
        "name_key": texts.key(name),
        "initials": texts.initials(name),
        "pinyin": texts.full_pinyin(name),
        "phone_tail": digits[-4:],
    }


def in_force(day: date | None = None) -> Any:
    """The condition for relations that hold on that day (today)."""
    day = day or clock.today()
    return (Relation.until.is_null() | (Relation.until >= day)) & (Relation.since.is_null() | (Relation.since <= day))


def people_of(unit: Unit, *, limit: int = SHOWN_MOST) -> list[Relation]:
    """Who is what in this unit today, owners first; each relation with its person."""
    order = peewee.Case(Relation.kind, [(kind, place) for place, kind in enumerate(KINDS)], 9)
    return list(
        Relation.select(Relation, Person)
        .join(Person)
        .where(Relation.unit == unit, in_force())
        .order_by(order, Relation.id)
        .limit(limit)
    )


def former_of(unit: Unit, *, limit: int = 20) -> list[Relation]:
    """Who is no longer (or not yet) what in this unit, latest first."""
    return list(
        Relation.select(Relation, Person)
        .join(Person)
        .where(Relation.unit == unit, ~in_force())
        .order_by(Relation.until.desc(nulls="last"), Relation.id.desc())
        .limit(limit)
    )


def owner_of(unit: Unit) -> Person | None:
    """The (first) owner of a unit."""
    return next((relation.person for relation in people_of(unit) if relation.kind == "owner"), None)


def units_of(person: Person, *, limit: int = SHOWN_MOST) -> list[Relation]:
    """Where this person is what today; each relation with its unit."""
    return list(
        Relation.select(Relation, Unit)
        .join(Unit)
        .where(Relation.person == person, in_force())
        .order_by(Unit.label)
        .limit(limit)
    )


def somebody_of(unit: Unit, person: int) -> Person | None:
    """That person, if they are or were anything in this unit."""
    relation = Relation.select(Relation, Person).join(Person).where(Relation.unit == unit, Relation.person == person)
    found = relation.first()
    return cast("Person", found.person) if found else None


def units_in_order(ids: list[int]) -> list[Unit]:
    """The units of these ids, in this order."""
    found = {unit.id: unit for unit in Unit.select().where(Unit.id.in_(ids))} if ids else {}
    return [found[each] for each in ids if each in found]


def other_units(unit: Unit, *, limit: int = 12) -> list[Unit]:
    """The other units of this unit's owners."""
    mine = Relation.alias()
    owners = mine.select(mine.person).where(mine.unit == unit, mine.kind == "owner", mine.until.is_null())
    return list(
        Unit.select()
        .join(Relation)
        .where(Relation.person.in_(owners), Relation.kind == "owner", Relation.unit != unit, in_force())
        .distinct()
        .order_by(Unit.label)
        .limit(limit)
    )


def vehicles_of(unit: Unit, people: Iterable[Relation], *, limit: int = SHOWN_MOST) -> list[Vehicle]:
    """The cars in use of this unit, and of its people where the car is nobody unit's."""
    owners = [relation.person_id for relation in people]
    theirs = (Vehicle.unit == unit) | (Vehicle.unit.is_null() & Vehicle.person.in_(owners))
    gone = Vehicle.until.is_null() | (Vehicle.until >= clock.today())
    return list(Vehicle.select().where(theirs, gone).order_by(Vehicle.plate).limit(limit))


@dataclass(frozen=True)
class Somebody:
    """A person as a page may show them: numbers masked. `relation` 0 where no unit is meant."""

    id: int
    name: str
    phone: str
    id_number: str
    kind: str = ""
    relation: int = 0
    since: date | None = None
    until: date | None = None
    confirmed: bool = True
    version: int = 1


def shown(relation: Relation) -> Somebody:
    person = relation.person
    return Somebody(
        person.id,
        person.name,
        texts.mask_phone(person.phone),
        texts.mask_id(person.id_number),
        relation.kind,
        relation.id,
        relation.since,
        relation.until,
        relation.confirmed,
        person.version,
    )
