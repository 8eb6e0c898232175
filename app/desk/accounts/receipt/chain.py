"""The chain: HMAC over the hash before and the canonical JSON of every printed field; tampering shows (promise P9)."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from app.base import clock, db
from app.desk.accounts.receipt.tables import Receipt
from app.desk.homes.households import Unit
from app.desk.record import journal, numbering, options
from app.desk.record.chain import link, linker
from app.desk.record.numbering import Series
from app.desk.who.people import Actor


def write(
    *,
    kind: str,
    of: Receipt | None,
    unit: Unit | None,
    payer: str,
    fen: int,
    suspense: str | None,
    by: Actor,
    facts: dict[str, Any],
    reason: str = "",
    payee: str = "",
) -> Receipt:
    number, at = numbering.draw("SJ"), journal.moment()
    previous = Receipt.select(Receipt.hash).order_by(Receipt.id.desc()).limit(1).scalar() or ""
    whole = facts | {
        "number": str(number),
        "kind": kind,
        "at": at.isoformat(timespec="milliseconds"),
        "company": options.get("company.name"),
        "centre": options.get("centre.name"),
        "room": unit.label if unit else "",
        "payer": payer,
        "clerk": by.name,
        "fen": fen,
    }
    row = Receipt.create(
        number=str(number),
        year=number.year,
        n=number.n,
        kind=kind,
        of=of,
        unit=unit,
        payer=payer,
        staff=by.id,
        at=at,
        day=clock.business_day(at),
        fen=fen,
        suspense=suspense,
        reason=reason,
        payee=payee,
        facts=whole,
        previous=previous,
        hash=link(previous, whole),
    )
    journal.note(unit_id=unit.id if unit else None, number=str(number), fen=fen)
    return row


def verify(*, after: int = 0) -> list[str]:
    """Walk the chain and the numbers, after that id: what does not fit (empty = all well)."""
    problems: list[str] = []
    link, skipped = linker(), numbering.skipped("SJ")
    ask = db.database.execute_sql
    previous = (ask("SELECT hash FROM receipt WHERE id <= ? ORDER BY id DESC LIMIT 1", (after,)).fetchone() or ("",))[0]
    last = Counter[int](dict(ask("SELECT year, MAX(n) FROM receipt WHERE id <= ? GROUP BY year", (after,)).fetchall()))
    # Tuples and the stored text: a model and its facts made anew for each of half a million receipts take minutes.
    for number, year, n, kind, fen, payer, text, before, own in ask(_WALK, (after,)):
        if before != previous or link(previous, text) != own:
            problems.append(f"{number}: its chain is broken")
        if (number, kind, fen, payer) != _printed(text):
            problems.append(f"{number}: its row differs from what was printed")
        last[year] = skipped.get((year, last[year] + 1), last[year]) + 1
        if n != last[year]:
            problems.append(f"{number}: number {last[year]} of {year} was expected")
            last[year] = n
        previous = own
    for series in Series.select().where(Series.name == "SJ"):
        if series.last != skipped.get((series.year, last[series.year] + 1), last[series.year]):
            problems.append(f"SJ {series.year}: {series.last} numbers drawn, receipts up to {last[series.year]}")
    return problems


def _printed(text: str) -> tuple[Any, ...]:
    """What was printed of what the row says too; nothing where the text is no receipt's any more."""
    try:
        facts = json.loads(text)
        return tuple(facts[name] for name in ("number", "kind", "fen", "payer"))
    except (ValueError, TypeError, KeyError):
        return ()


_WALK = "SELECT number, year, n, kind, fen, payer, facts, previous, hash FROM receipt WHERE id > ? ORDER BY id"


def head() -> str:
    """The chain's head: printed on the shift close and in a backup's name."""
    return str(Receipt.select(Receipt.hash).order_by(Receipt.id.desc()).limit(1).scalar() or "")
