"""What the box finds of the water cards: a top-up, the number of a card's chip."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.base.refusal import N_
from app.desk.homes import lookup
from app.procedures.counter.water_cards.tables import Card, TopUp


@lookup.finds("topup")
def _find_topup(year: int, n: int) -> lookup.Hit | None:
    row = TopUp.get_or_none(TopUp.number == f"SK-{year}-{n:06d}")
    return lookup.Hit("topup", lookup.NUMBER, row.number, about=row.unit_id, exact=True) if row else None


@lookup.reads
def _read_card(typed: str) -> Iterator[lookup.Hit]:
    """The number of a card's chip."""
    if re.fullmatch(r"[0-9A-F]{8}|[0-9A-F]{14}", typed, re.ASCII):
        card = Card.get_or_none(Card.uid == typed)
        if card and card.account:
            unit = card.account.unit
            yield lookup.Hit("topup", N_("a water card"), typed, unit.label, unit_id=unit.id, about=unit.id, exact=True)
