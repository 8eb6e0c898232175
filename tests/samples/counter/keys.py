"""Keys: one lent to a firm, one in hand at the window."""

from __future__ import annotations

from datetime import timedelta

from app.base import clock
from app.desk.homes.households import Unit
from app.desk.who.people import Staff
from app.desk.work.loan import Holder
from app.procedures.counter.keys import lending, register, scans
from tests.samples.sample import Estate, Rows, Sample


def furnish(made: Estate) -> Rows:
    pump = register.add(name="水泵房", hook="A01", by=made.cast.ana)
    rubbish = register.add(name="垃圾房", hook="A02", by=made.cast.ana)
    shown = f"身份证 {made.identity('paper of a key borrower', kept=False)}"
    lending.lend(pump, to=Holder(name="赵红", of="保洁公司", checked=shown), signed="paper", by=made.cast.ana)
    scans.take(rubbish, by=made.cast.mia)
    return {"key": [pump, rubbish]}


def more(made: Estate, _unit: Unit, numbers: range) -> None:
    wang = lending.staff_holder(Staff.get_by_id(made.cast.wang.id))
    for n in numbers:
        key = register.add(name=f"机房 {n}", hook=f"B{n:02d}", by=made.cast.mia)
        if n % 2:
            lending.lend(key, to=wang, until=clock.now() + timedelta(hours=1), by=made.cast.mia)


sample = Sample(
    furnish,
    more=more,
    asks={"board": ["", "q=水泵", "q=K0001"]},
    good={
        "hook": "A09", "pieces": "1", "purpose": "巡检", "of": "保洁公司", "code": "K0002", "signs": "paper",
        "checked": "身份证 尾号 1234", "staff": "", "unbroken": "on", "until": "",
    },
    beside={"name": {"staff": ""}},
)  # fmt: skip
