"""Turn a guard off and its test fails: so the tests of the cashier's rules do guard them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.desk.accounts import charge, ledger, prices, receipt
from app.desk.accounts.charge import Charge
from app.desk.who import people
from app.procedures.counter import cashier
from app.procedures.counter.cashier import books, corrections
from tests.desk import test_receipt
from tests.procedures.counter import test_cashier, test_cashier_corrections
from tests.procedures.counter.test_cashier import owing  # noqa: F401 - the fixture
from tests.procedures.counter.test_cashier_corrections import deposit, paid  # noqa: F401


def _allocate_anything(row: int, fen: int, *, receipt_id: int) -> None:
    Charge.update(paid=Charge.paid + min(fen, 1)).where(Charge.id == row).execute()
    charge.Allocation.insert(charge=row, receipt_id=receipt_id, fen=min(fen, 1)).execute()


def _everything_is_left(table, original):
    return {row.id: (row, 10**9) for row in table.select().where(table.receipt == original)}


def _free_prices(item: str):
    known = prices.DEFAULTS.get(item)
    return replace(known, fen=None) if known else None


MUTANTS: dict[str, tuple[object, str, object, Callable[..., None]]] = {
    "more than is owed": (
        charge,
        "allocate",
        _allocate_anything,
        test_receipt.test_a_receipt_pays_its_charge_and_a_charge_is_never_paid_twice,
    ),
    "more than is left": (
        receipt,
        "_left",
        _everything_is_left,
        test_receipt.test_reversals_never_give_back_more_than_is_left_of_a_line_or_of_a_tender,
    ),
    "prepaid overdrawn": (receipt, "_spend_prepaid", lambda *_: None, test_receipt.test_prepaid_money_is_spent_once),
    "deposits as income": (
        receipt,
        "_credited",
        lambda account, _: account.replace("deposit", "income"),
        test_receipt.test_a_deposit_is_a_liability_apart_from_income_and_gets_three_copies,
    ),
    "newest first": (
        charge,
        "picked",
        lambda ids, unit: list(Charge.select().where(Charge.id.in_(ids)).order_by(Charge.id)),
        test_cashier.test_a_partial_payment_pays_the_oldest_first,
    ),
    "order numbers unasked": (
        cashier,
        "_order_numbers",
        lambda *_: None,
        test_cashier.test_an_order_number_is_needed_and_counts_once,
    ),
    "any collecting point": (
        cashier,
        "_point",
        lambda *_: None,
        test_cashier.test_an_item_that_finance_collects_is_not_paid_at_the_counter,
    ),
    "one till for all": (
        ledger.journal,
        "actor",
        lambda: people.DESK,
        test_cashier.test_every_collector_has_an_own_till,
    ),
    "prices typed": (prices, "get", _free_prices, test_cashier.test_a_price_holds_from_its_day_on),
    "copies kept": (
        corrections,
        "copies_out",
        lambda _: [],
        test_cashier_corrections.test_a_void_needs_a_reason_and_every_copy_and_keeps_its_number,
    ),
    "anybody voids": (
        people,
        "check",
        lambda *_, **__: None,
        test_cashier_corrections.test_an_assistant_voids_with_the_supervisor_in_place_and_her_name_is_in_the_journal,
    ),
    "numbers uncounted": (
        books,
        "left",
        lambda: None,
        test_cashier.test_ranges_are_drawn_from_finance_without_a_gap_and_what_is_left_is_known,
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_mutant_is_caught(name, request, monkeypatch: pytest.MonkeyPatch) -> None:
    module, attribute, other, test = MUTANTS[name]
    wants = test.__code__.co_varnames[: test.__code__.co_argcount]
    given = {each: request.getfixturevalue(each) for each in wants}
    with monkeypatch.context() as patch:
        patch.setattr(module, attribute, other)
        with pytest.raises(BaseException):  # noqa: B017 - Failed, AssertionError or the books' own refusal
            test(**given)
