"""The books as an hledger journal, so that others' software can judge them: python -m app export-journal --data DIR."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from app.base import money
from app.desk.ledger import Entry, Posting

_ROOTS = {
    "tender": "assets:tender",
    "receivable": "assets:receivable",
    "deposit": "liabilities:deposit",
    "prepaid": "liabilities:prepaid",
    "suspense": "liabilities:suspense",
    "income": "revenues",
    "over_short": "expenses:over_short",
}


def account(name: str) -> str:
    """`income.debris` -> `revenues:debris`: hledger's five types."""
    kind, _, rest = name.partition(".")
    return _ROOTS[kind] + (":" + _plain(rest) if rest else "")


def _plain(text: str) -> str:
    """Without what hledger reads as something else: comments, two blanks in a row, account separators."""
    return " ".join(text.replace(";", "，").replace(":", "：").replace("|", "｜").split())


def lines() -> Iterator[str]:
    """The journal: every account and the one commodity declared, then one transaction an entry, in order of time."""
    yield "commodity 1,000.00 CNY"
    names = Posting.select(Posting.account).distinct().order_by(Posting.account)
    yield from (f"account {name}" for name in dict.fromkeys(account(row.account) for row in names))
    query: Any = (
        Posting.select(Entry.id, Entry.day, Entry.text, Posting.account, Posting.till, Posting.fen)
        .join(Entry)
        .order_by(Entry.day, Entry.id, Posting.id)
        .tuples()
    )
    for (entry, day, text), postings in groupby(query.iterator(), key=lambda row: row[:3]):
        yield ""
        yield f"{day} * ({entry}) {_plain(text)}".rstrip()
        for _, _, _, name, till, fen in postings:
            tag = f"  ; till:{till}" if name.startswith("tender.") else ""
            yield f"    {account(name)}  {money.plain(fen)} CNY{tag}"


def command(arguments: list[str], *, open_books: Callable[[Path], None], t: Callable[..., str]) -> int:
    """`--data DIR`: write the journal of that desk to standard output."""
    parser = argparse.ArgumentParser(prog="python -m app export-journal", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"), help="directory of the database")
    open_books(parser.parse_args(arguments).data)
    sys.stdout.writelines(line + "\n" for line in lines())
    return 0
