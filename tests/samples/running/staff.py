"""Staff: somebody with a badge."""

from __future__ import annotations

from app.desk.homes.households import Unit
from app.procedures.running import staff
from tests.samples.sample import Estate, Rows, Sample


def furnish(made: Estate) -> Rows:
    row = staff.add("柳新", ["assistant"], by=made.cast.mia)
    return {"staff": [made.cast.ana.id, staff.issue_badge(row.id, by=made.cast.mia)]}


def more(made: Estate, _unit: Unit, numbers: range) -> None:
    for n in numbers:
        staff.add(f"员工{n}", ["assistant"], by=made.cast.mia)


sample = Sample(furnish, more=more, good={"roles": "on", "pin": ""})
