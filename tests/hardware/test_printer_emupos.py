"""Our driver on a printer that others simulate: emupos (PyPI, Python >= 3.13, in its own environment .tools/emupos)."""

import socket
import subprocess
import time
from pathlib import Path

import pytest

from hardware.drivers.escpos_printer import from_url
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
        for _ in range(200):
            with socket.socket() as line:
                if line.connect_ex(("127.0.0.1", self.api)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError((folder / "log").read_text())

    def say(self, *words: str) -> str:
        done = subprocess.run(
            [EMUPOS, "--api", f"http://127.0.0.1:{self.api}", *words],
            cwd=self.folder, capture_output=True, text=True, timeout=30, check=True,
        )  # fmt: skip
        return done.stdout

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.log.close()


@pytest.fixture(scope="module")
def emupos(tmp_path_factory):
    made = Emupos(tmp_path_factory.mktemp("emupos"))
    yield made
    made.stop()


def test_it_prints_confirms_and_opens_the_drawer(emupos):
    printer = from_url(f"tcp://127.0.0.1:{emupos.port}?columns=48")
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
    printer = from_url(f"tcp://127.0.0.1:{emupos.port}?columns=48")
    emupos.say("fault", "set", "front", fault)
    assert printer.send(render(SLIP, 48).native()) is Outcome.NOT_SENT
    assert says in str(printer.problem)
    emupos.say("fault", "clear", "front", fault)
    assert printer.send(render(SLIP, 48).native()) is Outcome.PRINTED
    printer.close()


def test_dots_are_printed_too(emupos):
    printer = from_url(f"tcp://127.0.0.1:{emupos.port}?columns=48")
    emupos.say("fault", "set", "front", "paper-near-end")
    assert printer.status().paper == "near-end"
    assert printer.send(render(SLIP, 48).raster()) is Outcome.PRINTED
    printer.close()
    emupos.say("fault", "clear", "front", "paper-near-end")
