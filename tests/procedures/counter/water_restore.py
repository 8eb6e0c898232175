"""A desk that is brought back to its last backup while cards and meters stay as they are."""

from __future__ import annotations

from pathlib import Path

from app.base import db
from app.desk.record import modes, options
from app.desk.who.people import Actor
from app.procedures.counter import water_cards as water
from app.procedures.running import backups
from hardware.simulators import mifare
from hardware.watercard.record import Purchase, encode_purchase
from tests.procedures.counter.water_desk import WaterDesk

LAST_ON_PAPER = "SJ-2026-000040"


class Disaster:
    """`back_up`, then `bring_back`: the books of that moment, with the last number on paper named (or not)."""

    def __init__(self, books: Path, stick: Path, boss: Actor) -> None:
        self.books, self.stick, self.boss = books, stick, boss

    def back_up(self) -> backups.Backup:
        self.made = backups.make(self.stick)
        return self.made

    def bring_back(self, *, opened: bool = True) -> None:
        db.close()
        backups.restore(self.stick / self.made.name, self.books)
        options.forget()
        backups.fenced()
        if opened:
            self.open()

    def open(self) -> None:
        backups.confirm_last_number(LAST_ON_PAPER, by=self.boss)

    @staticmethod
    def over() -> None:
        modes.let_money("fence")


def forge(counter: WaterDesk, card: mifare.Card, record: Purchase) -> None:
    """Write a record onto the card that this estate's own checks vouch for, into the slot that is not current."""
    counter.lay(card)
    state = counter.laid().state
    block = next(slot.block for slot in state.slots if slot.block != state.current_block)
    card.store(block, encode_purchase(water.layout(), water.secret(), card.uid, block, record))
    counter.lay(card)
