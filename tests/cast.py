"""One cast, one home: who works at the desk in every test, and whose household is at the counter (design.md 10)."""

from __future__ import annotations

from types import SimpleNamespace

from app.desk.homes.households import Entrance, Person, Relation, Unit
from app.desk.who import people

ROLES = {
    "ana": ("安娜", ["assistant"]),
    "ben": ("本杰", ["senior"]),
    "mia": ("米娅", ["supervisor"]),
    "chen": ("陈静", ["cashier"]),
    "gao": ("高门", ["gate"]),
    "wang": ("王海", ["engineer"]),
    "lu": ("鲁工", ["engineering_supervisor"]),
    "fei": ("费账", ["finance"]),
}


def the_cast() -> SimpleNamespace:
    """Ana on duty, Ben the second signature, Mia the supervisor, cashier Chen, gate guard Gao, engineers; as Actors."""
    made = {}
    for nick, (name, roles) in ROLES.items():
        staff = people.Staff.create(name=name, roles=roles)
        made[nick] = people.actor(staff, station="1")
    return SimpleNamespace(**made)


def the_home() -> SimpleNamespace:
    """Unit 3-2-1101 (103.72 m2, lift) with its owner Li Wei and a tenant's unit 5-1-302."""
    entrance = Entrance.create(building="3", code=2, floors=18, lift=True)
    unit = Unit.create(entrance=entrance, room="1101", label="3-2-1101", floor=11, area=10372)
    owner = Person.create(
        name="李伟",
        name_key="李伟",
        initials="lw",
        pinyin="liwei",
        phone="13812341234",
        phone_tail="1234",
        id_number="440106198201011230",
    )
    Relation.create(person=owner, unit=unit, kind="owner")
    other = Unit.create(entrance=Entrance.create(building="5", code=1), room="302", label="5-1-302", area=8800)
    tenant = Person.create(
        name="张敏", name_key="张敏", initials="zm", pinyin="zhangmin", phone="13912346677", phone_tail="6677"
    )
    Relation.create(person=tenant, unit=other, kind="tenant")
    return SimpleNamespace(unit=unit, owner=owner, other=other, tenant=tenant)
