"""Devices are named by URLs, and the probe says what answers at them."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from hardware import devices
from hardware.drivers.pn532 import PN532
from hardware.ports import DeviceError
from hardware.receipt import render
from hardware.simulators.mifare import Card
from hardware.simulators.printer import SimulatedPrinter
from hardware.simulators.printer_model import PrinterModel
from hardware.simulators.scanner import SimulatedScanner

PATIENCE = 60  # seconds: only how long a broken run takes


@pytest.fixture(autouse=True)
def _no_simulator_is_left():
    yield
    devices.close_simulators()


def probe(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hardware", "probe", "--wait", "0.3", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=2 * PATIENCE)


def test_a_simulated_printer_prints_what_is_sent_to_its_address():
    printer = devices.printer("sim://printer?columns=48")
    assert printer.columns == 48
    printer.send(render("钥匙借用单\n", 48).job())
    papers = devices.simulated_printer("sim://printer?columns=48").model.papers
    assert "钥匙借用单" in papers[0].text()
    printer.close()


def test_a_simulated_reader_sees_the_card_that_is_laid_on_it(monkeypatch):
    # This chip is a thread, which a busy machine lets wait for longer than a real one ever does (0.1 s).
    monkeypatch.setitem(PN532._call.__kwdefaults__, "ack_limit", PATIENCE)
    devices.simulated_reader("sim://card-reader").reader.lay(Card.blank(bytes.fromhex("04A1B2C3")))
    reader = devices.card_reader("sim://card-reader")
    assert reader.look() == (bytes.fromhex("04A1B2C3"),)
    reader.close()


def test_a_simulated_scanner_is_heard_at_its_address_and_found_again_there():
    scanner = devices.key_scanner("sim://key-scanner")
    devices.simulated_scanner("sim://key-scanner").scan("30202600023145")
    assert scanner.read(PATIENCE) == "30202600023145"
    scanner.close()
    again = devices.key_scanner("sim://key-scanner")
    devices.simulated_scanner("sim://key-scanner").scan("30202600023145")
    assert again.read(PATIENCE) == "30202600023145"
    again.close()


def test_two_simulated_printers_with_names_of_their_own_are_two_printers():
    one, other = devices.simulated_printer("sim://printer"), devices.simulated_printer("sim://printer/slips?columns=48")
    assert one.port != other.port


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (devices.printer, "usb://printer"),
        (devices.printer, "serial://dev/printer"),
        (devices.printer, "tcp://host:9100?colums=48"),
        (devices.printer, "sim://scanner"),
        (devices.card_reader, "/dev/water-card"),
        (devices.card_reader, "sim://printer"),
        (devices.key_scanner, "serial://key-scanner"),
        (devices.key_scanner, "serial:///dev/key-scanner?speed=9600"),
        (devices.key_scanner, "sim://key-scanner?out=x"),
    ],
)
def test_a_wrong_address_is_refused_at_once_and_not_searched_for(kind, url):
    with pytest.raises(ValueError, match=r"address|option|slashes"):
        kind(url)


@pytest.mark.parametrize("kind", [devices.card_reader, devices.key_scanner])
@pytest.mark.parametrize("url", ["serial:///dev/nothing-here", "tcp://127.0.0.1:1"])
def test_a_device_that_is_not_there_is_a_device_error(kind, url):
    with pytest.raises(DeviceError):
        kind(url)


def test_the_probe_says_what_answers_and_prints_the_slip(tmp_path):
    with SimulatedPrinter(PrinterModel(48), tcp=0, out=tmp_path) as printer:
        said = probe("--printer", f"tcp://127.0.0.1:{printer.port}?columns=48", "--card-reader", "sim://card-reader")
        until = time.monotonic() + PATIENCE
        while not (papers := list(tmp_path.glob("paper-*.txt"))) and time.monotonic() < until:
            time.sleep(0.02)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "self-test slip of 48 columns printed, the fence was answered" in said.stdout
    assert "PN532 1.6; no card in the field" in said.stdout
    slip = papers[0].read_text()
    assert "自检单" in slip.replace(" ", "")
    assert "10202600041327" in slip
    assert ("1234567890" * 5)[:48] in slip


def test_the_probe_shows_the_label_that_is_scanned_while_it_waits(tmp_path):
    with SimulatedScanner(tmp_path / "key-scanner") as scanner:
        command = [
            sys.executable,
            "-m",
            "hardware",
            "probe",
            "--wait",
            str(PATIENCE),
            "--key-scanner",
            f"serial://{scanner.path}",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asked:
            assert "scan a label" in asked.stdout.readline()
            scanner.scan("30202600023145")
            assert "line open; scanned 30202600023145" in asked.stdout.readline()
            assert asked.wait(PATIENCE) == 0


def test_the_probe_fails_where_something_named_does_not_answer():
    said = probe("--card-reader", "sim://card-reader", "--key-scanner", "serial:///dev/nothing-here")
    assert said.returncode == 1
    assert "key scanner  serial:///dev/nothing-here: NO ANSWER" in said.stdout
    assert "PN532" in said.stdout  # the others are asked all the same


def test_a_simulator_started_by_hand_is_heard_through_its_link(tmp_path):
    link = tmp_path / "key-scanner"
    command = [sys.executable, "-m", "hardware.simulators", "scanner", "--link", str(link), "--ending", "crlf"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as far_end:
        assert str(link) in far_end.stdout.readline()
        scanner = devices.key_scanner(f"serial://{link}")
        far_end.stdin.write("30202600023145\n!garbage\n30202600023242\n")
        far_end.stdin.flush()
        assert scanner.read(PATIENCE) == "30202600023145"
        assert scanner.read(PATIENCE) == "30202600023242"
        scanner.close()
        far_end.terminate()
        assert far_end.wait(PATIENCE) == 0
    assert not link.is_symlink()
