"""The reader's worker (promise P18): never waits for anybody, never replays, and says when the reader is lost."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.base import faults, live
from app.procedures.counter import water_cards as water
from app.procedures.counter.water_cards import ReaderWorker, TopUp
from hardware.drivers.pn532 import PN532
from hardware.ports import DeviceError
from hardware.simulators.pn532_wire import PtyWire
from tests.conftest import Desk
from tests.procedures.counter.water_desk import WaterDesk


@pytest.fixture
def counter(cast: SimpleNamespace, home: SimpleNamespace) -> WaterDesk:
    return WaterDesk(home, cast.chen, cast.mia)


def test_the_states_are_unknown_ready_lost_and_ready_again(counter: WaterDesk) -> None:
    fresh = ReaderWorker(counter._connect, now=counter._now)
    assert fresh.state == "unknown"
    counter.tick()
    assert counter.worker.state == "ready"
    counter.reader.plugged = False
    counter.tick(2)
    assert counter.worker.state == "ready"  # two silences may be an accident
    counter.tick(1)
    assert (counter.worker.state, str(counter.worker.problem)) == ("lost", "The card reader is unplugged.")
    counter.reader.plugged = True
    counter.tick()
    assert counter.worker.state == "lost"  # opened again every five seconds, not at every look
    counter.later += 5.1
    counter.tick()
    assert counter.worker.state == "ready"


def test_a_lost_reader_takes_no_command_and_forgets_those_it_had(counter: WaterDesk) -> None:
    counter.issue()
    row = counter.intend()
    for _ in range(6):
        counter.worker.submit("write", row.id, by=counter.clerk)
    counter.reader.plugged = False
    counter.tick(5)
    assert counter.worker.state == "lost"
    with pytest.raises(DeviceError, match="not connected"):
        counter.worker.submit("write", row.id, by=counter.clerk)
    counter.reader.plugged = True
    counter.later += 6
    writes = counter.reader.log.count("write")
    counter.tick(5)
    assert counter.reader.log.count("write") == writes  # 0 jobs resent without a click
    assert TopUp.get_by_id(row.id).state == "pending"


def test_a_command_that_waited_too_long_is_not_carried_out(counter: WaterDesk) -> None:
    counter.issue()
    row = counter.intend()
    counter.worker.submit("write", row.id, by=counter.clerk)
    counter.later += 11
    counter.tick()
    assert TopUp.get_by_id(row.id).state == "pending"


def test_a_submitted_command_returns_before_the_device_was_asked(counter: WaterDesk) -> None:
    counter.issue()
    row = counter.intend()
    asked = len(counter.reader.log)
    counter.worker.submit("write", row.id, by=counter.clerk)
    assert len(counter.reader.log) == asked


@pytest.mark.parametrize("name", ["lost_answer", "garbage", "one_byte_a_second", "no_ack", "delay"])
def test_no_tick_takes_longer_than_the_drivers_limits(counter: WaterDesk, name: str) -> None:
    counter.issue()
    counter.reader.fault(name, at="any", times=50, seconds=30.0)
    for _ in range(4):
        began = counter.wire.now()
        counter.tick(1)
        assert counter.wire.now() - began <= 1.3
    assert counter.worker.state == "lost"


def test_open_pages_are_told_when_something_changed(counter: WaterDesk) -> None:
    card = counter.issue()
    version, _ = live.since(0)
    counter.lay(card)
    counter.reader.take_off()
    counter.tick()
    assert "water" in live.since(version)[1]


def test_a_card_that_was_away_between_two_looks_is_read_again(counter: WaterDesk) -> None:
    card = counter.issue()
    counter.sell()
    counter.meter().insert(card)  # away and back so fast that no look saw the empty reader
    counter.tick(6)
    assert counter.worker.seen.meter is not None
    assert counter.card_row(card).mseq == 1


def test_an_error_of_our_own_does_not_end_the_worker(counter: WaterDesk, caplog: pytest.LogCaptureFixture) -> None:
    counter.issue()
    row = counter.intend()

    def broken() -> None:
        raise RuntimeError("a bug")

    faults.arm("topup.written", broken)
    counter.do("write", row.id)
    faults.disarm()
    assert "a bug" in caplog.text
    counter.tick()
    counter.do("write", row.id)
    assert TopUp.get_by_id(row.id).state == "done"


def test_commands_about_nothing_do_nothing(counter: WaterDesk) -> None:
    card = counter.issue()
    row = counter.sell()
    counter.do("write", row.id)
    counter.do("issue", counter.card_row(card).id)
    assert TopUp.get_by_id(row.id).attempts == 1


def test_it_works_as_a_thread_on_a_real_terminal_line(counter: WaterDesk) -> None:
    from hardware.drivers.pn532 import open_serial

    card = counter.issue()
    row = counter.intend()
    far = PtyWire(counter.reader)
    worker = ReaderWorker(lambda: PN532(open_serial(far.path)))
    worker.start()
    try:
        deadline = time.monotonic() + 60
        while worker.seen.uid != card.uid and time.monotonic() < deadline:
            worker.wake()
            time.sleep(0.02)
        worker.submit("write", row.id, by=counter.clerk)
        while TopUp.get_by_id(row.id).state == "pending" and time.monotonic() < deadline:
            time.sleep(0.02)
        assert TopUp.get_by_id(row.id).state == "done"
    finally:
        worker.stop()
        far.close()


def test_the_site_secret_is_made_once_and_private(counter: WaterDesk, data: object) -> None:
    path = data / "water-cards.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert water.secret() == path.read_bytes()


@pytest.mark.parametrize("instead", [b"", b"half a key", b"x" * 33])
def test_no_card_is_read_or_issued_with_something_else_than_a_key(
    counter: WaterDesk, data: Path, instead: bytes
) -> None:
    (data / water.site.KEY_FILE).write_bytes(instead)
    fresh = ReaderWorker(counter._connect, now=counter._now)
    fresh.tick()
    assert fresh.state == "lost"
    assert "not the key of the water cards" in str(fresh.problem)


def test_a_site_secret_that_is_gone_is_never_made_anew_while_the_books_hold_cards(
    counter: WaterDesk, data: Path, desk: Desk, cast: SimpleNamespace
) -> None:
    counter.issue()
    key = (data / water.site.KEY_FILE).rename(data / "aside")
    row = counter.intend()
    counter.do("write", row.id)
    assert TopUp.get_by_id(row.id).state == "pending"
    fresh = ReaderWorker(counter._connect, now=counter._now)
    fresh.tick()
    assert fresh.state == "lost"
    assert "Copy it back" in str(fresh.problem)
    assert not (data / water.site.KEY_FILE).exists()
    desk.app.extensions["devices"] = SimpleNamespace(reader=fresh, printer=None, slip_printer=None, scanner=None)
    assert "water-cards.key 不在" in desk.client(cast.mia).get("/running/devices/").text
    key.rename(data / water.site.KEY_FILE)
    counter.later += 6
    counter.tick()
    counter.do("write", row.id)
    assert TopUp.get_by_id(row.id).state == "done"


def test_a_refusal_in_the_worker_leaves_the_sale_pending(
    counter: WaterDesk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.base.refusal import Refused
    from app.procedures.counter.water_cards import closing

    counter.issue()
    row = counter.intend()

    def refuse(*_: object, **__: object) -> None:
        raise Refused("No money is taken at the moment.")

    with monkeypatch.context() as patch:
        patch.setattr(closing, "finish", refuse)
        counter.do("write", row.id)
    assert "No money is taken" in caplog.text
    assert TopUp.get_by_id(row.id).state == "pending"
    counter.do("write", row.id)
    assert TopUp.get_by_id(row.id).state == "done"


def test_a_reader_that_cannot_even_be_closed_is_given_up(counter: WaterDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    counter.tick()

    def broken(_: PN532) -> None:
        raise OSError("gone")

    monkeypatch.setattr(PN532, "close", broken)
    counter.reader.plugged = False
    counter.tick(4)
    assert counter.worker.state == "lost"
    monkeypatch.undo()
    fresh = ReaderWorker(counter._connect, now=counter._now)
    fresh.tick()
    assert fresh.state == "lost"
    fresh.stop()


def test_a_card_taken_off_while_it_is_issued_stays_in_the_list(counter: WaterDesk) -> None:
    counter.blank()
    row = water.issue(counter.home.unit, "00000001", counter.laid(), holder="李伟", person=None, by=counter.clerk)
    counter.reader.take_off()
    counter.do("issue", row.id)
    assert type(row).get_by_id(row.id).state == "issuing"


def test_a_card_snatched_between_look_and_read_is_no_trouble_of_the_reader(counter: WaterDesk) -> None:
    card = counter.issue()
    counter.reader.take_off()
    counter.tick(1)
    counter.reader.fault("card_gone", at="select", after=1)
    counter.reader.lay(card)
    counter.tick(1)
    assert (counter.worker.state, counter.worker.seen.presence) == ("ready", "none")
    counter.lay(card)
    assert counter.laid().reason == "in_order"
