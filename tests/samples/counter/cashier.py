"""The cashier: a receipt of yesterday (to be refunded), one of today (to be voided), one charge paid and one open."""

from __future__ import annotations

from app.base import clock
from app.desk.accounts import charge
from app.desk.accounts.receipt import Receipt, Tender
from app.desk.homes import instructions
from app.desk.homes.households import Unit
from app.procedures.counter import cashier
from tests.samples.sample import Estate, Rows, Sample
from tests.within import within


def _receipt(made: Estate, unit: Unit, payer: str) -> Receipt:
    owed = cashier.add(unit, "resident_card", by=made.cast.chen)
    paid = [Tender("cash", owed.fen)]
    return cashier.pay(unit, payer=payer, charges=[owed.id], tenders=paid, by=made.cast.chen)


def day_before(made: Estate) -> Rows:
    home = made.household()
    return {"receipt": [_receipt(made, home.unit, home.owner.name)]}


def furnish(made: Estate) -> Rows:
    home = made.household()
    row = _receipt(made, home.unit, home.owner.name)
    cashier.reprint(row, copy="客户联", by=made.cast.chen)
    owed = cashier.add(home.unit, "resident_card", by=made.cast.chen)
    instructions.give(home.unit, "general", "缴费请开发票。", by=made.cast.ana)
    return {"receipt": [row], "charge": [owed], "unit": [home.unit]}


def more(made: Estate, unit: Unit, numbers: range) -> None:
    for _ in numbers:
        _receipt(made, unit, "李伟")
        within(charge.add, unit=unit, item="fee", text="物业费", fen=100, due=clock.today(), by=made.cast.chen)


sample = Sample(
    furnish,
    day_before=day_before,
    more=more,
    asks={
        "board": ["unit={unit}", "unit=0"],
        "account": ["unit={unit}"],
        "sums": ["unit={unit}&charge={charge}&cash=5"],
    },
    good={
        "payer": "李伟", "payee": "李伟", "giver": "费账", "first": "900001", "last": "900050", "cash": "99999",
        "prepay": "", "partial": "", "copies": "", "line*": "1.00", "way*": "1.00",
    },
    empty_again={"take_back.reason": "one page has the same small form for every charge"},
    no_page={"take_back.reason": "kept for the journal"},
)  # fmt: skip
