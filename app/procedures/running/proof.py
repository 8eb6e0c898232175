"""Every boot proves the books before money is allowed (promise P20); `python -m app verify` does it by hand.

Money waits for the guards, the sums and everything the newest deeds wrote. A small estate is proved whole before the desk
answers; a large one goes on being proved in the background, and money is off again if anything is found.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from app import schema
from app.base import db, stored
from app.base.refusal import N_
from app.desk.accounts import charge, ledger, receipt
from app.desk.record import journal, modes

PROVING = N_("The books are being checked; money can be taken in a moment.")
DAMAGED = N_(
    "The books do not fit together ({first}); no money until the supervisor has looked. Restore the newest backup, or run the check “python -m app verify”."
)
PATIENCE = 1.0  # seconds the start waits for a proof before it serves
NEWEST = 2000  # deeds and receipts that are proved before money is allowed: some days of a large estate
MOST = 50  # problems listed


def newest() -> Iterator[str]:
    """What must fit before money is allowed: the guards, the sums, the latest deeds and receipts on their chains."""
    ask = db.database.execute_sql
    with _snapshot():
        (receipts,) = ask("SELECT COALESCE(MAX(id), 0) FROM receipt").fetchone()
        (lines,) = ask("SELECT COALESCE(MAX(id), 0) FROM journal").fetchone()
        yield from _tried(
            lambda: stored.wrong(schema.TABLES, newest=NEWEST),
            _guards,
            _numbers,
            ledger.check,
            charge.check,
            lambda: receipt.verify(after=max(0, receipts - NEWEST)),
            lambda: journal.verify(after=max(0, lines - NEWEST)),
        )


def problems() -> Iterator[str]:
    """What does not fit in the whole books, worst first: the file, its fields, its guards, its sums, its chain."""
    ask = db.database.execute_sql
    with _snapshot():
        broken = [str(row[0]) for row in ask("PRAGMA quick_check(20)").fetchall() if row[0] != "ok"]
        yield from (f"file: {each}" for each in broken)
        sums = (ledger.check, charge.check, receipt.verify, _numbers, _papers, journal.verify)
        yield from _tried(lambda: stored.wrong(schema.TABLES), _references, _guards, *sums)


def _tried(*checks: Callable[[], Iterable[str]]) -> Iterator[str]:
    """What they find. One that falls over what another tool left is a finding, not a crash, and the others go on."""
    for check in checks:
        try:
            yield from check()
        except db.Damaged as missing:
            yield str(missing)
        except UnicodeDecodeError:
            yield from stored.undecodable(schema.TABLES)
        except Exception as error:
            yield f"a check did not get to its end ({error}): look at what is named before, or restore the newest backup"


def _references() -> Iterator[str]:
    ask = db.database.execute_sql
    for table, row, parent, key in ask("PRAGMA foreign_key_check").fetchall():
        column = next(each[3] for each in ask(f"PRAGMA foreign_key_list({table})") if each[0] == key)
        yield f"{table} {row} {column}: names a row of {parent} that is not there"


@contextmanager
def _snapshot() -> Iterator[None]:
    """The books as they are now, whatever is written meanwhile: one sum is compared with another."""
    db.database.execute_sql("BEGIN")
    try:
        yield
    finally:
        db.database.execute_sql("ROLLBACK")


def _guards() -> Iterator[str]:
    """Every append-only table still refuses changes, every unique promise still has its index."""
    found = {
        name for (name,) in db.database.execute_sql("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'index')")
    }
    for table in schema.TABLES:
        name = table._meta.table_name
        if issubclass(table, db.AppendOnly):
            yield from (
                f"{name}: its guard against {verb} is gone"
                for verb in ("update", "delete")
                if f"{name}_no_{verb}" not in found
            )
        for index in table._meta.fields_to_index():
            if index._unique and index._name not in found:
                yield f"{name}: its unique index {index._name} is gone"


def _numbers() -> Iterator[str]:
    """No series has given out a number twice or behind its counter: receipts are checked by their own walk."""
    for name, year, last in db.database.execute_sql("SELECT name, year, last FROM series").fetchall():
        if last < 0:
            yield f"series {name} {year}: counter {last}"


def _papers() -> Iterator[str]:
    """Every receipt has its print jobs."""
    query = "SELECT number FROM receipt r WHERE NOT EXISTS (SELECT 1 FROM print_job WHERE about = 'receipt' AND about_id = r.id) LIMIT 20"
    yield from (f"{number}: no print job" for (number,) in db.database.execute_sql(query).fetchall())


def at_boot(*, patience: float = PATIENCE, report: Callable[[list[str]], None] | None = None) -> threading.Thread:
    """Prove in the background, money off until the newest is proved; wait `patience` seconds. `report` gets what was found."""
    modes.stop_money("proof", PROVING)

    def prove() -> None:
        db.connect()
        # A page gives the interpreter away at each statement and would wait 5 ms to get it back from the long walk.
        usual = sys.getswitchinterval()
        sys.setswitchinterval(0.0005)
        try:
            modes.let_money("books")
            _judge(_found(newest))
            modes.let_money("proof")
            found = _found(problems)
            _judge(found)
        finally:
            sys.setswitchinterval(usual)
            db.close()
        if report is not None:
            report(found)

    thread = threading.Thread(target=prove, name="proof", daemon=True)
    thread.start()
    thread.join(patience)
    return thread


def _found(look: Callable[[], Iterator[str]]) -> list[str]:
    try:
        return [each for each, _ in zip(look(), range(MOST), strict=False)]
    except Exception as error:  # an unreadable file is a finding, not a crash
        return [f"file: {error}"]


def _judge(found: list[str]) -> None:
    if found:
        modes.stop_money("books", DAMAGED, first=found[0])
