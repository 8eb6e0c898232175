"""__Title__: one line of a household of its own."""

from __future__ import annotations

from app.desk.homes.households import Unit
from app.procedures.__chapter__ import __noun__
from tests.samples.sample import Estate, Rows, Sample


def furnish(made: Estate) -> Rows:
    unit = made.household().unit
    __noun__.enter(unit, f"来电 {made.phone('line of __noun__', kept=False)}", by=made.cast.ana)
    return {"unit": [unit]}


def more(made: Estate, unit: Unit, numbers: range) -> None:
    for n in numbers:
        __noun__.enter(unit, f"第 {n} 件", by=made.cast.ana)


sample = Sample(furnish, more=more, asks={"board": ["", "unit={unit}"]}, good={"text": "一件"})
