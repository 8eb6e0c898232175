"""How a sale ends: bytes read from a card make it income; the supervisor pays it back or puts it on another card."""

from __future__ import annotations

from collections import Counter

from app.base import faults, money
from app.base.refusal import Refused
from app.desk.accounts import ledger, receipt
from app.desk.accounts.receipt import Item, Tender
from app.desk.papers import outbox
from app.desk.record import journal, options
from app.desk.record.journal import deed
from app.desk.who.people import Actor
from app.desk.work import due
from app.procedures.counter.water_cards import site
from app.procedures.counter.water_cards.sums import tonnes
from app.procedures.counter.water_cards.tables import KIND, SUSPENSE, Card, TopUp, changed, kept
from hardware.watercard.record import Purchase

INCOME = "income.water"
COPIES = (receipt.CUSTOMER, receipt.STUB)


@deed("topup.done", act="water.sell")
def finish(row: TopUp, read_back: Purchase, *, by: Actor) -> TopUp:
    """Bytes read from the card prove the sale: receipt, suspense to income, card and books agree again."""
    if read_back != row.record:
        raise Refused("The check reading shows {read} t, not {volume} t.", rule="WATER-7", **_readings(row, read_back))
    row = _close(row, "done", read_back, by=by)
    if not row.receipt and row.fen:
        row = _receipt(row, by=by)
    return row


@deed("topup.reissued", inside=True)
def reissued(row: TopUp, read_back: Purchase, *, card: Card, reason: str, by: Actor) -> TopUp:
    """The sale stands on the card that replaced a lost or damaged one; the supervisor closes it so (WATER-7)."""
    if read_back != row.record:
        raise Refused("The check reading shows {read} t, not {volume} t.", rule="WATER-7", **_readings(row, read_back))
    row = _close(row, "reissued", read_back, by=by, reason=reason, card=card)
    return _receipt(row, by=by) if row.fen else row


def check_not_taken(row: TopUp, meter_seq: int | None, *, stayed: bool = False) -> None:
    """What the meter has had is not paid back. Only a card that `stayed` on the reader cannot have been in its meter.

    Bits that had not settled can read right in the meter and wrong here, and a card pulled out at once carries no
    note of it: so somebody looks at the meter (`meter_seq` = the last sale it shows; None = nobody has looked).
    """
    if meter_seq is None and not stayed:
        raise Refused(
            "The card has been off the reader since: its meter may have taken the sale. Look at the meter and enter the last sale it shows.",
            rule="WATER-6",
            field="meter_seq",
        )
    if meter_seq is not None and meter_seq >= row.seq:
        raise Refused(
            "The meter has taken this sale: the water was delivered and is not paid back. Write it onto the card.",
            rule="WATER-6",
            field="meter_seq",
        )


@deed("topup.refunded", act="water.decide", rule="WATER-7")
def refunded(row: TopUp, *, reason: str, signed: str, meter_seq: int | None = None, by: Actor) -> TopUp:
    """The money goes back by its own tenders. Only after the card was proven not to hold the sale (or was replaced),
    and `check_not_taken`.
    """
    row = _close(row, "refunded", None, by=by, reason=reason)
    journal.note(meter_seq=meter_seq)
    back = Counter({SUSPENSE: row.fen})
    tenders = [Tender(kind, fen, ref) for kind, fen, ref in row.tenders]
    back.subtract({f"tender.{kind}": fen for kind, fen in kept(tenders, row.change)})
    ledger.post(back, unit=row.unit, text=row.number)
    outbox.queue(
        "water_slip",
        row,
        number=row.number,
        copies=COPIES,
        drawer=any(each.kind == "cash" for each in tenders),
        facts=slip(
            "水卡充值退款单",
            row.number,
            row.unit.label,
            by=by,
            lines=[["原购水量", f"{tonnes(row.volume)} 吨"], ["退还", money.show(row.fen)]]
            + [[receipt.TENDER_NAMES[kind], money.show(fen)] for kind, fen in kept(tenders, row.change)],
            remarks=[f"原因：{reason}", "已查卡：卡内无此笔购水。"]
            + ([f"已看表：水表最后一次购水为第 {meter_seq} 次。"] if meter_seq is not None else []),
            signatures=["收款人签名", "主管签名"],
            signed=signed,
        ),
    )
    return row


def _close(
    row: TopUp, state: str, read_back: Purchase | None, *, by: Actor, reason: str = "", card: Card | None = None
) -> TopUp:
    """Leave `pending` exactly once; a second closing of the same sale is refused."""
    done = (
        TopUp.update(
            state=state,
            reading=reading_of(read_back) if read_back else 0,
            attempts=TopUp.attempts + (state == "done"),
            said="",
            closed=journal.moment(),
            closed_by=by.id or None,
            reason=reason,
            card=card or row.card_id,
        )
        .where(TopUp.id == row.id, TopUp.state == "pending")
        .execute()
    )
    if not done:
        raise Refused("This sale is closed already. Open the page anew.", rule="WATER-6")
    row = TopUp.get_by_id(row.id)
    if read_back and state == "done":
        Card.update(seq=row.seq, amount=row.volume, cumulative=row.cumulative, tag=row.tag).where(
            Card.id == row.card_id
        ).execute()
    due.meet(KIND, row.id, slug="topup", at=journal.moment())
    journal.note(unit_id=row.unit_id, number=row.number, reading=row.reading, reason=reason)
    faults.at("topup.closing")
    changed()
    return row


def _receipt(row: TopUp, *, by: Actor) -> TopUp:
    paper = receipt.issue(
        unit=row.unit,
        payer=row.payer,
        items=[Item("水费（水卡充值）", row.expression, row.fen, INCOME)],
        tenders=[Tender(kind, fen, ref) for kind, fen, ref in row.tenders],
        change=row.change,
        suspense=SUSPENSE,
        extra={
            "title": f"水卡充值 第 {row.seq} 次",
            "lines": [
                ["购水量", f"{tonnes(row.volume)} 吨"],
                [f"单价 {money.plain(row.price)}", money.show(row.fen)],
                ["查卡核对", f"{tonnes(row.reading or 0)} 吨"],
            ],
            "remarks": [site.SHUT_OFF + site.SLOT],
        },
        by=by,
    )
    TopUp.update(receipt=paper).where(TopUp.id == row.id).execute()
    return TopUp.get_by_id(row.id)


def reading_of(record: Purchase) -> int:
    """What the check reading shows: the sale's volume, or everything sold so far (C33)."""
    return record.cumulative if options.get("water.check") == "total" else record.amount


def _readings(row: TopUp, read_back: Purchase) -> dict[str, str]:
    return {"read": tonnes(reading_of(read_back)), "volume": tonnes(reading_of(row.record))}


def slip(
    title: str,
    number: str,
    room: str,
    *,
    by: Actor,
    lines: list[list[str]],
    remarks: list[str],
    signatures: list[str],
    signed: str,
) -> dict[str, object]:
    """Facts of templates/print/water_slip.receipt."""
    return {
        "company": options.get("company.name"),
        "centre": options.get("centre.name"),
        "title": title,
        "number": number,
        "time": f"{journal.moment():%Y-%m-%d %H:%M}",
        "room": room,
        "clerk": by.name,
        "lines": lines,
        "remarks": remarks,
        "signatures": signatures,
        "signed": signed,
    }
