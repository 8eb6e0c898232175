"""What the estate has besides units: fee rules with dates and parking spaces with who holds them. Written by imports."""

from __future__ import annotations

import peewee

from app.base import clock, db
from app.desk.homes.households import Person, Unit, Vehicle


class FeeRule(db.Table):
    """A recurring fee. `unit_price` in 1/10,000 yuan a square metre and month, `fixed` in fen a month.

    `formula`: area (area x unit_price + fixed) or fixed; `months` = billing period; prepaid fees fall due at its start.
    """

    number = peewee.TextField(unique=True)
    category = peewee.TextField(default="")
    item = peewee.TextField(index=True)
    mark = peewee.TextField(default="")
    prepaid = db.FlagField(default=True)
    months = peewee.IntegerField(default=1)
    billed = peewee.TextField(default="")
    since = db.DayField(null=True)
    until = db.DayField(null=True)
    formula = peewee.TextField()
    unit_price = db.FenField(default=0)
    fixed = db.FenField(default=0)


class UnitFee(db.Table):
    """A unit pays a fee from a day on."""

    unit = peewee.ForeignKeyField(Unit, index=True)
    fee = peewee.ForeignKeyField(FeeRule)
    since = db.DayField(null=True)
    until = db.DayField(null=True)


class Space(db.Table):
    """A parking space. Area in 0.01 m2."""

    lot = peewee.TextField()
    code = peewee.TextField(index=True)
    kind = peewee.TextField(default="")
    area = peewee.IntegerField(default=0)

    class Meta:
        indexes = ((("lot", "code"), True),)


class SpaceHold(db.Table):
    """Who leases or bought a space since when; a lease has a last day."""

    space = peewee.ForeignKeyField(Space, index=True)
    person = peewee.ForeignKeyField(Person, index=True)
    vehicle = peewee.ForeignKeyField(Vehicle, null=True)
    hold = peewee.TextField(default="")  # leased, sold
    since = db.DayField(null=True)
    until = db.DayField(null=True)


def fees_of(unit: Unit) -> list[UnitFee]:
    """The fees a unit pays, each with its rule."""
    return list(
        UnitFee.select(UnitFee, FeeRule).join(FeeRule).where(UnitFee.unit == unit).order_by(FeeRule.id).limit(40)
    )


def spaces_of(people: list[int]) -> list[SpaceHold]:
    """The spaces these persons hold, each with its space; a lease that ran out is shown for 60 days."""
    today = clock.today()
    return [
        hold
        for hold in SpaceHold.select(SpaceHold, Space)
        .join(Space)
        .where(SpaceHold.person.in_(people))
        .order_by(Space.code)
        .limit(40)
        if hold.until is None or (today - hold.until).days <= 60
    ]
