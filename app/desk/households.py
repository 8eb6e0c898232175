"""Buildings, units, persons, and who is what where and since when: dated, never overwritten."""

from __future__ import annotations

import peewee

from app.base import db


class Entrance(db.Table):
    """A building's entrance (单元); entrance 0 holds the shops."""

    building = peewee.TextField()
    code = peewee.IntegerField()
    floors = peewee.IntegerField(default=0)
    lift = db.FlagField(default=False)

    class Meta:
        indexes = ((("building", "code"), True),)


class Unit(db.Table):
    """A unit (房). `label` is how it is said and printed: 3-2-1101. Areas in 0.01 m2, rent in fen a month."""

    entrance = peewee.ForeignKeyField(Entrance, index=True)
    room = peewee.TextField()
    label = peewee.TextField(unique=True)
    floor = peewee.IntegerField(default=0)
    kind = peewee.IntegerField(default=110)  # 110 home, 120 office, 119 dormitory
    layout = peewee.TextField(default="")
    area = peewee.IntegerField(default=0)
    inner_area = peewee.IntegerField(default=0)
    rent = peewee.IntegerField(default=0)
    state = peewee.IntegerField(default=2001)
    version = peewee.IntegerField(default=1)


class Person(db.Table):
    """A person or a firm. Empty phone or ID = not known. Lookup columns are normalised (app.base.text)."""

    name = peewee.TextField()
    name_key = peewee.TextField(index=True)
    initials = peewee.TextField(default="", index=True)
    pinyin = peewee.TextField(default="", index=True)
    sex = peewee.TextField(default="")
    born = db.DayField(null=True)
    phone = peewee.TextField(default="", index=True)
    phone_tail = peewee.TextField(default="", index=True)  # last four digits
    id_number = peewee.TextField(default="")
    number = peewee.TextField(null=True, index=True)  # the old system's 业主编号
    version = peewee.IntegerField(default=1)


class Relation(db.Table):
    """Who is what where: owner, family, tenant, staff (of a shop), temporary. `until` = last day; rows are ended, not edited."""

    person = peewee.ForeignKeyField(Person, index=True)
    unit = peewee.ForeignKeyField(Unit, index=True)
    kind = peewee.TextField()
    since = db.DayField(null=True)
    until = db.DayField(null=True)
    confirmed = db.FlagField(default=True)


class Vehicle(db.Table):
    plate = peewee.TextField(index=True)
    unit = peewee.ForeignKeyField(Unit, index=True, null=True)
    person = peewee.ForeignKeyField(Person, null=True)
    brand = peewee.TextField(default="")
    kind = peewee.TextField(default="")
    colour = peewee.TextField(default="")
    until = db.DayField(null=True)
