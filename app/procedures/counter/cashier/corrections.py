"""Corrections: void on the same business day, refund later. Both are new receipts; nothing is deleted (CASH-11)."""

from __future__ import annotations

from app.base import clock, db, live
from app.base import text as texts
from app.base.refusal import Refused
from app.desk.accounts import receipt
from app.desk.accounts.receipt import Receipt
from app.desk.papers.outbox import Job
from app.desk.record import journal
from app.desk.record.journal import Line, deed
from app.desk.who import people
from app.desk.who.people import Actor
from app.desk.work import due, handing, signatures

KIND = "counter.cashier"  # in due and signatures
ON_A4 = "receipt.printed_on_a4"


def times_on_a4(row: Receipt) -> int:
    """How often the receipt went out on a sheet of A4."""
    told = Line.select().where(Line.subject == "receipt", Line.subject_id == row.id, Line.verb == ON_A4)
    return int(told.count())


def copies_out(row: Receipt) -> list[str]:
    """Every copy that was or will be printed: `客户联`, `客户联 补打 1`, `A4 三联 1`. All are handed back for a void."""
    jobs = Job.select().where(Job.about == "receipt", Job.about_id == row.id, Job.state != "not sent").order_by(Job.id)
    slips = [f"{job.copy} 补打 {job.reprint}" if job.reprint else job.copy for job in jobs]
    return slips + [f"A4 三联 {n + 1}" for n in range(times_on_a4(row))]


@deed("receipt.voided", act="cashier.collect")
def void(row: Receipt, *, copies: list[str], reason: str, by: Actor) -> Receipt:
    """作废: the whole receipt of today, every copy handed back; its charges are owed again, its number stays."""
    _original(row)
    _allowed(by, "cashier.void")
    if row.day != clock.business_day(journal.moment()):
        raise Refused("{number} is not of today: give the money back by a refund.", rule="CASH-11", number=row.number)
    if receipt.reversals(row):
        raise Refused("{number} has been taken back already.", rule="CASH-11", number=row.number)
    missing = [copy for copy in copies_out(row) if copy not in copies]
    if missing:
        raise Refused(
            "These copies are not handed back: {copies}. Without them it is a refund tomorrow, not a void.",
            rule="CASH-11",
            field="copies",
            copies="、".join(missing),
        )
    made = receipt.reverse(
        row,
        kind="void",
        items={line.id: left for line, left in receipt.items_left(row)},
        tenders={way.id: left for way, left in receipt.tenders_left(row)},
        reason=reason_of(reason),
        by=by,
    )
    db.after_commit(_touch)
    return made


@deed("receipt.refunded", act="cashier.collect")
def refund(
    row: Receipt, *, items: dict[int, int], tenders: dict[int, int], reason: str, payee: str, by: Actor
) -> Receipt:
    """退款: lines (ReceiptItem id -> fen) of an earlier day's receipt, by its own tenders; the payee signs the stub."""
    _original(row)
    _allowed(by, "cashier.refund")
    if row.day == clock.business_day(journal.moment()):
        raise Refused("{number} is of today: void it and make a new one.", rule="CASH-11", number=row.number)
    if any(line.id in items and line.account.startswith("deposit.") for line, _ in receipt.items_left(row)):
        raise Refused("A deposit is given back on the deposits page.", rule="CASH-12")
    made = receipt.reverse(
        row,
        kind="refund",
        items=items,
        tenders=tenders,
        reason=reason_of(reason),
        payee=texts.name(payee, field="payee"),
        by=by,
    )
    db.after_commit(_touch)
    return made


@deed("refund.signed", act="cashier.collect")
def signed(made: Receipt, png: bytes = b"", *, by: Actor) -> Receipt:
    """The payee of a refund or a deposit has signed: on the pad, where there is a picture, else on the stub."""
    how = handing.sign(KIND, made.id, "payee", "pad" if png else "paper", png, rule="CASH-11", by=by)
    due.meet(KIND, made.id, at=journal.moment(), slug="signature")
    journal.note(unit_id=made.unit_id, number=made.number, signed=how)
    return made


def is_unsigned(made: Receipt) -> bool:
    """Whether the payee's signature is still waited for."""
    waits = due.Due.select().where(due.Due.kind == KIND, due.Due.about == made.id, due.Due.met.is_null())
    return bool(made.payee) and bool(waits.exists())


def drawn(made: Receipt) -> int:
    """The id of the payee's signature on the pad; 0 where there is none."""
    found = signatures.of(KIND, made.id).get("payee") if made.payee else None
    return found.id if found else 0


def _original(row: Receipt) -> None:
    if row.kind != "receipt":
        raise Refused(
            "{number} is itself a correction; choose the receipt it corrects.", rule="CASH-11", number=row.number
        )
    if row.suspense:
        raise Refused(
            "{number} stands for water on a card: take it back on the water card page.",
            rule="CASH-11",
            number=row.number,
        )


def _allowed(by: Actor, act: str) -> None:
    no = Refused(
        "{name} may not take a receipt back alone. The supervisor allows it here.",
        rule="CASH-11",
        override="cashier.reverse",
        name=by.name,
    )
    people.check(people.may(by, act), no, by=by)


def reason_of(text: str) -> str:
    reason = texts.remark(text, field="reason")
    if not reason:
        raise Refused("Write down the reason.", rule="CASH-11", field="reason")
    return reason


def _touch() -> None:
    live.bump("money", "households")
