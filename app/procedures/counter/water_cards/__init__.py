"""Water cards: sell water, prove that it is on the card, and decide what was not (WATER-1..8, C33, C46).

Rules and rows here; the reader is behind `worker.ReaderWorker`, what a card means in `judging`.
"""

from __future__ import annotations

from app.procedures.counter.water_cards.cards import in_stock, issue, register_meter, stock
from app.procedures.counter.water_cards.changes import exchange_meter, hand_back, left_on, transfer
from app.procedures.counter.water_cards.closing import check_not_taken
from app.procedures.counter.water_cards.judging import WORDS, Laid, judge, refuse
from app.procedures.counter.water_cards.relearning import note_money, relearn, without_money
from app.procedures.counter.water_cards.replacing import found, lost, replace, spoilt
from app.procedures.counter.water_cards.site import layout, secret
from app.procedures.counter.water_cards.sums import Sum, of_money, of_text, of_volume, tonnes
from app.procedures.counter.water_cards.tables import (
    KIND,
    Account,
    Card,
    Handling,
    Meter,
    TopUp,
    accounts_of,
    card_in_use,
    last_card,
    pending_of,
)
from app.procedures.counter.water_cards.topups import (
    DayTotal,
    check_may_try,
    day_total,
    intend,
    learnt,
    may_sell_again,
    pending,
    who_has_not_learnt,
)
from app.procedures.counter.water_cards.worker import ReaderWorker

__all__ = [
    "KIND",
    "WORDS",
    "Account",
    "Card",
    "DayTotal",
    "Handling",
    "Laid",
    "Meter",
    "ReaderWorker",
    "Sum",
    "TopUp",
    "accounts_of",
    "card_in_use",
    "check_may_try",
    "check_not_taken",
    "day_total",
    "exchange_meter",
    "found",
    "hand_back",
    "in_stock",
    "intend",
    "issue",
    "judge",
    "last_card",
    "layout",
    "learnt",
    "left_on",
    "lost",
    "may_sell_again",
    "note_money",
    "of_money",
    "of_text",
    "of_volume",
    "pending",
    "pending_of",
    "refuse",
    "register_meter",
    "relearn",
    "replace",
    "secret",
    "spoilt",
    "stock",
    "tonnes",
    "transfer",
    "who_has_not_learnt",
    "without_money",
]
