"""A simulated prepaid water meter: takes a card, credits what it has not had yet, writes back, shuts off.

It keeps what makes restored and copied cards worthless: its own counters. Volumes in hundredths of a cubic metre.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from hardware.simulators.mifare import Card, Refused
from hardware.watercard.keys import card_key
from hardware.watercard.layout import Layout
from hardware.watercard.record import CardState, MeterNote, RawCard, decode_card, encode_meter_note

LOW = 1  # status bit: at or below the alarm volume


@dataclass
class MeterState:
    number: str
    remaining: int = 0
    used: int = 0
    accepted_seq: int = 0
    taken: int = 0  # cumulative volume credited so far
    mseq: int = 0
    issue: int = 0
    alarm: int = 200
    released: bool = False  # the last two tonnes, after the card was put in again


class Meter:
    """One meter of one estate. With a path its state survives a restart."""

    def __init__(self, number: str, layout: Layout, secret: bytes, path: Path | None = None) -> None:
        self.layout, self._secret, self.path = layout, secret, path
        kept = json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else {"number": number}
        self.state = MeterState(**kept)

    @property
    def valve_open(self) -> bool:
        floor = 0 if self.state.released else self.state.alarm
        return self.state.remaining > floor

    def insert(self, card: Card, *, pulled_after: int | None = None) -> str:
        """Put the card into the slot; the answer is what the display says: credited, nothing new, or why not.

        `pulled_after`: the card is pulled out when that many blocks were to be written (0 = before the write-back).
        """
        seen = self._read(card)
        identity, record, state = seen.identity, seen.current, self.state
        if seen.presence != "ours" or identity is None or record is None:
            return "unreadable"
        if identity.meter != state.number:
            return "another meter's card"
        if identity.issue < state.issue:
            return "replaced card"
        said, credit = "nothing new", 0
        if record.seq > state.accepted_seq:
            credit = record.cumulative - state.taken if self.layout.credit == "cumulative" else record.amount
            if credit < 0 or (self.layout.credit == "amount" and record.seq != state.accepted_seq + 1):
                return "out of sequence"
            if identity.hoard and state.remaining + credit > identity.hoard:
                return "too much"
            said = "credited"
        state.released = state.remaining + credit <= identity.alarm
        state.issue, state.alarm = identity.issue, identity.alarm
        state.remaining, state.taken = state.remaining + credit, state.taken + credit
        state.accepted_seq = max(state.accepted_seq, record.seq)
        state.mseq += 1
        self._save()
        if pulled_after != 0:
            self._write_back(card)
        card.halt()
        return said

    def use(self, volume: int) -> int:
        """Draw water; the answer is what really ran before the valve shut."""
        floor = 0 if self.state.released else self.state.alarm
        ran = max(0, min(volume, self.state.remaining - floor))
        self.state.remaining -= ran
        self.state.used += ran
        self._save()
        return ran

    def _read(self, card: Card) -> CardState:
        """As the desk reads it, but with the meter's keys, at the slot's contacts."""
        opened: dict[int, str] = {}
        blocks: dict[int, bytes] = {}
        for area in self.layout.areas:
            if not self._open(card, area.sector):
                break
            opened[area.sector] = "ours"
            blocks |= {block: card.read(block) for block in area.blocks}
        return decode_card(self.layout, self._secret, RawCard(card.uid, opened, blocks))

    def _open(self, card: Card, sector: int) -> bool:
        key = card_key(self.layout, self._secret, self.layout.meter_key, card.uid, sector)
        card.select()
        return card.authenticate(sector * 4 + 3, self.layout.meter_key, key)

    def _write_back(self, card: Card) -> None:
        state, area = self.state, self.layout.meter
        status = LOW if state.remaining <= state.alarm else 0
        note = MeterNote(state.mseq, state.accepted_seq, state.remaining, state.used, status)
        block = area.slots[state.mseq % len(area.slots)]  # the older of its two notes
        self._open(card, area.sector)
        try:
            card.write(block, encode_meter_note(self.layout, self._secret, card.uid, block, note))
        except Refused:
            return

    def _save(self) -> None:
        if self.path:
            self.path.write_text(json.dumps(asdict(self.state)), encoding="utf-8")
