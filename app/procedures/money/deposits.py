"""Deposits: money held for others, never income (CASH-12). Listed while held, given back against their receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import peewee

from app.base import db, live, money, rooms
from app.base import text as texts
from app.base.refusal import N_, Refused
from app.desk.accounts import prices, receipt
from app.desk.accounts.receipt import Receipt, ReceiptItem
from app.desk.homes.households import Unit
from app.desk.record.journal import deed
from app.desk.who import people
from app.desk.who.people import Actor
from app.desk.work.listing import Asked, Column, Listing


@dataclass(frozen=True)
class Held:
    """One deposit still held: the receipt's line and what is left of it, in fen."""

    line: ReceiptItem
    receipt: Receipt
    unit: str
    left: int


COLUMNS = (
    Column(N_("Room"), lambda held: held.unit),
    Column(N_("Deposit"), lambda held: held.line.text),
    Column(N_("Receipt"), lambda held: held.receipt.number, opens=lambda held: held.receipt.id),
    Column(N_("Taken on"), lambda held: held.receipt.day, "day"),
    Column(N_("Payer"), lambda held: held.receipt.payer),
    Column(N_("Held"), lambda held: held.left, "fen"),
)


def register(asked: Asked) -> Listing:
    """Deposits with something left: of that room or payer, taken on those days. Summed where days are given."""
    back = ReceiptItem.alias()
    gone = peewee.fn.COALESCE(back.select(db.total(back.fen)).where(back.of == ReceiptItem.id), 0)
    left = ReceiptItem.fen + gone
    query = (
        ReceiptItem.select(ReceiptItem, Receipt, Unit, left.alias("remains"))
        .join(Receipt)
        .join(Unit, peewee.JOIN.LEFT_OUTER)
        .where(
            ReceiptItem.account.in_(prices.DEPOSITS),
            # Cast, so that its index is not taken: nearly every line of a receipt is nobody's reversal.
            ReceiptItem.of.cast("BIGINT").is_null(),
            left > 0,
        )
    )
    if asked.text:
        room = rooms.read(asked.text)
        payer = Receipt.payer == asked.text.strip()
        query = query.where((Unit.label == str(room)) | payer if room else payer)
    if asked.since is not None:
        query = query.where(Receipt.day.between(asked.since, asked.until))
    fen = left if asked.since is not None else None
    return Listing(N_("Deposits"), query, ReceiptItem.id, COLUMNS, _held, fen)


def _held(rows: list[Any]) -> list[Held]:
    return [
        Held(row, row.receipt, row.receipt.unit.label if row.receipt.unit else "", int(row.remains)) for row in rows
    ]


@deed("deposit.given_back", act="deposits.see")
def give_back(line: ReceiptItem, *, fen: int, payee: str, reason: str, copy_back: bool, by: Actor) -> Receipt:
    """Give back `fen` of a deposit by its own tender, against the customer's copy; the payee signs the stub."""
    original = line.receipt
    if not line.account.startswith("deposit.") or line.of_id is not None:
        raise Refused("This line is no deposit.", rule="CASH-12")
    people.check(
        people.may(by, "deposits.give_back"),
        Refused(
            "{name} may not give a deposit back alone. The supervisor allows it here.",
            rule="CASH-12",
            override="deposits.give_back",
            name=by.name,
        ),
        by=by,
    )
    people.check(
        copy_back,
        Refused(
            "The customer's copy of {number} has to be handed back.",
            rule="CASH-12",
            override="deposits.give_back",
            field="copy_back",
            number=original.number,
        ),
        by=by,
    )
    remark = texts.remark(reason, field="reason")
    left = next(rest for row, rest in receipt.items_left(original) if row.id == line.id)
    if not 0 < fen <= left:
        raise Refused("{left} of this deposit is held.", rule="CASH-12", field="fen", left=money.show(left))
    made = receipt.reverse(
        original,
        kind="refund",
        items={line.id: fen},
        tenders=receipt.split_back(original, fen),
        reason=remark or "退还保证金",
        payee=texts.name(payee, field="payee"),
        by=by,
    )
    db.after_commit(lambda: live.bump("money", "households"))
    return made
