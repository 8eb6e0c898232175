"""Our driver on a printer that others simulate: emupos (PyPI, Python >= 3.13, in its own environment .tools/emupos)."""

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.drivers import wires
from hardware.drivers.escpos_printer import EscposPrinter, Limits
from hardware.ports import Outcome
from hardware.receipt import render
from tests.hardware.receipt_peers import ROOT

EMUPOS = ROOT / ".tools" / "emupos" / "bin" / "emupos"
pytestmark = pytest.mark.skipif(not EMUPOS.exists(), reason="no Python >= 3.13 here, so emupos was not installed")
SLIP = """^^^RECEIPT
{width:8,*}
No. |SJ-2026-000413
{width:*,12}
Cash | 500.00
{code:10202600041326; option:code128,2,64,hri}
{code:http://desk.lan/g/20202600023145; option:qrcode,4,m}"""


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


PATIENCE = 120  # seconds: only how long a broken run takes; a busy machine gives the emulator little time
LIMITS = Limits(answer=PATIENCE, stall=PATIENCE, fence=PATIENCE)


class Emupos:
    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.api = folder, free_port(), free_port()
        (folder / "emupos.yaml").write_text(
            f"schema: 1\napi: {{ host: 127.0.0.1, port: {self.api} }}\n"
            f"devices:\n  - id: front\n    type: printer\n    profile: epson-tm-t20iii\n"
            f"    connections:\n      - tcp: {{ port: {self.port} }}\n"
        )
        self.log = (folder / "log").open("w")
        self.process = subprocess.Popen([EMUPOS, "run"], cwd=folder, stdout=self.log, stderr=self.log)

    def wait_until_it_answers(self) -> None:
        """It takes commands, and answers DLE EOT 1 (its online status) like a printer."""
        until = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.api), PATIENCE).close()
                with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as line:
                    line.sendall(b"\x10\x04\x01")
                    if line.recv(1):
                        return
            except OSError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def printer(self) -> EscposPrinter:
        """Our driver on it."""
        return EscposPrinter(lambda: wires.tcp("127.0.0.1", self.port, PATIENCE), columns=48, limits=LIMITS)

    def say(self, *words: str) -> str:
        done = subprocess.run(
            [EMUPOS, "--api", f"http://127.0.0.1:{self.api}", *words],
            cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE, check=True,
        )  # fmt: skip
        return done.stdout

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def emupos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emupos]:
    made = Emupos(tmp_path_factory.mktemp("emupos"))
    try:
        made.wait_until_it_answers()
        yield made
    finally:
        made.stop()


def test_it_prints_confirms_and_opens_the_drawer(emupos):
    printer = emupos.printer()
    assert printer.status().ready
    assert printer.send(render(SLIP, 48).native()) is Outcome.PRINTED
    assert printer.kick_drawer() is Outcome.PRINTED
    printer.close()
    shown = emupos.say("receipt", "show")
    assert "SJ-2026-000413" in shown
    assert "500.00" in shown
    assert "10202600041326" in shown
    assert "drawer open" in emupos.say("devices")


@pytest.mark.parametrize(
    ("fault", "says"), [("paper-out", "out of paper"), ("cover-open", "cover"), ("offline", "offline")]
)
def test_its_faults_are_understood(emupos, fault, says):
    printer = emupos.printer()
    emupos.say("fault", "set", "front", fault)
    assert printer.send(render(SLIP, 48).native()) is Outcome.NOT_SENT
    assert says in str(printer.problem)
    emupos.say("fault", "clear", "front", fault)
    assert printer.send(render(SLIP, 48).native()) is Outcome.PRINTED
    printer.close()


def test_dots_are_printed_too(emupos):
    printer = emupos.printer()
    emupos.say("fault", "set", "front", "paper-near-end")
    assert printer.status().paper == "near-end"
    assert printer.send(render(SLIP, 48).raster()) is Outcome.PRINTED
    printer.close()
    emupos.say("fault", "clear", "front", "paper-near-end")
