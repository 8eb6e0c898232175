"""Selling water: the intent takes the money into suspense, bytes read from the card turn it into income (promise P5)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

import peewee

from app.base import clock, db, faults, money
from app.base.refusal import N_, Refused
from app.desk.accounts import ledger
from app.desk.accounts.receipt import Tender
from app.desk.homes.households import Unit
from app.desk.record import journal, numbering, options
from app.desk.record.journal import deed
from app.desk.who import people
from app.desk.who.people import Actor
from app.desk.work import due
from app.procedures.counter.water_cards import site
from app.procedures.counter.water_cards.judging import Laid, fit_for_sale
from app.procedures.counter.water_cards.sums import Sum, tonnes
from app.procedures.counter.water_cards.tables import KIND, SUSPENSE, Card, Knows, TopUp, changed, kept
from hardware.watercard.layout import Layout
from hardware.watercard.record import Purchase, encode_purchase
from hardware.watercard.steps import slot_for_sale

TRIES = 3  # C33: after three failed writings the supervisor decides
PATIENCE = timedelta(minutes=10)  # a pending sale is late then


@deed("topup.intended", act="water.sell")
def intend(
    unit: Unit,
    laid: Laid,
    bought: Sum,
    *,
    payer: str,
    tenders: list[Tender],
    told_shut_off: bool,
    told_slot: bool,
    by: Actor,
) -> TopUp:
    """Take the money for `bought` into suspense and fix the one record that may be written for it."""
    if not told_shut_off:
        raise Refused("Tell the owner that the meter shuts off at two tonnes, then tick it.", rule="WATER-2")
    if not told_slot:
        raise Refused("Tell the owner how to use the last two tonnes, then tick it.", rule="WATER-3")
    card = fit_for_sale(laid, unit)
    layout = site.layout()
    _taken_or_allowed(laid)
    change = sum(each.fen for each in tenders) - bought.fen
    cash = sum(each.fen for each in tenders if each.kind == "cash")
    if not 0 <= change <= cash or any(each.kind not in ledger.TENDERS or each.fen <= 0 for each in tenders):
        raise Refused(
            "{paid} does not pay {total}. Check the amounts.",
            rule="CASH-1",
            paid=money.show(bought.fen + change),
            total=money.show(bought.fen),
        )
    amounts = Counter({SUSPENSE: -bought.fen})
    amounts.update({f"tender.{kind}": fen for kind, fen in kept(tenders, change)})
    ledger.post(amounts, unit=unit, text=f"水卡 {card.uid}")
    return _pending(
        card,
        laid,
        layout,
        bought,
        kind="sale",
        price=options.get("water.price"),
        payer=payer,
        tenders=[[each.kind, each.fen, each.ref] for each in tenders],
        change=change,
        by=by,
    )


@deed("topup.carried_over", inside=True)
def carry_over(card: Card, laid: Laid, volume: int, expression: str, *, by: Actor) -> TopUp:
    """Water of an exchanged meter, to be written onto the card for the new one. No money moves."""
    return _pending(
        card,
        laid,
        site.layout(),
        Sum(volume, 0, expression),
        kind="carry",
        price=0,
        payer=card.its_account.holder,
        tenders=[],
        change=0,
        by=by,
    )


def may_sell_again() -> bool:
    """Whether a second sale is allowed before the meter took the first: the layout must add up, and the setting say so."""
    return site.layout().credit == "cumulative" and bool(options.get("water.second_sale"))


def _taken_or_allowed(laid: Laid) -> None:
    if laid.untaken and not may_sell_again():
        raise Refused(
            "The meter has not taken the last sale yet. Let the owner put the card into the meter first.",
            rule="WATER-7",
        )


def _pending(
    card: Card,
    laid: Laid,
    layout: Layout,
    bought: Sum,
    *,
    kind: str,
    price: int,
    payer: str,
    tenders: list[list[object]],
    change: int,
    by: Actor,
) -> TopUp:
    number = numbering.draw("SK")
    tag = number.n & 0xFFFF if any(f.name == "tag" for f in layout.purchase.fields) else 0
    old = card.record
    new = Purchase(old.seq + 1, bought.volume, old.cumulative + bought.volume, tag)
    block = slot_for_sale(layout, laid.state)
    try:
        encode_purchase(layout, b"", laid.state.uid, block or layout.purchase.slots[0], new)
    except ValueError:
        raise Refused("This card cannot hold that sale. Sell less, or replace the card.", rule="WATER-7") from None
    _hoard(laid, new)
    account = card.its_account
    row = TopUp.create(
        number=str(number),
        kind=kind,
        account=account,
        card=card,
        meter=card.meter,
        unit=account.unit,
        payer=payer,
        volume=bought.volume,
        price=price,
        fen=bought.fen,
        expression=bought.expression,
        tenders=tenders,
        change=change,
        old=[old.seq, old.amount, old.cumulative, old.tag],
        seq=new.seq,
        cumulative=new.cumulative,
        tag=tag,
        block=block,
        at=journal.moment(),
        day=clock.business_day(journal.moment()),
        staff=by.id,
    )
    due.expect(
        KIND,
        row.id,
        slug="topup",
        at=journal.moment() + PATIENCE,
        text=N_("Water card of {unit}: {fen} paid ({volume} t), not on the card yet"),
        unit_id=row.unit_id,
        unit=account.unit.label,
        fen=money.show(row.fen),
        volume=tonnes(row.volume),
    )
    journal.note(unit_id=row.unit_id, number=row.number, fen=row.fen, volume=row.volume, seq=row.seq)
    faults.at("topup.intended")
    changed()
    return row


def _hoard(laid: Laid, new: Purchase) -> None:
    most, note = (laid.state.identity.hoard if laid.state.identity else 0), laid.state.meter
    if most and (note.remaining if note else 0) + new.amount > most:
        raise Refused("The meter may hold {most} t at most. Sell less.", field="quantity", most=tonnes(most))


def check_may_try(row: TopUp, *, by: Actor) -> None:
    """Three failed writings, and the supervisor decides whether to go on (C33)."""
    people.check(
        row.attempts < TRIES,
        Refused(
            "This sale could not be written {n} times. The supervisor decides: write again, refund or replace the card.",
            rule="WATER-6",
            override="water.decide",
            n=row.attempts,
        ),
        by=by,
    )


@deed("topup.tried", act="water.sell")
def tried(row: TopUp, *, said: str, reading: int | None, by: Actor) -> TopUp:
    """A writing that was not proven: it stays pending, whatever the reader said. 0 or a difference never closes it."""
    TopUp.update(attempts=TopUp.attempts + 1, said=said, reading=reading).where(
        TopUp.id == row.id, TopUp.state == "pending"
    ).execute()
    journal.note(unit_id=row.unit_id, number=row.number, said=said, reading=reading)
    changed()
    return TopUp.get_by_id(row.id)


def pending(limit: int = 60) -> list[TopUp]:
    """Every sale that is paid and not proven, oldest first: on each handover until it is decided."""
    return list(TopUp.select().where(TopUp.state == "pending").order_by(TopUp.id).limit(limit))


@dataclass(frozen=True)
class DayTotal:
    """`volume` in 0.01 t and `fen` of sales that stand; `pending_fen` paid that day and not on a card (WATER-8)."""

    count: int
    volume: int
    fen: int
    pending_fen: int


def day_total(day: date) -> DayTotal:
    stands = TopUp.state.in_(("done", "reissued"))
    sums = TopUp.select(peewee.fn.COUNT(TopUp.id), db.total(TopUp.volume), db.total(TopUp.fen))
    count, volume, fen = sums.where(TopUp.day == day, TopUp.kind == "sale", stands).tuples()[0]
    open_fen = TopUp.select(db.total(TopUp.fen)).where(TopUp.day == day, TopUp.state == "pending").scalar()
    return DayTotal(int(count), int(volume or 0), int(fen or 0), int(open_fen or 0))


@deed("water.learnt", act="water.learn")
def learnt(*, by: Actor) -> Knows:
    """Tick that one knows this procedure (WATER-1); a second tick changes nothing."""
    row = Knows.get_or_none(Knows.staff == by.id)
    return row or Knows.create(staff=by.id, at=journal.moment())


def who_has_not_learnt(limit: int = 60) -> list[str]:
    known = Knows.select(Knows.staff)
    rows = people.Staff.select(people.Staff.name).where(people.Staff.active == True, people.Staff.id.not_in(known))  # noqa: E712
    return [row.name for row in rows.order_by(people.Staff.id).limit(limit)]
