"""A deposit held."""

from __future__ import annotations

from app.base import clock
from app.desk.accounts.receipt import ReceiptItem, Tender
from app.desk.homes.households import Unit
from app.procedures.counter import cashier
from tests.samples.sample import Estate, Rows, Sample


def _held(made: Estate, unit: Unit) -> ReceiptItem:
    owed = cashier.add(unit, "deposit_lift", by=made.cast.chen)
    paid = [Tender("cash", owed.fen)]
    receipt = cashier.pay(unit, payer="周明", charges=[owed.id], tenders=paid, by=made.cast.chen)
    return ReceiptItem.get(ReceiptItem.receipt == receipt)


def furnish(made: Estate) -> Rows:
    return {"deposit": [_held(made, made.household().unit)], "day": [f"{clock.today()}"]}


def more(made: Estate, unit: Unit, numbers: range) -> None:
    for _ in numbers:
        _held(made, unit)


sample = Sample(
    furnish,
    more=more,
    asks={"board": ["", "q=周明", "since={day}"], "excel": ["", "since={day}"], "a4": ["since={day}"]},
    good={"payee": "李伟", "copy_back": "on"},
    empty_again={"give_back.*": "one page has the same small form for every deposit"},
)
