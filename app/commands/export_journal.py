"""`python -m app export-journal`: the books as an hledger journal on standard output."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from app.procedures.money import journal_export


def command(arguments: list[str], *, open_books: Callable[[Path], None], t: Callable[..., str]) -> int:
    """`--data DIR`: write the journal of that desk to standard output."""
    parser = argparse.ArgumentParser(prog="python -m app export-journal", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"), help="directory of the database")
    open_books(parser.parse_args(arguments).data)
    sys.stdout.writelines(line + "\n" for line in journal_export.lines())
    return 0
