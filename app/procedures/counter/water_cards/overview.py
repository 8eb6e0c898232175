"""What the water page shows: plain facts of the household, the card on the reader and what is pending."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.base.refusal import N_
from app.desk.homes.households import Unit, owner_of
from app.desk.record import options
from app.desk.work.state import State
from app.procedures.counter.water_cards import relearning, topups
from app.procedures.counter.water_cards.closing import reading_of
from app.procedures.counter.water_cards.judging import WORDS, Laid
from app.procedures.counter.water_cards.tables import (
    Account,
    Card,
    Handling,
    TopUp,
    accounts_of,
    card_in_use,
    last_card,
)

STATES = {
    "pending": State(N_("Not on the card yet"), "stop"),
    "done": State(N_("On the card"), "ok"),
    "refunded": State(N_("Paid back"), "note"),
    "reissued": State(N_("On a new card"), "note"),
}
CHANGES = {
    "lost": N_("Lost"),
    "found": N_("Found again"),
    "replaced": N_("Replaced"),
    "exchanged": N_("Meter exchanged"),
    "transferred": N_("Transferred"),
    "handed_back": N_("Water handed back"),
    "learned": N_("Learned from the card"),
    "money_noted": N_("Money of learned sales"),
}
# How loud each state of a card is said: the tag beside it.
LOUD = {
    "use": "ok",
    "confirm": "note",
    "write": "note",
    "wait": "plain",
    "issue": "note",
    "reissue": "stop",
    "block": "stop",
}


@dataclass(frozen=True)
class Sale:
    """One top-up as the lists and the steps show it. `said` is a msgid; volumes in 0.01 t."""

    id: int
    number: str
    unit: str
    unit_id: int
    holder: str
    state: str
    kind: str
    volume: int
    fen: int
    expression: str
    seq: int
    reading: int | None
    expected: int
    attempts: int
    said: str
    at: datetime
    clerk: str
    receipt: str
    receipt_id: int
    reason: str
    on_reader: bool


@dataclass(frozen=True)
class OnReader:
    """The card that lies on the reader; `text` is a msgid with {unit}. `left` is what its meter wrote back."""

    presence: str
    reason: str
    action: str
    loud: str
    text: str
    uid: str
    unit: str
    unit_id: int
    card_id: int
    meter: str
    issue: int
    seq: int
    amount: int
    total: int
    left: int | None
    used: int
    taken: int | None
    holder: str


@dataclass(frozen=True)
class Holding:
    """An account of the household with its card and meter. `state` of its newest card: issuing, active, ended."""

    id: int
    holder: str
    card_id: int
    uid: str
    meter: str
    state: str
    ended_as: str
    seq: int
    pending: Sale | None


@dataclass(frozen=True)
class Change:
    """A signed change around a card, for the household's history."""

    kind: str
    at: datetime
    clerk: str
    reason: str
    expression: str


@dataclass(frozen=True)
class Learned:
    """What was learned from a card and whose money nobody has accounted for yet. `volume` in 0.01 t."""

    id: int
    unit: str
    unit_id: int
    at: datetime
    clerk: str
    volume: int
    expression: str


@dataclass(frozen=True)
class ToLearn:
    """What the card on the reader would teach the books. `sales`: number and volume (0.01 t) of each, in order."""

    account_id: int
    restored: datetime
    books_seq: int
    books_total: int
    seq: int
    total: int
    sales: list[tuple[int, int]]
    volume: int


def sale(row: TopUp, on_reader: str = "") -> Sale:
    return Sale(
        id=row.id,
        number=row.number,
        unit=row.unit.label,
        unit_id=row.unit_id,
        holder=row.payer,
        state=row.state,
        kind=row.kind,
        volume=row.volume,
        fen=row.fen,
        expression=row.expression,
        seq=row.seq,
        reading=row.reading,
        expected=reading_of(row.record),
        attempts=row.attempts,
        said=row.said,
        at=row.at,
        clerk=row.staff.name,
        receipt=row.receipt.number if row.receipt else "",
        receipt_id=row.receipt.id if row.receipt else 0,
        reason=row.reason,
        on_reader=bool(on_reader) and row.card.uid == on_reader,
    )


def on_reader(laid: Laid) -> OnReader:
    state, identity = laid.state, laid.state.identity
    current = state.current
    return OnReader(
        presence=state.presence,
        reason=laid.reason,
        action=laid.step.action,
        loud=LOUD[laid.step.action],
        text=WORDS[laid.reason],
        uid=laid.uid,
        unit=laid.unit.label if laid.unit else "",
        unit_id=laid.unit.id if laid.unit else 0,
        card_id=laid.card.id if laid.card else 0,
        meter=identity.meter if identity else "",
        issue=identity.issue if identity else 0,
        seq=current.seq if current else 0,
        amount=current.amount if current else 0,
        total=current.cumulative if current else 0,
        left=state.meter.remaining if state.meter else None,
        used=state.meter.used if state.meter else 0,
        taken=state.meter.accepted_seq if state.meter else None,
        holder=laid.account.holder if laid.account else "",
    )


def holdings(unit: Unit, on_reader: str = "") -> list[Holding]:
    return [_holding(account, on_reader) for account in accounts_of(unit)]


def _holding(account: Account, on_reader: str) -> Holding:
    card = card_in_use(account) or last_card(account)
    assert isinstance(card, Card)
    row = TopUp.get_or_none(TopUp.account == account, TopUp.state == "pending")
    return Holding(
        account.id,
        account.holder,
        card.id,
        card.uid,
        card.its_meter.number,
        card.state,
        card.ended_as,
        card.seq,
        sale(row, on_reader) if row else None,
    )


def pending(on_reader: str = "") -> list[Sale]:
    return [sale(row, on_reader) for row in topups.pending(limit=20)]


def history(unit: Unit, limit: int = 8) -> list[Sale]:
    return [sale(row) for row in TopUp.select().where(TopUp.unit == unit).order_by(TopUp.id.desc()).limit(limit)]


def changes(unit: Unit, limit: int = 6) -> list[Change]:
    rows = Handling.select().join(Account).where(Account.unit == unit).order_by(Handling.id.desc()).limit(limit)
    return [
        Change(row.kind, row.at, row.staff.name if row.staff else "", row.reason, row.facts.get("expression", ""))
        for row in rows
    ]


def learned() -> list[Learned]:
    return [
        Learned(
            row.id,
            row.account.unit.label,
            row.account.unit_id,
            row.at,
            row.staff.name if row.staff else "",
            row.facts["volume"],
            row.facts["expression"],
        )
        for row in relearning.without_money()
    ]


def to_learn(laid: Laid) -> ToLearn | None:
    found = relearning.offered(laid)
    if found is None:
        return None
    return ToLearn(
        found.card.its_account.id,
        found.restored.moment,
        found.before.seq,
        found.before.cumulative,
        found.after.seq,
        found.after.cumulative,
        found.sales,
        found.volume,
    )


def payer_of(unit: Unit) -> str:
    """Who is proposed as the payer: the account's holder, else the owner."""
    accounts = accounts_of(unit)
    owner = owner_of(unit)
    return accounts[0].holder if accounts else owner.name if owner else ""


def price() -> int:
    return int(options.get("water.price"))
