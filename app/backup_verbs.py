"""`python -m app backup | restore FILE | drill [FILE]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from app import settings
from app.base import db
from app.procedures.running import backups, proof


def parser(verb: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"python -m app {verb}")
    made.add_argument("--data", type=Path, default=Path("data"), help="directory of the books")
    if verb != "backup":
        made.add_argument("--identity", type=Path, help="age identity file, for an encrypted backup")
        made.add_argument("file", type=Path, nargs="?" if verb == "drill" else None, help="the backup (.db or .db.age)")
    return made


def backup(arguments: list[str], *, open_books: Callable[[Path], None], t: Callable[..., str]) -> int:
    """Make one backup now, beside the running desk or without it."""
    data = parser("backup").parse_args(arguments).data
    chosen = settings.load(data)
    open_books(data)
    made = backups.make(chosen.backup_place, public_key=chosen.backup_key)
    print(
        t(
            "Backup {name}: {count} receipts, last {last}.",
            name=made.name,
            count=made.receipts,
            last=made.last_receipt or "—",
        )
    )
    print(t("Keep these apart from it, in a safe place: {files}.", files=", ".join(made.keep_too)))
    return 0


def bring(arguments: list[str], *, open_books: Callable[[Path], None], t: Callable[..., str]) -> int:
    """Put a backup in the place of the books; the desk must not be running."""
    options = parser("restore").parse_args(arguments)
    note = backups.restore(options.file, options.data, identity=_identity(options.identity))
    print(
        t(
            "Restored: the books are as they were at {at}. No money is taken until the last paper receipt is named.",
            at=note.at[:16].replace("T", " "),
        )
    )
    return 0


def practise(arguments: list[str], *, open_books: Callable[[Path], None], t: Callable[..., str]) -> int:
    """Show that a backup (the newest) can be restored, without touching the books."""
    options = parser("drill").parse_args(arguments)
    newest = backups.newest(settings.load(options.data).backup_place)
    path = options.file or (settings.load(options.data).backup_place / newest.name if newest else None)
    if path is None:
        raise db.Damaged("there is no backup yet")
    found = backups.drill(path, options.data, prove=proof.problems, identity=_identity(options.identity))
    for each in found:
        print(each, file=sys.stderr)
    print(
        t("{count} problems found.", count=len(found))
        if found
        else t("{name} can be restored: the books in it fit together.", name=path.name)
    )
    return 1 if found else 0


def _identity(path: Path | None) -> str:
    lines = path.read_text().splitlines() if path else []
    return next((line for line in lines if line.startswith("AGE-SECRET-KEY-")), "")
