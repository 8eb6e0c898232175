"""A card in use and its end: issued, lost, found, replaced from the books, spoilt."""

from __future__ import annotations

from app.base import faults
from app.base.refusal import Refused
from app.desk.record import journal
from app.desk.record.journal import deed
from app.desk.who import people
from app.desk.who.people import Actor
from app.desk.work import due
from app.procedures.counter.water_cards import closing, topups
from app.procedures.counter.water_cards.cards import blank_of, fee, order
from app.procedures.counter.water_cards.judging import Laid
from app.procedures.counter.water_cards.tables import (
    KIND,
    Account,
    Card,
    Handling,
    TopUp,
    card_in_use,
    changed,
    last_card,
    pending_of,
)


@deed("water_card.issued", act="water.issue")
def issued(card: Card, laid: Laid, *, by: Actor) -> Card:
    """The card was written and proven: it is in use; what its order was for is closed with it."""
    done = Card.update(state="active").where(Card.id == card.id, Card.state == "issuing").execute()
    if not done:
        raise Refused("This card is issued already.", uid=card.uid)
    card = Card.get_by_id(card.id)
    due.meet(KIND, card.id, slug="issue", at=journal.moment())
    journal.note(unit_id=card.account.unit_id if card.account else None, uid=card.uid, issue=card.issue)
    wish = Handling.select().where(Handling.card == card).order_by(Handling.id.desc()).first()
    if wish is not None and wish.facts.get("issue") == card.issue:
        _after(wish, card, laid, by=by)
    faults.at("card.issued")
    changed()
    return card


def _after(wish: Handling, card: Card, laid: Laid, *, by: Actor) -> None:
    if wish.facts.get("carry"):
        topups.carry_over(card, laid, wish.facts["carry"], wish.facts["expression"], by=by)
    if waiting := wish.facts.get("topup"):
        row = TopUp.get_by_id(waiting)
        decided_by = people.actor(people.Staff.get_by_id(wish.staff_id), station=by.station)
        if wish.facts["then"] == "reissue":
            closing.reissued(row, card.record, card=card, reason=wish.reason, by=decided_by)
        else:
            closing.refunded(
                row, reason=wish.reason, signed=wish.signed, meter_seq=wish.facts["meter_seq"], by=decided_by
            )


@deed("water_card.lost", act="water.issue")
def lost(card: Card, *, reason: str, signed: str, by: Actor) -> Handling:
    """The household has lost its card: from now on it is refused here; the meter stops it after the replacement."""
    if card.state != "active":
        raise Refused("This card is not in use.", uid=card.uid)
    Card.update(state="ended", ended=journal.moment(), ended_as="lost").where(Card.id == card.id).execute()
    changed()
    return _handled("lost", card, reason=reason, signed=signed, by=by)


@deed("water_card.found", act="water.issue")
def found(card: Card, *, by: Actor) -> Handling:
    """A lost card has come back before it was replaced: it is in use again."""
    if card.ended_as != "lost" or card.account_id is None or card_in_use(card.account_id) is not None:
        raise Refused("This card was replaced already, or was never lost.", uid=card.uid)
    Card.update(state="active", ended=None, ended_as="").where(Card.id == card.id).execute()
    changed()
    return _handled("found", card, by=by)


@deed("water_card.replacement_ordered", act="water.issue")
def replace(
    account: Account,
    laid: Laid,
    *,
    meter_seq: int,
    meter_left: int,
    reason: str,
    signed: str,
    pending_then: str = "",
    by: Actor,
) -> Card:
    """Give an account its next card from the books (issue no. + 1), after the meter was looked at.

    `meter_seq` = the last sale the meter shows as taken, `meter_left` what it shows is left (0.01 t).
    `pending_then`: a sale that is paid and not proven is put on the new card (reissue) or paid back (refund).
    """
    old = last_card(account)
    if account.closed is not None or old is None or old.state == "issuing":
        raise Refused("There is no card to replace.", rule="WATER-7")
    same = laid.card is not None and laid.card.id == old.id and old.state == "active"
    if old.state == "active" and not (same and laid.step.action == "reissue") and laid.uid == old.uid:
        raise Refused("The card on the reader is in order: there is nothing to replace.")
    new = old if same else blank_of(laid)
    waiting = pending_of(old)
    if meter_seq > old.seq + bool(waiting):
        raise Refused(
            "The meter shows sale {n}; the books know {seq}. Look at the meter again.",
            field="meter_seq",
            n=meter_seq,
            seq=old.seq,
        )
    if waiting is not None:
        _decide(waiting, pending_then, meter_seq, by=by)
    was_lost = old.ended_as == "lost"
    if not same:
        Card.update(state="ended", ended=journal.moment(), ended_as=old.ended_as or "damaged", seq=old.seq).where(
            Card.id == old.id
        ).execute()
    row = order(new, account, old.its_meter, old, by=by)
    facts = {"issue": row.issue, "meter_seq": meter_seq, "meter_left": meter_left, "old_uid": old.uid}
    if waiting is not None:
        facts |= {"topup": waiting.id, "then": pending_then}
        if pending_then == "reissue":
            Card.update(seq=waiting.seq, amount=waiting.volume, cumulative=waiting.cumulative, tag=waiting.tag).where(
                Card.id == row.id
            ).execute()
    _handled("replaced", row, reason=reason, signed=signed, by=by, **facts)
    if was_lost:
        fee(row, account.unit, by=by)
    return Card.get_by_id(row.id)


def _decide(waiting: TopUp, then: str, meter_seq: int, *, by: Actor) -> None:
    people.require(by, "water.decide", rule="WATER-7")
    if then not in {"reissue", "refund"}:
        raise Refused(
            "{number} is paid and not proven: choose whether the new card carries it or the money goes back.",
            rule="WATER-6",
            field="pending_then",
            number=waiting.number,
        )
    if then == "refund":
        closing.check_not_taken(waiting, meter_seq)


@deed("water_card.spoilt", act="water.issue")
def spoilt(card: Card, laid: Laid, *, reason: str, by: Actor) -> Card:
    """A card that cannot be written is put away; the same order goes on with the blank one on the reader."""
    new = blank_of(laid)
    wish = Handling.select().where(Handling.card == card).order_by(Handling.id.desc()).first()
    kept = {name: getattr(card, name) for name in ("issue", "seq", "amount", "cumulative", "tag")}
    Card.update(state="ended", ended=journal.moment(), ended_as="spoiled").where(
        Card.id == card.id, Card.state == "issuing"
    ).execute()
    due.meet(KIND, card.id, slug="issue", at=journal.moment())
    order(new, card.its_account, card.its_meter, None, by=by)
    Card.update(**kept).where(Card.id == new.id).execute()
    if wish is not None and wish.facts.get("issue") == card.issue:
        row = Card.get_by_id(new.id)
        _handled(
            wish.kind,
            row,
            reason=wish.reason,
            signed=wish.signed,
            by=people.actor(people.Staff.get_by_id(wish.staff_id)),
            **wish.facts,
        )
    journal.note(reason=reason, spoilt=card.uid)
    return Card.get_by_id(new.id)


def _handled(kind: str, card: Card, *, by: Actor, reason: str = "", signed: str = "", **facts: object) -> Handling:
    account = card.its_account
    row = Handling.create(
        kind=kind,
        account=account,
        card=card,
        at=journal.moment(),
        staff=by.id,
        signed=signed,
        reason=reason,
        facts=facts,
    )
    journal.note(unit_id=account.unit_id, uid=card.uid, reason=reason)
    return row
