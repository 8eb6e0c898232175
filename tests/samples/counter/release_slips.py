"""Release slips: a tenant's with the owner's word by phone, a crew's that waits for the seal, one signed on the pad."""

from __future__ import annotations

from datetime import timedelta

from app.base import clock
from app.desk.homes import residents
from app.desk.homes.households import Unit
from app.desk.work import signatures
from app.procedures.counter import release_slips as slips
from tests.procedures.counter.slip_forms import CHAIRS, FRIDGE, png, relation
from tests.samples.sample import Estate, Rows, Sample
from tests.within import within


def _make(made: Estate, unit: Unit, applicant: slips.Applicant, consent: slips.Consent) -> slips.Slip:
    lines, ana = [FRIDGE, CHAIRS], made.cast.ana
    return slips.make(unit, applicant=applicant, consent=consent, lines=lines, base_url="http://desk.lan", by=ana)


def furnish(made: Estate) -> Rows:
    let, crewed, ana = made.household().unit, made.household().unit, made.cast.ana
    tenant = residents.add_resident(let, "租客", "tenant", since=clock.today(), phone=made.phone("tenant"), by=ana)
    number, at = made.phone("consent call for goods"), clock.now() - timedelta(minutes=3)
    called = slips.Consent(how="call", owner_name="周明", number=number, at=at, caller=ana.name)
    by_phone = _make(made, let, slips.Applicant(relation_id=tenant.id), called)
    crew = slips.Applicant(kind="crew", name="赵工", firm="宏达装饰", id_number=made.identity("crew with goods"))
    sealed = _make(made, crewed, crew, slips.Consent())
    within(signatures.keep, "counter.release_slips", by_phone.id, "owner", png(), by=ana)
    return {"slip": [by_phone, sealed], "unit": [let, crewed], "show": list(slips.SHOWS), "day": [f"{clock.today()}"]}


def more(made: Estate, unit: Unit, numbers: range) -> None:
    for _ in numbers:
        _make(made, unit, slips.Applicant(relation_id=relation(unit)), slips.Consent())


sample = Sample(
    furnish,
    more=more,
    asks={
        "board": ["", "unit={unit}", "q=5-1-302", "room=李", "show={show}", "show=all&since={day}"],
        "excel": ["show={show}"], "a4": ["show={show}"], "new": ["unit={unit}"],
    },
    good={
        "item_name_1": "餐椅", "item_quantity_1": "1", "item_unit_1": "把", "consent": "paper", "signs": "paper",
        "copy_back": "on", "signed": "on", "category": "", "item_*": "", "firm": "", "id_number": "", "call_*": "",
        "staff": "", "guard": "高门", "out_*": "1",
    },
    beside={
        "name": {"who": "crew", "staff": ""}, "firm": {"who": "crew", "name": "赵工"},
        "id_number": {"who": "crew", "name": "赵工"}, "call_number": {"consent": "call", "call_time": "11:02"},
        "call_time": {"consent": "call", "call_number": "13800138009"},
    },
    no_page={"make.item_unit_[2-6]": "of a line without a name"},
)  # fmt: skip
