"""A demo's water bench: simulated cards and meters in a folder, and hands that lay, take, insert, copy and roll back."""

import json
from dataclasses import dataclass
from pathlib import Path

from hardware.simulators.meter import Meter, MeterState
from hardware.simulators.mifare import Card
from hardware.simulators.pn532_chip import SimulatedReader
from hardware.watercard.layout import Layout

FAULTS = ("tear", "silent", "cached", "fail", "lost_answer", "bad_dcs", "error_frame", "garbage", "no_ack", "card_gone")


@dataclass(frozen=True)
class OnBench:
    """One card: `lies` on the reader, `image` = an earlier state of it is kept."""

    uid: str
    lies: bool
    image: bool


class WaterBench:
    """Everything a person could do with cards at a desk that has no hardware. Cards are dumps, meters are JSON."""

    def __init__(self, reader: SimulatedReader, folder: Path) -> None:
        self.reader, self.folder = reader, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._cards = {path.stem: Card.from_file(path) for path in sorted(folder.glob("*.mfd"))}
        self._images: dict[str, bytes] = {}

    def cards(self) -> list[OnBench]:
        lying = {card.uid.hex() for card in self.reader.cards}
        return [OnBench(uid, uid in lying, uid in self._images) for uid in self._cards]

    def card(self, uid: str) -> Card:
        return self._cards[uid]

    def new(self) -> str:
        """A blank card out of the box, with a UID of its own."""
        number = len(self._cards) + 1
        uid = bytes([0x04, 0x51, number >> 8, number & 0xFF])
        path = self.folder / f"{uid.hex()}.mfd"
        path.write_bytes(Card.blank(uid).dump())
        self._cards[uid.hex()] = Card.from_file(path)
        return uid.hex()

    def lay(self, *uids: str) -> None:
        self.reader.lay(*(self._cards[uid] for uid in uids))

    def add(self, uid: str) -> None:
        """One card more on the reader (two at once is a mistake the desk must see)."""
        with self.reader.lock:
            if self._cards[uid] not in self.reader.cards:
                self.reader.cards.append(self._cards[uid])

    def take_off(self) -> None:
        self.reader.take_off()

    def copy(self, uid: str) -> str:
        """A thief's copy of the card on another UID."""
        clone = self.new()
        self._cards[clone].restore(self._cards[uid].dump())
        return clone

    def keep_image(self, uid: str) -> None:
        self._images[uid] = self._cards[uid].dump()

    def roll_back(self, uid: str) -> None:
        """Bring the kept image back onto the card."""
        if uid in self._images:
            self._cards[uid].restore(self._images[uid])

    def damage(self, uid: str) -> None:
        for block in range(4, 16):
            if block % 4 != 3:
                self._cards[uid].store(block, bytes(range(16)))

    def insert(self, uid: str, number: str, layout: Layout, secret: bytes) -> str:
        """Put the card into that meter's slot; what the display says."""
        if any(card.uid.hex() == uid for card in self.reader.cards):
            self.take_off()
        return self.meter(number, layout, secret).insert(self._cards[uid])

    def use(self, number: str, volume: int, layout: Layout, secret: bytes) -> int:
        return self.meter(number, layout, secret).use(volume)

    def meter(self, number: str, layout: Layout, secret: bytes) -> Meter:
        return Meter(number, layout, secret, self.folder / f"meter-{number}.json")

    def meters(self) -> list[MeterState]:
        paths = sorted(self.folder.glob("meter-*.json"))
        return [MeterState(**json.loads(path.read_text(encoding="utf-8"))) for path in paths]

    def fault(self, name: str) -> None:
        """The next write goes wrong in that way."""
        if name in FAULTS:
            self.reader.fault(name)

    def mend(self) -> None:
        self.reader.mend()
