"""The demo's water cards: simulated cards and meters in a folder beside the books, used through the real driver."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from app.base import clock, db
from app.demo.scenes import Cast, yesterday
from app.desk.accounts.receipt import Tender
from app.desk.homes.households import Unit, owner_of
from app.desk.record import options
from app.desk.record.journal import DESK_ONLY, deed
from app.desk.who.people import Actor
from app.procedures.counter import water_cards as water
from hardware import devices
from hardware.ports import DeviceError

PRICE = 296  # fen a tonne
READER, FOLDER = "sim://card-reader", "water-bench"
TRIES, PAUSE = 100, 0.2  # a lost reader is looked for again after five seconds
TOLD = {"told_shut_off": True, "told_slot": True}
# Unit, its meter, what was bought in tonnes; the last one ran off before the card was written.
SOLD = (("3-2-1002", "00821177", 15), ("1-1-502", "00821185", 20), ("4-1-901", "00821193", 10))
READ_MONTHLY = ("2-1-301", "00821201")


@yesterday(15, 0)
@deed("demo.water", act=DESK_ONLY)
def water_is_sold(cast: Cast, *, by: Actor) -> None:
    """Cards are stocked and issued; one sale is in the meter, one on the card, one paid and not written yet."""
    options.change("water.price", PRICE, since=clock.today(), by=cast["supervisor"])
    folder = Path(db.database.database).parent / FOLDER
    shutil.rmtree(folder, ignore_errors=True)  # of a demo that was cut off
    try:
        _Desk(folder, cast["assistant"]).works()
    finally:
        devices.close_simulators()
    home = Unit.get(Unit.label == READ_MONTHLY[0])
    water.register_meter(home, READ_MONTHLY[1], "reading", by=cast["supervisor"])


class _Desk:
    """One pair of hands: lays a card, lets the worker look, does the next thing."""

    def __init__(self, folder: Path, clerk: Actor) -> None:
        self.bench, self.clerk = devices.water_bench(READER, folder), clerk
        self.worker = water.ReaderWorker(lambda: devices.card_reader(READER))
        self._until(lambda: self.worker.state == "ready")

    def _until(self, done: Callable[[], bool], again: Callable[[], None] | None = None) -> None:
        """Let the worker work, as long as a clerk would wait: on a busy machine a simulated wire times out like a real one."""
        for turn in range(TRIES):
            if again and self.worker.state == "ready":
                again()
            self.worker.tick()
            if done():
                return
            time.sleep(PAUSE if turn else 0)
        raise DeviceError("The card reader is not connected. Check its cable; nothing was written.")

    def works(self) -> None:
        try:
            for (label, meter, tonnes), taken in zip(SOLD, (True, False, None), strict=True):
                home = Unit.get(Unit.label == label)
                uid = self._issue(home, meter)
                row = self._sell(home, tonnes)
                if taken is not None:
                    self._write(row)
                if taken:
                    self.bench.insert(uid, meter, water.layout(), water.secret())
                self._take_off()
            for _ in "12":  # two blank cards: one in the stock, one still in its box
                blank = self.bench.new()
            self._lay(self.bench.cards()[-2].uid)
            water.stock(water.judge(self.worker.seen), by=self.clerk)
            assert blank
            self._take_off()
        finally:
            self.worker.stop()

    def _lay(self, uid: str) -> None:
        self.bench.lay(uid)
        self._until(lambda: self.worker.seen.uid.hex() == uid)

    def _take_off(self) -> None:
        self.bench.take_off()
        self._until(lambda: not self.worker.seen.uid)

    def _write(self, row: water.TopUp) -> None:
        def written() -> bool:
            return bool(water.TopUp.get_by_id(row.id).state == "done")

        self._until(written, lambda: self.worker.submit("write", row.id, by=self.clerk))

    def _issue(self, home: Unit, meter: str) -> str:
        uid = self.bench.new()
        self._lay(uid)
        water.stock(water.judge(self.worker.seen), by=self.clerk)
        owner = owner_of(home)
        assert owner is not None
        laid = water.judge(self.worker.seen)
        card = water.issue(home, meter, laid, holder=owner.name, person=owner, by=self.clerk)
        self._until(
            lambda: bool(water.Card.get_by_id(card.id).state == "active"),
            lambda: self.worker.submit("issue", card.id, by=self.clerk),
        )
        return uid

    def _sell(self, home: Unit, tonnes: int) -> water.TopUp:
        bought = water.of_volume(tonnes * 100, PRICE, water.layout().volume_step)
        owner = owner_of(home)
        assert owner is not None
        paid = [Tender("cash", bought.fen)]
        return water.intend(
            home, water.judge(self.worker.seen), bought, payer=owner.name, tenders=paid, **TOLD, by=self.clerk
        )
