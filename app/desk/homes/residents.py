"""The deeds of the household's register: who lives where, which car is whose, and looking at a full number."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.base import clock, db, live
from app.base import text as texts
from app.base.refusal import N_, Conflict, Refused, word
from app.desk.homes.households import Person, Relation, Unit, Vehicle, keys_of
from app.desk.record.journal import deed, note
from app.desk.who.people import Actor


def _touch(unit_id: int | None) -> None:
    db.after_commit(lambda: live.bump("households"))
    note(unit_id=unit_id)


@deed("person.added", act="households.change")
def add_person(name: str, *, phone: str = "", id_number: str = "", sex: str = "", by: Actor) -> Person:
    """A new person. An ID that the books give to somebody else is refused; empty = not known."""
    name = texts.name(name, field="name")
    phone = texts.phone(phone, field="phone") if phone else ""
    id_number = texts.identity(id_number, field="id_number") if id_number else ""
    if id_number:
        _nobody_elses(id_number)
    note(name=name)
    return Person.create(
        name=name, phone=phone, id_number=id_number, sex=sex, born=texts.birth_date(id_number), **keys_of(name, phone)
    )


@deed("person.changed", act="households.change")
def change_person(
    person: Person,
    *,
    version: int,
    name: str = "",
    phone: str = "",
    id_number: str = "",
    phone_gone: bool = False,
    reason: str = "",
    by: Actor,
) -> Person:
    """Put right what is known of somebody; empty = it stays. A name or an ID changes by a paper that `reason` names.

    `version` is the one the page showed: somebody else's change in between is a Conflict.
    """
    new = {
        "name": texts.name(name, field="name") if name else person.name,
        "phone": texts.phone(phone, field="phone") if phone else "" if phone_gone else person.phone,
        "id_number": texts.identity(id_number, field="id_number") if id_number else person.id_number,
    }
    reason = texts.mask_numbers(texts.remark(reason, field="reason"))
    if not (name or phone or id_number or phone_gone):
        raise Refused("Type what is different: the name, the phone or the ID number.", field="name")
    if (name or id_number) and not reason:
        raise Refused("A name or an ID number is changed by a paper: say which one you have seen.", field="reason")
    changed: dict[str, Any] = new | keys_of(new["name"], new["phone"]) | {"version": Person.version + 1}
    if id_number:
        _nobody_elses(new["id_number"], but=person)
        changed["born"] = texts.birth_date(new["id_number"])
    done = Person.update(changed).where(Person.id == person.id, Person.version == version).execute()
    if not done:
        raise Conflict(
            "Somebody changed this person meanwhile. It says {theirs} now; you typed {yours}. Look again, then change it.",
            theirs=_said(Person.get_by_id(person.id)),
            yours=_said(Person(**new)),
        )
    now = Person.get_by_id(person.id)
    note(before=_said(person), after=_said(now), reason=reason)
    _touch(None)
    return now


def _said(person: Person) -> str:
    """`李伟 138****1234 4***************8`"""
    return " ".join(filter(None, (person.name, texts.mask_phone(person.phone), texts.mask_id(person.id_number))))


def _nobody_elses(id_number: str, *, but: Person | None = None) -> None:
    same = Person.select().where(Person.id_number == id_number, Person.id != (but.id if but else 0)).first()
    if same:
        raise Refused("This ID belongs to {name}, who is in the books already.", field="id_number", name=same.name)


@deed("relation.added", act="households.change")
def relate(person: Person, unit: Unit, kind: str, *, since: date, until: date | None = None, by: Actor) -> Relation:
    """`person` is `kind` in `unit` from `since` on (to `until`, the last day)."""
    if until is not None and until < since:
        raise Refused("It ends before it starts. Correct one of the dates.", field="until")
    again = Relation.select().where(
        Relation.person == person, Relation.unit == unit, Relation.kind == kind, Relation.until.is_null()
    )
    if again.exists():
        raise Refused("{name} is that here already. End the old entry first.", name=person.name)
    row = Relation.create(person=person, unit=unit, kind=kind, since=since, until=until)
    note(name=person.name, kind=kind, since=since.isoformat())
    _touch(unit.id)
    return row


@deed("resident.added", act="households.change")
def add_resident(
    unit: Unit, name: str, kind: str, *, since: date, phone: str = "", id_number: str = "", by: Actor
) -> Relation:
    """A person in a unit in one step: somebody in the books with that ID, or a new person."""
    number = texts.identity(id_number, field="id_number") if id_number else ""
    known = Person.get_or_none(Person.id_number == number) if number else None
    if known and known.name_key != texts.key(name):
        raise Refused("This ID belongs to {name}, who is in the books already.", field="id_number", name=known.name)
    person = known or add_person(name, phone=phone, id_number=number, by=by)
    return relate(person, unit, kind, since=since, by=by)


@deed("relation.ended", act="households.change")
def end_relation(relation: Relation, *, until: date, by: Actor) -> Relation:
    """The last day of a relation. The row stays; who was what when is never overwritten."""
    if relation.since and until < relation.since:
        raise Refused("It ends before it starts. Correct one of the dates.", field="until")
    if not Relation.update(until=until).where(Relation.id == relation.id, Relation.until.is_null()).execute():
        raise Conflict("This entry was ended meanwhile. Look again.")
    note(name=relation.person.name, kind=relation.kind, until=until.isoformat())
    _touch(relation.unit_id)
    return relation


@deed("relation.confirmed", act="households.change")
def confirm(relation: Relation, *, by: Actor) -> Relation:
    """A clerk has seen that an imported relation is true."""
    Relation.update(confirmed=True).where(Relation.id == relation.id).execute()
    note(name=relation.person.name, kind=relation.kind)
    _touch(relation.unit_id)
    return relation


@deed("vehicle.added", act="households.change")
def add_vehicle(unit: Unit, plate: str, *, brand: str = "", colour: str = "", by: Actor) -> Vehicle:
    """A car of this unit; a plate in use elsewhere is refused and says where."""
    plate = texts.plate(plate, field="plate")
    used = Vehicle.get_or_none(Vehicle.plate == plate, Vehicle.until.is_null())
    if used:
        where = used.unit.label if used.unit else (used.person.name if used.person else "")
        raise Refused("{plate} is entered for {where}. End it there first.", field="plate", plate=plate, where=where)
    row = Vehicle.create(
        plate=plate, unit=unit, brand=texts.clean(brand)[:64], colour=texts.clean(colour)[:64], since=clock.today()
    )
    note(plate=plate)
    _touch(unit.id)
    return row


@deed("vehicle.ended", act="households.change")
def end_vehicle(vehicle: Vehicle, *, by: Actor) -> Vehicle:
    """The car is no longer theirs, from today on."""
    Vehicle.update(until=clock.today()).where(Vehicle.id == vehicle.id, Vehicle.until.is_null()).execute()
    note(plate=vehicle.plate)
    _touch(vehicle.unit_id)
    return vehicle


FIELDS = {"phone": N_("Phone"), "id_number": N_("ID number")}


@deed("person.revealed", act="households.reveal")
def reveal(person: Person, field: str, *, reason: str, unit_id: int | None = None, by: Actor) -> Person:
    """Somebody looks at a full phone or ID: the reason goes into the journal before it is shown (promise P11)."""
    reason = texts.remark(reason, field="reason")
    if len(reason) < 2:
        raise Refused("Say why you need the full number.", field="reason")
    note(unit_id=unit_id, field=word(FIELDS[field]), name=person.name, reason=reason)
    return person
