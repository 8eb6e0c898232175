"""The books as an hledger journal, so that others' software can judge them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from app.base import money
from app.desk.accounts.ledger import Entry, Posting

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
