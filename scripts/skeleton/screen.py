"""__Title__: what was written down, newest first, and a new line for a household."""

from __future__ import annotations

from collections.abc import Iterator

from flask import request, url_for

from app.base.refusal import N_
from app.desk.homes.households import Unit
from app.procedures.__chapter__ import __noun__
from app.web import Answer, Line, Screen, customer, form, me, page, row, say

screen = Screen("__chapter__/__noun__", title=N_("__Title__"), act="__noun__.see")
screen.offers(N_("__Title__"), "unit={id}")


@screen.reads()
def board() -> Answer:
    """`?unit=ID` a new line for that household."""
    chosen = request.values.get("unit", type=int)
    unit = row(Unit, chosen) if chosen else None
    if unit is not None and request.method == "GET":
        customer(unit.id)
    return _board(unit)


def _board(unit: Unit | None) -> Answer:
    return page("__chapter__/__noun__.html#board", unit=unit, rows=__noun__.latest(unit=unit))


@screen.does("/enter", act="__noun__.enter", again="__chapter_____noun__.board")
def enter() -> Answer:
    fields = form()
    unit = row(Unit, fields.whole("unit"))
    __noun__.enter(unit, fields.text("text", most=500), by=me())
    return say(_board(unit), N_("__Title__: it is written down."))


@screen.holds(N_("__Title__"))
def of_household(unit: Unit) -> Iterator[Line]:
    for each in __noun__.latest(unit=unit, limit=6):
        yield Line(each.text, f"{each.at:%m-%d %H:%M}", url_for("__chapter_____noun__.board", unit=unit.id))
