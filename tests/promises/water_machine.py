"""The water desk as a state machine (promise P5): sales, faults at any command, thieves, meters, crashes at named points.

What must hold after every step stands in `balanced`; `settled` says what must come out once everything is mended.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app import factory
from app.base import db, faults
from app.base.refusal import Refused
from app.desk.homes import households
from app.desk.record import options
from app.desk.who import people
from app.procedures.counter import water_cards as water
from app.procedures.counter.water_cards import TopUp
from app.procedures.counter.water_cards.tables import Card
from app.settings import Settings
from hardware.ports import DeviceError
from hardware.simulators import mifare
from tests.procedures.counter.water_desk import WaterDesk

SHM = Path("/dev/shm")  # books of an example live in memory where the machine has such a place
TEARS = st.builds(
    lambda k, rest: {"name": "tear", "k": k, "rest": rest},
    st.sampled_from([0, 1, 5, 11, 15, 16]),
    st.sampled_from(["weak", "weak", "old", "erased", "random"]),
)
QUIET = st.sampled_from([{"name": "silent"}, {"name": "cached"}, {"name": "fail"}])
LINE = st.builds(
    lambda name, done: {"name": name, "done": done},
    st.sampled_from(["lost_answer", "error_frame", "garbage", "no_ack", "unplugged"]),
    st.booleans(),
)
FIELD = st.sampled_from([{"name": "bad_dcs"}, {"name": "card_gone"}, {"name": "card_swapped"}])
AT_WRITE = st.one_of(st.none(), TEARS, QUIET, LINE, FIELD)
# and elsewhere in the same command: while it is read, just before the write, and above all in the read-back
PLACES = [("select", 2), ("rf", 1), ("select", 3), ("auth", 4), ("read", 9)]
ELSEWHERE = st.none() | st.builds(
    lambda name, place: {"name": name, "at": place[0], "after": place[1]},
    st.sampled_from(["card_gone", "card_swapped", "lost_answer", "unplugged"]),
    st.sampled_from(PLACES),
)
VOLUMES = st.integers(1, 40).map(lambda n: n * 50)
POINTS = ["topup.intended", "topup.written", "topup.closing", "topup.voided", "receipt.posted"]


class PowerCut(BaseException):
    """The process ends here."""


def cut() -> None:
    raise PowerCut


class Swallowed(logging.Handler):
    """The worker never stops for an error; here every one it logged is a failure."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()}: {record.exc_info[1]!r}" if record.exc_info else record.getMessage())


class Books:
    """A set of books made once; each example works on a copy."""

    keeper: tempfile.TemporaryDirectory[str] | None = None  # goes with the process
    template: Path | None = None
    cards: tuple[bytes, bytes] = (b"", b"")  # the neighbour's and our household's, issued

    @classmethod
    def fresh(cls) -> SimpleNamespace:
        home = Path(tempfile.mkdtemp(prefix="p5-", dir=SHM if SHM.is_dir() else None))
        if cls.template is None or not cls.template.exists():
            cls.keeper = tempfile.TemporaryDirectory(prefix="p5-", dir=SHM if SHM.is_dir() else None)
            cls.template = Path(cls.keeper.name) / "data"
            factory.open_books(Settings(data=cls.template))
            _estate()
            made = cls._open(cls.template)
            desk = WaterDesk(made.home, made.clerk, made.boss)
            cls.cards = desk.issue("00000007", unit=made.home.other).dump(), desk.issue().dump()
            db.close()
        shutil.copytree(cls.template, home / "data")
        return cls._open(home / "data")

    @staticmethod
    def _open(data: Path) -> SimpleNamespace:
        db.open(Settings(data=data).database)
        options.forget()
        staff = {row.name: people.actor(row, station="1") for row in people.Staff.select()}
        units = {row.label: row for row in households.Unit.select()}
        return SimpleNamespace(
            where=data.parent,
            clerk=staff["陈静"],
            boss=staff["米娅"],
            home=SimpleNamespace(unit=units["3-2-1101"], other=units["5-1-302"]),
        )


def _estate() -> None:
    people.Staff.create(name="陈静", roles=["cashier"])
    people.Staff.create(name="米娅", roles=["supervisor"])
    for building, code, room in (("3", 2, "1101"), ("5", 1, "302")):
        entrance = households.Entrance.create(building=building, code=str(code))
        households.Unit.create(entrance=entrance, room=room, label=f"{building}-{code}-{room}")


class WaterMachine(RuleBasedStateMachine):
    """`mutants.py`-style bugs are planted around it; on the real desk nothing here ever fails."""

    plant: Callable[[WaterMachine], None] | None = None
    favours: ClassVar[dict[str, Any]] = {}

    @initialize(luck=st.integers(0, 999))
    def open_the_desk(self, luck: int = 0) -> None:
        self.books = Books.fresh()
        self.swallowed = Swallowed()
        logging.getLogger("app").addHandler(self.swallowed)
        self.desk = WaterDesk(self.books.home, self.books.clerk, self.books.boss)
        self.desk.uids = 2
        self.neighbour, self.card = (mifare.Card(dump) for dump in Books.cards)
        self.neighbours = self.neighbour.dump()
        self.card._chance.seed(luck)  # how doubtful bits fall, and what garbage on the line looks like
        self.desk.reader._chance.seed(luck)
        self.meter = self.desk.meter()
        self.images: list[bytes] = [self.card.dump()]
        self.harmed = False  # a thief or an accident has touched the card since the books last agreed with it
        if type(self).plant:
            type(self).plant(self)

    # what clerks and owners do

    @rule(volume=VOLUMES)
    def sell(self, volume: int) -> None:
        """Nothing breaks, and the owner takes the card home to the meter. A thief's older card is tried as well."""
        older = self.harmed and self._on_card() < self._sold()
        before = TopUp.select().count()
        self._sell(volume, None, None)
        assert not older or TopUp.select().count() == before, "a card in an older state was sold to"
        self.put_into_the_meter_now()

    @rule(volume=VOLUMES, fault=AT_WRITE, elsewhere=ELSEWHERE)
    @precondition(lambda self: not self.harmed)
    def sell_and_something_breaks(
        self, volume: int, fault: dict[str, Any] | None, elsewhere: dict[str, Any] | None
    ) -> None:
        self._sell(volume, fault, elsewhere)

    @rule(volume=VOLUMES, fault=AT_WRITE)
    @precondition(lambda self: not self.harmed)
    def sell_and_the_write_breaks(self, volume: int, fault: dict[str, Any] | None) -> None:
        self._sell(volume, fault, None)

    @rule(fault=AT_WRITE, elsewhere=ELSEWHERE, twice=st.booleans())
    @precondition(lambda self: self._pending())
    def write_again(self, fault: dict[str, Any] | None, elsewhere: dict[str, Any] | None, twice: bool) -> None:
        self._lay_own()
        if row := self._pending():
            self._command("write", row.id, fault, elsewhere, twice=twice)

    @rule(fault=AT_WRITE, elsewhere=ELSEWHERE, at_once=st.booleans())
    @precondition(lambda self: self._pending())
    def pay_back(self, fault: dict[str, Any] | None, elsewhere: dict[str, Any] | None, at_once: bool) -> None:
        """The card that comes back, or the one that was never taken off; the desk says whether the meter is looked at."""
        if not at_once or self.desk.worker.state != "ready":
            self._lay_own()
        if row := self._pending():
            self._command("void", row.id, fault, elsewhere)

    @rule(pulled=st.booleans())
    @precondition(lambda self: self._pending())
    def come_back_from_the_meter_for_the_money(self, pulled: bool) -> None:
        self.put_into_the_meter_now(pulled=self.favours.get("pulled", pulled))
        self._lay_own()
        if row := self._pending():
            self._command("void", row.id, None, None)

    @rule(where=st.sampled_from(["nothing", "own", "two", "neighbour", "blank", "clone"]))
    def lay(self, where: str) -> None:
        clone = mifare.Card.blank(b"\x66\x66\x66\x66")
        clone.memory[16:] = self.card.memory[16:]
        if not self._pending() and not self.harmed:
            self.images.append(self.card.dump())  # a thief's reader lay underneath
        blank = mifare.Card.blank(b"\x09\x09\x09\x09")
        cards = {
            "own": [self.card],
            "two": [self.card, self.neighbour],
            "neighbour": [self.neighbour],
            "blank": [blank],
            "clone": [clone],
        }
        self.desk.lay(*cards.get(where, []))

    @rule(pulled=st.booleans(), volume=st.integers(0, 3000))
    def put_into_the_meter(self, pulled: bool, volume: int) -> None:
        self.put_into_the_meter_now(pulled=self.favours.get("pulled", pulled))
        self.meter.use(volume)

    def put_into_the_meter_now(self, *, pulled: bool = False) -> None:
        self.desk.lay()
        self.meter.insert(self.card, pulled_after=0 if pulled else None)

    # accidents and thieves

    @rule(point=st.sampled_from(POINTS), volume=st.integers(1, 20), kind=st.sampled_from(["write", "void"]))
    def the_power_is_cut(self, point: str, volume: int, kind: str) -> None:
        if not self.harmed:
            self._lay_own()
        faults.arm(point, cut)
        try:
            row = self._pending() or (None if self.harmed else self.desk.intend(volume * 50))
            if row:
                self.desk.do(kind, row.id, **(self._paid_back(row.id) if kind == "void" else {}))
        except (PowerCut, Refused, DeviceError):
            pass
        faults.disarm()
        self.desk.reader.mend()
        self.desk.worker = water.ReaderWorker(self.desk._connect, now=self.desk._now)
        self.desk.tick()

    @rule(data=st.data(), what=st.sampled_from(["image", "image", "slots", "identity"]))
    @precondition(lambda self: not self.harmed and not self._pending())
    def accident_or_thief(self, data: st.DataObject, what: str) -> None:
        """An older image of the card is restored, or blocks of it are damaged."""
        if what == "image":
            image = data.draw(st.sampled_from(self.images))
            self.harmed = image != self.card.dump()
            self.card.restore(image)
            return
        for block in (8, 9) if what == "slots" else (4, 6):
            self.card.store(block, b"\x5a" * 16)
        self.harmed = True

    @rule(then=st.sampled_from(["reissue", "refund"]), lost=st.booleans())
    @precondition(lambda self: self.harmed or self._pending())
    def replace_the_card(self, then: str, lost: bool) -> None:
        """The supervisor replaces it from the books, after looking at the meter; the old one stays with the thief."""
        self._lay_own()
        old = self.desk.card_row(self.card)
        if old.state != "active":
            return
        if not lost and self.desk.laid().step.action == "use":
            return
        if lost:
            water.lost(old, reason="丢失", signed="李伟", by=self.books.clerk)
        blank = self.desk.blank()
        try:
            row = water.replace(
                self.desk.account,
                self.desk.laid(),
                meter_seq=self.meter.state.accepted_seq,
                meter_left=self.meter.state.remaining,
                reason="补卡",
                signed="李伟",
                pending_then=then,
                by=self.books.boss,
            )
        except Refused:
            if lost:
                water.found(Card.get_by_id(old.id), by=self.books.clerk)
            return
        self.desk.do("issue", row.id)
        assert Card.get_by_id(row.id).state == "active"
        self.card, self.harmed, self.images = blank, False, [blank.dump()]
        self.meter.insert(blank)  # the owner takes it home at once: the meter now refuses the old one

    # what must hold

    @invariant()
    def balanced(self) -> None:
        if not hasattr(self, "desk"):
            return
        assert not self.swallowed.lines
        rows = db.database.execute_sql(
            "SELECT id, state, fen, volume, reading, receipt_id, unit_id FROM water_topup"
        ).fetchall()
        total = lambda *states: sum(row[2] for row in rows if row[1] in states)  # noqa: E731
        money = dict(db.database.execute_sql("SELECT account, SUM(fen) FROM posting GROUP BY account").fetchall())
        paid = sum(fen for account, fen in money.items() if account.startswith("tender."))
        assert paid == total("pending", "done", "reissued"), (
            "money in the till is money of sales that stand or are pending"
        )
        assert -money.get("suspense.water", 0) == total("pending"), "suspense is what is pending"
        assert -money.get("income.water", 0) == total("done", "reissued"), "income is what was proven"
        numbers = [n for (n,) in db.database.execute_sql("SELECT n FROM receipt ORDER BY id").fetchall()]
        assert numbers == list(range(1, len(numbers) + 1)), "receipt numbers have no gap"
        closed = [row for row in rows if row[1] in {"done", "reissued"}]
        assert all(row[4] == row[3] and row[5] for row in closed), "a closed sale was read back"
        assert len(closed) == len(numbers), "each closed sale has one receipt"
        assert sum(row[1] == "pending" for row in rows) == len(water.pending()) == self._promised(), "pending is listed"
        assert bytes(self.neighbour.memory) == self.neighbours, "nobody else's card was written"
        standing = sum(row[3] for row in rows if row[1] != "refunded" and row[6] == self.books.home.unit.id)
        assert self.meter.state.taken <= standing, "no water without money"
        ours = sum(row[3] for row in closed if row[6] == self.books.home.unit.id)
        assert self._sold() == ours, "the card in use goes on counting from what was sold"
        if not self.harmed:
            self._holds_what_was_sold()

    def _holds_what_was_sold(self) -> None:
        """Every proven sale is on the card (however often one looks) or in the meter already."""
        sold = self._sold()
        looks = [self._on_card() for _ in range(4 if self.card.weak else 1)]
        assert max(self.meter.state.taken, min(looks)) >= sold, (
            f"sold {sold}, card {looks}, meter {self.meter.state.taken}"
        )
        if not self._pending():
            assert max(looks) <= sold, f"the card shows a sale ({looks}) that nobody paid for"

    def _sold(self) -> int:
        uid = self.card.uid.hex()
        ((sold,),) = db.database.execute_sql("SELECT cumulative FROM water_card WHERE uid = ?", (uid,)).fetchall()
        return int(sold)

    def _on_card(self) -> int:
        seen = self.meter._read(self.card)
        self.card.halt()
        return seen.current.cumulative if seen.current else -1

    def _lay_own(self) -> None:
        self.desk.reader.mend()
        self.desk.later += 6  # a lost reader is opened again
        self.desk.lay(self.card)
        if self.desk.worker.state != "ready":
            self.desk.tick(2)

    def _sell(self, volume: int, fault: dict[str, Any] | None, elsewhere: dict[str, Any] | None) -> None:
        self._lay_own()
        try:
            row = self.desk.intend(volume)
        except Refused:
            return
        self._command("write", row.id, fault, elsewhere, first=True)

    def _command(
        self,
        kind: str,
        id: int,
        fault: dict[str, Any] | None,
        elsewhere: dict[str, Any] | None,
        *,
        twice: bool = False,
        first: bool = False,
    ) -> None:
        fault = self.favours.get("fault", fault) if fault else None
        elsewhere = self.favours.get("elsewhere", elsewhere) if elsewhere else None
        for each in filter(None, (fault, elsewhere)):
            extra = {"card": self.neighbour} if each["name"] == "card_swapped" else {}
            self.desk.reader.fault(**each, **extra)
        how: dict[str, Any] = self._paid_back(id) if kind == "void" else {"first": first}
        if twice or "twice" in self.favours:
            self.desk.worker.submit(kind, id, by=self.books.clerk, **how)
        self.desk.do(kind, id, **how)
        self.desk.tick(1)

    def _paid_back(self, id: int) -> dict[str, Any]:
        looked = None if self.desk.worker.stayed(id) else self.meter.state.accepted_seq
        return {"reason": "业主不买了", "signed": "李伟", "meter_seq": looked}

    def _pending(self) -> TopUp | None:
        found = db.database.execute_sql("SELECT id FROM water_topup WHERE state = 'pending'").fetchall()
        return TopUp.get_by_id(found[0][0]) if found else None

    def _promised(self) -> int:
        return len(db.database.execute_sql("SELECT id FROM due WHERE met IS NULL AND slug = 'topup'").fetchall())

    def teardown(self) -> None:
        if not hasattr(self, "desk"):
            return
        try:
            if not self.harmed:
                self.settled()
        finally:
            faults.disarm()
            logging.getLogger("app").removeHandler(self.swallowed)
            db.close()
            shutil.rmtree(self.books.where, ignore_errors=True)

    def settled(self) -> None:
        """Mend everything, bring the card, write what is pending: then the meter holds exactly what was paid for."""
        self._lay_own()
        for _ in range(8):  # doubtful bits may fall otherwise between two readings: the desk then says "write again"
            if row := self._pending():
                self.desk.do("write", row.id)
        assert not self._pending(), "a card that comes back is settled"
        self.desk.lay()
        self.meter.insert(self.card)
        for row in TopUp.select():
            event(row.state)
        stands = TopUp.state.in_(("done", "reissued")) & (TopUp.unit == self.books.home.unit)
        assert self.meter.state.taken == sum(row.volume for row in TopUp.select().where(stands))
        self.balanced()
