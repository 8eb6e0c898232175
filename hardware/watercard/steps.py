"""What to do with the card that lies on the reader: `next_step(known, seen)`, a pure function.

`known` is what the books say of the card, with its one pending top-up if it has one; `seen` is what the card
says now. Only the card decides: an error message from the reader never does.
"""

from dataclasses import dataclass
from typing import Literal

from hardware.watercard.layout import BLOCK, Layout
from hardware.watercard.record import CardState, Purchase, encode_purchase

Action = Literal["wait", "use", "write", "confirm", "block", "reissue", "issue"]
Reason = Literal[
    "no_card", "two_cards", "blank", "unfinished", "foreign", "other_estate", "copied", "superseded", "other_card",
    "damaged", "rolled_back", "other_record", "in_order", "new_there", "taken", "old_there", "half_written",
]  # fmt: skip


@dataclass(frozen=True)
class Known:
    """The books' facts of one card. `old` is the last sale done; `new` the pending one and `block` its slot."""

    uid: bytes
    account: int
    meter: str
    issue: int
    old: Purchase
    mseq: int = 0
    estate: int = 0
    new: Purchase | None = None
    block: int | None = None


@dataclass(frozen=True)
class Step:
    """wait: lay the right number of cards. use: in order, nothing pending. write: the pending sale may be written
    (or voided). confirm: it stands on the card, or the
    meter has taken it; write the same bytes again, verify, close. block: sell nothing.
    reissue: replace from the books with issue no. + 1. issue: a blank card of the stock.
    """

    action: Action
    reason: Reason


@dataclass(frozen=True)
class Write:
    block: int
    data: bytes


def next_step(known: Known, seen: CardState) -> Step:
    """The one right next step, with its reason. Never raises."""
    not_a_card = {
        "none": Step("wait", "no_card"),
        "several": Step("wait", "two_cards"),
        "blank": Step("issue", "blank"),
        "unfinished": Step("issue", "unfinished"),
        "foreign": Step("block", "foreign"),
        "copied": Step("block", "copied"),
    }
    return not_a_card.get(seen.presence) or _whose(known, seen) or _since_when(known, seen) or _record(known, seen)


def _whose(known: Known, seen: CardState) -> Step | None:
    """Is it this estate's, this account's, this very card?"""
    identity = seen.identity
    if identity is None:
        return Step("reissue", "damaged") if seen.uid == known.uid else Step("block", "foreign")
    if identity.estate != known.estate:
        return Step("block", "other_estate")
    if seen.uid != known.uid:
        if identity.account != known.account:
            return Step("block", "other_card")
        return Step("block", "superseded" if identity.issue < known.issue else "copied")
    if identity.issue < known.issue:
        return Step("block", "rolled_back")
    if (identity.account, identity.meter, identity.issue) != (known.account, known.meter, known.issue):
        return Step("block", "other_record")
    return None


def _since_when(known: Known, seen: CardState) -> Step | None:
    """Is it the card's latest state? The meter's counters never go back."""
    current = seen.current
    if current is None:
        return Step("reissue", "damaged")
    if current.seq < known.old.seq:
        return Step("block", "rolled_back")
    note = seen.meter
    if (note.mseq if note else 0) < known.mseq:
        return Step("block", "rolled_back")
    if note and note.accepted_seq > current.seq:
        # Bits that had not settled can read right once in the meter and wrong here: its note proves the sale arrived.
        taken = known.new is not None and note.accepted_seq == known.new.seq and current == known.old
        return Step("confirm", "taken") if taken else Step("block", "rolled_back")
    return None


def _record(known: Known, seen: CardState) -> Step:
    current, new = seen.current, known.new
    if current == known.old:
        if new is None:
            return Step("use", "in_order")
        if known.block is not None and known.block == seen.current_block:
            return Step("block", "other_record")
        torn = any(s.record is None and any(s.raw) for s in seen.slots if s.block == known.block)
        return Step("write", "half_written" if torn else "old_there")
    if new is not None and current == new and known.block in {None, seen.current_block}:
        return Step("confirm", "new_there")
    return Step("block", "other_record")


def slot_for_sale(layout: Layout, seen: CardState) -> int | None:
    """The one slot a sale is committed to: never the current one. None where both copies are written (mirror)
    or there is only one.
    """
    if layout.policy != "ping-pong":
        return None
    return next(block for block in layout.purchase.slots if block != seen.current_block)


def sale_writes(layout: Layout, secret: bytes, known: Known, seen: CardState) -> tuple[Write, ...]:
    """The blocks that commit `known.new`, in order: the copy that would be missed least first."""
    assert known.new is not None
    return _writes(layout, secret, known, seen, known.new)


def void_writes(layout: Layout, secret: bytes, known: Known, seen: CardState) -> tuple[Write, ...]:
    """The blocks after which the pending sale can never appear: its slot destroyed, or the old copy put back."""
    if layout.policy == "ping-pong":
        assert known.block is not None
        return (Write(known.block, bytes(BLOCK)),)
    return _writes(layout, secret, known, seen, known.old)


def _writes(layout: Layout, secret: bytes, known: Known, seen: CardState, record: Purchase) -> tuple[Write, ...]:
    if layout.policy == "ping-pong":
        assert known.block is not None
        blocks = [known.block]
    else:
        blocks = sorted(layout.purchase.slots, key=lambda block: block == seen.current_block)
    return tuple(Write(block, encode_purchase(layout, secret, seen.uid, block, record)) for block in blocks)
