"""P20: every boot proves the state before money is allowed."""

from __future__ import annotations

import threading

import pytest

from app.base import db
from app.base.refusal import Refused
from app.desk.record import modes
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


def test_money_waits_until_the_newest_deeds_are_proved(attack, cast, home, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(proof, "newest", lambda: iter([] if go_on.wait(30) else ["stuck"]))
    thread = proof.at_boot(patience=0)
    with pytest.raises(Refused, match="being checked"):
        pay(home.unit, 500, by=cast.chen)
    go_on.set()
    thread.join()
    assert pay(home.unit, 500, by=cast.chen).fen == 500


def test_money_stops_when_the_proof_of_the_rest_finds_something(
    attack, cast, home, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(proof, "problems", lambda: iter(["receipt 1: changed"] if go_on.wait(30) else []))
    thread = proof.at_boot(patience=0)
    while modes.reasons() and not go_on.is_set():  # the newest are being proved
        thread.join(0.01)
    assert pay(home.unit, 500, by=cast.chen).fen == 500
    go_on.set()
    thread.join()
    with pytest.raises(Refused, match="do not fit together"):
        pay(home.unit, 500, by=cast.chen)


@pytest.mark.parametrize(("sql", "named"), DAMAGES, ids=[sql for sql, _ in DAMAGES])
def test_a_damage_to_the_newest_deeds_is_found_before_money_is_allowed(attack, sql: str, named: str) -> None:
    assert list(proof.newest()) == []
    attack(sql)
    assert any(named in each for each in proof.newest())


def test_what_is_written_while_the_proof_runs_is_no_finding(attack, cast, home) -> None:
    looking = proof.problems()
    proving = threading.Thread(target=lambda: found.extend(_all()))
    found: list[str] = []

    def _all() -> list[str]:
        db.connect()
        try:
            return list(looking)
        finally:
            db.close()

    proving.start()
    for _ in range(5):
        pay(home.unit, 500, by=cast.chen)
    proving.join()
    assert found == []


def test_a_file_that_is_no_database_any_more_turns_money_off(books, cast) -> None:
    db.close()
    path = books / "qiantai.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\0" * 4096 + whole[8192:])
    found: list[str] = []
    proof.at_boot(patience=60, report=found.extend)
    assert found
    assert found[0].startswith("file: ")
