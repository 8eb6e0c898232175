"""The books balance, whatever is done with them; what others' software says of them too (promise P10)."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from datetime import date
from shutil import which

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.base import db
from app.base.refusal import Refused
from app.commands import export_journal
from app.desk.accounts import charge, ledger, receipt
from app.desk.accounts.receipt import Item, Tender
from app.desk.homes.households import Unit
from app.desk.record.journal import deed
from app.desk.who.people import Actor
from app.procedures.counter import cashier
from app.procedures.money import journal_export
from tests.within import within


@deed("test.posted", act="desk.see")
def post(amounts, *, by: Actor) -> None:
    ledger.post(amounts)


@pytest.mark.parametrize(
    "amounts", [{"tender.cash": 1}, {"tender.cash": 100, "prepaid": -99}, {"cash": 1, "prepaid": -1}]
)
def test_postings_that_do_not_sum_to_zero_or_name_no_account_are_impossible(cast, amounts) -> None:
    with pytest.raises(AssertionError):
        post(amounts, by=cast.ana)
    assert ledger.totals() == {}


def test_an_entry_that_was_made_crooked_by_hand_is_found(cast) -> None:
    post({"tender.cash": 5, "prepaid": -5}, by=cast.ana)
    assert ledger.check() == []
    db.database.execute_sql("DROP TRIGGER posting_no_update")
    db.database.execute_sql("UPDATE posting SET fen = 6 WHERE account = 'tender.cash'")
    assert ledger.check() == ["entry 1: its postings do not sum to zero"]


def test_nothing_is_posted_for_nothing(cast) -> None:
    post({"tender.cash": 0, "prepaid": 0}, by=cast.ana)
    assert ledger.Entry.select().count() == 0


def test_a_till_belongs_to_its_collector(cast) -> None:
    post({"tender.cash": 5, "prepaid": -5}, by=cast.ana)
    post({"tender.cash": 7, "prepaid": -7}, by=cast.chen)
    assert (ledger.balance("tender.cash", till=cast.ana.id), ledger.balance("tender.cash")) == (5, 12)


STEP = st.tuples(
    st.sampled_from(["charge", "deposit", "pay", "part", "prepay", "void", "refund", "cancel"]),
    st.integers(1, 50000),
    st.integers(0, 30),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=25))
def test_the_books_balance_after_every_step_of_any_day(cast, home, steps) -> None:
    unit = home.unit
    for kind, fen, pick in steps:
        with contextlib.suppress(Refused):
            do(kind, fen, pick, unit, cast)
        assert (ledger.check(), charge.check(), receipt.verify()) == ([], [], [])
        assert sum(ledger.totals().values()) == 0
        assert ledger.prepaid(unit) >= 0
        assert all(fen <= 0 for name, fen in ledger.totals().items() if name.startswith("deposit."))
        assert all(
            left >= 0
            for row in receipt.Receipt.select()
            if row.kind == "receipt"
            for _, left in receipt.items_left(row)
        )


def do(kind, fen, pick, unit: Unit, cast) -> None:
    open_now = charge.open_of(unit)
    made = list(receipt.Receipt.select().where(receipt.Receipt.kind == "receipt"))
    if kind in ("charge", "deposit"):
        account = "deposit.decoration" if kind == "deposit" else ""
        within(
            charge.add, unit=unit, item="fee", text="费", fen=fen, due=date(2026, 1, 1), account=account, by=cast.fei
        )
    elif kind == "prepay":
        cashier.pay(unit, payer="李伟", charges=[], tenders=[Tender("cash", fen)], prepay=fen, by=cast.chen)
    elif kind in ("pay", "part") and open_now:
        use = min(ledger.prepaid(unit), fen // 2)
        tenders = [Tender("cash", fen)] + ([Tender("prepaid", use)] if use else [])
        ids = [row.id for row in open_now[: pick + 1]]
        cashier.pay(unit, payer="李伟", charges=ids, tenders=tenders, partial=kind == "part", by=cast.chen)
    elif kind == "cancel" and open_now:
        within(charge.cancel, open_now[pick % len(open_now)], reason="x", by=cast.mia)
    elif kind in ("void", "refund") and made:
        row = made[pick % len(made)]
        parts = receipt.items_left(row)
        items = {line.id: left if kind == "void" else min(left, fen) for line, left in parts[: pick % 3 + 1]}
        reverse(row, kind, items, by=cast.mia)


@deed("test.reversed", act="desk.see")
def reverse(row, kind, items, *, by: Actor) -> None:
    receipt.reverse(
        row, kind=kind, items=items, tenders=receipt.split_back(row, sum(items.values())), reason="x", by=by
    )


@pytest.fixture
def day(cast, home, books):
    """A day with every kind of movement."""
    row = within(
        charge.add,
        unit=home.unit,
        item="住宅物业服务费(电梯)",
        text="物业费; 11:2  月",
        fen=22818,
        due=date(2026, 9, 1),
        by=cast.fei,
    )
    cashier.pay(home.unit, payer="李伟", charges=[row.id], tenders=[Tender("cash", 30000)], prepay=5000, by=cast.chen)
    deposit = cashier.add(home.unit, "deposit_lift", by=cast.chen)
    paid = cashier.pay(
        home.unit, payer="李伟", charges=[deposit.id], tenders=[Tender("wechat", 100000, "1")], by=cast.ana
    )
    reverse(paid, "refund", {receipt.items_left(paid)[0][0].id: 40000}, by=cast.mia)
    post({"tender.cash": 100, "suspense.water": -100}, by=cast.ana)
    post({"over_short": 3, "tender.cash": -3}, by=cast.ana)
    return books


def test_hledger_finds_the_exported_journal_sound_and_reads_the_same_balances(day, tmp_path) -> None:
    if not which("hledger"):
        pytest.skip("hledger is not installed")
    journal = tmp_path / "books.journal"
    run = [sys.executable, "-m", "app", "export-journal", "--data", str(day)]
    journal.write_text(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    subprocess.run(["hledger", "-f", str(journal), "check", "-s"], check=True)
    table = subprocess.run(
        ["hledger", "-f", str(journal), "bal", "-N", "--flat", "-E", "-O", "csv"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    theirs = {
        name: round(float(amount.split()[0].replace(",", "")) * 100)
        for name, amount in (line.strip('"').split('","') for line in table.splitlines()[1:])
    }
    assert theirs == {journal_export.account(name): fen for name, fen in ledger.totals().items()}


def test_hledger_would_notice_a_crooked_entry(day, tmp_path) -> None:
    if not which("hledger"):
        pytest.skip("hledger is not installed")
    lines = list(journal_export.lines())
    at = next(n for n, line in enumerate(lines) if "228.18 CNY" in line)
    lines[at] = lines[at].replace("228.18", "228.19")
    journal = tmp_path / "books.journal"
    journal.write_text("\n".join(lines) + "\n")
    assert (
        subprocess.run(["hledger", "-f", str(journal), "check", "-s"], check=False, capture_output=True).returncode != 0
    )


def test_the_export_writes_the_journal_of_that_desk(day, capsys) -> None:
    opened = []
    assert export_journal.command(["--data", str(day)], open_books=opened.append, t=str.format) == 0
    assert opened == [day]
    assert "liabilities:deposit:decoration  -1000.00 CNY" in capsys.readouterr().out


def test_items_of_a_receipt_without_a_charge_are_earned_at_once(cast, home) -> None:
    @deed("test.sold", act="desk.see")
    def sell(*, by: Actor) -> receipt.Receipt:
        return receipt.issue(
            unit=home.unit,
            payer="李伟",
            items=[Item("伞", "", 100, "income.umbrella")],
            tenders=[Tender("cash", 100)],
            by=by,
        )

    sell(by=cast.ana)
    assert ledger.balance("income.umbrella", unit=home.unit) == -100
