"""Today: what is promised."""

from __future__ import annotations

from app.base import clock, db
from app.desk.homes.households import Unit
from app.desk.work import due
from tests.samples.sample import Estate, Sample


def more(_made: Estate, unit: Unit, numbers: range) -> None:
    with db.write():
        for n in numbers:
            due.expect("counter.keys", 1000 + n, at=clock.now(), text="Key {name}", unit_id=unit.id, name="x")


sample = Sample(more=more, asks={"menu": ["at=/running/today/"]})
