"""Households: the home of the cast with one of every kind of resident, one who has left, a car, an instruction."""

from __future__ import annotations

from datetime import timedelta

from app.base import clock, db
from app.desk.homes import households, instructions, residents
from app.desk.homes.households import Person, Relation, Unit, Vehicle
from tests.samples.sample import Estate, Rows, Sample


def furnish(made: Estate) -> Rows:
    home, ana = made.home, made.cast.ana
    since = clock.today() - timedelta(days=30)
    Person.update(id_number=made.identity("tenant")).where(Person.id == home.tenant.id).execute()

    def moved_in(kind: str, place: str) -> Relation:
        phone, number = made.phone(place), made.identity(place)
        return residents.add_resident(
            home.unit, f"住户{place}", kind, since=since, phone=phone, id_number=number, by=ana
        )

    living = [moved_in(kind, kind) for kind in ("family", "staff", "temporary")]
    residents.end_relation(moved_in("tenant", "former"), until=clock.today() - timedelta(days=2), by=ana)
    phone, number = made.phone("of no unit", kept=False), made.identity("ID of no unit")
    alone = residents.add_person("无房客", phone=phone, id_number=number, by=ana)
    residents.change_person(alone, version=1, phone=made.phone("of no unit, new"), by=ana)
    car = residents.add_vehicle(home.unit, "粤A12345", brand="大众", colour="白", by=ana)
    Vehicle.create(plate="粤B54321", person=living[0].person)
    told = instructions.give(home.unit, "general", "家中有老人，敲门请轻。", by=ana)
    return {
        "unit": [home.unit, home.other],
        "person": [home.owner, alone],
        "relation": [living[0]],
        "vehicle": [car],
        "instruction": [told],
    }


def more(made: Estate, unit: Unit, numbers: range) -> None:
    for n in numbers:
        instructions.give(unit, "general", f"第 {n} 条", by=made.cast.mia)
        with db.write():
            person = Person.create(name=f"李{n}", phone="13812341234", **households.keys_of(f"李{n}", "1234"))
            Relation.create(person=person, unit=unit, kind="family")
            Vehicle.create(plate=f"粤A12{n:03d}", unit=unit)


sample = Sample(
    furnish,
    more=more,
    good={"text": "来访请先电话联系", "until": "", "id_number": "", "brand": "", "colour": ""},
    empty_again={
        "end.until": "one page has the same small form for every resident",
        "correct.*": "one page has the same small form for every resident",
        "reveal.reason": "one page has the same small form for every number",
    },
    no_page={"reveal.reason": "kept for the journal", "correct.reason": "kept for the journal"},
)
