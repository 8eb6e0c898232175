"""Receipt printer (ESC/POS). One job goes out once; a fence behind it tells whether it was printed.

The fence is ``GS r 1``: the printer answers it in order, when everything before it is on paper. No answer means
*unknown*, never "not printed". Facts and sources: Epson's public ESC/POS reference; DLE EOT bits there.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import parse_qs, urlsplit

from hardware.ports import DeviceError, Outcome, PrinterStatus

from . import wires
from .replies import Replies, Reply
from .wires import WireLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from .wires import Wire

Fence = Literal["r", "H", "none"]
T = TypeVar("T")
KICK = b"\x1bp\x00\x19\xfa"
FLUSH = bytes(2048) + b"\x1b@"  # fills up what a cut-off band of dots still waits for, then starts afresh


@dataclass(frozen=True)
class Limits:
    """Seconds."""

    answer: float = 1.0  # for a status; three misses in a row and the line is given up
    stall: float = 10.0  # without one more byte taken
    fence: float = 10.0  # for the answer behind the job, plus the time its bytes may need
    bytes_a_second: float = 800.0  # the slowest line and the slowest dots
    settle: float = 1.5  # no late answer is awaited longer than this after the last one
    look: float = 2.0  # how often to ask what is wrong while the fence is not answered


class _Stopped(Exception):
    """The printer gave up in the middle of a job."""

    def __init__(self, why: DeviceError) -> None:
        super().__init__(str(why))
        self.why = why


STALLED = DeviceError("The receipt printer stopped taking the paper's data.")
UNCONFIRMED = DeviceError("The receipt printer took the paper but did not confirm it.")
CUT_OFF = DeviceError("The receipt printer was cut off in the middle of a paper.")
RAN_OUT = DeviceError("The receipt printer ran out of paper in the middle of a paper.")
OPENED = DeviceError("The cover of the receipt printer was opened in the middle of a paper.")
NOISE = DeviceError("The receipt printer answers with noise: check its cable and its speed.")


class EscposPrinter:
    """Satisfies hardware.ports.Printer. Opens its line when it is needed, and closes it when it is lost."""

    def __init__(
        self,
        connect: Callable[[], Wire],
        *,
        address: str = "",
        columns: int = 32,
        raster: bool = False,
        fence: Fence = "r",
        limits: Limits | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.columns = columns
        self.raster = raster
        self.problem: DeviceError | None = None
        self._connect, self._address, self._fence, self._now = connect, address, fence, now
        self._limits = limits or Limits()
        self._wire: Wire | None = None
        self._replies = Replies()
        self._late: deque[Reply] = deque()
        self._misses = 0
        self._job = 0
        self._dirty = True  # what the printer is in the middle of is not known
        self._owed = 1  # fences that may still be answered: before us another program may have sent one

    def status(self) -> PrinterStatus:
        try:
            return self._on_a_live_line(self._cleared_status)
        except WireLost as error:
            raise self._lost(error) from error

    def send(self, job: bytes) -> Outcome:
        self.problem = None
        try:
            self._on_a_live_line(self._prepare)
        except DeviceError as error:
            self.problem = error
            return Outcome.NOT_SENT
        except WireLost as error:
            self.problem = self._lost(error)
            return Outcome.NOT_SENT
        self._job += 1
        return self._deliver(job)

    def kick_drawer(self) -> Outcome:
        return self.send(KICK)

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._wire = None
        self._dirty = True

    def _on_a_live_line(self, act: Callable[[], T]) -> T:
        """A line that was open may have died since: nothing was sent on it yet, so a fresh one is tried once."""
        if self._wire is not None:
            try:
                return act()
            except WireLost:
                self.close()
        return act()

    def _cleared_status(self) -> PrinterStatus:
        """Its status; what an unknown outcome left behind is cleared away now, so that the next paper need not wait."""
        status = self._status()
        if status.ready and self._dirty:
            self._recover()
        return status

    def _prepare(self) -> None:
        """The printer is there, ready, and waits for nothing: or DeviceError."""
        refusal = _refusal(self._cleared_status())
        if refusal:
            raise refusal
        self._listen()
        self._replies.clear()
        self._late.clear()

    def _deliver(self, job: bytes) -> Outcome:
        left = len(job)

        def taken(count: int) -> None:
            nonlocal left
            left -= count

        try:
            self._push(job, taken)
            self._nothing_yet()
            if self._fence != "none":
                self._push(self._fence_command())
                if self._await_fence(len(job)):
                    return Outcome.PRINTED
            self.problem = UNCONFIRMED
        except _Stopped as stopped:
            self.problem = stopped.why
        except WireLost as error:
            self.problem = self._lost(error) if left == len(job) else CUT_OFF
            self.close()
        if left == len(job):
            return Outcome.NOT_SENT
        self._dirty = True
        self._owed += 1
        return Outcome.UNKNOWN

    def _push(self, data: bytes, taken: Callable[[int], None] = lambda _: None, *, stall: float | None = None) -> None:
        """Hand everything over; _Stopped when the printer takes no more, WireLost when it is gone."""
        wire = self._open()
        moved = self._now()
        while data:
            count = wire.write(data, 0.5)
            if count:
                taken(count)
                data, moved = data[count:], self._now()
            elif self._now() - moved >= (self._limits.stall if stall is None else stall):
                raise _Stopped(STALLED)

    def _nothing_yet(self) -> None:
        """An answer before the question is none: it must not be taken for the fence's."""
        self._listen()
        while reply := self._replies.next():
            if reply.kind != "pushed":
                raise _Stopped(NOISE)
        if self._replies.noise:
            raise _Stopped(NOISE)

    def _recover(self) -> None:
        """After an unknown outcome: fill up what was cut off, and let every late answer come in before the next job."""
        self._job += 1
        try:
            self._push(FLUSH + self._fence_command())
        except _Stopped as stopped:
            raise stopped.why from None
        if self._fence != "none":
            until, answers = self._now() + self._limits.fence + len(FLUSH) / self._limits.bytes_a_second, 0
            while answers <= self._owed and self._fence_reply(until):
                answers += 1
                if self._fence == "H":
                    break
                until = self._now() + self._limits.settle
            if not answers:
                raise DeviceError(
                    "The receipt printer does not confirm what it prints: run the probe and set its fence."
                )
        self._dirty, self._owed = False, 0

    def _fence_command(self) -> bytes:
        if self._fence == "H":
            return b"\x1d(H\x06\x0000" + self._job_id()
        return b"\x1dr\x01" if self._fence == "r" else b""

    def _job_id(self) -> bytes:
        return f"{self._job % 10000:04}".encode("ascii")

    def _await_fence(self, size: int) -> bool:
        until = self._now() + self._limits.fence + size / self._limits.bytes_a_second
        while (now := self._now()) < until:
            if self._fence_reply(min(now + self._limits.look, until)):
                if self._replies.noise:
                    raise _Stopped(NOISE)
                return True
            self._explain()
        return False

    def _explain(self) -> None:
        """The fence is late: if the printer says why, waiting longer is of no use."""
        self._misses = 0  # it may be too busy to say; that is no reason to give up the line
        try:
            status = self._status()
        except DeviceError:
            return
        if status.paper == "out":
            raise _Stopped(RAN_OUT)
        if status.cover_open:
            raise _Stopped(OPENED)

    def _fence_reply(self, until: float) -> bool:
        while reply := self._late.popleft() if self._late else self._reply(until):
            if self._fence == "r" and reply.kind == "fence":
                return True
            if self._fence == "H" and reply.kind == "block" and reply.data[2:6] == self._job_id():
                return True
        return False

    def _status(self) -> PrinterStatus:
        printer, cause, paper = (self._ask(number) for number in (1, 2, 4))
        out = bool(paper & 0x60) or bool(cause & 0x20)
        near = bool(paper & 0x0C)
        return PrinterStatus(
            online=not printer & 0x08,
            paper="out" if out else "near-end" if near else "ok",
            cover_open=bool(cause & 0x04),
            drawer_open=bool(printer & 0x04),
            fault=bool(cause & 0x40),
        )

    def _ask(self, number: int) -> int:
        """One real-time status byte. An echo of the question is not an answer: its fixed bits are wrong."""
        self._listen()
        while reply := self._replies.next():
            self._late += [reply] if reply.kind in ("fence", "block") else []
        try:
            self._push(bytes([0x10, 0x04, number]), stall=self._limits.answer)
        except _Stopped:
            raise self._missed() from None
        until = self._now() + self._limits.answer
        while reply := self._reply(until):
            if reply.kind == "status":
                self._misses = 0
                return reply.data[0]
            self._late.append(reply)  # the fence's answer, perhaps: kept for the one who waits for it
        raise self._missed()

    def _reply(self, until: float) -> Reply | None:
        """The next answer before that moment; frames the printer pushes by itself are passed over."""
        while True:
            left = until - self._now()
            reply = self._replies.next(silent=left <= 0)
            if reply and reply.kind != "pushed":
                return reply
            if reply:
                continue
            if left <= 0:
                return None
            self._replies.feed(self._open().read(left))

    def _listen(self) -> None:
        """Take in what has arrived, without waiting; a line that never falls silent is listened to for a while only."""
        for _ in range(64):
            if not (data := self._open().read(0)):
                return
            self._replies.feed(data)

    def _open(self) -> Wire:
        if self._wire is None:
            self._replies.clear()
            self._late.clear()
            self._misses = 0
            self._wire = self._connect()
        return self._wire

    def _missed(self) -> DeviceError:
        self._misses += 1
        if self._misses >= 3:
            self.close()
        return DeviceError("The receipt printer does not answer.")

    def _lost(self, error: WireLost) -> DeviceError:
        self.close()
        return DeviceError(
            "The receipt printer at {address} cannot be reached.", address=self._address or error.args[0]
        )


def _refusal(status: PrinterStatus) -> DeviceError | None:
    """Why nothing can be printed now."""
    if status.paper == "out":
        return DeviceError("The receipt printer is out of paper.")
    if status.cover_open:
        return DeviceError("The cover of the receipt printer is open.")
    if status.fault:
        return DeviceError("The receipt printer reports a fault: switch it off and on.")
    if not status.online:
        return DeviceError("The receipt printer is offline.")
    return None


def from_url(url: str) -> EscposPrinter:
    """``tcp://host:9100`` or ``serial:///dev/receipt-printer``; ``?columns=48&raster=1&fence=H|r|none&baud=19200``.

    ValueError for anything else.
    """
    parts = urlsplit(url)
    given = {key: values[-1] for key, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()}
    baud = int(given.pop("baud", "19200"))
    fence, columns, raster = given.pop("fence", "r"), given.pop("columns", "32"), given.pop("raster", "0")
    if given or columns not in ("32", "48") or raster not in ("0", "1"):
        raise ValueError(f"not an address of a receipt printer: {url}")
    connect: Callable[[], Wire]
    if parts.scheme == "tcp" and parts.hostname and not parts.path.strip("/"):
        host, port = parts.hostname, parts.port or 9100
        connect = lambda: wires.tcp(host, port)  # noqa: E731
    elif parts.scheme == "serial" and parts.path and not parts.netloc:
        connect = lambda: wires.serial_port(parts.path, baud)  # noqa: E731
    else:
        raise ValueError(f"not an address of a receipt printer: {url}")
    return EscposPrinter(
        connect, address=url, columns=int(columns), raster=raster == "1", fence=_known_fence(fence, url)
    )


def _known_fence(name: str, url: str) -> Fence:
    if name in ("r", "H", "none"):
        return name  # type: ignore[return-value]
    raise ValueError(f"not an address of a receipt printer: {url}")
