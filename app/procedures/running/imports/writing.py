"""A checked list into the books: one deed, keyed by the file's hash, all of it or nothing (promise P19)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import peewee

from app.base import db, live
from app.base import text as texts
from app.base.refusal import N_, Refused
from app.base.rooms import Room
from app.desk.accounts import charge
from app.desk.homes import estate, households
from app.desk.homes.households import Entrance, Person, Relation, Unit, Vehicle
from app.desk.record import journal
from app.desk.who.people import Actor
from app.procedures.running.imports import checking
from app.procedures.running.imports.files import Book
from app.procedures.running.imports.forms import Contents, Fee, Home, Known, Owed, Space
from app.procedures.running.imports.forms import Person as Row

Progress = Callable[[int, int], None]  # rows done, rows in all

# What a fee's name says it is: the income account it goes to.
ITEMS = (
    ("物业", "property_fee"),
    ("垃圾", "waste_fee"),
    ("车位", "parking_fee"),
    ("水", "water_fee"),
    ("电", "power_fee"),
)


class Imported(db.AppendOnly):
    """A file that is in the books. `counts`: what it brought."""

    sha256 = peewee.TextField(unique=True)
    name = peewee.TextField()
    kind = peewee.TextField()
    counts = db.JsonField()
    at = db.MomentField()
    by_name = peewee.TextField(default="")


def earlier(*, limit: int = 10) -> list[Imported]:
    """The files that are in the books, newest first."""
    return list(Imported.select().order_by(Imported.id.desc()).limit(limit))


def in_books(sha256: str) -> Imported | None:
    """The file of that hash, if it was written before."""
    return Imported.get_or_none(Imported.sha256 == sha256)


def _tuples(query: Any) -> list[tuple[Any, ...]]:
    return list(query.tuples())


def known() -> Known:
    """What the books hold, as a check needs it."""
    owed = (
        charge.Charge.select(Unit.label, charge.Charge.text, charge.Charge.period_from)
        .join(Unit)
        .where(charge.Charge.source_kind == "running.imports", charge.Charge.cancelled.is_null())
    )
    numbers = Person.select(Person.number).where(Person.number.is_null(False))
    named = Person.select(Person.id_number, Person.name).where(Person.id_number != "")
    return Known(
        entrances=frozenset(_tuples(Entrance.select(Entrance.building, Entrance.code))),
        groups=frozenset(number for (number,) in _tuples(numbers)),
        fees=frozenset(number for (number,) in _tuples(estate.FeeRule.select(estate.FeeRule.number))),
        rooms=frozenset(label for (label,) in _tuples(Unit.select(Unit.label))),
        spaces=frozenset(_tuples(estate.Space.select(estate.Space.lot, estate.Space.code))),
        owed=frozenset(_tuples(owed)),
        identities=dict(_tuples(named)),
    )


def check(book: Book) -> checking.Report:
    """The report of a file against the books as they are now. Refused: the same file is in them already."""
    earlier = Imported.get_or_none(Imported.sha256 == book.sha256)
    if earlier:
        raise Refused(
            "This very file was imported on {day}. Nothing was changed.", day=earlier.at.strftime("%Y-%m-%d %H:%M")
        )
    return checking.check(book, known())


@journal.deed("list.imported", act="imports.run")
def write(book: Book, *, by: Actor, progress: Progress = lambda _done, _all: None) -> Imported:
    """Everything in the file, checked once more inside the transaction. Refused: a problem, or the same file twice."""
    report = check(book)
    if report.problems:
        raise Refused("The file has {n} problems now. Nothing was changed; check it again.", n=len(report.problems))
    found = report.contents
    row = Imported.create(
        sha256=book.sha256,
        name=texts.clean(book.name)[:200],
        kind=found.kind,
        counts=counts(found),
        at=journal.moment(),
        by_name=by.name,
    )
    _Writing(found, progress).run(row, by)
    journal.note(file=row.name, sha256=row.sha256, **row.counts)
    db.after_commit(lambda: live.bump("households"))
    db.after_commit(lambda: db.database.execute_sql("ANALYZE"))  # the planner must know that the tables have grown
    return row


# What counts() counts, as it is said.
COUNTED = {
    "entrances": N_("Entrances"),
    "people": N_("People"),
    "fees": N_("Fees"),
    "units": N_("Units"),
    "spaces": N_("Parking spaces"),
    "charges": N_("Charges"),
    "fen": N_("Sum of the charges"),
}


def counts(found: Contents) -> dict[str, int]:
    """What a file holds: rows by kind, and the sum in fen where it is about money."""
    named = {
        "entrances": len(found.entrances),
        "people": len(found.people),
        "fees": len(found.fees),
        "units": len(found.homes),
        "spaces": len(found.spaces),
        "charges": len(found.owed),
        "fen": sum(owed.fen for owed in found.owed),
    }
    return {name: count for name, count in named.items() if count}


def _insert(table: type[db.Table], rows: Iterable[dict[str, Any]]) -> None:
    for chunk in db.slices(list(rows), 500):
        table.insert_many(chunk).execute()


class _Writing:
    """One file on its way into the books; remembers the ids it made."""

    def __init__(self, found: Contents, progress: Progress) -> None:
        self.found, self.progress = found, progress
        self.done, self.all = 0, sum(len(part) for part in (found.entrances, found.people, found.homes, found.spaces))
        self.all += len(found.owed)
        self.entrances: dict[tuple[str, str], int] = {}
        self.units: dict[Room, int] = {}
        self.fees: dict[str, int] = {}
        self.groups: dict[str, list[tuple[int, str]]] = defaultdict(list)  # group -> (person, kind)
        self.new_people: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self.homes_of: dict[str, list[int]] = defaultdict(list)
        self.old_people: dict[str, list[tuple[int, str]]] = {}
        self.old_homes: dict[str, list[int]] = {}

    def run(self, row: Imported, by: Actor) -> None:
        # Before the new people are there: who carries a number now was there already.
        groups = {row.group for row in self.found.people} | {home.group for home in self.found.homes}
        groups |= {space.group for space in self.found.spaces}
        self.old_people, self.old_homes = _in_books(sorted(groups - {""})) if self.found.kind == "estate" else ({}, {})
        self._entrances()
        self._fees(self.found.fees)
        self._people()
        self._homes()
        self._relations()
        self._spaces()
        self._owed(self.found.owed, row, by)

    def _tick(self) -> None:
        self.done += 1
        if self.done % 100 == 0 or self.done == self.all:
            self.progress(self.done, self.all)

    def _entrances(self) -> None:
        rows = [
            {"building": each.building, "code": each.entrance, "floors": each.floors or 0, "lift": bool(each.lift)}
            for each in self.found.entrances
        ]
        _insert(Entrance, rows)
        for each in Entrance.select():
            self.entrances[each.building, each.code] = each.id
        self.done += len(rows)

    def _fees(self, fees: tuple[Fee, ...]) -> None:
        _insert(
            estate.FeeRule,
            [
                {
                    "number": fee.number,
                    "category": fee.category,
                    "item": fee.item,
                    "mark": fee.mark,
                    "prepaid": fee.prepaid,
                    "months": fee.months,
                    "billed": fee.billed,
                    "since": fee.start,
                    "until": fee.end,
                    "formula": fee.formula,
                    "unit_price": fee.unit_price,
                    "fixed": fee.fixed,
                }
                for fee in fees
            ],
        )
        self.fees = {rule.number: rule.id for rule in estate.FeeRule.select()}

    def _people(self) -> None:
        """One row a person: the same ID (or, in an asset list, the same name and phone) is the same person."""
        ids = dict(_tuples(Person.select(Person.id_number, Person.id).where(Person.id_number != "")))
        owned = {row.group for row in self.found.people if row.kind == "owner"} | set(self.old_people)
        same: dict[tuple[str, str], int] = {}
        for row in self.found.people:
            key = (texts.key(row.name), row.phone or "")
            person = ids.get(row.identity or "")
            if person is None and row.identity is None and row.phone and self.found.kind == "assets":
                person = same.get(key)
            if person is None:
                person = self._person(row, numbered=row.kind == "owner" or row.group not in owned)
                same[key] = person
                if row.identity:
                    ids[row.identity] = person
            self.new_people[row.group].append((person, row.kind))
            self._tick()

    def _person(self, row: Row, *, numbered: bool) -> int:
        return int(
            Person.insert(
                name=row.name,
                sex=row.sex,
                born=texts.birth_date(row.identity or ""),
                phone=row.phone or "",
                id_number=row.identity or "",
                number=row.group if numbered and self.found.kind == "estate" else None,
                **households.keys_of(row.name, row.phone or ""),
            ).execute()
        )

    def _homes(self) -> None:
        fees = []
        for home in self.found.homes:
            unit = self._unit(home)
            self.homes_of[home.group].append(unit)
            fees += [{"unit": unit, "fee": self.fees[number], "since": since} for number, since in home.fees]
            self._tick()
        _insert(estate.UnitFee, fees)

    def _unit(self, home: Home) -> int:
        building, entrance = home.room.building or "", home.room.entrance or ""
        return int(
            Unit.insert(
                entrance=self.entrances[building, entrance],
                room=home.room.room,
                label=str(home.room),
                floor=home.floor or 0,
                kind=home.use or 110,
                layout=home.layout,
                area=home.area or 0,
                inner_area=home.inner_area or 0,
                rent=home.rent or 0,
                state=home.state or 0,
            ).execute()
        )

    def _relations(self) -> None:
        """Everybody of an owner number belongs to all its rooms; who is not the owner waits for a clerk's word."""
        numbers = [group for group in {*self.homes_of, *self.new_people} if group]
        rows = []
        for group in numbers:
            before, new = self.old_people.get(group, []), self.new_people.get(group, [])
            rooms = self.homes_of.get(group, [])
            pairs = [(person, kind, unit) for person, kind in [*before, *new] for unit in rooms]
            pairs += [(person, kind, unit) for person, kind in new for unit in self.old_homes.get(group, [])]
            self.groups[group] = [*before, *new]
            self.homes_of[group] = [*self.old_homes.get(group, []), *rooms]
            rows += [
                {
                    "person": person,
                    "unit": unit,
                    "kind": kind,
                    "confirmed": kind == "owner" or self.found.kind == "assets",
                }
                for person, kind, unit in pairs
            ]
        _insert(Relation, rows)

    def _spaces(self) -> None:
        for space in self.found.spaces:
            row = estate.Space.insert(lot=space.lot, code=space.code, kind=space.kind, area=space.area or 0).execute()
            if space.group:
                self._hold(int(row), space)
            self._tick()

    def _hold(self, row: int, space: Space) -> None:
        people = self.groups.get(space.group) or self.old_people[space.group]
        holder = next((person for person, kind in people if kind == "owner"), people[0][0])
        vehicle = self._vehicle(space, holder) if space.plate else None
        estate.SpaceHold.insert(
            space=row, person=holder, vehicle=vehicle, hold=space.hold, since=space.start, until=space.end
        ).execute()

    def _vehicle(self, space: Space, holder: int) -> int:
        known = Vehicle.get_or_none(Vehicle.plate == space.plate, Vehicle.until.is_null())
        if known:
            return int(known.id)
        homes = self.homes_of.get(space.group) or self.old_homes.get(space.group, [])
        return int(
            Vehicle.insert(
                plate=space.plate,
                unit=homes[0] if len(homes) == 1 else None,  # whose of several homes it is, nobody wrote down
                person=holder,
                brand=space.brand,
                kind=space.vehicle,
                colour=space.colour,
                since=space.start,
            ).execute()
        )

    def _owed(self, owed: tuple[Owed, ...], row: Imported, by: Actor) -> None:
        if not owed:
            return
        units = {unit.label: unit for unit in Unit.select()}
        rules = {rule.item: rule for rule in estate.FeeRule.select()}
        news = []
        for each in owed:
            rule, unit = rules.get(each.item), units[str(each.room)]
            news.append(
                charge.New(
                    unit=unit,
                    item=next((code for word, code in ITEMS if word in each.item), "other"),
                    text=each.item,
                    fen=each.fen,
                    due=each.start if rule is None or rule.prepaid else each.end,
                    expression=_arithmetic(each, unit, rule),
                    period=(each.start, each.end - timedelta(days=1)),
                    source=("running.imports", row.id),
                )
            )
            self._tick()
        charge.add_all(news, by=by)


def _in_books(numbers: list[str]) -> tuple[dict[str, list[tuple[int, str]]], dict[str, list[int]]]:
    """Owner number -> its owners in the books (only owners carry the number), and their units."""
    people: dict[str, list[tuple[int, str]]] = defaultdict(list)
    homes: dict[str, list[int]] = defaultdict(list)
    for chunk in db.slices(numbers, 500):
        owners = (
            Person.select(Person.number, Person.id, Relation.unit)
            .join(Relation, peewee.JOIN.LEFT_OUTER, on=(Relation.person == Person.id) & (Relation.kind == "owner"))
            .where(Person.number.in_(chunk), Relation.until.is_null())
        )
        for number, person, unit in _tuples(owners):
            if (person, "owner") not in people[number]:
                people[number].append((person, "owner"))
            if unit is not None and unit not in homes[number]:
                homes[number].append(unit)
    return people, homes


def _arithmetic(owed: Owed, unit: Unit, rule: estate.FeeRule | None) -> str:
    """`118.90㎡ × 2.20 × 1 月` where that is what the amount comes from, rounded by the month; else nothing."""
    months = (owed.end.year - owed.start.year) * 12 + owed.end.month - owed.start.month
    if rule is None or rule.formula != "area" or rule.fixed or months < 1 or owed.start.day != owed.end.day:
        return ""
    monthly = (unit.area * rule.unit_price + 5000) // 10_000
    if monthly * months != owed.fen:
        return ""
    price = f"{rule.unit_price / 10_000:.4f}".rstrip("0")
    price += "0" * max(0, 2 - len(price.partition(".")[2]))
    return f"{unit.area / 100:.2f}㎡ × {price} × {months} 月"
