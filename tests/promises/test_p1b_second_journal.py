"""P1b: a card that lies or dies is noticed, and what it lost is put back from the second journal."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from app import factory, schema
from app.base import db, second
from app.base.refusal import Refused
from app.desk.accounts import charge, ledger, receipt
from app.desk.homes import households
from app.desk.record import modes, options
from app.desk.record.journal import deed
from app.desk.who import people
from app.desk.who.people import Actor
from app.procedures.running import proof, second_journal
from app.settings import Settings
from tests import conftest

PAYMENTS = 40
FILES = ("qiantai.db", "qiantai.db-wal")


@deed("paid", act="desk.see")
def pay(unit: households.Unit, n: int, *, by: Actor) -> receipt.Receipt:
    owed = charge.add(unit=unit, item="card_fee", text="卡", fen=500 + n, due=date(2026, 11, 22), by=by)
    return receipt.issue(
        unit=unit, payer="李伟", items=[receipt.item_of(owed)], tenders=[receipt.Tender("cash", 500 + n)], by=by
    )


@pytest.fixture(scope="module")
def days_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Books after PAYMENTS payments, with a copy of the card after each of them, and the second journal elsewhere."""
    folder = tmp_path_factory.mktemp("day")
    (folder / "card").mkdir()
    db.open(folder / "card" / "qiantai.db")
    db.create(schema.TABLES)
    options.forget()
    second.keep(folder / "stick" / "second.journal")
    with db.write():
        entrance = households.Entrance.create(building="3", code=2)
        unit = households.Unit.create(entrance=entrance, room="1101", label="3-2-1101")
        clerk = people.actor(people.Staff.create(name="陈静", roles=["cashier"]), station="1")
    for n in range(PAYMENTS):
        copy = folder / f"after-{n}"
        copy.mkdir()
        for name in FILES:
            shutil.copy(folder / "card" / name, copy / name)
        if n == 0:
            shutil.copy(folder / "card" / "books.key", copy) if (folder / "card" / "books.key").exists() else None
        pay(unit, n, by=clerk)
    second.stop()
    db.close()
    yield folder
    db.close()


@pytest.fixture
def boot(days_work: Path, tmp_path: Path) -> Iterator[second.Second]:
    """Start on the card as it was some payments ago; gives the opened second journal."""

    def start(n: int) -> second.Second:
        card = tmp_path / f"card-{n}"
        shutil.copytree(days_work / f"after-{n}", card, dirs_exist_ok=True)
        shutil.copy(days_work / "card" / "books.key", card)
        shutil.copy(days_work / "stick" / "second.journal", tmp_path / "second.journal")
        db.open(card / "qiantai.db")
        options.forget()
        return second.Second(tmp_path / "second.journal")

    yield start
    db.close()


def test_every_loss_is_noticed_and_every_payment_put_back(boot, days_work: Path, times: int, tmp_path: Path) -> None:
    dice = random.Random(4)
    for _ in range(200 * times):
        n = dice.randrange(PAYMENTS)
        kept = boot(n)
        assert receipt.Receipt.select().count() == n
        assert kept.behind() == PAYMENTS - n
        assert kept.bring_back() == PAYMENTS - n
        assert kept.behind() == 0
        assert receipt.Receipt.select().count() == PAYMENTS
        assert ledger.balance("tender.cash") == sum(500 + each for each in range(PAYMENTS))
        assert list(proof.problems()) == []
        kept.close()
        db.close()
        shutil.rmtree(tmp_path / f"card-{n}")


def test_books_that_lost_nothing_are_not_behind(boot) -> None:
    kept = boot(PAYMENTS - 1)
    kept.bring_back()
    assert kept.behind() == 0
    kept.close()


def test_a_line_cut_in_half_by_the_power_is_dropped_and_the_rest_serves(boot, tmp_path: Path) -> None:
    boot(0).close()
    path = tmp_path / "second.journal"
    path.write_bytes(path.read_bytes()[:-100])
    kept = second.Second(path)
    assert kept.behind() == PAYMENTS - 1
    assert kept.bring_back() == PAYMENTS - 1
    kept.close()


def test_a_changed_line_is_not_brought_back(boot, tmp_path: Path) -> None:
    boot(0).close()
    path = tmp_path / "second.journal"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[5] = lines[5].replace(b"A", b"B", 1)
    path.write_bytes(b"".join(lines))
    kept = second.Second(path)
    assert kept.behind() == 4
    kept.close()


def test_a_gap_is_refused_whole(boot, tmp_path: Path) -> None:
    boot(0).close()
    path = tmp_path / "second.journal"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:5] + lines[6:]))
    kept = second.Second(path)
    with pytest.raises(db.Damaged, match="missing"):
        kept.bring_back()
    assert receipt.Receipt.select().count() == 0
    kept.close()


def test_a_second_journal_that_fell_behind_starts_again(boot, tmp_path: Path) -> None:
    kept = boot(PAYMENTS - 1)
    (tmp_path / "second.journal").write_bytes(b"")
    kept.start_again()
    db.second = kept
    unit, clerk = households.Unit.get(), people.actor(people.Staff.get(), station="1")
    pay(unit, 1, by=clerk)
    assert kept.last() == kept.mark()
    second.stop()


@pytest.fixture
def start(boot, tmp_path: Path) -> Iterator[Callable[[int], int]]:
    """The desk's own start on the card as it was some payments ago; gives how many lost transactions were put back."""

    def at_boot(n: int) -> int:
        boot(n).close()
        return second_journal.at_boot(tmp_path / "second.journal")

    yield at_boot
    second.stop()
    modes.let_money("second")


def test_a_start_that_put_something_back_takes_no_money_until_the_supervisor_has_read_it(start, tmp_path: Path) -> None:
    assert start(PAYMENTS - 3) == 3
    assert receipt.Receipt.select().count() == PAYMENTS
    unit, clerk = households.Unit.get(), people.actor(people.Staff.get(), station="1")
    with pytest.raises(Refused, match="lost 3 entries"):
        pay(unit, 1, by=clerk)
    with pytest.raises(Refused):
        second_journal.confirm(by=clerk)

    second.stop()  # a restart does not forget what nobody has read
    modes.let_money("second")
    assert second_journal.at_boot(tmp_path / "second.journal") == 0
    with pytest.raises(Refused, match="lost 3 entries"):
        pay(unit, 1, by=clerk)

    mia = people.actor(people.Staff.create(name="米娅", roles=["supervisor"]), station="1")
    desk = conftest.Desk(factory.create_app(Settings(data=tmp_path)))
    desk.app.test_client_class = conftest.Client
    desk.app.config.update(WTF_CSRF_ENABLED=False)
    client = desk.client(mia)
    assert "存储卡丢失 3 笔记录" in client.get("/running/backups/").text
    assert client.post("/running/backups/loss", data={"_key": desk.key()}).status_code == 200
    assert pay(unit, 1, by=clerk).n == PAYMENTS + 1
    assert db.second.last() == db.second.mark() > PAYMENTS, "what is done after it is written twice again"
    with pytest.raises(Refused, match="no loss to confirm"):
        second_journal.confirm(by=mia)
    assert list(proof.problems()) == []


def test_what_cannot_be_put_back_whole_stops_money_and_touches_nothing(boot, start, tmp_path: Path) -> None:
    boot(0).close()
    path = tmp_path / "second.journal"
    lines = path.read_bytes().splitlines(keepends=True)
    gap = lines[:5] + lines[6:]
    path.write_bytes(b"".join(gap))
    assert second_journal.at_boot(path) == PAYMENTS
    with pytest.raises(Refused, match="could not be read back"):
        modes.require_money()
    assert receipt.Receipt.select().count() == 0
    assert path.read_bytes() == b"".join(gap)
