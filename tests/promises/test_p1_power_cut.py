"""P1: a payment shown as done survives a power cut.

The real deeds on the real schema through a recording VFS; then the power is cut at a random event, unsynced writes are
kept, dropped, kept in part or torn into sectors, and the books are opened as at boot.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import apsw
import pytest

from app import schema
from app.base import db
from app.desk.accounts import charge, receipt
from app.desk.homes import households
from app.desk.record import options
from app.desk.record.journal import deed
from app.desk.who import people
from app.desk.who.people import Actor
from tests.promises import power

PAYMENTS = 40
CUTS, CUTS_LONG = 5_000, 200_000


@deed("paid", act="desk.see")
def pay(unit: households.Unit, n: int, *, by: Actor) -> receipt.Receipt:
    owed = charge.add(unit=unit, item="card_fee", text="水卡工本费", fen=500 + n, due=date(2026, 11, 22), by=by)
    return receipt.issue(
        unit=unit, payer="李伟", items=[receipt.item_of(owed)], tenders=[receipt.Tender("cash", 500 + n)], by=by
    )


def record(folder: Path, name: str) -> list[power.Event]:
    """What the disk was told while a clerk took PAYMENTS payments; ("done", number) = shown to the clerk."""
    recorder = power.Recorder(name)
    db.open(folder / "books.db", vfs=name)
    db.create(schema.TABLES)
    options.forget()
    entrance = households.Entrance.create(building="3", code=2)
    unit = households.Unit.create(entrance=entrance, room="1101", label="3-2-1101")
    clerk = people.actor(people.Staff.create(name="陈静", roles=["cashier"]), station="1")
    db.database.execute_sql("PRAGMA wal_autocheckpoint = 60")  # so that cuts fall into checkpoints too
    recorder.log.append(("ready", ""))
    for n in range(PAYMENTS):
        recorder.log.append(("done", pay(unit, n, by=clerk).number))
    db.close()
    recorder.unregister()
    return recorder.log


@dataclass
class Found:
    lost: int = 0
    inconsistent: int = 0


def cuts(log: list[power.Event], folder: Path, trials: int, dice: random.Random) -> Found:
    """Cut `trials` times after the desk was ready and count payments lost and books that do not fit together."""
    ready = log.index(("ready", ""))
    moments = sorted(dice.randrange(ready, len(log)) for _ in range(trials))
    disk, shown, found, at = power.Disk(), set[str](), Found(), 0
    for moment in moments:
        for event in log[at : moment + 1]:
            disk.play(event)
            if event[0] == "done":
                shown.add(event[1])
        at = moment + 1
        lay(folder, disk.cut(dice.choice(power.HOWS), dice))
        lost, crooked = boot(folder / "books.db", shown)
        found.lost += lost
        found.inconsistent += crooked
    return found


def lay(folder: Path, files: dict[str, bytearray]) -> None:
    """The platters as files. boot() leaves the database itself as it was, so what has not changed is not laid again."""
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()
    for name, content in files.items():
        path = folder / name
        if not path.exists():
            path.write_bytes(content)
        elif path.read_bytes() != content:
            with path.open(
                "r+b"
            ) as file:  # in place: giving back a megabyte's pages and asking for them anew costs more
                file.write(content)
                file.truncate()


CHECKS = (
    "SELECT 1 FROM posting GROUP BY entry_id HAVING sum(fen) <> 0",
    "SELECT 1 FROM series WHERE name = 'SJ' AND last <> (SELECT count(*) FROM receipt)",
    "SELECT 1 FROM charge c WHERE paid <> (SELECT coalesce(sum(fen), 0) FROM allocation WHERE charge_id = c.id)",
    "SELECT 1 WHERE (SELECT count(*) FROM receipt) * 2 <> (SELECT count(*) FROM print_job)",
    "SELECT 1 WHERE (SELECT count(*) FROM receipt) <> (SELECT count(*) FROM journal WHERE verb = 'paid')",
)


def boot(path: Path, shown: set[str]) -> tuple[bool, bool]:
    """(a shown payment is gone, the books do not fit together) after the power came back."""
    try:
        books = apsw.Connection(str(path))
        books.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        books.execute("PRAGMA locking_mode = exclusive")  # nobody else reads: no shared memory has to be mapped
        numbers = {row[0] for row in books.execute("SELECT number FROM receipt")}
        whole = books.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        crooked = not whole or any(books.execute(sql).fetchall() for sql in CHECKS)
        books.close()
    except (apsw.CorruptError, apsw.NotADBError, apsw.SQLError):
        return False, True
    return not shown <= numbers, crooked


@pytest.fixture
def ram(tmp_path: Path) -> Iterator[Path]:
    """Where the thousands of reopened copies lie: they are never synced, so memory will do."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        yield Path(folder)


def test_no_payment_is_lost_and_the_books_fit_at_every_cut(tmp_path: Path, ram: Path, times: int) -> None:
    found = cuts(record(tmp_path, "p1"), ram, CUTS if times == 1 else CUTS_LONG, random.Random(1))
    assert found == Found(lost=0, inconsistent=0)


def test_control_commits_that_are_not_synced_lose_shown_payments(
    tmp_path: Path, ram: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(db.PRAGMAS, "synchronous", 1)  # NORMAL
    assert cuts(record(tmp_path, "p1-normal"), ram, 200, random.Random(2)).lost > 0


def test_control_a_disk_that_does_not_sync_breaks_the_books(
    tmp_path: Path, ram: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(db.PRAGMAS, "synchronous", 0)  # OFF
    found = cuts(record(tmp_path, "p1-off"), ram, 200, random.Random(3))
    assert found.lost > 0
    assert found.inconsistent > 0
