"""Receipts: numbered without a gap, chained by HMAC, never changed. A mistake is put right by a further receipt (CASH-11).

`issue` and `reverse` are called inside a deed. Every printed field is in `Receipt.facts` (amounts in fen); its canonical
JSON and the hash before it give the next hash, whose first 8 hex digits are printed as 校验码.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import peewee

from app.base import clock, db, faults, money
from app.base.refusal import N_, Refused
from app.desk.accounts import charge, ledger
from app.desk.accounts.charge import Charge
from app.desk.accounts.receipt import chain
from app.desk.accounts.receipt.chain import head, verify
from app.desk.accounts.receipt.printed import TENDER_NAMES, masked, paper
from app.desk.accounts.receipt.tables import Receipt, ReceiptItem, ReceiptTender
from app.desk.homes import lookup
from app.desk.homes.households import Unit
from app.desk.papers import outbox
from app.desk.record import numbering
from app.desk.record.chain import KEY_FILE
from app.desk.who.people import Actor
from app.desk.work import due

__all__ = [
    "BOOK",
    "CUSTOMER",
    "KEY_FILE",
    "STUB",
    "TENDER_NAMES",
    "Item",
    "Receipt",
    "ReceiptItem",
    "ReceiptTender",
    "Tender",
    "head",
    "is_reversed",
    "issue",
    "item_of",
    "items_left",
    "masked",
    "of_number",
    "paper",
    "reversals",
    "reverse",
    "split_back",
    "tenders_left",
    "verify",
]

CUSTOMER, STUB, BOOK = "客户联", "存根联", "记账联"


@dataclass(frozen=True)
class Tender:
    """`kind` of TENDER_NAMES; `fen` as handed over (cash: before change); `ref` the merchant's order number."""

    kind: str
    fen: int
    ref: str = ""


@dataclass(frozen=True)
class Item:
    """`account` is income.<item>, deposit.<item> or prepaid; with `charge_id` that charge is paid by it."""

    text: str
    expression: str
    fen: int
    account: str
    charge_id: int | None = None
    period: str = ""


def item_of(row: Charge, fen: int | None = None) -> Item:
    """The line that pays a charge, or `fen` of it."""
    part = row.left if fen is None else fen
    expression = row.expression
    if part < row.fen:
        expression = f"{expression} = {money.plain(row.fen)} 部分".lstrip(" =")
    return Item(row.text, expression, part, row.account, charge_id=row.id, period=row.period)


def issue(
    *,
    unit: Unit | None,
    payer: str,
    items: list[Item],
    tenders: list[Tender],
    change: int = 0,
    suspense: str | None = None,
    extra: dict[str, Any] | None = None,
    copies: tuple[str, ...] | None = None,
    by: Actor,
) -> Receipt:
    """Take money for `items`. Inside a deed. `suspense` = the account the tenders were posted to at the intent.

    `extra` is printed under the items: {"title": str, "lines": [[left, right], ...], "remarks": [str, ...]}.
    `copies`: 客户联 and 存根联, for deposits 记账联 too. Refused where the sums differ or the prepaid balance is short.
    """
    total, paid = sum(item.fen for item in items), sum(tender.fen for tender in tenders)
    cash = sum(tender.fen for tender in tenders if tender.kind == "cash")
    assert items
    assert all(item.fen > 0 for item in items)
    assert all(each.fen > 0 for each in tenders)
    if total != paid - change or (change and not 0 < change < cash):
        raise Refused(
            "{paid} paid less {change} change is not the {total} of this receipt. Check the amounts.",
            rule="CASH-1",
            paid=money.show(paid),
            change=money.show(change),
            total=money.show(total),
        )
    net = _net(tenders, change)
    _spend_prepaid(unit, sum(each.fen for each in net if each.kind == "prepaid"))
    if copies is None:
        deposits = any(item.account.startswith("deposit.") for item in items)
        copies = (CUSTOMER, STUB, BOOK) if deposits else (CUSTOMER, STUB)
    row = chain.write(
        kind="receipt",
        of=None,
        unit=unit,
        payer=payer,
        fen=total,
        suspense=suspense,
        by=by,
        facts={
            "items": [_item_facts(item) for item in items],
            "tenders": [{"kind": each.kind, "fen": each.fen, "ref": each.ref} for each in tenders],
            "change": change,
            "extra": extra or {},
            "copies": list(copies),
        },
    )
    amounts: Counter[str] = Counter()
    for item in items:
        ReceiptItem.insert(
            receipt=row, text=item.text, account=item.account, charge=item.charge_id, fen=item.fen
        ).execute()
        amounts[_credited(item.account, item.charge_id)] -= item.fen
        if item.charge_id is not None:
            charge.allocate(item.charge_id, item.fen, receipt_id=row.id)
    for each in net:
        ReceiptTender.insert(receipt=row, kind=each.kind, ref=each.ref, fen=each.fen).execute()
        amounts[suspense or _till_account(each.kind)] += each.fen
    ledger.post(amounts, unit=unit, text=row.number)
    faults.at("receipt.posted")
    outbox.queue("receipt", row, facts=paper(row), number=row.number, copies=copies, drawer=cash > 0)
    return row


def reverse(
    original: Receipt,
    *,
    kind: str,
    items: dict[int, int],
    tenders: dict[int, int],
    reason: str,
    payee: str = "",
    by: Actor,
) -> Receipt:
    """Take back lines (ReceiptItem id -> fen) by the original's tenders (ReceiptTender id -> fen). Inside a deed.

    `void`: the charges are owed again. `refund`: the money goes back, nothing is owed again.
    Never more than is left of a line or of a tender, over all reversals (promise P10).
    """
    lines, ways = _parts(ReceiptItem, items, original), _parts(ReceiptTender, tenders, original)
    total = sum(items.values())
    if not total or total != sum(tenders.values()):
        raise Refused(
            "{paid} given back is not the {total} of the lines taken back. Check the amounts.",
            rule="CASH-1",
            paid=money.show(sum(tenders.values())),
            total=money.show(total),
        )
    _spend_prepaid(original.unit, sum(fen for line, fen in lines if line.account == "prepaid"))
    told = [line.id for line, _ in items_left(original)]  # in the order of the printed lines
    periods = {line: item["period"] for line, item in zip(told, original.facts["items"], strict=True)}
    row = chain.write(
        kind=kind,
        of=original,
        unit=original.unit,
        payer=original.payer,
        fen=-total,
        suspense=None,
        by=by,
        reason=reason,
        payee=payee,
        facts={
            "items": [
                {
                    "text": line.text,
                    "period": periods[line.id],
                    "account": line.account,
                    "charge": line.charge_id,
                    "fen": -fen,
                }
                for line, fen in lines
            ],
            "tenders": [{"kind": way.kind, "fen": -fen, "ref": way.ref} for way, fen in ways],
            "of": {"number": original.number, "hash": original.hash},
            "reason": reason,
            "payee": payee,
            "copies": [CUSTOMER, STUB],
        },
    )
    amounts: Counter[str] = Counter()
    for line, fen in lines:
        owed_again = kind == "void" and line.charge_id is not None
        ReceiptItem.insert(
            receipt=row, text=line.text, account=line.account, charge=line.charge_id, fen=-fen, of=line
        ).execute()
        amounts[_credited(line.account, line.charge_id) if owed_again else line.account] += fen
        if owed_again:
            charge.allocate(line.charge_id, -fen, receipt_id=row.id)
    for way, fen in ways:
        ReceiptTender.insert(receipt=row, kind=way.kind, ref=way.ref, fen=-fen, of=way).execute()
        amounts[_till_account(way.kind)] -= fen
    ledger.post(amounts, unit=original.unit, text=row.number)
    cash = any(way.kind == "cash" for way, _ in ways)
    outbox.queue("receipt", row, facts=paper(row), number=row.number, copies=(CUSTOMER, STUB), drawer=cash)
    if payee:
        _expect_signature(row)
    return row


def _expect_signature(row: Receipt) -> None:
    """The stub of a refund is signed by the payee the same evening."""
    due.expect(
        "counter.cashier",
        row.id,
        slug="signature",
        at=max(clock.at(row.day, 18, 30), row.at + timedelta(minutes=30)),
        text=N_("Refund {number}: {payee} has to sign the stub"),
        unit_id=row.unit_id,
        number=row.number,
        payee=masked(row.payee),
    )


def _parts(table: type[Any], wanted: dict[int, int], original: Receipt) -> list[tuple[Any, int]]:
    """The original's rows with what is taken back of each; Refused where less is left."""
    left = _left(table, original)
    for row_id, fen in wanted.items():
        if row_id not in left or not 0 < fen <= left[row_id][1]:
            raise Refused(
                "Only {left} is left of this line of {number}; {fen} cannot be given back.",
                rule="CASH-11",
                left=money.show(left[row_id][1] if row_id in left else 0),
                number=original.number,
                fen=money.show(fen),
            )
    return [(left[row_id][0], fen) for row_id, fen in wanted.items()]


def _left(table: type[Any], original: Receipt) -> dict[int, tuple[Any, int]]:
    back = table.alias()
    gone = peewee.fn.COALESCE(back.select(db.total(back.fen)).where(back.of == table.id), 0)
    rows = table.select(table, gone.alias("gone")).where(table.receipt == original).order_by(table.id)
    return {row.id: (row, row.fen + row.gone) for row in rows}


def items_left(original: Receipt) -> list[tuple[ReceiptItem, int]]:
    """Its lines with what has not been taken back of each."""
    return list(_left(ReceiptItem, original).values())


def tenders_left(original: Receipt) -> list[tuple[ReceiptTender, int]]:
    """Its tenders (net of change) with what has not been given back of each."""
    return list(_left(ReceiptTender, original).values())


def split_back(original: Receipt, fen: int) -> dict[int, int]:
    """How `fen` goes back by the original's tenders, in their order: ReceiptTender id -> fen."""
    out = {}
    for way, left in tenders_left(original):
        if part := min(left, fen):
            out[way.id], fen = part, fen - part
    return out


def is_reversed(original: Receipt) -> bool:
    """Whether nothing is left of it (derived, never stored)."""
    return all(left == 0 for _, left in items_left(original))


def reversals(original: Receipt) -> list[Receipt]:
    return list(Receipt.select().where(Receipt.of == original).order_by(Receipt.id))


def of_unit(unit: Unit, *, limit: int) -> list[Receipt]:
    """The latest receipts and reversals of a unit."""
    return list(Receipt.select().where(Receipt.unit == unit).order_by(Receipt.id.desc()).limit(limit))


def of_number(text: str) -> Receipt | None:
    """The receipt of `SJ-2026-000413` or of the 14 digits printed on it."""
    read = numbering.read_code(text.strip())
    if read is not None:
        return Receipt.get_or_none(Receipt.year == read[1], Receipt.n == read[2]) if read[0] == "receipt" else None
    return Receipt.get_or_none(Receipt.number == text.strip().upper())


@lookup.finds("receipt")
def _find(year: int, n: int) -> lookup.Hit | None:
    row = Receipt.get_or_none(Receipt.year == year, Receipt.n == n)
    if row is None:
        return None
    return lookup.Hit("receipt", lookup.NUMBER, row.number, row.payer, unit_id=row.unit_id, about=row.id, exact=True)


def _net(tenders: Iterable[Tender], change: int) -> list[Tender]:
    """Tenders as they stay in the till: change comes out of the cash."""
    out = []
    for each in tenders:
        back = min(change, each.fen) if each.kind == "cash" else 0
        change -= back
        if each.fen - back:
            out.append(Tender(each.kind, each.fen - back, each.ref))
    return out


def _spend_prepaid(unit: Unit | None, fen: int) -> None:
    if fen and fen > (left := ledger.prepaid(unit)):
        raise Refused(
            "The prepaid balance is {left}; {fen} cannot be taken from it.",
            rule="CASH-1",
            field="prepaid",
            left=money.show(left),
            fen=money.show(fen),
        )


def _till_account(kind: str) -> str:
    return kind if kind == "prepaid" else f"tender.{kind}"


def _credited(account: str, charge_id: int | None) -> str:
    return "receivable" if charge_id is not None and account.startswith("income.") else account


def _item_facts(item: Item) -> dict[str, Any]:
    return {
        "text": item.text,
        "period": item.period,
        "expression": item.expression,
        "fen": item.fen,
        "account": item.account,
        "charge": item.charge_id,
    }
