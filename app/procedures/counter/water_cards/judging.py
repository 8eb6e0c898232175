"""What a card on the reader means for the books, and every refusal in words (promise P6)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.base.refusal import N_, Refused
from app.desk.homes.households import Unit
from app.desk.record import options
from app.procedures.counter.water_cards.tables import Account, Card, Meter, TopUp, card_in_use, known_of, pending_of
from hardware.watercard.record import CardState, Purchase
from hardware.watercard.steps import Known, Step, next_step

# What is wrong and what to do next, by the reason of the step.
WORDS: dict[str, str] = {
    "no_card": N_("No card lies on the reader. Lay the card on it and leave it there."),
    "two_cards": N_("Two cards lie on the reader. Take one off."),
    "blank": N_("This card is blank. Issue it to a household first."),
    "unfinished": N_("This card was not issued to its end. Issue it again; the same card can be used."),
    "foreign": N_("Our keys do not open this card: it is another estate's or another maker's. Do not write it; give it back."),
    "other_estate": N_("This card is another estate's. Do not write it; give it back."),
    "copied": N_("This card is a copy: its data belong to another card. Keep it and call the supervisor."),
    "superseded": N_("This card was replaced and does not count any more. Keep it and ask for the new card."),
    "other_card": N_("This card belongs to another household: {unit}. Open that household, or ask for the right card."),
    "damaged": N_("No record on this card can be read. Replace it from the books: the water is not lost."),
    "rolled_back": N_("This card shows an older state than the books: it was rolled back. Keep it and call the supervisor."),
    "other_record": N_("This card shows a sale that the books do not know. Sell nothing; call the supervisor."),
    "lost": N_("This card was reported lost and does not count any more. Keep it and call the supervisor."),
    "not_in_stock": N_("This blank card is not in the stock. Take it into the stock first."),
    "in_order": N_("The card is in order."),
    "new_there": N_("A sale that was interrupted is on the card. It is checked and closed now."),
    "taken": N_("The meter has taken a sale that the card does not show any more. It is written again and closed."),
    "old_there": N_("A sale that was paid is not on the card yet. Write it again, or call the supervisor to refund it."),
    "half_written": N_("A sale that was paid was cut off while it was written. Write it again; nothing is lost."),
}  # fmt: skip


_NOBODY = Known(uid=b"", account=0, meter="", issue=0, old=Purchase(0, 0, 0))


@dataclass(frozen=True)
class Laid:
    """A card on the reader with what the books know of it. `reason` is a key of WORDS."""

    state: CardState
    step: Step
    reason: str
    card: Card | None = None
    account: Account | None = None
    unit: Unit | None = None
    pending: TopUp | None = None

    @property
    def uid(self) -> str:
        return self.state.uid.hex()

    @property
    def untaken(self) -> bool:
        """Whether the meter has not taken the card's last sale yet, as far as the card says."""
        current, note = self.state.current, self.state.meter
        return bool(current and current.seq and (note is None or note.accepted_seq < current.seq))


def judge(seen: CardState) -> Laid:
    """Look the card up and say what it is. Never raises on what a card holds."""
    if seen.presence in {"none", "several"}:
        return _laid(seen, next_step(_NOBODY, seen), None)
    card = _card(seen.uid.hex())
    waiting = pending_of(card) if card else None
    if card is not None and card.state == "ended":
        return _laid(
            seen, Step("block", "superseded"), card, "lost" if card.ended_as == "lost" else "superseded", waiting
        )
    if card is not None and card.state == "issuing":
        return _laid(seen, Step("issue", "unfinished"), card)
    if card is not None and card.state == "active":
        return _laid(seen, next_step(known_of(card, waiting), seen), card, waiting=waiting)
    if seen.presence == "blank":
        return _laid(seen, Step("issue", "blank"), card, "blank" if card else "not_in_stock")
    owner = card_in_use(seen.identity.account) if seen.identity else None
    if owner is not None and owner.state == "active":  # a UID the books do not know says it is that account's card
        return _laid(seen, next_step(known_of(owner, pending_of(owner)), seen), None)
    step = next_step(replace(_NOBODY, estate=options.get("water.estate")), seen)
    plain = step.action in {"wait", "issue"} or step.reason in {"copied", "other_estate"}
    return _laid(seen, step if plain else Step("block", "foreign"), None)


def _card(uid: str) -> Card | None:
    """The card with its account, household and meter, in one query."""
    whose = (Account.id, Account.holder, Account.unit, Unit.id, Unit.label, Meter.id, Meter.number)
    query = Card.select(Card, *whose).left_outer_join(Account).left_outer_join(Unit)
    return query.switch(Card).left_outer_join(Meter).where(Card.uid == uid).first()  # type: ignore[no-any-return]


def _laid(
    seen: CardState, step: Step, card: Card | None, reason: str | None = None, waiting: TopUp | None = None
) -> Laid:
    account = card.account if card else None
    return Laid(
        seen,
        step,
        reason or step.reason,
        card,
        account,
        account.unit if account else None,
        waiting,
    )


def refuse(reason: str, *, unit: str = "") -> Refused:
    """The refusal for a reason. Copies, roll-backs and unknown records are the supervisor's to decide (WATER-7)."""
    return Refused(WORDS[reason], rule="WATER-7", unit=unit)


def fit_for_sale(laid: Laid, unit: Unit) -> Card:
    """The card, if it is this household's, in its latest state and nothing is pending on it. Refused otherwise."""
    if laid.unit is not None and laid.unit.id != unit.id:
        raise refuse("other_card", unit=laid.unit.label)
    if laid.step.action != "use" or laid.card is None:
        raise refuse(laid.reason, unit=laid.unit.label if laid.unit else "?")
    return laid.card
