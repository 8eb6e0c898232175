"""A card, a reader and a wire in memory, for tests of everything that touches a water card."""

from __future__ import annotations

from dataclasses import dataclass

from hardware.drivers.pn532 import PN532
from hardware.simulators.meter import Meter
from hardware.simulators.mifare import Card
from hardware.simulators.pn532_chip import SimulatedReader
from hardware.simulators.pn532_wire import MemoryWire
from hardware.watercard.layout import Layout, known_layouts, load
from hardware.watercard.record import CardState, Identity, Purchase
from hardware.watercard.session import CardSession, ReadBack
from hardware.watercard.steps import Known, Step, next_step, sale_writes, slot_for_sale

SECRET = bytes(range(32))
METER = "00821177"
UID = bytes.fromhex("04a1b2c3")
LAYOUTS = {name: load(path) for name, path in known_layouts().items()}
START = Purchase(0, 0, 0)


@dataclass
class Bench:
    layout: Layout
    card: Card
    reader: SimulatedReader
    wire: MemoryWire
    driver: PN532
    session: CardSession

    def issue(self, account: int = 3, issue: int = 1, first: Purchase = START) -> None:
        self.session.issue(self.card.uid, Identity(account, METER, issue, alarm=200), first)

    def known(self, *, old: Purchase = START, new: Purchase | None = None, block: int | None = None) -> Known:
        return Known(self.card.uid, 3, METER, 1, old, new=new, block=block)

    def intend(self, amount: int = 1500, old: Purchase = START) -> tuple[Known, CardState]:
        seen = self.session.read()
        new = Purchase(old.seq + 1, amount, old.cumulative + amount)
        return self.known(old=old, new=new, block=slot_for_sale(self.layout, seen)), seen

    def sell(self, known: Known, seen: CardState) -> ReadBack:
        return self.session.write(seen, sale_writes(self.layout, SECRET, known, seen))

    def step(self, known: Known) -> Step:
        return next_step(known, self.session.read())

    def meter(self) -> Meter:
        return Meter(METER, self.layout, SECRET)


def bench(layout: str = "waterdesk-1", uid: bytes = UID, baud: int | None = None, seed: int = 0) -> Bench:
    """A blank card on a reader on a wire where only waiting takes time."""
    card = Card.blank(uid)
    reader = SimulatedReader([card], seed=seed)
    wire = MemoryWire(reader, baud=baud)
    driver = PN532(wire, now=wire.now)
    return Bench(LAYOUTS[layout], card, reader, wire, driver, CardSession(driver, LAYOUTS[layout], SECRET))
