"""`python -m app export-chain`: the receipts with their hashes, for somebody who does not trust this program (promise P9).

One JSON object a line, in the order of the chain: number, previous, hash, facts (what was printed, amounts in fen).
`scripts/verify-chain FILE --key books.key` checks it with nothing but Python.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from app.desk import numbering
from app.desk.receipt import Receipt


def command(arguments: list[str], *, open_books: Callable[[Path], None], t: Callable[..., str]) -> int:
    """Write the chain to `--out` (default: standard output)."""
    parser = argparse.ArgumentParser(prog="python -m app export-chain")
    parser.add_argument("--data", type=Path, default=Path("data"), help="directory of the books")
    parser.add_argument("--out", type=Path, help="file to write; default: standard output")
    options = parser.parse_args(arguments)
    open_books(options.data)
    with options.out.open("w", encoding="utf-8") if options.out else nullcontext(sys.stdout) as file:
        for (year, first), last in sorted(numbering.skipped("SJ").items()):
            file.write(json.dumps({"skipped": [year, first, last]}) + "\n")
        for row in Receipt.select().order_by(Receipt.id).iterator():
            line = {"number": row.number, "previous": row.previous, "hash": row.hash, "facts": row.facts}
            file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
    return 0
