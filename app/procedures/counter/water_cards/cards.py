"""Cards: blank stock, issue, lost and found, replaced from the books. The worker writes; these are the books' deeds."""

from __future__ import annotations

from datetime import date

from app.base import clock, faults, money
from app.base.refusal import N_, Refused
from app.desk.accounts import charge
from app.desk.homes.households import Person, Unit
from app.desk.record import journal, options
from app.desk.record.journal import DESK_ONLY, deed
from app.desk.who.people import Actor
from app.desk.work import due
from app.procedures.counter.water_cards import topups
from app.procedures.counter.water_cards.judging import Laid, refuse
from app.procedures.counter.water_cards.tables import (
    KIND,
    Account,
    Card,
    Meter,
    changed,
)
from hardware.watercard.record import Identity

DAY_0 = date(1970, 1, 1)  # the card counts its day of issue from here


@deed("water_card.stocked", act="water.issue")
def stock(laid: Laid, *, by: Actor) -> Card:
    """Take the blank card on the reader into the stock."""
    if laid.state.presence != "blank":
        raise refuse(
            "foreign" if laid.card is None else "not_in_stock" if laid.card.state == "stock" else laid.reason, unit=""
        )
    if laid.card is not None:
        raise Refused("This card is in the stock already.", uid=laid.uid)
    row = Card.create(uid=laid.uid, since=journal.moment(), staff=by.id)
    changed()
    return row


def in_stock() -> int:
    return int(Card.select().where(Card.state == "stock").count())


@deed("water_card.issue_ordered", act="water.issue")
def issue(unit: Unit, number: str, laid: Laid, *, holder: str, person: Person | None, by: Actor) -> Card:
    """Give the blank card on the reader to a household and its meter; the worker then writes it. The fee is a charge."""
    blank = blank_of(laid)
    meter = _meter(unit, number)
    before = Card.select().where(Card.meter == meter).order_by(Card.issue.desc(), Card.id.desc()).first()
    if before is not None and before.account is not None and before.account.closed is None:
        raise Refused("This meter has a card already. Replace that one if it is lost or damaged.", field="meter")
    account = Account.create(unit=unit, person=person, holder=holder, opened=journal.moment())
    row = order(blank, account, meter, before, by=by)
    fee(row, unit, by=by)
    return row


def blank_of(laid: Laid) -> Card:
    if laid.card is None or laid.card.state != "stock" or laid.state.presence not in {"blank", "unfinished"}:
        raise refuse(
            "not_in_stock" if laid.reason == "blank" else laid.reason, unit=laid.unit.label if laid.unit else "?"
        )
    return laid.card


def _is_a_number(number: str) -> None:
    if len(number) != 8 or not (number.isascii() and number.isdigit()):
        raise Refused("A meter number has 8 digits.", field="meter")


def _meter(unit: Unit, number: str) -> Meter:
    _is_a_number(number)
    meter = Meter.get_or_none(Meter.number == number)
    if meter is None:
        return Meter.create(number=number, unit=unit, mode="card", since=journal.moment())
    if meter.until is not None:
        raise Refused("Meter {number} was taken down.", field="meter", number=number)
    if meter.unit_id != unit.id:
        raise Refused("Meter {number} belongs to {unit}.", field="meter", number=number, unit=meter.unit.label)
    if meter.mode != "card":
        raise Refused(
            "Meter {number} is read and paid for afterwards; a meter is prepaid by card or post-paid by reading, never both.",
            field="meter",
            number=number,
        )
    return meter


@deed("water_meter.registered", act="water.issue")
def register_meter(unit: Unit, number: str, mode: str, *, by: Actor) -> Meter:
    """Enter a meter: `card` (prepaid) or `reading` (post-paid), never both (C46)."""
    _is_a_number(number)
    if Meter.get_or_none(Meter.number == number) is not None:
        raise Refused("Meter {number} is in the register already.", field="meter", number=number)
    return Meter.create(number=number, unit=unit, mode=mode, since=journal.moment())


def new_meter(unit: Unit, number: str) -> Meter:
    """The meter that replaces another: not in use for any other account."""
    meter = _meter(unit, number)
    if Card.select().where(Card.meter == meter).exists():
        raise Refused("This meter has a card already. Replace that one if it is lost or damaged.", field="meter")
    return meter


def order_again(card: Card, account: Account, meter: Meter, *, by: Actor) -> None:
    """The card in use is issued again for another meter, which counts from 0."""
    order(card, account, meter, None, issue=card.issue + 1, by=by)


def order(card: Card, account: Account, meter: Meter, before: Card | None, *, issue: int = 0, by: Actor) -> Card:
    """Card `card` becomes the account's next; the meter goes on counting from the card before it."""
    record = before.record if before else None
    Card.update(
        state="issuing",
        account=account,
        meter=meter,
        issue=issue or (before.issue if before else 0) + 1,
        seq=record.seq if record else 0,
        amount=record.amount if record else 0,
        cumulative=record.cumulative if record else 0,
        tag=record.tag if record else 0,
        mseq=0,
        ended=None,
        ended_as="",
        staff=by.id,
    ).where(Card.id == card.id).execute()
    due.expect(
        KIND,
        card.id,
        slug="issue",
        at=journal.moment() + topups.PATIENCE,
        text=N_("Water card for {unit} is not issued to its end"),
        unit_id=account.unit_id,
        unit=account.unit.label,
    )
    journal.note(unit_id=account.unit_id, uid=card.uid, meter=meter.number)
    faults.at("card.ordered")
    changed()
    return Card.get_by_id(card.id)


def fee(card: Card, unit: Unit, *, by: Actor) -> None:
    fen = options.get("water.card_fee")
    if fen:
        expression = f"{money.plain(fen)} × 1 张"
        charge.add(
            unit=unit,
            item="card_fee",
            text="水卡工本费",
            fen=fen,
            expression=expression,
            due=clock.today(),
            source=(KIND, card.id),
            by=by,
        )


def identity_of(card: Card) -> Identity:
    """What is written onto the card when it is issued."""
    return Identity(
        account=card.its_account.id,
        meter=card.its_meter.number,
        issue=card.issue,
        alarm=options.get("water.alarm"),
        hoard=options.get("water.hoard"),
        issued_days=(clock.today() - DAY_0).days,
        estate=options.get("water.estate"),
    )


@deed("water_card.seen", act=DESK_ONLY)
def seen_meter(card: Card, mseq: int, *, by: Actor) -> Card:
    """Remember the meter's newest note seen on the card: an older one later means a restored image."""
    Card.update(mseq=mseq).where(Card.id == card.id, Card.mseq < mseq).execute()
    return Card.get_by_id(card.id)
