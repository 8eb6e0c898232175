"""The box that is always there: what a typed or scanned text can be, ranked, in a bounded number of statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import peewee

from app.base import clock, rooms
from app.base import text as texts
from app.base.refusal import N_
from app.desk.homes.households import KINDS, Person, Relation, Unit, Vehicle, in_force
from app.desk.record import numbering

MOST = 12
_TOP = "\U0010ffff"  # sorts behind everything: the end of a range of texts with the same beginning
_NUMBER = re.compile(r"([A-Z]{2})-?([0-9]{4})-?([0-9]{1,6})|([A-Z]{2})-?([0-9]{1,6})", re.ASCII)

# What the box understood a text as.
ROOM, NAME, INITIALS, PINYIN = N_("a room"), N_("a name"), N_("initials of a name"), N_("pinyin of a name")
PHONE, TAIL, PLATE, NUMBER = N_("a phone"), N_("the end of a phone"), N_("a plate"), N_("a number on a paper")


@dataclass(frozen=True)
class Hit:
    """One answer. `kind` unit, person, or what a procedure finds; `why` says what was understood (a msgid).

    `about` = the row; phones are masked. `exact`: the whole text is meant, not a part of it.
    """

    kind: str
    why: str
    label: str
    detail: str = ""
    role: str = ""  # of KINDS: a msgid
    unit_id: int | None = None
    about: int = 0
    exact: bool = False


@dataclass(frozen=True)
class Found:
    """`hits` in order; `one` = the only hit, or the only exact one: Enter goes there."""

    asked: str
    hits: tuple[Hit, ...]
    more: bool

    @property
    def understood(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(hit.why for hit in self.hits))

    @property
    def one(self) -> Hit | None:
        exact = [hit for hit in self.hits if hit.exact]
        return (self.hits if len(self.hits) == 1 else exact if len(exact) == 1 else [None])[0]


@dataclass(frozen=True)
class Whose:
    """The household that was meant by what was typed (`unit`, its id), or every one it can be."""

    asked: str
    unit: int | None
    hits: tuple[Hit, ...]


Source = Callable[[str, int], Iterator[Hit]]
_numbered: dict[str, Callable[[int, int], Hit | None]] = {}  # kind of a number -> its row
_further: list[Callable[[str], Iterator[Hit]]] = []


def finds(kind: str) -> Callable[[Callable[[int, int], Hit | None]], Callable[[int, int], Hit | None]]:
    """`@lookup.finds("release")`: (year, n) of that kind of number -> the paper, None where it is not in the books."""

    def wrap(find_one: Callable[[int, int], Hit | None]) -> Callable[[int, int], Hit | None]:
        _numbered[kind] = find_one
        return find_one

    return wrap


def reads(source: Callable[[str], Iterator[Hit]]) -> Callable[[str], Iterator[Hit]]:
    """`@lookup.reads`: a procedure's own short numbers (K0231) in what was typed. At most one statement, by an index."""
    _further.append(source)
    return source


def find(text: str, *, limit: int = MOST) -> Found:
    """Everything a text can be, the likeliest first. At most ten statements, each by an index or bounded."""
    asked = texts.clean(text)[:64]
    plain = texts.half_width(asked).upper().strip()
    hits: dict[tuple[Any, ...], Hit] = {}
    for source in _sources(plain):
        for hit in source(plain, limit + 1):
            hits.setdefault((hit.kind, hit.unit_id, hit.about, hit.label), hit)
    ranked = sorted(hits.values(), key=lambda hit: not hit.exact)
    return Found(asked, tuple(ranked[:limit]), len(ranked) > limit)


def whose(text: str) -> Whose:
    """Which household a room, a name or a phone means."""
    found = find(text)
    homes = Found(found.asked, tuple(hit for hit in found.hits if hit.unit_id), found.more)
    return Whose(found.asked, homes.one.unit_id if homes.one else None, homes.hits)


def _sources(plain: str) -> tuple[Source, ...]:
    """A number on a paper and a room with its building can be nothing else; everything else may be several things."""
    if not plain:
        return ()
    if number(plain):
        return (_numbers,)
    room = rooms.read(plain)
    if room is not None and room.building is not None:
        return (_rooms,)
    return (_procedures, _rooms, _phones, _plates, _names)


def number(text: str) -> tuple[str, int, int] | None:
    """`SJ-2026-000413`, `sj413` (of this year) or 14 scanned digits -> (kind, year, n)."""
    plain = texts.half_width(texts.clean(text)).upper().replace(" ", "")
    found = _NUMBER.fullmatch(plain)
    if found is None:
        return numbering.read_code(plain)
    prefix = found[1] or found[4]
    kind = numbering.kind_of(prefix)
    if kind is None:
        return None
    year = int(found[2]) if found[2] else clock.today().year
    return kind, year, int(found[3] or found[5])


def _numbers(plain: str, _limit: int) -> Iterator[Hit]:
    meant = number(plain)
    assert meant is not None  # _sources asked
    kind, year, n = meant
    found = _numbered[kind](year, n) if kind in _numbered else None
    if found is not None:
        yield found


def _procedures(plain: str, _limit: int) -> Iterator[Hit]:
    packed = re.sub(r"\s", "", plain)
    for source in _further:
        yield from source(packed)


def _units(query: Any, why: str, limit: int, *, exact: bool) -> Iterator[Hit]:
    """Units with the name of their first owner (or whoever is there)."""
    units = list(query.limit(limit))
    order = peewee.Case(Relation.kind, [(kind, place) for place, kind in enumerate(KINDS)], 9)
    people = (
        Relation.select(Relation, Person)
        .join(Person)
        .where(Relation.unit.in_(units), in_force())
        .order_by(order, Relation.id)
    )
    first: dict[int, Relation] = {}
    for relation in people if units else ():
        first.setdefault(relation.unit_id, relation)
    for unit in units:
        who = first.get(unit.id)
        named = (who.person.name, KINDS[who.kind]) if who else ("", "")
        yield Hit("unit", why, unit.label, *named, unit_id=unit.id, exact=exact)


def _rooms(plain: str, limit: int) -> Iterator[Hit]:
    room = rooms.read(plain)
    if room is None:
        return
    if room.building is None:
        yield from _units(Unit.select().where(Unit.room == room.room).order_by(Unit.label), ROOM, limit, exact=True)
    elif room.entrance is None:
        inside = Unit.select().where(Unit.room == room.room, Unit.label.startswith(f"{room.building}-"))
        yield from _units(inside.order_by(Unit.label), ROOM, limit, exact=True)
        yield from _units(_beginning(Unit.label, str(room)), ROOM, limit, exact=False)
    else:
        exact = list(_units(Unit.select().where(Unit.label == str(room)), ROOM, 1, exact=True))
        yield from exact or _units(_beginning(Unit.label, str(room)), ROOM, limit, exact=False)


def _beginning(column: Any, text: str) -> Any:
    """Rows whose column begins with a text, by its index, in its order."""
    return column.model.select().where(column >= text, column < text + _TOP).order_by(column)


def _people(query: Any, why: str, limit: int, *, exact: bool) -> Iterator[Hit]:
    """Persons, once for each unit they are somebody in today."""
    people = {person.id: person for person in query.limit(limit)}
    where: dict[int, list[Relation]] = {}
    if people:
        held = Relation.select(Relation, Unit).join(Unit).where(Relation.person.in_(list(people)), in_force())
        for relation in held.order_by(Unit.label).limit(3 * limit):
            where.setdefault(relation.person_id, []).append(relation)
    for person in people.values():
        masked = texts.mask_phone(person.phone)
        for relation in where.get(person.id, []):
            detail = f"{relation.unit.label} · {masked}" if masked else relation.unit.label
            yield Hit("unit", why, person.name, detail, KINDS[relation.kind], relation.unit_id, person.id, exact=exact)
        if person.id not in where:
            yield Hit("person", why, person.name, masked, about=person.id, exact=exact)


def _phones(plain: str, limit: int) -> Iterator[Hit]:
    """A whole phone, or its last four digits and more."""
    digits = re.sub(r"[-\s]", "", plain)
    if not re.fullmatch(r"\+?[0-9]{4,15}", digits, re.ASCII):
        return
    this = Person.select().where(Person.phone.in_({digits, plain})).order_by(Person.id)
    whole = list(_people(this, PHONE, limit, exact=True))
    yield from whole
    if not whole and len(digits) <= 11:
        tail = Person.select().where(Person.phone_tail == digits[-4:])
        if len(digits) > 4:
            tail = tail.where(peewee.fn.REPLACE(Person.phone, "-", "").endswith(digits))
        yield from _people(tail.order_by(Person.id), TAIL, limit, exact=True)


def _plates(plain: str, limit: int) -> Iterator[Hit]:
    """A plate, with or without its province: at least four letters and digits."""
    packed = re.sub(r"[\s·•.-]", "", plain)
    if not re.fullmatch(r"[\u4e00-\u9fff]?[A-Z0-9]{4,8}[\u4e00-\u9fff]?", packed) or not re.search(r"[0-9]", packed):
        return
    used = Vehicle.select().where(Vehicle.until.is_null()).order_by(Vehicle.id).limit(limit)
    cars = list(used.where(Vehicle.plate == packed))
    exact = bool(cars)
    # Without its beginning an index cannot help; a few thousand plates are read in a millisecond.
    cars = cars or list(used.where(Vehicle.plate.contains(packed)))
    owners = [car.person_id for car in cars if car.unit_id is None and car.person_id]
    homes: dict[int, Relation] = {}
    if owners:
        for relation in (
            Relation.select(Relation, Unit)
            .join(Unit)
            .where(Relation.person.in_(owners), in_force())
            .order_by(Unit.label)
            .limit(60)
        ):
            homes.setdefault(relation.person_id, relation)
    units = (
        {unit.id: unit for unit in Unit.select().where(Unit.id.in_([car.unit_id for car in cars if car.unit_id]))}
        if cars
        else {}
    )
    for car in cars:
        unit = units.get(car.unit_id) or (homes[car.person_id].unit if car.person_id in homes else None)
        detail = " · ".join(part for part in (unit.label if unit else "", car.brand, car.colour) if part)
        if unit is not None:
            yield Hit("unit", PLATE, car.plate, detail, unit_id=unit.id, about=car.id, exact=exact)
        elif car.person_id:
            yield Hit("person", PLATE, car.plate, detail, about=car.person_id, exact=exact)


def _names(plain: str, limit: int) -> Iterator[Hit]:
    """A name or a part of it; in Latin letters also initials (`wjg`) and pinyin (`wangjian`)."""
    key = texts.key(plain)
    if not key or key.isdigit():
        return
    if key.isascii():
        for column, why in ((Person.initials, INITIALS), (Person.pinyin, PINYIN)):
            yield from _people(Person.select().where(column == key).order_by(Person.id), why, limit, exact=True)
            further = _beginning(column, key).where(column != key)
            yield from _people(further, why, limit, exact=False)
        return
    whole = list(_people(Person.select().where(Person.name_key == key).order_by(Person.id), NAME, limit, exact=True))
    yield from whole
    if len(whole) < limit:
        part = Person.select().where(Person.name_key.contains(key), Person.name_key != key)
        yield from _people(part.order_by(Person.name_key), NAME, limit - len(whole), exact=False)
