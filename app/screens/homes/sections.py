"""What other procedures hold for a household, as short lists: composed here, so that they need not know each other."""

from __future__ import annotations

from dataclasses import dataclass

from app.base import money
from app.base.refusal import N_
from app.desk.households import Unit
from app.desk.receipt import Receipt

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
    """Sections with something in them, each a bounded, indexed read."""
    found = [Section(N_("Receipts"), tuple(_receipts(unit)))]
    return [section for section in found if section.lines]


def _receipts(unit: Unit) -> list[Line]:
    rows = Receipt.select().where(Receipt.unit == unit).order_by(Receipt.id.desc()).limit(MOST)
    return [Line(f"{row.number} {row.at:%Y-%m-%d}", money.show(row.fen)) for row in rows]
