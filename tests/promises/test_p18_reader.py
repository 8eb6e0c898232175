"""P18, the card reader's part: a lost reader never freezes the desk, and no write is sent again without a click."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import ClassVar

import pytest

from app.base import clock
from app.desk.accounts import charge, ledger
from app.procedures.counter.water_cards import ReaderWorker, TopUp
from app.procedures.counter.water_cards import worker as reading
from hardware.drivers import pn532
from hardware.simulators.mifare import Card
from hardware.simulators.pn532_wire import MemoryWire
from tests.procedures.counter import water_desk
from tests.procedures.counter.water_desk import WaterDesk
from tests.within import within

BYTE = 10 / 115_200  # seconds
DRAIN = 64 * 64 * BYTE  # the driver throws away 64 readings at most, twice a command
# Seconds of the reader's clock that one step of its worker may take at the very worst: opening a line that never stops.
LONGEST = pn532.FIRST_ACK_LIMIT + pn532.ANSWER_LIMIT + 2 * DRAIN
HOME = "/counter/water_cards"


class Wire(MemoryWire):
    """Notes which thread touches it; `noise` = it never falls silent; `left` = bytes until the plug is pulled."""

    touched: ClassVar[list[int]] = []
    noise = False
    left: int | None = None
    bytes_seen = 0

    @property
    def in_waiting(self) -> int:
        return 64 if Wire.noise else super().in_waiting

    def read(self, size: int = 1, /) -> bytes:
        Wire.touched.append(threading.get_ident())
        if Wire.noise:
            self._pass(size * BYTE)
            return (b"\x00\x12\x34" * size)[:size]
        return self._count(super().read(size))

    def write(self, data: bytes, /) -> int:
        Wire.touched.append(threading.get_ident())
        if Wire.left is not None and Wire.left < len(data):
            super().write(data[: Wire.left])
        self._count(data)
        return super().write(data)

    def _count(self, data: bytes) -> bytes:
        Wire.bytes_seen += len(data)
        if Wire.left is not None:
            Wire.left -= len(data)
            if Wire.left < 0:
                self.reader.plugged = False
                raise OSError("no such device")
        return data


@pytest.fixture
def counter(cast: SimpleNamespace, home: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> WaterDesk:
    monkeypatch.setattr(water_desk, "MemoryWire", Wire)
    for name, fresh in (("touched", []), ("noise", False), ("left", None), ("bytes_seen", 0)):
        monkeypatch.setattr(Wire, name, fresh)
    return WaterDesk(home, cast.chen, cast.mia)


def silent(counter: WaterDesk) -> None:
    counter.reader.fault("no_ack", at="any", times=999, done=False)


def never_answers(counter: WaterDesk) -> None:
    counter.reader.fault("lost_answer", at="any", times=999, done=False)


def one_byte_a_second(counter: WaterDesk) -> None:
    counter.reader.fault("one_byte_a_second", at="any", times=999)


def garbage(counter: WaterDesk) -> None:
    counter.reader.fault("garbage", at="any", times=999)


def endless_garbage(counter: WaterDesk) -> None:
    Wire.noise = True


def gone(counter: WaterDesk) -> None:
    counter.reader.plugged = False


TROUBLES = [silent, never_answers, one_byte_a_second, garbage, endless_garbage, gone]


def mend(counter: WaterDesk) -> None:
    counter.reader.mend()
    Wire.noise, Wire.left = False, None


def come_back(counter: WaterDesk) -> None:
    """The plug goes in again; what the reader's worker does of itself until it is ready and has looked a while."""
    mend(counter)
    for _ in range(3):  # half a command that the chip still holds may spoil the first opening
        counter.later += reading.REOPEN + 0.1
        counter.tick(7)
        if counter.worker.state == "ready":
            return
    raise AssertionError("never ready again")


def bounded(counter: WaterDesk, ticks: int) -> None:
    for _ in range(ticks):
        began, wire = counter.wire.now(), counter.wire
        counter.tick(1)
        assert counter.wire.now() - (began if counter.wire is wire else 0.0) <= LONGEST


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
@pytest.mark.parametrize("when", ["looking", "told to write"])
def test_whatever_a_reader_does_it_is_lost_within_a_few_steps_and_writes_nothing_when_it_is_back(
    counter: WaterDesk, trouble: Callable[[WaterDesk], None], when: str
) -> None:
    card = counter.issue()
    row = counter.intend()
    if when == "told to write":
        counter.worker.submit("write", row.id, by=counter.clerk)
    trouble(counter)
    bounded(counter, reading.STRIKES)
    assert counter.worker.state == "lost"
    assert counter.worker.problem is not None
    bounded(counter, 3)
    counter.later += reading.REOPEN + 0.1
    bounded(counter, 2)  # it is looked for again, and is no better
    assert counter.worker.state != "busy"
    before, writes = card.dump(), counter.reader.log.count("write")
    come_back(counter)
    assert (card.dump(), counter.reader.log.count("write")) == (before, writes)
    assert TopUp.get_by_id(row.id).state == "pending"
    counter.do("write", row.id)  # the click
    assert TopUp.get_by_id(row.id).state == "done"


def sell_with_the_plug_pulled_after(counter: WaterDesk, card: Card, k: int) -> str:
    """One sale, the plug out after k bytes of its conversation, in again, and one click. How it stood before the click.

    Without a click not one bit of the card changes; a sale that is not proven to stand on it is not written at all.
    """
    row = counter.intend()
    counter.worker.submit("write", row.id, by=counter.clerk)
    Wire.left = k
    counter.tick(5)
    assert counter.worker.state == "lost"
    before, writes = card.dump(), counter.reader.log.count("write")
    come_back(counter)
    assert card.dump() == before, "written without a click"
    found = TopUp.get_by_id(row.id).state
    if found == "pending":
        assert counter.reader.log.count("write") == writes, "sent again without a click"
        counter.do("write", row.id)
    assert TopUp.get_by_id(row.id).state == "done"
    return str(found)


def length_of_a_sale(counter: WaterDesk) -> int:
    before = Wire.bytes_seen
    counter.sell()
    return Wire.bytes_seen - before


def test_gone_at_byte_k_and_back_0_writes_are_sent_again_without_a_click(counter: WaterDesk, times: int) -> None:
    card, meter = counter.issue(), counter.meter()
    whole = length_of_a_sale(counter)
    cuts = list(range(1, whole, max(1, whole // (24 * times))))
    stood = set()
    for k in cuts:
        meter.insert(card)
        counter.lay(card)
        stood.add(sell_with_the_plug_pulled_after(counter, card, k))
    assert stood == {"pending", "done"}, "cuts before the card was written, and after"
    meter.insert(card)
    counter.lay(card)
    current = counter.laid().state.current
    assert current is not None
    assert current.cumulative == 1500 * (len(cuts) + 1)
    assert ledger.balance("tender.cash") == 4440 * (len(cuts) + 1)


def test_mutant_a_worker_that_sends_its_last_write_again_is_caught(
    counter: WaterDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It means well: the command that was cut is put back into the queue when the reader is lost."""
    obey, lose, last = ReaderWorker._obey, ReaderWorker._lose, []

    def remember(self: ReaderWorker, command: reading.Command) -> None:
        last[:] = [command]
        obey(self, command)

    def keep(self: ReaderWorker, trouble: reading.DeviceError) -> None:
        lose(self, trouble)
        for command in last:
            self._commands.put(command)

    monkeypatch.setattr(ReaderWorker, "_obey", remember)
    monkeypatch.setattr(ReaderWorker, "_lose", keep)
    card = counter.issue()
    last.clear()
    with pytest.raises(AssertionError, match="without a click"):
        sell_with_the_plug_pulled_after(counter, card, 60)


def test_back_on_another_path_it_is_opened_again_by_itself(counter: WaterDesk) -> None:
    """A link that udev keeps: what lies behind it is another device each time."""
    opened: list[str] = []
    path = {"link": "ttyUSB0"}

    def connect() -> object:
        opened.append(path["link"])
        return counter._connect()

    reader = ReaderWorker(connect, now=counter._now)  # type: ignore[arg-type]
    assert reader.state == "unknown"
    reader.tick()
    reader.tick()
    assert reader.state == "ready"
    counter.reader.plugged = False
    for n in range(reading.STRIKES):
        assert reader.state == "ready", n
        reader.tick()
    assert reader.state == "lost"
    path["link"] = "ttyUSB3"
    for _ in range(20):  # not at every look
        reader.tick()
    assert opened == ["ttyUSB0"]
    mend(counter)
    counter.later += reading.REOPEN + 0.1
    reader.tick()
    assert (reader.state, reader.problem, opened) == ("ready", None, ["ttyUSB0", "ttyUSB3"])


# ---- the web, while a device is in trouble ----

PAGES = (
    f"{HOME}/",
    f"{HOME}/check",
    f"{HOME}/sum?by=volume&quantity=15",
    "/running/devices/",
    "/counter/keys/",
    "/live?v=0",
)
SALE = {"by": "volume", "quantity": "15", "payer": "李伟", "told_shut_off": "1", "told_slot": "1"}


@pytest.fixture
def web(counter: WaterDesk, desk) -> SimpleNamespace:
    desk.app.extensions["devices"] = SimpleNamespace(reader=counter.worker)
    client = desk.client(counter.clerk)

    def post(path: str, **fields: object) -> int:
        return int(client.post(path, data={"_key": desk.key(), **fields}).status_code)

    def look() -> list[int]:
        return [client.get(path, headers={"HX-Request": "true"}).status_code for path in PAGES]

    return SimpleNamespace(post=post, look=look, unit=counter.home.unit.id)


def touches_of(act: Callable[[], object]) -> int:
    """How often `act` touched the device's wire, in this thread."""
    before = Wire.touched.count(threading.get_ident())
    act()
    return Wire.touched.count(threading.get_ident()) - before


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
def test_a_web_request_never_calls_into_the_reader(
    counter: WaterDesk, web: SimpleNamespace, trouble: Callable[[WaterDesk], None]
) -> None:
    counter.issue()
    trouble(counter)
    answers: list[int] = []
    sell = lambda: answers.append(web.post(f"{HOME}/sell", unit=web.unit, **SALE))  # noqa: E731
    assert touches_of(web.look) == 0
    assert touches_of(sell) == 0  # nobody has noticed yet: taken, and pending
    counter.tick(reading.STRIKES)
    assert counter.worker.state == "lost"
    row = TopUp.get()
    assert touches_of(lambda: answers.append(web.post(f"{HOME}/again/{row.id}"))) == 0
    assert touches_of(sell) == 0
    assert touches_of(web.look) == 0
    assert answers[:2] == [303, 503]
    assert answers[2] in (422, 503)
    assert TopUp.select().count() == 1


def test_mutant_a_click_that_asks_the_device_itself_is_caught(
    counter: WaterDesk, web: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    queued = ReaderWorker.submit

    def at_once(self: ReaderWorker, kind: str, id: int, **how: object) -> None:
        queued(self, kind, id, **how)  # type: ignore[arg-type]
        self.tick()

    monkeypatch.setattr(ReaderWorker, "submit", at_once)
    counter.issue()
    assert touches_of(lambda: web.post(f"{HOME}/sell", unit=web.unit, **SALE)) > 0


def test_pages_and_payments_go_on_while_a_card_is_being_written(
    counter: WaterDesk, web: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker hangs in the middle of a write, in a thread of its own: nobody needs what it holds."""
    counter.issue()
    hangs, go_on, waited = threading.Event(), threading.Event(), []
    feed = counter.reader.feed

    def hang(data: bytes) -> None:
        if b"\xd4\x40\x01\xa0" in data and not hangs.is_set():
            hangs.set()
            waited.append(go_on.wait(60))
        feed(data)

    monkeypatch.setattr(counter.reader, "feed", hang)
    counter.worker.start()
    try:
        assert web.post(f"{HOME}/sell", unit=web.unit, **SALE) == 303
        assert hangs.wait(30)
        row = TopUp.get()
        assert counter.worker.state == "busy"
        assert set(web.look()) == {200}
        assert web.post(f"{HOME}/again/{row.id}") in (303, 422)
        owed = within(
            charge.add,
            unit=counter.home.unit,
            item="card_fee",
            text="水卡工本费",
            fen=500,
            due=clock.today(),
            by=counter.clerk,
        )
        assert owed.id
        assert not waited, "everything was answered while the device hung"
    finally:
        go_on.set()
        counter.worker.stop()
    assert waited == [True]
