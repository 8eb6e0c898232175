"""Every boot proves the books before money is allowed (promise P20); `python -m app verify` does it by hand.

A small estate is proved before the desk answers; a large one in the background, with money off until it is done.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app import schema
from app.base import db
from app.base.refusal import N_
from app.desk import charge, journal, ledger, modes, receipt

PROVING = N_("The books are being checked; money can be taken in a moment.")
DAMAGED = N_(
    "The books do not fit together ({first}); no money until the supervisor has looked. Restore the newest backup, or run the check “python -m app verify”."
)
PATIENCE = 2.0  # seconds the start waits for a proof before it serves without money
MOST = 50  # problems listed


def problems() -> Iterator[str]:
    """What does not fit, worst first: the file, its tables, its guards, its sums, its chain."""
    broken = [str(row[0]) for row in db.database.execute_sql("PRAGMA quick_check(20)").fetchall() if row[0] != "ok"]
    yield from (f"file: {each}" for each in broken)
    if broken:
        return
    for table, row, parent, _ in db.database.execute_sql("PRAGMA foreign_key_check").fetchall():
        yield f"{table} {row}: names a row of {parent} that is not there"
    yield from _guards()
    for check in (ledger.check, charge.check, receipt.verify, _numbers, _papers):
        yield from check()
    yield from journal.verify()


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


def at_boot(
    *, patience: float = PATIENCE, report: Callable[[list[str]], None] | None = None
) -> threading.Thread:
    """Prove in the background, money off meanwhile; wait `patience` seconds for it. `report` gets what was found."""
    modes.stop_money("proof", PROVING)

    def prove() -> None:
        db.connect()
        try:
            found = [each for each, _ in zip(problems(), range(MOST), strict=False)]
        except Exception as error:  # an unreadable file is a finding, not a crash
            found = [f"file: {error}"]
        finally:
            db.close()
        if found:
            modes.stop_money("books", DAMAGED, first=found[0])
        else:
            modes.let_money("books")
        modes.let_money("proof")
        if report is not None:
            report(found)

    thread = threading.Thread(target=prove, name="proof", daemon=True)
    thread.start()
    thread.join(patience)
    return thread


def command(arguments: list[str], *, open_books: Callable[[Path], None], t: Callable[..., str]) -> int:
    """`python -m app verify --data DIR`: every problem by row and field; exit 1 where there is one."""
    parser = argparse.ArgumentParser(prog="python -m app verify")
    parser.add_argument("--data", type=Path, default=Path("data"))
    open_books(parser.parse_args(arguments).data)
    found = list(problems())
    for each in found:
        print(each, file=sys.stderr)  # noqa: T201 - a command's answer
    print(t("{count} problems found.", count=len(found)) if found else t("The books fit together."))  # noqa: T201
    return 1 if found else 0


__all__: list[Any] = ["at_boot", "command", "problems"]
