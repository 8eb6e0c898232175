"""Meter exchanged, water handed back, account transferred at a change of owner: signed, with the arithmetic."""

from __future__ import annotations

from app.base import money
from app.base.refusal import Refused
from app.desk.accounts import receipt
from app.desk.accounts.receipt import Receipt
from app.desk.homes.households import Person
from app.desk.papers import outbox
from app.desk.record import journal
from app.desk.record.journal import deed
from app.desk.who.people import Actor
from app.procedures.counter.water_cards import cards, closing, relearning
from app.procedures.counter.water_cards.sums import tonnes
from app.procedures.counter.water_cards.tables import (
    Account,
    Card,
    Handling,
    Meter,
    TopUp,
    card_in_use,
    changed,
    pending_of,
)
from hardware.watercard.record import MeterNote, Purchase


def _untaken(card: Card, meter_seq: int) -> int:
    """Volume of the sales on the card that the meter has not taken yet, going by the number it shows (0.01 t)."""
    rows = TopUp.select().where(
        TopUp.meter == card.its_meter, TopUp.state.in_(("done", "reissued")), TopUp.seq > meter_seq
    )
    return sum(row.volume for row in rows) + relearning.learned_after(card, meter_seq)


@deed("water_meter.exchanged", act="water.issue")
def exchange_meter(
    account: Account, number: str, *, left: int, meter_seq: int, reason: str, signed: str, by: Actor
) -> Handling:
    """A new meter is up. What was left in the old one, and what it had not taken from the card, goes onto the card
    for the new one: the same card is issued again (issue no. + 1, counting from 0), then the water is written.
    """
    card = _idle_card(account)
    old = card.its_meter
    if meter_seq > card.seq:
        raise Refused(
            "The meter shows sale {n}; the books know {seq}. Look at the meter again.",
            field="meter_seq",
            n=meter_seq,
            seq=card.seq,
        )
    waiting = _untaken(card, meter_seq)
    new = cards.new_meter(account.unit, number)
    Meter.update(until=journal.moment(), left=left).where(Meter.id == old.id).execute()
    expression = f"旧表剩余 {tonnes(left)} ＋ 卡内未入表 {tonnes(waiting)} ＝ {tonnes(left + waiting)} 吨"
    cards.order_again(card, account, new, by=by)
    card = Card.get_by_id(card.id)
    facts = {
        "issue": card.issue,
        "old_meter": old.number,
        "new_meter": new.number,
        "left": left,
        "untaken": waiting,
        "carry": left + waiting,
        "expression": expression,
    }
    row = Handling.create(
        kind="exchanged",
        account=account,
        card=card,
        at=journal.moment(),
        staff=by.id,
        signed=signed,
        reason=reason,
        facts=facts,
    )
    journal.note(unit_id=account.unit_id, old=old.number, new=new.number, carry=left + waiting)
    _paper(
        row,
        "水表更换确认单",
        account,
        [["旧表号", old.number], ["新表号", new.number], ["结转水量", f"{tonnes(left + waiting)} 吨"]],
        remarks=[expression, f"原因：{reason}", "结转水量写入水卡，请将卡插入新表。"],
        signatures=["业主签名", "工程签名"],
        signed=signed,
        by=by,
    )
    changed()
    return row


@deed("water_account.transferred", act="water.issue")
def transfer(account: Account, to: str, person: Person | None, *, left: int, signed: str, by: Actor) -> Handling:
    """The new owner takes over card, meter and the water in them; both sign. No money moves at the desk."""
    card = _idle_card(account)
    before = account.holder
    Account.update(holder=to, person=person).where(Account.id == account.id).execute()
    row = Handling.create(
        kind="transferred",
        account=account,
        card=card,
        at=journal.moment(),
        staff=by.id,
        signed=signed,
        facts={"from": before, "to": to, "left": left},
    )
    journal.note(unit_id=account.unit_id, before=before, now=to, left=left)
    lines = [["原户主", before], ["新户主", to], ["表内剩余", f"{tonnes(left)} 吨"]]
    remarks = ["水卡、水表及剩余水量一并移交，款项双方自理。"]
    _paper(
        row,
        "水卡过户确认单",
        account,
        lines,
        remarks=remarks,
        signatures=["原业主签名", "新业主签名"],
        signed=signed,
        by=by,
    )
    changed()
    return row


@deed("water.handed_back", act="water.decide", rule="WATER-7")
def hand_back(account: Account, *, left: int, meter_seq: int, reason: str, signed: str, by: Actor) -> Handling:
    """The owner leaves: what is left in the meter is paid back against the newest receipts, at the price each was sold
    at; the card is kept and the account closed. The card must be in the meter's latest state first.
    """
    card = _idle_card(account)
    if meter_seq != card.seq:
        raise Refused(
            "The meter has not taken the last sale yet. Let the owner put the card into the meter first.",
            rule="WATER-7",
        )
    rest, lines, back = left, [], []
    for sale in TopUp.select().where(TopUp.account == account, TopUp.receipt.is_null(False)).order_by(TopUp.id.desc()):
        part = min(rest, sale.volume)
        if part and (fen := _worth(sale, part)):
            back.append((sale, part, fen))
            lines.append([f"{_receipt_of(sale).number} {tonnes(part)}×{money.plain(sale.price)}", money.show(fen)])
        rest -= part
    if rest:
        raise Refused(
            "Only {sold} t were sold to this account and can be paid back.", field="left", sold=tonnes(left - rest)
        )
    numbers = [_refund(_receipt_of(sale), fen, reason=reason, payee=signed, by=by).number for sale, _, fen in back]
    Card.update(state="ended", ended=journal.moment(), ended_as="handed_back").where(Card.id == card.id).execute()
    Account.update(closed=journal.moment()).where(Account.id == account.id).execute()
    total = sum(fen for _, _, fen in back)
    row = Handling.create(
        kind="handed_back",
        account=account,
        card=card,
        at=journal.moment(),
        staff=by.id,
        signed=signed,
        reason=reason,
        facts={"left": left, "fen": total, "receipts": numbers},
    )
    journal.note(unit_id=account.unit_id, left=left, fen=total)
    lines = [["退水量", f"{tonnes(left)} 吨"], *lines, ["合计退款", money.show(total)]]
    remarks = [f"原因：{reason}", "水卡已收回。"]
    _paper(
        row, "水卡退水单", account, lines, remarks=remarks, signatures=["业主签名", "主管签名"], signed=signed, by=by
    )
    changed()
    return row


def _worth(sale: TopUp, part: int) -> int:
    """What that much of a sale is worth, never more than is left of its receipt's line."""
    left = sum(fen for _, fen in receipt.items_left(_receipt_of(sale)))
    return min(left, sale.fen if part == sale.volume else (part * sale.price + 50) // 100)


def _receipt_of(sale: TopUp) -> Receipt:
    assert isinstance(sale.receipt, Receipt)
    return sale.receipt


def _refund(paper: Receipt, fen: int, *, reason: str, payee: str, by: Actor) -> Receipt:
    line = receipt.items_left(paper)[0][0]
    ways = receipt.split_back(paper, fen)
    return receipt.reverse(paper, kind="refund", items={line.id: fen}, tenders=ways, reason=reason, payee=payee, by=by)


def _idle_card(account: Account) -> Card:
    """The account's card in use, with nothing pending and its last sale in the meter or counted."""
    card = card_in_use(account)
    if account.closed is not None or card is None or card.state != "active":
        raise Refused("This account has no card in use. Replace the card first.", rule="WATER-7")
    waiting = pending_of(card)
    if waiting is not None:
        raise Refused("{number} is paid and not proven yet. Decide it first.", rule="WATER-6", number=waiting.number)
    return card


def left_on(note: MeterNote | None, current: Purchase | None) -> tuple[int, int]:
    """What the card says of its meter: (left in 0.01 t, last sale taken); both are then checked at the meter."""
    return (note.remaining, note.accepted_seq) if note else (0, 0 if current is None else max(0, current.seq - 1))


def _paper(
    row: Handling,
    title: str,
    account: Account,
    lines: list[list[str]],
    *,
    remarks: list[str],
    signatures: list[str],
    signed: str,
    by: Actor,
) -> None:
    facts = closing.slip(
        title,
        str(row.id),
        account.unit.label,
        by=by,
        lines=lines,
        remarks=remarks,
        signatures=signatures,
        signed=signed,
    )
    outbox.queue("water_slip", row, facts=facts, number=f"{title} {row.id}", copies=closing.COPIES)
