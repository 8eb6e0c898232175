"""P18, the key scanner's part: a lost scanner never freezes the desk, and no label is acted on twice or by half.

The real worker, rules and driver; the line and the clock are the test's own, so that nothing really waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import time_machine

from app.base import clock
from app.desk.who.people import Staff
from app.desk.work import loan
from app.procedures.counter.keys import lending, register, scans, worker
from app.procedures.counter.keys.register import KIND, Key
from app.procedures.counter.keys.scans import Scan
from app.procedures.counter.keys.worker import ScanWorker
from hardware.drivers import scanner as driver
from hardware.drivers.scanner import SerialScanner


class Line:
    """Stands where pyserial's port stands: bytes at their times, then pulled out, or silence until the test ends."""

    def __init__(self, desk: Cabinet, script: list[tuple[float, bytes]], *, pulled: bool) -> None:
        self.desk, self.script, self.pulled = desk, list(script), pulled
        self.ends = max([desk.time, *(at for at, _ in script)]) + 5
        self.touched: list[int] = []

    def open(self) -> None: ...
    def close(self) -> None: ...

    @property
    def in_waiting(self) -> int:
        self.touched.append(threading.get_ident())
        return sum(len(data) for at, data in self.script if at <= self.desk.time)

    def read(self, size: int) -> bytes:
        if not self.script and self.pulled:
            raise OSError("no such device")
        if self.desk.time > self.ends:
            self.desk.worker._stopping.set()
        due = self.script[0][0] - self.desk.time if self.script else driver.SILENCE
        self.desk.pass_(min(max(due, 0.0), driver.SILENCE))
        out = b"".join(data for at, data in self.script if at <= self.desk.time)
        self.script = [(at, data) for at, data in self.script if at > self.desk.time]
        return out


class Cabinet:
    """The cabinet's worker, run in the test's own thread until the script of its lines is over."""

    def __init__(self, travel: time_machine.Traveller, patch: pytest.MonkeyPatch) -> None:
        self.time, self.travel = 0.0, travel
        self.waits: list[float] = []
        self.longest = 0.0
        self.lines: list[Line | None] = []
        self.opened: list[str] = []
        self.states: list[str] = []
        self.plan: list[tuple[list[tuple[float, bytes]], bool] | None] = []
        self.worker = ScanWorker(self.connect)
        patch.setattr(driver.serial, "serial_for_url", self.wire)
        patch.setattr(driver, "time", SimpleNamespace(monotonic=lambda: self.time))
        patch.setattr(self.worker, "_woken", SimpleNamespace(wait=self.wait, clear=lambda: None, set=lambda: None))
        turn = self.worker._turn

        def turned(state: str, problem: object = None) -> None:
            turn(state, problem)  # type: ignore[arg-type]
            self.states.append(state)

        patch.setattr(self.worker, "_turn", turned)

    def pass_(self, seconds: float) -> None:
        self.time += seconds
        self.travel.shift(seconds)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.pass_(seconds)
        if len(self.waits) > 20:
            self.worker._stopping.set()

    def connect(self) -> SerialScanner:
        self.opened.append(f"/dev/ttyACM{len(self.opened)}")  # each time on another path
        scanner, cabinet = SerialScanner(self.opened[-1]), self
        read = scanner.read

        def timed(seconds: float) -> str | None:
            began = cabinet.time
            try:
                return read(seconds)
            finally:
                cabinet.longest = max(cabinet.longest, cabinet.time - began)

        scanner.read = timed  # type: ignore[method-assign]
        return scanner

    def wire(self, _url: str, **_: object) -> Line:
        what = self.plan.pop(0) if self.plan else ([], False)
        if what is None:
            raise OSError("no such device")
        script, pulled = what
        made = Line(self, [(self.time + at, data) for at, data in script], pulled=pulled)
        self.lines.append(made)
        return made

    def run(self, *plan: tuple[list[tuple[float, bytes]], bool] | None) -> None:
        self.plan = list(plan)
        self.worker._run()


@pytest.fixture
def travel(books) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(clock.at(clock.today(), 10, 5), tick=False) as traveller:
        yield traveller


@pytest.fixture
def cabinet(travel: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> Cabinet:
    return Cabinet(travel, monkeypatch)


@pytest.fixture
def pump(travel: time_machine.Traveller, cast: SimpleNamespace) -> Key:
    """A key that was lent an hour ago."""
    key = register.add(name="水泵房", hook="A07", by=cast.mia)
    lending.lend(key, to=lending.staff_holder(Staff.get_by_id(cast.wang.id)), by=cast.ana)
    travel.shift(3600)
    return key


def label(key: Key) -> bytes:
    return register.label_of(key).encode()


def loans(key: Key) -> list[str]:
    return [row.outcome or "out" for row in loan.Loan.select().where(loan.Loan.kind == KIND).order_by(loan.Loan.id)]


SCANNER_TROUBLES = {
    "silent": [],
    "a byte a second": [(float(n), b"3") for n in range(15)],
    "garbage": [(0.1 * n, bytes(0x80 | (37 * i + n) % 128 for i in range(24)) + b"\r") for n in range(20)],
    "endless digits": [(0.01 * n, b"7" * 50) for n in range(500)],
}


@pytest.mark.parametrize("name", SCANNER_TROUBLES)
def test_whatever_a_scanner_says_the_worker_listens_on_and_no_key_moves(cabinet: Cabinet, pump: Key, name: str) -> None:
    """Then a label is heard as if nothing had been."""
    trouble = SCANNER_TROUBLES[name]
    end = trouble[-1][0] if trouble else 20.0
    cabinet.run((trouble, True))
    assert loans(pump) == ["out"]
    cabinet.worker._stopping.clear()
    cabinet.run(([*trouble, (end + 1, b"\r"), (end + 2, label(pump) + b"\r")], False))
    assert loans(pump) == ["returned"]
    assert cabinet.longest <= worker.LISTEN + driver.SILENCE + 0.001, "a read never holds the worker for longer"


def hears_a_label_cut_at(cabinet: Cabinet, pump: Key, k: int) -> None:
    """k bytes of the label, the plug out and in, then another label: each is heard once, a half one never."""
    whole = label(pump) + b"\r"
    cabinet.run(([(0.0, whole[:k])] if k else [], True), None, ([(60.0, b"12345678901234\r")], False))
    assert loans(pump) == (["returned"] if k == len(whole) else ["out"]), "a half label moved a key"
    assert scans.in_hand("") is None
    heard = [scan.kind for scan in Scan.select().order_by(Scan.id)]
    assert heard == (["ok", "stop"] if k == len(whole) else ["stop"]), "heard once, or not at all"


@pytest.mark.parametrize("k", range(16))
def test_gone_at_byte_k_and_back_a_label_is_heard_once_or_not_at_all(cabinet: Cabinet, pump: Key, k: int) -> None:
    hears_a_label_cut_at(cabinet, pump, k)
    assert cabinet.states == ["ready", "lost", "lost", "ready"]
    assert cabinet.waits == [worker.AGAIN_AFTER] * 2
    assert cabinet.opened == ["/dev/ttyACM0", "/dev/ttyACM1", "/dev/ttyACM2"]
    assert cabinet.worker.problem is None


def test_mutant_a_worker_that_acts_on_the_last_label_again_is_caught(
    cabinet: Cabinet, pump: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, last, listen = ScanWorker._hear, [], ScanWorker._listen

    def remember(self: ScanWorker, heard: str) -> None:
        last[:] = [heard]
        real(self, heard)

    def replay(self: ScanWorker) -> None:
        for heard in last:
            real(self, heard)
        listen(self)

    monkeypatch.setattr(ScanWorker, "_hear", remember)
    monkeypatch.setattr(ScanWorker, "_listen", replay)
    with pytest.raises(AssertionError, match="heard once"):
        hears_a_label_cut_at(cabinet, pump, 15)


def test_mutant_a_driver_that_keeps_half_a_label_is_caught(
    cabinet: Cabinet, pump: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The half label of the old line is finished by the silence of the new one."""
    kept = driver.Labels()
    monkeypatch.setattr(driver, "Labels", lambda _prefix="": kept)
    with pytest.raises(AssertionError, match="a half label moved a key"):
        hears_a_label_cut_at(cabinet, pump, 14)


def test_a_web_request_never_calls_into_the_scanner(cabinet: Cabinet, pump: Key, desk, cast: SimpleNamespace) -> None:
    """Its state is shown, and a key is returned by hand, while the scanner is lost."""
    cabinet.run(([], False))
    assert cabinet.worker.state == "ready"
    line = cabinet.lines[-1]
    assert line is not None
    listened = len(line.touched)
    assert listened > 0
    desk.app.extensions["devices"] = SimpleNamespace(scanner=cabinet.worker)
    client = desk.client(cast.ana)
    for state in ("ready", "lost"):
        cabinet.worker.state = state
        for path in ("/counter/keys/", "/running/devices/", "/live?v=0"):
            assert client.get(path).status_code in (200, 422), path
    form = {"_key": desk.key(), "code": label(pump).decode()}
    assert client.post("/counter/scan/read", data=form, headers={"HX-Request": "true"}).status_code < 400
    assert loans(pump) == ["returned"]
    assert (len(line.touched), len(cabinet.opened)) == (listened, 1)
    assert scans.newest() == 1
