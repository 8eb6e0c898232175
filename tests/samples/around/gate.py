"""The gate's page: goods that were stopped, and a slip of which one thing has left."""

from __future__ import annotations

from app.desk.homes.households import Unit
from app.procedures.around import gate
from app.procedures.counter import release_slips as slips
from tests.procedures.counter.slip_forms import CHAIRS, FRIDGE, relation
from tests.samples.sample import Estate, Rows, Sample


def furnish(made: Estate) -> Rows:
    unit = made.household().unit
    slip = slips.make(
        unit,
        applicant=slips.Applicant(relation_id=relation(unit)),
        consent=slips.Consent(),
        lines=[FRIDGE, CHAIRS],
        base_url="http://desk.lan",
        by=made.cast.ana,
    )
    thing = slips.sheet(slip.id, by=made.cast.gao).things[0]
    slips.let_out(slip, {thing.id: 1}, plate="粤A12345", by=made.cast.gao)
    stop = gate.stop("沙发一张", plate="粤A12345", why="无放行条", by=made.cast.gao)
    return {"code": [slip.code], "stop": [stop]}


def more(made: Estate, _unit: Unit, numbers: range) -> None:
    for n in numbers:
        gate.stop(f"沙发 {n}", by=made.cast.gao)


sample = Sample(
    furnish,
    more=more,
    asks={"board": ["", "q={code}", "q=没有"]},
    good={"what": "沙发", "guard": "高门", "out_*": "1", "left_*": "0"},
    empty_again={"decide.remark": "one page has the same small form for every stop"},
)
