"""P16: disk full, read-only, I/O error: refused, said so, still readable; every deed fully done or fully not."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import apsw
import peewee
import pytest

from app import factory, schema
from app.base import db
from app.desk.accounts import charge, ledger, receipt
from app.desk.homes import households, instructions
from app.desk.record import journal, options
from app.desk.record.journal import deed
from app.desk.who import people
from app.desk.who.people import Actor
from app.desk.work import due
from app.procedures.running import proof
from app.settings import Settings
from tests.within import within

DAY = date(2026, 11, 22)


class Failing(apsw.VFS):
    """A disk whose n-th write or sync (counted from `arm`) fails with `error`, and every one after it."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.error: type[Exception] = apsw.IOError
        super().__init__("failing", "")

    def arm(self, n: int, error: type[Exception]) -> None:
        self.left, self.error = n, error

    def disarm(self) -> None:
        self.left = None

    def step(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                raise self.error("the disk says no")

    def xOpen(self, name: Any, flags: list[int]) -> Any:  # noqa: N802 - SQLite's names
        return _File(self, name, flags)


class _File(apsw.VFSFile):
    def __init__(self, disk: Failing, name: Any, flags: list[int]) -> None:
        self.disk = disk
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self.disk.step()
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self.disk.step()
        super().xSync(flags)


@deed("paid", act="desk.see")
def pay(unit: households.Unit, *, by: Actor) -> receipt.Receipt:
    owed = charge.open_of(unit)[0]
    return receipt.issue(
        unit=unit, payer="李伟", items=[receipt.item_of(owed)], tenders=[receipt.Tender("cash", owed.left)], by=by
    )


@deed("voided", act="desk.see")
def void(unit: households.Unit, *, by: Actor) -> receipt.Receipt:
    first = receipt.Receipt.select().order_by(receipt.Receipt.id).get()
    return receipt.reverse(
        first,
        kind="void",
        items={line.id: left for line, left in receipt.items_left(first)},
        tenders={way.id: left for way, left in receipt.tenders_left(first)},
        reason="打错",
        by=by,
    )


@deed("promised", act="desk.see")
def promise(unit: households.Unit, *, by: Actor) -> None:
    due.expect("counter.keys", 1, at=journal.moment() + timedelta(hours=1), text="x", unit_id=unit.id)


@deed("prepaid", act="desk.see")
def prepay(unit: households.Unit, *, by: Actor) -> None:
    ledger.post({"tender.cash": 5000, "prepaid": -5000}, unit=unit)


def raise_charges(unit: households.Unit, *, by: Actor) -> None:
    within(charge.add_all, [charge.New(unit, "card_fee", "卡", 500 + n, DAY) for n in range(40)], by=by)


def cancel(unit: households.Unit, *, by: Actor) -> None:
    within(charge.cancel, charge.open_of(unit)[1], reason="重复", by=by)


def instruct(unit: households.Unit, *, by: Actor) -> None:
    instructions.give(unit, "release", "勿放行大件", by=by)


def option(unit: households.Unit, *, by: Actor) -> None:
    options.change("estate.name", "新名", since=DAY, by=by)


OPERATIONS = [pay, void, promise, prepay, raise_charges, cancel, instruct, option]


@pytest.fixture(scope="module")
def disk() -> Iterator[Failing]:
    made = Failing()
    yield made
    made.unregister()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books with a household that owes, has paid once, and is ready for every operation."""
    folder = tmp_path_factory.mktemp("books")
    factory.open_books(Settings(data=folder))
    options.forget()
    unit = households.Unit.create(
        entrance=households.Entrance.create(building="3", code=2), room="1101", label="3-2-1101"
    )
    clerk = _clerk(people.Staff.create(name="陈静", roles=["cashier", "supervisor"]))
    for n in range(3):
        within(charge.add, unit=unit, item="card_fee", text="卡", fen=500 + n, due=DAY + timedelta(days=n), by=clerk)
    pay(unit, by=clerk)
    db.close()
    return folder


def _clerk(staff: people.Staff) -> Actor:
    return people.actor(staff, station="1")


def digest() -> str:
    """All tables, without the moments and hashes that differ between two runs of the same deed."""
    whole = hashlib.sha256()
    for table in schema.TABLES:
        for row in db.database.execute_sql(f"SELECT count(*) FROM {table._meta.table_name}"):
            whole.update(repr(row).encode())
    whole.update(repr(sorted(ledger.totals().items())).encode())
    whole.update(
        repr(
            charge.Charge.select(charge.Charge.id, charge.Charge.paid, charge.Charge.cancelled.is_null())
            .order_by(charge.Charge.id)
            .tuples()[:]
        ).encode()
    )
    return whole.hexdigest()


@pytest.mark.parametrize(
    "error", [apsw.IOError, apsw.FullError, apsw.ReadOnlyError], ids=["io-error", "full", "read-only"]
)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.__name__)
def test_whatever_write_fails_the_deed_is_done_or_not_done_and_the_books_stay_readable(
    operation: Callable[..., Any], error: type[Exception], disk: Failing, template: Path, tmp_path: Path
) -> None:
    n, refused = 0, 0
    while True:
        n += 1 if error is apsw.IOError else 5  # each write once; the other two ways at every fifth
        folder = tmp_path / str(n)
        shutil.copytree(template, folder)
        db.open(folder / "qiantai.db", vfs="failing")
        options.forget()
        unit, clerk = households.Unit.get(), _clerk(people.Staff.get())
        before = digest()
        disk.arm(n, error)
        try:
            operation(unit, by=clerk)
        except peewee.PeeweeException:
            refused += 1
            disk.disarm()
            assert digest() == before, f"write {n}: half done"
            operation(unit, by=clerk)  # once the disk is well again
            done = False
        else:
            done = (disk.left or 0) > 0
            disk.disarm()
        assert digest() != before
        assert list(proof.problems()) == []
        db.close()
        shutil.rmtree(folder)
        if done:
            break
    assert refused > 1


def test_a_full_disk_is_said_in_words_and_the_pages_stay_readable(template: Path, desk_on) -> None:
    desk, clerk = desk_on(template)
    client, unit = desk.client(clerk), households.Unit.get()
    lines = journal.Line.select().count()
    db.database.execute_sql(f"PRAGMA max_page_count = {db.database.pragma('page_count')}")
    data = {"unit": unit.id, "kind": "general", "text": "满" * 500}
    for _ in range(60):  # until the last page is used up
        answer = client.post(f"/homes/households/{unit.id}/instruct", data=data | {"_key": desk.key()})
        if answer.status_code == 503:
            break
    assert "磁盘已满" in answer.text
    written = journal.Line.select().count()
    assert client.get("/running/today/").status_code == 200
    assert client.post(f"/homes/households/{unit.id}/instruct", data=data | {"_key": desk.key()}).status_code == 503
    assert journal.Line.select().count() == written >= lines


@pytest.fixture
def desk_on(tmp_path: Path) -> Iterator[Callable[[Path], tuple[Any, Actor]]]:
    from tests.conftest import Client, Desk

    def make(template: Path) -> tuple[Any, Actor]:
        folder = tmp_path / "desk"
        shutil.copytree(template, folder)
        factory.open_books(Settings(data=folder))
        app = factory.create_app(Settings(data=folder))
        app.test_client_class = Client
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        return Desk(app), _clerk(people.Staff.get())

    yield make
    db.close()
