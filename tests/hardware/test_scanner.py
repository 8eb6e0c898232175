"""The serial scanner's driver, against the simulated scanner at the other end of a real line."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.drivers.scanner import LONGEST, Labels, SerialScanner
from hardware.ports import DeviceError
from hardware.simulators.scanner import ENDINGS, SimulatedScanner

KEY = "30202600023145"
OTHER = "40202600000712"
PATIENCE = 60  # seconds: only how long a broken run takes


@pytest.fixture
def far_end(tmp_path):
    with SimulatedScanner(tmp_path / "key-scanner") as scanner:
        yield scanner


@pytest.fixture
def scanner(far_end):
    with SerialScanner(far_end.path) as scanner:
        yield scanner


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("prefix", ["", "]E0", "]C1"])
def test_a_label_is_heard_whatever_the_scanner_puts_around_it(far_end, scanner, ending, prefix):
    far_end.ending, far_end.prefix = ENDINGS[ending], prefix
    far_end.scan(KEY)
    assert scanner.read(PATIENCE) == KEY


@pytest.mark.parametrize("ending", ["crlf", "none"])
def test_a_label_that_arrives_in_pieces_is_one_label(far_end, scanner, ending):
    far_end.chunk, far_end.ending = 3, ENDINGS[ending]
    far_end.scan(KEY)
    assert scanner.read(PATIENCE) == KEY
    assert scanner.read(0.2) is None


def test_two_quick_scans_are_two_labels_in_order(far_end, scanner):
    far_end.scan(KEY)
    far_end.scan(OTHER)
    assert [scanner.read(PATIENCE), scanner.read(PATIENCE)] == [KEY, OTHER]


def test_glued_codes_come_as_one_text_and_are_not_guessed_apart(far_end, scanner):
    far_end.glued(KEY, OTHER)
    assert scanner.read(PATIENCE) == KEY + OTHER


def test_an_installers_prefix_is_taken_off(far_end):
    far_end.prefix = "KB1:"
    with SerialScanner(far_end.path, prefix="KB1:") as scanner:
        far_end.scan(KEY)
        assert scanner.read(PATIENCE) == KEY


def test_garbage_is_dropped_and_the_next_label_is_whole(far_end, scanner):
    far_end.garbage()
    far_end.scan(KEY)
    assert scanner.read(PATIENCE) == KEY
    assert scanner.dropped == 1


def test_a_jammed_trigger_neither_fills_memory_nor_becomes_a_label(far_end, scanner):
    jam = threading.Thread(target=far_end.jammed, args=(20_000,))
    jam.start()
    while jam.is_alive():
        assert scanner.read(0.05) is None
    far_end.send(b"\r")
    far_end.scan(KEY)
    assert scanner.read(PATIENCE) == KEY
    assert scanner.dropped >= 1


def test_nothing_scanned_gives_nothing(scanner):
    assert scanner.read(0.01) is None


def test_an_unplugged_scanner_is_a_device_error_that_names_its_place(far_end, scanner):
    place = far_end.path
    far_end.unplug()
    with pytest.raises(DeviceError, match="unplugged") as gone:
        scanner.read(PATIENCE)
    assert place in str(gone.value)


def test_a_scanner_plugged_in_again_is_heard_at_the_same_place(far_end, scanner):
    far_end.unplug()
    with pytest.raises(DeviceError):
        SerialScanner(far_end.path)
    far_end.plug()
    with SerialScanner(far_end.path) as again:
        far_end.scan(KEY)
        assert again.read(PATIENCE) == KEY


def test_a_line_in_use_by_another_program_is_refused(far_end, scanner):
    with pytest.raises(DeviceError, match="does not answer"):
        SerialScanner(far_end.path)


def test_a_scanner_behind_a_network_converter_is_heard():
    with SerialScanner("loop://") as scanner:  # pyserial's own wire: what is written comes back
        scanner._port.write(KEY.encode() + b"\r\n")
        assert scanner.read(PATIENCE) == KEY


printable = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="]"), min_size=1, max_size=LONGEST
)


@given(
    texts=st.lists(printable, max_size=6),
    ends=st.lists(st.sampled_from(["\r", "\n", "\r\n", "\t"]), min_size=6, max_size=6),
    data=st.data(),
)
def test_how_the_bytes_are_cut_never_changes_the_labels(texts, ends, data):
    wire = "".join(text + end for text, end in zip(texts, ends, strict=False)).encode()
    labels, got, at = Labels(), [], 0
    while at < len(wire):
        size = data.draw(st.integers(1, 20))
        got += labels.feed(wire[at : at + size])
        at += size
    assert got + labels.silence() == texts


@given(st.binary(max_size=400))
def test_no_bytes_whatever_make_an_unprintable_or_endless_label(wire):
    labels = Labels()
    for label in labels.feed(wire) + labels.silence():
        assert label
        assert label.isascii()
        assert label.isprintable()
        assert len(label) <= LONGEST
