"""__Title__: one line for each, with the household it is about."""

from __future__ import annotations

import peewee

from app.base import db, live
from app.base import text as texts
from app.base.refusal import Refused
from app.desk.homes.households import Unit
from app.desk.record import journal
from app.desk.record.journal import deed
from app.desk.who.people import Actor, Staff

MOST = 60  # rows the board shows


class __Row__(db.AppendOnly):
    """What was written down, when and by whom."""

    unit = peewee.ForeignKeyField(Unit)
    unit_id: int
    text = peewee.TextField()
    at = db.MomentField()
    staff = peewee.ForeignKeyField(Staff)

    class Meta:
        table_name = "__row__"
        indexes = ((("unit", "id"), False),)


@deed("__row__.entered", act="__noun__.enter")
def enter(unit: Unit, text: str, *, by: Actor) -> __Row__:
    """Write one down."""
    kept = texts.mask_numbers(texts.remark(text, field="text"))
    if not kept:
        raise Refused("__Title__: write down what it is.", field="text")
    journal.note(unit_id=unit.id, text=kept)
    db.after_commit(lambda: live.bump("__noun__"))
    return __Row__.create(unit=unit, text=kept, at=journal.moment(), staff=by.id)


def latest(*, unit: Unit | None = None, limit: int = MOST) -> list[__Row__]:
    """The newest first, of a unit or of all; each with its unit and who wrote it down."""
    rows = __Row__.select(__Row__, Unit, Staff).join(Unit).switch(__Row__).join(Staff)
    if unit is not None:
        rows = rows.where(__Row__.unit == unit)
    return list(rows.order_by(__Row__.id.desc()).limit(limit))
