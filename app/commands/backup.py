"""`python -m app backup`: one backup now, beside the running desk or without it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from app import settings
from app.procedures.running import backups


def command(arguments: list[str], *, open_books: Callable[[Path], None], t: Callable[..., str]) -> int:
    """Make one backup now, beside the running desk or without it."""
    parser = argparse.ArgumentParser(prog="python -m app backup")
    parser.add_argument("--data", type=Path, default=Path("data"), help="directory of the books")
    data = parser.parse_args(arguments).data
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
