"""`python -m app verify`: the books proved row by row."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from app.procedures.running import proof


def command(arguments: list[str], *, open_books: Callable[[Path], None], t: Callable[..., str]) -> int:
    """`python -m app verify --data DIR`: every problem by row and field; exit 1 where there is one."""
    parser = argparse.ArgumentParser(prog="python -m app verify")
    parser.add_argument("--data", type=Path, default=Path("data"))
    open_books(parser.parse_args(arguments).data)
    found = list(dict.fromkeys(proof.problems()))
    for each in found:
        print(each, file=sys.stderr)
    print(t("{count} problems found.", count=len(found)) if found else t("The books fit together."))
    return 1 if found else 0
