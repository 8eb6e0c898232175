"""The program as it is started: what it says, what it refuses, and that it stops when it is told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import devices, start
from app.settings import Settings, WrongSetting
from hardware import devices as hardware

HOUSE = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "app", "--port", "0"]


def refused(data: Path, *more: str, **environment: str) -> str:
    """A start that must end by itself with status 1; what it said."""
    done = subprocess.run(
        [*COMMAND, "--data", data, *more],
        cwd=HOUSE,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "ready" not in done.stdout
    assert done.stderr.startswith("qiantai does not start: ")
    return done.stderr


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], list[str], Path]]:
    data = tmp_path_factory.mktemp("place") / "data"
    desk = subprocess.Popen([*COMMAND, "--data", data], cwd=HOUSE, stdout=subprocess.PIPE, text=True)
    assert desk.stdout is not None
    said = []
    for line in desk.stdout:
        said.append(line.rstrip("\n"))
        if line.startswith("ready"):
            break
    yield desk, said, data
    desk.kill()
    desk.wait()


def test_a_start_in_an_empty_place_says_where_the_desk_is_and_how_to_sign_in(running) -> None:
    _, said, data = running
    assert said[-1].startswith("ready http://127.0.0.1:")
    assert any(line.startswith("DEMO in ") for line in said)
    assert any("password" in line for line in said)
    assert (data / "qiantai.db").exists()
    address = said[-1].removeprefix("ready ")
    with urllib.request.urlopen(f"{address}/running/sign_in/", timeout=60) as answer:
        assert "演示" in answer.read().decode()


def test_a_second_desk_on_the_same_books_does_not_start(running) -> None:
    assert "Another desk is running" in refused(running[2])


def test_real_books_get_a_one_time_code_end_well_when_told_to_stop_and_refuse_to_be_a_demo(tmp_path: Path) -> None:
    desk = subprocess.Popen(
        [*COMMAND, "--no-demo", "--data", tmp_path], cwd=HOUSE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert desk.stdout is not None
    said = ""
    for line in desk.stdout:
        said += line
        if line.startswith("ready"):
            break
    desk.send_signal(signal.SIGTERM)
    assert desk.wait(timeout=20) == 0
    assert "one-time code: " in said
    assert "password" not in said
    assert "real books" in refused(tmp_path, "--demo")


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    assert "card_reader" in refused(tmp_path / "a", QIANTAI_CARD_READER="/dev/ttyUSB0")
    (tmp_path / "qiantai.toml").write_text('colour = "red"\n')
    assert "colour" in refused(tmp_path)


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port}" in refused(tmp_path, "--port", str(port))


@pytest.mark.parametrize("key", ["printer", "slip_printer", "card_reader", "key_scanner"])
@pytest.mark.parametrize("url", ["/dev/ttyUSB0", "usb://1", "sim://toaster", "serial:dev/x", "tcp://host"])
def test_an_address_that_is_none_is_refused_by_its_key(tmp_path: Path, key: str, url: str) -> None:
    with pytest.raises(WrongSetting, match=key):
        devices.of(Settings(data=tmp_path, **{key: url}))


def test_the_receipt_printer_prints_the_slips_where_no_other_does(tmp_path: Path) -> None:
    try:
        one = devices.of(Settings(data=tmp_path, printer="sim://printer"))
        assert one.printer.printers == {"receipt", "slip"}
        assert (one.slip_printer, one.reader, one.scanner, one.water_bench) == (None, None, None, None)
        two = devices.of(
            Settings(data=tmp_path, printer="sim://printer", slip_printer="sim://printer/slips?columns=48")
        )
        assert (two.printer.printers, two.slip_printer.printers) == ({"receipt"}, {"slip"})
        assert two.slip_printer.columns == 48
    finally:
        hardware.close_simulators()


def test_the_machines_own_names_are_no_strangers() -> None:
    chosen = start.choose(Path("nowhere"), asked=False)
    assert socket.gethostname() in chosen.hosts
    assert "desk.lan" in chosen.hosts


def test_a_slips_square_code_opens_the_address_that_the_lan_reaches() -> None:
    def at(**more: object) -> str:
        return start.choose(Path("nowhere"), asked=False, **more).base_url

    assert at() == "http://desk.lan"
    assert at(host="0.0.0.0", port=8123) == f"http://{start.own_names()[-1]}:8123"
    assert at(host="0.0.0.0", base_url="http://desk.example") == "http://desk.example"
