"""The chain: HMAC over the hash before and the canonical JSON of every printed field; tampering shows (promise P9)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from app.base import clock
from app.desk import journal, numbering, options
from app.desk.chain import link
from app.desk.households import Unit
from app.desk.numbering import Series
from app.desk.people import Actor
from app.desk.receipt.tables import Receipt


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


def verify() -> list[str]:
    """Walk the chain and the numbers: what does not fit (empty = all well)."""
    problems: list[str] = []
    previous, last, skipped = "", Counter[int](), numbering.skipped("SJ")
    for row in Receipt.select().order_by(Receipt.id).iterator():
        if row.previous != previous or link(previous, row.facts) != row.hash:
            problems.append(f"{row.number}: its chain is broken")
        if (row.number, row.kind, row.fen, row.payer) != tuple(
            row.facts[name] for name in ("number", "kind", "fen", "payer")
        ):
            problems.append(f"{row.number}: its row differs from what was printed")
        last[row.year] = skipped.get((row.year, last[row.year] + 1), last[row.year]) + 1
        if row.n != last[row.year]:
            problems.append(f"{row.number}: number {last[row.year]} of {row.year} was expected")
            last[row.year] = row.n
        previous = row.hash
    for series in Series.select().where(Series.name == "SJ"):
        if series.last != skipped.get((series.year, last[series.year] + 1), last[series.year]):
            problems.append(f"SJ {series.year}: {series.last} numbers drawn, receipts up to {last[series.year]}")
    return problems


def head() -> str:
    """The chain's head: printed on the shift close and in a backup's name."""
    return str(Receipt.select(Receipt.hash).order_by(Receipt.id.desc()).limit(1).scalar() or "")
