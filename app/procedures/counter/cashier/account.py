"""A unit's account: what was charged, what was paid, what is owed and held; shown when an owner asks (CASH-13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.desk.accounts import charge, ledger
from app.desk.accounts.charge import Charge
from app.desk.accounts.receipt import Receipt
from app.desk.homes.households import Unit

ROWS = 20  # a page of either list


@dataclass(frozen=True)
class Account:
    """One page: newest first; `older_*` is the id to go on below, 0 = no more."""

    owed: int
    prepaid: int
    deposits: int
    charges: list[Charge]
    receipts: list[Receipt]
    older_charges: int
    older_receipts: int


def of(unit: Unit, *, charges_below: int = 0, receipts_below: int = 0) -> Account:
    """A bounded page of the account, whatever its length."""
    charges = _page(Charge, unit, charges_below)
    receipts = _page(Receipt, unit, receipts_below)
    return Account(
        owed=charge.owed(unit),
        prepaid=ledger.prepaid(unit),
        deposits=-ledger.balance_below("deposit.", unit=unit),
        charges=charges[:ROWS],
        receipts=receipts[:ROWS],
        older_charges=charges[ROWS - 1].id if len(charges) > ROWS else 0,
        older_receipts=receipts[ROWS - 1].id if len(receipts) > ROWS else 0,
    )


def _page(table: Any, unit: Unit, below: int) -> list[Any]:
    query = table.select().where(table.unit == unit).order_by(table.id.desc()).limit(ROWS + 1)
    return list(query.where(table.id < below) if below else query)
