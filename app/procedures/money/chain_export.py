"""The receipts with their hashes, for somebody who does not trust this program (promise P9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.desk.accounts.receipt import Receipt
from app.desk.record import numbering


def lines() -> Iterator[dict[str, Any]]:
    """One object a line: the skipped numbers of each year, then the receipts in the order of the chain.

    A receipt: number, previous, hash, facts (what was printed, amounts in fen).
    """
    for (year, first), last in sorted(numbering.skipped("SJ").items()):
        yield {"skipped": [year, first, last]}
    for row in Receipt.select().order_by(Receipt.id).iterator():
        yield {"number": row.number, "previous": row.previous, "hash": row.hash, "facts": row.facts}
