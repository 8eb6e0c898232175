"""The simulated printer: software that others wrote prints to it, and it fails in the ways a real one does."""

import os
import random
import socket
import subprocess
import sys
import time

import pytest

from hardware.drivers.escpos_printer import from_url
from hardware.ports import Outcome
from hardware.receipt import render
from hardware.simulators.printer import SimulatedPrinter
from hardware.simulators.printer_model import PrinterModel
from tests.hardware.printer_bench import JOB, RECEIPT
from tests.hardware.receipt_peers import ROOT, needs_node, needs_zbar, node, samples, zbar

PATIENCE = 60  # seconds: only how long a broken run takes


def wait_for(true) -> bool:
    until = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < until:
        time.sleep(0.01)
    return bool(true())


@needs_node
@needs_zbar
def test_receiptio_prints_to_it_and_is_told_success(tmp_path):
    host = f"127.{random.randint(1, 250)}.{random.randint(1, 250)}.{random.randint(2, 250)}"  # receiptio knows port 9100 only
    with SimulatedPrinter(PrinterModel(32), host=host, tcp=9100) as printer:
        said = node(
            "require('receiptio').print(given[0], `-d ${given[1]} -c 32 -l zh-hans -p generic -t ${given[2]}`).then(r => console.log(r))",
            [RECEIPT, host, PATIENCE],
        )
        assert said.strip() == "success"
        assert wait_for(lambda: printer.model.finished)
        paper = printer.model.finished[0]
    assert "编号     SJ-2026-000413" in paper.lines()
    assert any("500.00" in line for line in paper.lines())
    assert zbar(paper.png(), tmp_path) == ["CODE-128:10202600041327"]


@needs_node
def test_receiptio_is_told_of_the_cover_and_the_paper():
    host = f"127.{random.randint(1, 250)}.{random.randint(1, 250)}.{random.randint(2, 250)}"
    ask = "require('receiptio').print('', `-d ${given[0]} -q -p generic -t ${given[1]}`).then(r => console.log(r))"
    with SimulatedPrinter(PrinterModel(32), host=host, tcp=9100) as printer:
        assert node(ask, [host, PATIENCE]).strip() == "online"
        printer.model.faults.cover_open = True
        assert node(ask, [host, PATIENCE]).strip() == "coveropen"
        printer.model.faults.cover_open = False
        printer.model.load_paper(0)
        assert node(ask, [host, PATIENCE]).strip() == "paperempty"


def test_what_it_prints_is_what_was_laid_out():
    for document, columns in zip(samples(), (32, 48, 32, 32, 32), strict=False):
        paper = render(document, columns)
        model = PrinterModel(columns, buffer=1 << 20)
        model.receive(paper.native())
        printed = [line.strip() if line.lstrip().startswith("<") else line for line in model.finished[0].lines()]
        assert printed == [line for line in paper.text().splitlines() if line.strip()]


@needs_zbar
def test_dots_show_the_same_codes(tmp_path):
    paper = render(RECEIPT)
    model = PrinterModel(32, buffer=1 << 20)
    model.receive(paper.raster())
    assert model.finished[0].lines() == ["<picture>"]
    assert zbar(model.finished[0].png(), tmp_path) == ["CODE-128:10202600041327"]


def test_a_printer_that_only_knows_gbk_prints_invented_figures_for_a_four_byte_code():
    model = PrinterModel()
    model.receive(b"\x1b@\x1c&" + "𠮷".encode("gb18030") + b"\n\x1dVB\x00")
    assert model.finished[0].lines() == ["?5?6"] or "?" in model.finished[0].lines()[0]


def test_the_driver_prints_over_tcp_and_over_a_serial_line(tmp_path):
    with SimulatedPrinter(link=tmp_path / "printer", tcp=0, out=tmp_path / "papers") as printer:
        over_tcp = from_url(f"tcp://127.0.0.1:{printer.port}")
        assert over_tcp.send(JOB) is Outcome.PRINTED
        over_tcp.close()
        assert wait_for(lambda: printer._line is None)
        serial = from_url(f"serial://{printer.path}")
        assert serial.send(JOB) is Outcome.PRINTED
        serial.close()
    assert [path.name for path in sorted((tmp_path / "papers").iterdir())] == [
        "paper-0001.png", "paper-0001.txt", "paper-0002.png", "paper-0002.txt",
    ]  # fmt: skip
    assert "SJ-2026-000413" in (tmp_path / "papers" / "paper-0002.txt").read_text("utf-8")


def test_it_makes_the_sender_wait_when_its_memory_is_full():
    model = PrinterModel(buffer=1000, paper=0)
    with SimulatedPrinter(model) as printer, socket.create_connection(("127.0.0.1", printer.port)) as line:
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            for _ in range(20000):
                line.sendall(b"a\n" * 4096)
        assert wait_for(lambda: len(model._buffer) == 1000)
        model.load_paper(None)
        line.settimeout(PATIENCE)
        line.sendall(b"\n")


def test_it_serves_one_connection_at_a_time():
    with SimulatedPrinter() as printer:
        first = socket.create_connection(("127.0.0.1", printer.port), timeout=PATIENCE)
        first.sendall(b"\x10\x04\x01")
        assert first.recv(1) == b"\x12"
        second = socket.create_connection(("127.0.0.1", printer.port), timeout=0.3)
        second.sendall(b"\x10\x04\x01")
        with pytest.raises(TimeoutError):
            second.recv(1)
        first.close()
        second.settimeout(PATIENCE)
        assert second.recv(1) == b"\x12"
        second.close()


def test_a_power_cut_and_a_pulled_cable_end_the_connection():
    with SimulatedPrinter() as printer:
        driver = from_url(f"tcp://127.0.0.1:{printer.port}")
        assert driver.status().online
        printer.power_cycle()
        assert driver.send(JOB) is Outcome.PRINTED
        printer.unplug()
        assert driver.send(JOB) is Outcome.NOT_SENT
        printer.plug()
        assert driver.send(JOB) is Outcome.PRINTED
        driver.close()
        assert len(printer.model.finished) == 2


def test_it_runs_as_a_command_and_obeys_its_switches(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "hardware.simulators", "printer", "--tcp", "0", "--out", str(tmp_path), "--cover-open"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        url = process.stdout.readline().split()[-1]
        driver = from_url(url)
        assert driver.send(JOB) is Outcome.NOT_SENT
        process.stdin.write("cover-open\n")
        process.stdin.flush()
        assert process.stdout.readline().strip() == "cover_open off"
        assert driver.send(JOB) is Outcome.PRINTED
        driver.close()
        assert "SJ-2026-000413" in (tmp_path / "paper-0001.txt").read_text("utf-8")
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
