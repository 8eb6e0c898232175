"""Cards that know more than the books: sales made after the backup that the books were restored from (promise P15).

The card proves them: this estate's keys, this account's own card, records that go on from where the books stop. The
supervisor lets the books learn them. What was paid for them is on paper only: no money is booked here, it is promised
that somebody writes down where it went.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from app.base.refusal import N_, Refused
from app.desk.homes.households import Unit
from app.desk.record import journal, modes, restores
from app.desk.record.journal import deed
from app.desk.who.people import Actor, Staff
from app.desk.work import due
from app.procedures.counter.water_cards import closing
from app.procedures.counter.water_cards.judging import Laid, refuse
from app.procedures.counter.water_cards.sums import tonnes
from app.procedures.counter.water_cards.tables import KIND, Account, Card, Handling, TopUp, changed
from hardware.watercard.record import Identity, Purchase

PATIENCE = timedelta(days=1)  # until somebody has written down where the money went


@dataclass(frozen=True)
class Lesson:
    """What a card would teach the books. `sales`: [number, volume in 0.01 t], those between two records as one."""

    card: Card
    restored: restores.Fence
    before: Purchase  # where the books stop, with a sale that was pending then and stands on the card
    after: Purchase
    sales: list[tuple[int, int]]
    proven: TopUp | None

    @property
    def volume(self) -> int:
        return sum(volume for _, volume in self.sales)

    @property
    def numbers(self) -> str:
        """`5`, or `5–7`."""
        first, last = self.before.seq + 1, self.after.seq
        return str(first) if first == last else f"{first}–{last}"


def offered(laid: Laid) -> Lesson | None:
    """What the card on the reader would teach, for the page that offers it."""
    try:
        return lesson(laid)
    except Refused:
        return None


def lesson(laid: Laid) -> Lesson:
    """Refused unless a restore explains all that the card says and the books do not."""
    card, current = laid.card, laid.state.current
    if card is None or current is None or laid.reason != "other_record":
        raise refuse(laid.reason, unit=laid.unit.label if laid.unit else "?")
    if laid.uid != card.uid or not _as_issued(card, laid.state.identity):
        raise refuse("other_record")
    restored = restores.newest()
    if restored is None:
        raise Refused(
            "These books were not restored from a backup, so no sale can be missing from them. Keep the card and look into it.",
            rule="WATER-7",
        )
    if _agreed_since(card, restored):
        raise Refused(
            "Card and books agreed after the restore from the backup of {at}. A sale that they do not know now was not lost by it: keep the card and look into it.",
            rule="WATER-7",
            at=f"{restored.moment:%Y-%m-%d %H:%M}",
        )
    records = sorted({slot.record for slot in laid.state.slots if slot.record}, key=lambda record: record.seq)
    proven = laid.pending if laid.pending and laid.pending.record in records else None
    if laid.pending and not proven:
        raise Refused(
            "{number} is paid and not proven yet. Decide it first.", rule="WATER-6", number=laid.pending.number
        )
    before = proven.record if proven else card.record
    return Lesson(card, restored, before, current, _sales(before, records), proven)


def _as_issued(card: Card, seen: Identity | None) -> bool:
    """Whether the card is still the issue for the account and meter that the books know."""
    issued = (card.account_id, card.its_meter.number, card.issue)
    return seen is not None and (seen.account, seen.meter, seen.issue) == issued


def _agreed_since(card: Card, restored: restores.Fence) -> bool:
    """A card that was sold to, issued again or learnt from after the restore held no lost sale any more."""
    since = restored.closed
    sold = TopUp.select().where(TopUp.account == card.account, TopUp.card == card, TopUp.closed >= since)
    handled = Handling.select().where(Handling.account == card.account, Handling.card == card, Handling.at >= since)
    stands, anew = TopUp.state.in_(("done", "reissued")), Handling.kind.in_(("learned", "replaced", "exchanged"))
    return bool(sold.where(stands).exists() or handled.where(anew).exists())


def _sales(known: Purchase, records: Iterable[Purchase]) -> list[tuple[int, int]]:
    """Every sale after `known`, in order. Refused where the records do not go on from it, each from the one before."""
    found: list[tuple[int, int]] = []
    for record in records:
        if record == known or record.seq < known.seq:
            continue
        between, volume = record.seq - known.seq - 1, record.cumulative - record.amount - known.cumulative
        if between < 0 or record.amount <= 0 or volume < between or (volume and not between):
            raise refuse("other_record")
        found += [(record.seq - 1, volume)] * bool(between) + [(record.seq, record.amount)]
        known = record
    if not found:
        raise refuse("other_record")
    return found


@deed("water_card.relearned", act="water.relearn", rule="WATER-7")
def relearn(account: Account, laid: Laid, *, reason: str, by: Actor) -> Handling:
    """The books take over from the card what they lost; the next sale goes on from there. Refused unless a restore
    explains it (see `lesson`). The supervisor has seen the paper receipts and names them in the reason.
    """
    modes.require_money()
    if laid.unit is not None and laid.account != account:
        raise refuse("other_card", unit=laid.unit.label)
    found = lesson(laid)
    if found.proven is not None:
        closing.finish(found.proven, found.proven.record, by=by)
    new = found.after
    Card.update(seq=new.seq, amount=new.amount, cumulative=new.cumulative, tag=new.tag).where(
        Card.id == found.card.id
    ).execute()
    at = f"{found.restored.moment:%Y-%m-%d %H:%M}"
    row = Handling.create(
        kind="learned",
        account=account,
        card=found.card,
        at=journal.moment(),
        staff=by.id,
        reason=reason,
        facts={
            "restored": found.restored.at,
            "meter": found.card.its_meter.number,
            "before": [found.before.seq, found.before.cumulative],
            "after": [new.seq, new.cumulative],
            "sales": found.sales,
            "volume": found.volume,
            "fen": 0,
            "expression": f"账本恢复到 {at} 后按卡补记：第 {found.numbers} 次购水 {tonnes(found.volume)} 吨，金额 0.00",
        },
    )
    due.expect(
        KIND,
        row.id,
        slug="learned",
        at=journal.moment() + PATIENCE,
        text=N_("Water of {unit} learned from the card after a restore ({volume} t): write down where its money went"),
        role="supervisor",
        unit_id=account.unit_id,
        unit=account.unit.label,
        volume=tonnes(found.volume),
    )
    journal.note(
        unit_id=account.unit_id, uid=found.card.uid, seq=new.seq, volume=found.volume, restored=at, reason=reason
    )
    changed()
    return row


@deed("water_card.money_noted", act="water.note_money")
def note_money(learned: Handling, *, how: str, by: Actor) -> Handling:
    """Where the money of the learned sales went (receipts on paper, the surplus of a handover ...), in words."""
    if learned.id not in {row.id for row in without_money(limit=None)}:
        raise Refused("Where this money went is written down already.")
    row = Handling.create(
        kind="money_noted",
        account=learned.account,
        card=learned.card,
        at=journal.moment(),
        staff=by.id,
        reason=how,
        facts={"learned": learned.id, "expression": learned.facts["expression"]},
    )
    due.meet(KIND, learned.id, slug="learned", at=journal.moment())
    journal.note(unit_id=learned.account.unit_id, how=how)
    changed()
    return row


def without_money(limit: int | None = 20) -> list[Handling]:
    """What was learned and nobody has written down yet where its money went, oldest first."""
    rows = due.Due.select(due.Due.about).where(due.Due.met.is_null(), due.Due.kind == KIND, due.Due.slug == "learned")
    ids = [row.about for row in rows.order_by(due.Due.at).limit(limit)]
    query = Handling.select(Handling, Account, Unit, Staff).join(Account).join(Unit).switch(Handling)
    return list(query.left_outer_join(Staff).where(Handling.id.in_(ids)).order_by(Handling.id))


def learned_after(card: Card, meter_seq: int) -> int:
    """Volume of learned sales that its meter had not taken when it showed that number (0.01 t)."""
    rows = Handling.select().where(Handling.account == card.account, Handling.kind == "learned")
    sales = [sale for row in rows if row.facts["meter"] == card.its_meter.number for sale in row.facts["sales"]]
    return sum(volume for seq, volume in sales if seq > meter_seq)
