"""One page a household: alerts first, people, cars, instructions, what is owed and held, and the buttons for its acts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import abort, current_app, request, url_for
from flask_login import current_user

from app import web
from app.base import clock
from app.base.refusal import N_
from app.desk.accounts import charge, ledger
from app.desk.homes import estate, households, instructions, residents
from app.desk.homes.households import Person, Relation, Unit
from app.desk.homes.instructions import Instruction
from app.desk.homes.lookup import Hit
from app.desk.who import sessions
from app.web import Answer, Line, Screen, back, customer, form, go, me, page, say

screen = Screen("homes/households", title=N_("Households"), key="Shift+F8", act="households.see", order=0)


@dataclass(frozen=True)
class Seen:
    """A full number that was asked for, with a reason, in this request."""

    person: int
    field: str
    value: str


def _unit(unit: int) -> Unit:
    return web.row(Unit, unit)


def _show(unit: Unit, block: str = "", seen: Seen | None = None) -> Answer:
    """The household's page; `block` for htmx."""
    here = households.people_of(unit)
    holders = [relation.person_id for relation in here if relation.kind == "owner"]
    return page(
        "homes/household.html" + (f"#{block}" if block else ""),
        unit=unit,
        people=[households.shown(relation) for relation in here],
        former=[households.shown(relation) for relation in households.former_of(unit)],
        kinds=households.KINDS,
        uses=households.USES,
        states=households.STATES,
        others=households.other_units(unit),
        vehicles=households.vehicles_of(unit, here),
        fees=estate.fees_of(unit),
        spaces=estate.spaces_of(holders) if holders else [],
        alerts=instructions.unread(unit, by=me()),
        standing=instructions.open_of(unit),
        charges=charge.open_of(unit, 12),
        owed=charge.owed(unit),
        prepaid=ledger.prepaid(unit),
        sections=[section for section in _sections(unit) if section[1]],
        acts=_acts(unit),
        seen=seen,
        today=clock.today(),
    )


def _sections(unit: Unit) -> list[tuple[str, list[Line]]]:
    """What the screens hold for a household: title and lines, in the order of the menu."""
    screens: list[Screen] = current_app.extensions["screens"]
    return [(title, list(lines(unit))) for each in screens for title, lines in each.sections]


def _acts(unit: Unit) -> list[tuple[Screen, str, str]]:
    """What a household is at the counter for: screen, label, and how the screen is asked for the household."""
    screens: list[Screen] = current_app.extensions["screens"]
    place = {"id": unit.id, "label": quote(unit.label)}
    return [(each, each.offer[0], each.offer[1].format(**place)) for each in screens if each.offer]


@screen.leads("unit")
def _home(hit: Hit) -> str:
    return url_for("homes_households.show", unit=hit.unit_id)


@screen.leads("person")
def _person(hit: Hit) -> str:
    return url_for("homes_households.somebody", person=hit.about)


@screen.reads()
def recent() -> Answer:
    """The last ten households of this session (Shift+F8)."""
    ids = sessions.memory(current_user.session).households
    return page("homes/recent.html#board", units=households.units_in_order(ids))


@screen.reads("/last")
def last() -> Answer:
    """F8: the household before the one that is open."""
    ids = sessions.memory(current_user.session).households
    if len(ids) > 1 and (request.referrer or "").endswith(f"/homes/households/{ids[0]}"):
        ids = ids[1:]
    return go("homes_households.show", unit=ids[0]) if ids else go("homes_households.recent")


@screen.reads("/<int:unit>")
def show(unit: int) -> Answer:
    row = _unit(unit)
    customer(row.id)
    return _show(row, "board")


@screen.reads("/person/<int:person>")
def somebody(person: int) -> Answer:
    """A person who belongs to no unit (or whoever is asked for by name)."""
    row = web.row(Person, person)
    who = households.shown(Relation(person=row, kind=""))
    return page("homes/person.html", person=who, homes=households.units_of(row), kinds=households.KINDS)


@screen.does("/<int:unit>/reveal", act="households.reveal", again="homes_households.show")
def reveal(unit: int) -> Answer:
    """Show one full number in its place, after its line is in the journal (promise P11)."""
    row, fields = _unit(unit), form()
    person = _of_this_unit(row, fields.whole("person"))
    field = fields.choice("field", residents.FIELDS)
    # Without the form's key: every sight has its line, also when the same form is sent again.
    by = replace(me(), key=None, digest=None)
    residents.reveal(person, field, reason=fields.text("reason", most=500), unit_id=row.id, by=by)
    return _show(row, "residents", Seen(person.id, field, getattr(person, field)))


def _of_this_unit(unit: Unit, person: int) -> Person:
    return households.somebody_of(unit, person) or abort(404)


@screen.does("/<int:unit>/add", act="households.change", again="homes_households.show")
def add(unit: int) -> Answer:
    row, fields = _unit(unit), form()
    residents.add_resident(
        row,
        fields.text("name", most=500),
        fields.choice("kind", households.KINDS),
        since=fields.day("since") or clock.today(),
        phone=fields.text("phone", most=40, need=False),
        id_number=fields.text("id_number", most=40, need=False),
        by=me(),
    )
    return say(_show(row, "residents"), N_("Entered."))


def _relation(unit: Unit, relation: int) -> Relation:
    return web.row(Relation, relation, unit=unit)


@screen.does("/<int:unit>/end/<int:relation>", act="households.change", again="homes_households.show")
def end(unit: int, relation: int) -> Answer:
    row = _unit(unit)
    residents.end_relation(_relation(row, relation), until=form().day("until") or clock.today(), by=me())
    return say(_show(row, "residents"), N_("Ended. The entry stays in the history."))


@screen.does("/<int:unit>/confirm/<int:relation>", act="households.change", again="homes_households.show")
def confirm(unit: int, relation: int) -> Answer:
    row = _unit(unit)
    residents.confirm(_relation(row, relation), by=me())
    return say(_show(row, "residents"), N_("Confirmed."))


@screen.does("/<int:unit>/correct/<int:person>", act="households.change", again="homes_households.show")
def correct(unit: int, person: int) -> Answer:
    row, fields = _unit(unit), form()
    residents.change_person(
        _of_this_unit(row, person),
        version=fields.whole("version"),
        name=fields.text("name", most=500, need=False),
        phone=fields.text("phone", most=40, need=False),
        id_number=fields.text("id_number", most=40, need=False),
        phone_gone=fields.flag("phone_gone"),
        reason=fields.text("reason", most=500, need=False),
        by=me(),
    )
    return say(_show(row, "residents"), N_("Put right."))


@screen.does("/<int:unit>/car", act="households.change", again="homes_households.show")
def car(unit: int) -> Answer:
    row, fields = _unit(unit), form()
    residents.add_vehicle(
        row,
        fields.text("plate", most=16),
        brand=fields.text("brand", need=False),
        colour=fields.text("colour", need=False),
        by=me(),
    )
    return say(_show(row, "cars"), N_("Entered."))


@screen.does("/<int:unit>/car/<int:vehicle>/end", act="households.change", again="homes_households.show")
def car_gone(unit: int, vehicle: int) -> Answer:
    row = _unit(unit)
    theirs = households.vehicles_of(row, households.people_of(row))
    residents.end_vehicle(next((each for each in theirs if each.id == vehicle), None) or abort(404), by=me())
    return say(_show(row, "cars"), N_("Ended. The entry stays in the history."))


@screen.does("/<int:unit>/instruct", act="instructions.change", again="homes_households.show")
def instruct(unit: int) -> Answer:
    row, fields = _unit(unit), form()
    instructions.give(
        row,
        fields.choice("kind", instructions.KINDS),
        fields.text("text", most=500),
        blocks=fields.flag("blocks"),
        until=fields.day("until", need=False),
        by=me(),
    )
    return say(_show(row, "board"), N_("Entered."))


def _instruction(unit: Unit, instruction: int) -> Instruction:
    return web.row(Instruction, instruction, unit=unit)


@screen.does("/<int:unit>/read/<int:instruction>", act="instructions.acknowledge", again="homes_households.show")
def read(unit: int, instruction: int) -> Answer:
    """Said at the household's page or at the act it concerns (counter.md 9); the form names the way back there."""
    row = _unit(unit)
    instructions.acknowledge(_instruction(row, instruction), by=me())
    return back("homes_households.show", unit=row.id)


@screen.does("/<int:unit>/uninstruct/<int:instruction>", act="instructions.change", again="homes_households.show")
def uninstruct(unit: int, instruction: int) -> Answer:
    row = _unit(unit)
    instructions.end(_instruction(row, instruction), by=me())
    return say(_show(row, "board"), N_("Ended. The entry stays in the history."))
