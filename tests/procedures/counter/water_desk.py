"""A water desk on simulated parts: real books, the real driver, a reader on a wire in memory, a card and its meter."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from app.base import clock
from app.desk.accounts.receipt import Tender
from app.desk.record import options
from app.desk.who.people import Actor
from app.procedures.counter import water_cards as water
from app.procedures.counter.water_cards import Account, Card, Laid, ReaderWorker, TopUp
from hardware.drivers.pn532 import PN532
from hardware.simulators import mifare
from hardware.simulators.meter import Meter
from hardware.simulators.pn532_chip import SimulatedReader
from hardware.simulators.pn532_wire import MemoryWire

METER = "00821177"
PRICE = 296


class WaterDesk:
    """`tick` until quiet instead of a thread: what the worker would do, step by step."""

    def __init__(self, home: SimpleNamespace, clerk: Actor, boss: Actor) -> None:
        self.home, self.clerk, self.boss = home, clerk, boss
        self.reader = SimulatedReader()
        self.wire = MemoryWire(self.reader)
        self.worker = ReaderWorker(self._connect, now=self._now)
        self.later = 0.0
        self.uids = 0
        if options.get("water.price") != PRICE:
            options.change("water.price", PRICE, since=clock.today(), by=boss)
        self.tick()

    def _now(self) -> float:
        return self.wire.now() + self.later

    def _connect(self) -> PN532:
        self.wire = MemoryWire(self.reader)
        return PN532(self.wire, now=self.wire.now)

    def tick(self, times: int = 3) -> None:
        for _ in range(times):
            self.worker.tick()

    def lay(self, *cards: mifare.Card) -> Laid:
        self.reader.take_off()
        self.tick(1)
        self.reader.lay(*cards)
        self.tick(1)
        return self.laid()

    def laid(self) -> Laid:
        return water.judge(self.worker.seen)

    def blank(self) -> mifare.Card:
        """A new blank card, taken into the stock and left on the reader."""
        self.uids += 1
        card = mifare.Card.blank(bytes([4, 0xA1, 0xB2, self.uids]))
        water.stock(self.lay(card), by=self.clerk)
        return card

    def issue(self, number: str = METER, unit: object = None) -> mifare.Card:
        """A card of the stock, issued to the household and lying on the reader."""
        card = self.blank()
        row = water.issue(unit or self.home.unit, number, self.laid(), holder="李伟", person=None, by=self.clerk)
        self.do("issue", row.id)
        assert Card.get_by_id(row.id).state == "active"
        return card

    def do(self, kind: str, id: int, **how: Any) -> None:
        self.worker.submit(kind, id, by=self.boss if kind == "void" else self.clerk, **how)
        self.tick(1)

    def intend(self, volume: int = 1500, tenders: list[Tender] | None = None, **how: object) -> TopUp:
        bought = water.of_volume(volume, PRICE, water.layout().volume_step)
        given = {"payer": "李伟", "told_shut_off": True, "told_slot": True, "unit": self.home.unit, "by": self.clerk}
        given |= how
        unit = given.pop("unit")
        return water.intend(unit, self.laid(), bought, tenders=tenders or [Tender("cash", bought.fen)], **given)

    def sell(self, volume: int = 1500) -> TopUp:
        row = self.intend(volume)
        self.do("write", row.id)
        return TopUp.get_by_id(row.id)

    def meter(self, number: str = METER) -> Meter:
        return Meter(number, water.layout(), water.secret())

    @property
    def account(self) -> Account:
        return water.accounts_of(self.home.unit)[0]

    def card_row(self, card: mifare.Card) -> Card:
        return Card.get(Card.uid == card.uid.hex())
