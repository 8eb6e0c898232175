"""`python -m app drill [FILE]`: show that a backup can be restored."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from app import settings
from app.base import db
from app.procedures.running import backups, proof


def command(arguments: list[str], *, open_books: Callable[[Path], None], t: Callable[..., str]) -> int:
    """Show that a backup (the newest) can be restored, without touching the books."""
    options = _parser().parse_args(arguments)
    newest = backups.newest(settings.load(options.data).backup_place)
    path = options.file or (settings.load(options.data).backup_place / newest.name if newest else None)
    if path is None:
        raise db.Damaged("there is no backup yet")
    found = backups.drill(path, options.data, prove=proof.problems, identity=backups.identity(options.identity))
    for each in found:
        print(each, file=sys.stderr)
    print(
        t("{count} problems found.", count=len(found))
        if found
        else t("{name} can be restored: the books in it fit together.", name=path.name)
    )
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m app drill")
    made.add_argument("--data", type=Path, default=Path("data"), help="directory of the books")
    made.add_argument("--identity", type=Path, help="age identity file, for an encrypted backup")
    made.add_argument("file", type=Path, nargs="?", help="the backup (.db or .db.age); without it the newest")
    return made
