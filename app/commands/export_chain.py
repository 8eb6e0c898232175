"""`python -m app export-chain`: the chain of the receipts, one JSON object a line (app.procedures.money.chain_export).

`scripts/verify-chain FILE --key books.key` checks it with nothing but Python.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from app.procedures.money import chain_export


def command(arguments: list[str], *, open_books: Callable[[Path], None], t: Callable[..., str]) -> int:
    """Write the chain to `--out` (default: standard output)."""
    parser = argparse.ArgumentParser(prog="python -m app export-chain")
    parser.add_argument("--data", type=Path, default=Path("data"), help="directory of the books")
    parser.add_argument("--out", type=Path, help="file to write; default: standard output")
    options = parser.parse_args(arguments)
    open_books(options.data)
    with options.out.open("w", encoding="utf-8") if options.out else nullcontext(sys.stdout) as file:
        for line in chain_export.lines():
            file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
    return 0
