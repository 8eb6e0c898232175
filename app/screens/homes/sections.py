"""What other procedures hold for a household, as short lists: composed here, so that they need not know each other."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from app.base import money
from app.base.refusal import N_
from app.desk import due
from app.desk.households import Unit
from app.desk.receipt import Receipt
from app.procedures.counter import release_slips
from app.procedures.counter.keys import board as key_board
from app.procedures.counter.water_cards import board as water_board
from app.web import t

MOST = 6


@dataclass(frozen=True)
class Line:
    text: str
    state: str = ""
    url: str = ""


@dataclass(frozen=True)
class Section:
    """`title` is a msgid; its lines are the newest first."""

    title: str
    lines: tuple[Line, ...]


def of(unit: Unit) -> list[Section]:
    """Sections with something in them, each of a few bounded, indexed reads."""
    found = (
        Section(N_("Promised"), tuple(_promises(unit))),
        Section(N_("Keys in custody"), tuple(_keys(unit))),
        Section(N_("Water cards"), tuple(_cards(unit))),
        Section(N_("Release slips"), tuple(_slips(unit))),
        Section(N_("Receipts"), tuple(_receipts(unit))),
    )
    return [section for section in found if section.lines]


def _promises(unit: Unit) -> list[Line]:
    return [
        Line(t(each.text, **each.facts), f"{each.at:%m-%d %H:%M}")
        for each in due.open_list(unit_id=unit.id, limit=MOST)
    ]


def _keys(unit: Unit) -> list[Line]:
    lines = []
    for row in key_board.of_unit(unit, MOST):
        state = t(key_board.STATES[row.state][1], hours=row.hours, minutes=row.minutes)
        lines.append(
            Line(
                f"{row.number} {row.name}", f"{row.holder or row.hook} {state}", url_for("counter_keys.one", key=row.id)
            )
        )
    return lines


def _cards(unit: Unit) -> list[Line]:
    lines = []
    for held in water_board.holdings(unit)[:MOST]:
        state = t("top-up {number} is pending", number=held.pending.number) if held.pending else ""
        lines.append(Line(f"{held.holder} {held.uid}", state, url_for("counter_water_cards.board", unit=unit.id)))
    return lines


def _slips(unit: Unit) -> list[Line]:
    return [
        Line(
            f"{row.number} {row.what}",
            t(release_slips.STATES[row.state][0]),
            url_for("counter_release_slips.slip", slip=row.id),
        )
        for row in release_slips.listing(unit_id=unit.id)[:MOST]
    ]


def _receipts(unit: Unit) -> list[Line]:
    rows = Receipt.select().where(Receipt.unit == unit).order_by(Receipt.id.desc()).limit(MOST)
    return [
        Line(f"{row.number} {row.at:%Y-%m-%d}", money.show(row.fen), url_for("counter_cashier.show", id=row.id))
        for row in rows
    ]
