"""`python -m app restore FILE`: a backup in the place of the books."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from app.procedures.running import backups


def command(arguments: list[str], *, open_books: Callable[[Path], None], t: Callable[..., str]) -> int:
    """Put a backup in the place of the books; the desk must not be running."""
    options = _parser().parse_args(arguments)
    note = backups.restore(options.file, options.data, identity=backups.identity(options.identity))
    print(
        t(
            "Restored: the books are as they were at {at}. No money is taken until the last paper receipt is named.",
            at=note.at[:16].replace("T", " "),
        )
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m app restore")
    made.add_argument("--data", type=Path, default=Path("data"), help="directory of the books")
    made.add_argument("--identity", type=Path, help="age identity file, for an encrypted backup")
    made.add_argument("file", type=Path, help="the backup (.db or .db.age)")
    return made
