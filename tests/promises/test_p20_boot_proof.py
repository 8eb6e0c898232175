"""P20: every boot proves the state before money is allowed."""

from __future__ import annotations

import threading

import pytest

from app.base import db
from app.base.refusal import Refused
from app.desk import modes
from app.procedures.running import proof
from tests.promises import test_p9_tampering_shows as tampering

DAMAGES = tampering.ATTACKS[::2][:15]
pay = tampering.pay
attack = tampering.attack


@pytest.fixture(autouse=True)
def _money_on() -> None:
    yield
    modes.let_money("books")


@pytest.mark.parametrize(("sql", "named"), DAMAGES, ids=[sql for sql, _ in DAMAGES])
def test_a_damage_found_at_boot_turns_money_off(attack, cast, home, sql: str, named: str) -> None:
    attack(sql)
    found: list[str] = []
    proof.at_boot(patience=60, report=found.extend)
    assert any(named in each for each in found)
    with pytest.raises(Refused, match="do not fit together"):
        pay(home.unit, 500, by=cast.chen)


def test_sound_books_let_money_flow_again(attack, cast, home) -> None:
    proof.at_boot(patience=60)
    assert modes.reasons() == []
    assert pay(home.unit, 500, by=cast.chen).fen == 500


def test_money_waits_while_the_proof_of_large_books_goes_on(
    attack, cast, home, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(proof, "problems", lambda: iter([] if go_on.wait(30) else ["stuck"]))
    thread = proof.at_boot(patience=0)
    with pytest.raises(Refused, match="being checked"):
        pay(home.unit, 500, by=cast.chen)
    go_on.set()
    thread.join()
    assert pay(home.unit, 500, by=cast.chen).fen == 500


def test_a_file_that_is_no_database_any_more_turns_money_off(books, cast) -> None:
    db.close()
    path = books / "qiantai.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\0" * 4096 + whole[8192:])
    found: list[str] = []
    proof.at_boot(patience=60, report=found.extend)
    assert found
    assert found[0].startswith("file: ")
