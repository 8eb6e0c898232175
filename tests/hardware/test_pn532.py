"""The driver on a simulated wire: what it sends, what it puts up with, and what it never does."""

from __future__ import annotations

import pytest

from hardware.drivers.pn532 import ACK, PN532, WAKE, LineTrouble, frame, parse
from hardware.ports import CardGone, DeviceError, OutcomeUnknown
from hardware.simulators.mifare import Card
from hardware.simulators.pn532_chip import SimulatedReader
from hardware.simulators.pn532_wire import MemoryWire, PtyWire
from hardware.watercard.keys import TRANSPORT_KEY
from tests.hardware.water_bench import UID, bench

DATA = bytes(range(16))
LINE_FAULTS = ["lost_answer", "bad_dcs", "error_frame", "garbage", "no_ack", "unplugged"]
WRITE_FAULTS = [*LINE_FAULTS, "fail", "tear", "card_gone", "card_swapped"]


def opened(**how: object) -> tuple[SimulatedReader, MemoryWire, PN532]:
    b = bench(**how)  # type: ignore[arg-type]
    b.driver.select(UID)
    assert b.driver.authenticate(4, "A", TRANSPORT_KEY)
    return b.reader, b.wire, b.driver


class Recorder(MemoryWire):
    sent: list[bytes]

    def write(self, data: bytes, /) -> int:
        self.__dict__.setdefault("sent", []).append(data)
        return super().write(data)


def test_the_chip_is_woken_and_told_to_give_up_looking() -> None:
    wire = Recorder(SimulatedReader())
    PN532(wire, now=wire.now)
    assert wire.sent == [
        WAKE,
        bytes.fromhex("0000ff05fbd4140114010200"),
        bytes.fromhex("0000ff02fed4022a00"),
        bytes.fromhex("0000ff06fad43205ff0102f300"),
    ]


def test_normal_and_extended_frames_come_back_as_they_went() -> None:
    for size in (1, 2, 16, 255, 256, 260):
        data = bytes(n % 251 for n in range(size))
        buffer = bytearray(b"\x00\x00\x55" + frame(data) + b"\x00")
        assert parse(buffer) == data


def test_a_frame_in_pieces_is_waited_for() -> None:
    whole = frame(b"\xd5\x03\x32\x01\x06\x07")
    for cut in range(len(whole) - 1):
        buffer = bytearray(whole[:cut])
        assert parse(buffer) is None
        buffer += whole[cut:]
        assert parse(buffer) == b"\xd5\x03\x32\x01\x06\x07"


@pytest.mark.parametrize("bad", ["0000ff03fed5030128 00", "0000ff02fed5032900", "0000ff01ff7f8100", "0000ffff0000"])
def test_wrong_checksums_error_frames_and_nacks_are_line_trouble(bad: str) -> None:
    with pytest.raises(LineTrouble):
        parse(bytearray.fromhex(bad))


@pytest.mark.parametrize("block", [0, 3, 7, 11, 63])
def test_block_0_and_trailers_are_refused_before_anything_is_sent(block: int) -> None:
    _, _, driver = opened()
    before = driver.commands
    with pytest.raises(ValueError, match="never written"):
        driver.write(block, DATA)
    assert driver.commands == before


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("name", WRITE_FAULTS)
def test_whatever_goes_wrong_in_a_write_is_outcome_unknown_and_it_is_never_sent_again(name: str, done: bool) -> None:
    reader, _, driver = opened()
    reader.fault(name, done=done)
    with pytest.raises(OutcomeUnknown):
        driver.write(4, DATA)
    assert reader.log.count("write") == 1


@pytest.mark.parametrize("name", LINE_FAULTS[:-1])
@pytest.mark.parametrize("at", ["select", "auth", "read"])
def test_after_trouble_the_line_is_aborted_and_the_next_command_works(name: str, at: str) -> None:
    reader, _, driver = opened()
    reader.fault(name, at=at)
    with pytest.raises(DeviceError):
        {
            "select": lambda: driver.select(UID),
            "auth": lambda: driver.authenticate(4, "A", TRANSPORT_KEY),
            "read": lambda: driver.read(4),
        }[at]()
    driver.select(UID)
    assert driver.authenticate(4, "A", TRANSPORT_KEY)
    assert driver.read(4) == bytes(16)


def test_trouble_is_answered_with_an_abort() -> None:
    reader = SimulatedReader([Card.blank(UID)])
    wire = Recorder(reader)
    driver = PN532(wire, now=wire.now)
    reader.fault("lost_answer", at="select")
    with pytest.raises(LineTrouble):
        driver.select(UID)
    assert wire.sent[-1] == ACK


def test_junk_before_the_start_code_is_passed_over() -> None:
    reader, _, driver = opened()
    reader.fault("junk_before", at="read")
    assert driver.read(4) == bytes(16)


def test_no_call_waits_longer_than_its_limits_even_at_one_byte_a_second() -> None:
    for name in ("one_byte_a_second", "delay", "lost_answer", "no_ack"):
        reader, wire, driver = opened()
        reader.fault(name, at="read", seconds=30.0)
        began = wire.now()
        with pytest.raises(LineTrouble):
            driver.read(4)
        assert wire.now() - began <= 1.3


def test_a_late_answer_is_not_taken_for_the_next_commands() -> None:
    reader, _, driver = opened()
    driver.write(4, DATA)
    reader.fault("delay", at="read", seconds=1.2)
    with pytest.raises(LineTrouble):
        driver.read(4)
    assert driver.read(5) == bytes(16)


def test_a_wrong_key_is_an_answer_and_the_card_must_be_selected_again() -> None:
    _, _, driver = opened()
    assert not driver.authenticate(4, "A", bytes(6))
    with pytest.raises(DeviceError):
        driver.read(4)
    driver.select(UID)
    assert driver.authenticate(4, "A", TRANSPORT_KEY)


def test_look_tells_none_one_and_two_cards() -> None:
    b = bench()
    other = Card.blank(bytes.fromhex("0badcafe"))
    assert b.driver.look() == (UID,)
    b.reader.lay(b.card, other)
    assert b.driver.look() == (UID, other.uid)
    b.reader.take_off()
    assert b.driver.look() == ()


def test_a_card_is_selected_by_its_uid_alone() -> None:
    b = bench()
    b.reader.lay(Card.blank(bytes.fromhex("0badcafe")))
    with pytest.raises(CardGone):
        b.driver.select(UID)


def test_what_is_no_pn532_is_not_taken_for_one() -> None:
    class Echo(MemoryWire):
        def write(self, data: bytes, /) -> int:
            self._arrive(data, 0.0)
            return len(data)

    wire = Echo(SimulatedReader())
    with pytest.raises(DeviceError):
        PN532(wire, now=wire.now)


def test_it_works_over_a_real_terminal_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from hardware.drivers.pn532 import open_serial

    # This chip is a thread, which a busy machine lets wait for longer than a real one ever does (0.1 s).
    monkeypatch.setitem(PN532._call.__kwdefaults__, "ack_limit", 60)
    far = PtyWire(SimulatedReader([Card.blank(UID)]))
    try:
        driver = PN532(open_serial(far.path))
        assert driver.look() == (UID,)
        with pytest.raises(DeviceError, match="cannot be opened"):
            open_serial(far.path)  # a second process (or worker) does not get in
        far.unplug()
        with pytest.raises(DeviceError):
            driver.look()
        driver.close()
    finally:
        far.close()


def test_a_path_that_is_not_there_is_a_device_error() -> None:
    from hardware.drivers.pn532 import open_serial

    with pytest.raises(DeviceError, match="cannot be opened"):
        open_serial("/dev/does-not-exist")
