"""P9: nothing is deleted or edited; what another tool did to the books is named by table, row and field."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import apsw
import pytest

from app import schema
from app.base import db
from app.desk.accounts import charge, receipt
from app.desk.homes import households
from app.desk.record import journal
from app.desk.record.journal import deed
from app.desk.who.people import Actor
from app.procedures.running import proof


@deed("paid", act="desk.see")
def pay(unit: households.Unit, fen: int, *, by: Actor) -> receipt.Receipt:
    owed = charge.add(unit=unit, item="card_fee", text="水卡工本费", fen=fen, due=date(2026, 11, 22), by=by)
    return receipt.issue(
        unit=unit, payer="李伟", items=[receipt.item_of(owed)], tenders=[receipt.Tender("cash", fen)], by=by
    )


# (what somebody did with another tool, what must be named)
ATTACKS = [
    ("UPDATE receipt SET fen = 1 WHERE id = 2", "receipt 2 fen"),
    ("UPDATE receipt SET payer = '王五' WHERE id = 2", "receipt 2 payer"),
    ("UPDATE receipt SET at = at - 86400000 WHERE id = 2", "receipt 2 at"),
    ("UPDATE receipt SET day = '2026-01-01' WHERE id = 2", "receipt 2 day"),
    ("UPDATE receipt SET number = 'SJ-2020-000001' WHERE id = 2", "receipt 2 number"),
    ("UPDATE receipt SET facts = replace(facts, '502', '501') WHERE id = 2", "receipt 2 facts"),
    ("UPDATE receipt SET reason = 'x' WHERE id = 2", "receipt 2 reason"),
    ("UPDATE receipt SET staff_id = 3 WHERE id = 2", "receipt 2 staff_id"),
    ("DELETE FROM receipt WHERE id = 2", "receipt 2: the row is gone"),
    ("DELETE FROM receipt WHERE id = 3", "receipt 3: the row is gone"),
    ("UPDATE receipt_item SET fen = fen + 1 WHERE id = 1", "receipt_item 1 fen"),
    ("UPDATE receipt_item SET account = 'income.other' WHERE id = 1", "receipt_item 1 account"),
    ("UPDATE receipt_tender SET kind = 'wechat' WHERE id = 1", "receipt_tender 1 kind"),
    ("DELETE FROM receipt_tender WHERE id = 1", "receipt_tender 1: the row is gone"),
    ("UPDATE posting SET fen = fen * 2 WHERE entry_id = 2", "posting 3 fen"),
    ("UPDATE posting SET account = 'tender.card' WHERE account = 'tender.cash'", "account: changed"),
    ("UPDATE posting SET till = 9 WHERE id = 4", "posting 4 till"),
    ("DELETE FROM posting WHERE entry_id = 2", "posting 3: the row is gone"),
    (
        "INSERT INTO posting (entry_id, account, till, fen) VALUES (1, 'tender.cash', 0, 5), (1, 'over_short', 0, -5)",
        "no deed has written it",
    ),
    ("UPDATE entry SET day = '2020-01-01' WHERE id = 1", "entry 1 day"),
    ("UPDATE allocation SET fen = 1 WHERE id = 1", "allocation 1 fen"),
    ("UPDATE allocation SET charge_id = 2 WHERE id = 1", "allocation 1 charge_id"),
    ("UPDATE charge SET paid = paid - 1 WHERE id = 1", "charge 1: paid"),
    ("UPDATE charge SET paid = 0 WHERE id = 1", "charge 1: paid"),
    ("UPDATE charge SET fen = fen + 100 WHERE id = 1", "receivable"),
    ("UPDATE journal SET staff_id = NULL WHERE id = 2", "journal 2 staff"),
    ("UPDATE journal SET at = at + 1 WHERE id = 1", "journal 1 at"),
    ("UPDATE journal SET verb = 'voided' WHERE id = 4", "journal 4 verb"),
    ("UPDATE journal SET detail = '{}' WHERE id = 4", "journal 4 detail"),
    ("UPDATE journal SET hash = 'x' WHERE id = 2", "journal"),
    ("DELETE FROM journal WHERE id = 2", "journal"),
    ("DELETE FROM journal WHERE id IN (SELECT max(id) FROM journal)", "no deed has written it"),
    ("UPDATE series SET last = last - 1 WHERE name = 'SJ'", "numbers drawn, receipts up to 3"),
    ("UPDATE series SET last = last + 1 WHERE name = 'SJ'", "numbers drawn, receipts up to 3"),
    ("UPDATE series SET last = -1 WHERE name = 'SJ'", "counter -1"),
    ("DROP INDEX loan_in_one_hand", "loan_in_one_hand"),
    ("DELETE FROM print_job WHERE about_id = 1", "no print job"),
    ("UPDATE receipt SET facts = '{' WHERE id = 2", "receipt 2 facts: this is no JSON"),
    ("UPDATE receipt SET facts = '[]' WHERE id = 2", "receipt 2 facts: changed"),
    ("UPDATE receipt SET facts = '{}' WHERE id = 2", "receipt 2 facts: changed"),
    ("UPDATE journal SET detail = '{' WHERE id = 4", "journal 4 detail: this is no JSON"),
    ("UPDATE journal SET detail = '[]' WHERE id = 4", "journal 4 detail: this is no JSON"),
    ("UPDATE journal SET seals = '{' WHERE id = 2", "journal 2 seals: this is no JSON"),
    ("UPDATE journal SET seals = '[]' WHERE id = 2", "journal 2 seals: changed"),
    ("UPDATE journal SET seals = '{\"\": 5}' WHERE id = 2", "journal 2 seals: changed"),
    ('UPDATE journal SET seals = \'{"staff": {"x": ""}}\' WHERE id = 2', "journal 2 seals: changed"),
    ("UPDATE staff SET roles = '[' WHERE id = 3", "staff 3 roles: this is no JSON"),
    ("UPDATE staff SET roles = '{}' WHERE id = 3", "staff 3 roles: this is no JSON"),
    ("UPDATE print_job SET facts = 'x' WHERE id = 1", "print_job 1 facts: this is no JSON"),
    ("UPDATE charge SET due = 'soon' WHERE id = 2", "charge 2 due: this is no day"),
    ("UPDATE charge SET due = '2026-02-30' WHERE id = 2", "charge 2 due: this is no day"),
    ("UPDATE charge SET at = -1 WHERE id = 2", "charge 2 at: this is no moment"),
    ("UPDATE receipt SET at = 9223372036854775807 WHERE id = 2", "receipt 2 at: this is no moment"),
    ("UPDATE receipt SET payer = CAST(x'ff' AS TEXT) WHERE id = 2", "receipt 2 payer: this is no text"),
    ("UPDATE charge SET fen = 9223372036854775807 WHERE id = 2", "charge 2 fen: this is no whole number"),
    ("UPDATE charge SET unit_id = 4711 WHERE id = 2", "charge 2 unit_id: names a row of unit that is not there"),
    ("DROP TABLE receipt_tender", "no such table: receipt_tender"),
]
# The same, of what a strict table takes only while its description is another one.
LOOSE_ATTACKS = [
    ("UPDATE receipt SET fen = 'much' WHERE id = 2", "receipt 2 fen: this is no whole number"),
    ("UPDATE receipt SET n = NULL WHERE id = 2", "receipt 2 n: this is no whole number"),
    ("UPDATE receipt SET at = 'noon' WHERE id = 2", "receipt 2 at: this is no moment"),
    ("UPDATE receipt SET day = NULL WHERE id = 2", "receipt 2 day: this is no day"),
    ("UPDATE receipt SET payer = x'00' WHERE id = 2", "receipt 2 payer: this is no text"),
    ("UPDATE posting SET fen = x'00' WHERE id = 3", "posting 3 fen: this is no whole number"),
    ("UPDATE charge SET paid = 'all' WHERE id = 1", "charge 1 paid: this is no whole number"),
    ("UPDATE charge SET paid = -5 WHERE id = 1", "charge 1 is not what its table asks: (paid >= 0 AND paid <= fen)"),
    ("UPDATE series SET last = x'00' WHERE name = 'SJ'", "last: this is no whole number"),
]


def without_strictness(sql: str) -> None:
    """Do it while the tables' descriptions take anything, then put them back: the file looks untouched."""
    path = db.database.database
    db.close()

    def describe(change: str, *values: str) -> None:
        other = apsw.Connection(path)
        other.execute("PRAGMA writable_schema = 1")
        other.execute(f"UPDATE sqlite_master SET sql = {change}", values)
        other.execute(f"PRAGMA schema_version = {other.execute('PRAGMA schema_version').get + 1}")
        other.close()

    other = apsw.Connection(path)
    before = other.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%STRICT'").fetchall()
    other.close()
    for name, said in before:
        loose = (
            said.replace(") STRICT", ")").replace(" INTEGER NOT NULL", " INTEGER").replace(" TEXT NOT NULL", " TEXT")
        )
        describe("? WHERE name = ?", loose, name)
    other = apsw.Connection(path)
    other.execute("PRAGMA ignore_check_constraints = 1")
    other.execute(sql)
    other.close()
    for name, said in before:
        describe("? WHERE name = ?", said, name)
    db.open(path)


@pytest.fixture
def attack(cast, home) -> Callable[[str], list[str]]:
    for fen in (501, 502, 503):
        pay(home.unit, fen, by=cast.chen)
    assert list(proof.problems()) == []

    def do(sql: str, execute: Callable[[str], object] = db.database.execute_sql) -> list[str]:
        guards = db.database.execute_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        db.database.execute_sql("PRAGMA foreign_keys = 0")
        for name, _ in guards:
            db.database.execute_sql(f"DROP TRIGGER {name}")
        execute(sql)
        for name, guard in guards:  # the attacker puts the guards back
            if f"DROP TABLE {name.rpartition('_no_')[0]}" != sql:
                db.database.execute_sql(guard)
        return list(proof.problems())

    return do


@pytest.mark.parametrize(("sql", "named"), ATTACKS, ids=[sql for sql, _ in ATTACKS])
def test_an_attack_with_another_tool_is_named(attack, sql: str, named: str) -> None:
    found = attack(sql)
    assert any(named in each for each in found), found


@pytest.mark.parametrize(("sql", "named"), LOOSE_ATTACKS, ids=[sql for sql, _ in LOOSE_ATTACKS])
def test_what_no_field_can_hold_is_named_and_no_check_falls_over_it(attack, sql: str, named: str) -> None:
    found = attack(sql, without_strictness)
    assert any(named in each for each in found), found
    assert any(named in each for each in proof.newest())


@pytest.mark.parametrize("table", [each._meta.table_name for each in schema.TABLES if issubclass(each, db.AppendOnly)])
def test_an_append_only_table_refuses_change_and_deletion_and_replacement(attack, table: str) -> None:
    (count,) = db.database.execute_sql(f"SELECT count(*) FROM {table}").fetchone()
    if not count:
        db.database.execute_sql("PRAGMA foreign_keys = 0")
    for sql in (
        f"UPDATE {table} SET id = id",
        f"DELETE FROM {table}",
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    ):
        if count:
            with pytest.raises(Exception, match="append-only"):
                db.database.execute_sql(sql)
    names = {name for (name,) in db.database.execute_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    assert {f"{table}_no_update", f"{table}_no_delete"} <= names


def test_a_guard_that_was_taken_away_is_named(attack) -> None:
    db.database.execute_sql("DROP TRIGGER receipt_no_update")
    assert "receipt: its guard against update is gone" in list(proof.problems())


def test_a_key_that_is_taken_away_while_the_desk_runs_is_named(attack, books) -> None:
    (books / "books.key").unlink()
    assert any("books.key is missing" in each for each in proof.problems())


def test_control_without_the_chain_a_matched_pair_of_edits_would_pass(attack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sums alone do not see money moved from one account to another: the seal does."""
    monkeypatch.setattr(journal, "verify", lambda: iter(()))
    monkeypatch.setattr(receipt, "verify", list)
    assert attack("UPDATE posting SET account = 'tender.card' WHERE account = 'tender.cash'") == []
