"""A receipt printer as a machine: a buffer that fills, a head that takes its time, paper that ends.

It knows nothing of lines or threads: bytes go in with ``receive``, answers come out with ``replies``, and the clock
that is handed in says how far the head has come. Every way a real one fails has a switch.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hardware.receipt.model import PLAIN, Style

from .printer_commands import length
from .printer_paper import SimulatedPaper

if TYPE_CHECKING:
    from collections.abc import Callable

REAL_TIME = re.compile(rb"\x10(?:\x04[\x01-\x08]|\x05[\x01\x02]|\x14\x08\x01\x03\x14\x01\x06\x02\x08)", re.DOTALL)
DOTS_A_MM = 8
KEEP = 200  # papers; the demo runs for days
LEVELS = {48: "l", 49: "m", 50: "q", 51: "h"}


@dataclass
class Faults:
    mute: bool = False  # answers nothing at all
    no_fence: bool = False  # a clone that knows DLE EOT but not GS r
    echo: bool = False  # not a printer: a line that sends back what it gets
    garbage: bool = False  # answers with noise
    offline: bool = False
    fault: bool = False
    cover_open: bool = False
    near_end: bool = False


class PrinterModel:
    """columns: 32 or 48. speed: mm a second, 0 = at once. buffer: bytes it takes before it makes the sender wait.
    paper: mm left on the roll, None = endless.
    """

    def __init__(
        self,
        columns: int = 32,
        *,
        speed: float = 0,
        buffer: int = 4096,
        paper: float | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.dots = columns * 12
        self.faults = Faults()
        self.speed, self.size, self.paper_left = speed, buffer, paper
        self.papers: list[SimulatedPaper] = [
            SimulatedPaper(self.dots)
        ]  # the last KEEP, the one being printed at the end
        self.on_cut: Callable[[SimulatedPaper], None] = lambda _: None
        self.printed = 0  # papers cut off so far
        self.kicks = 0  # how often the drawer was opened
        self.received = 0  # bytes taken since the power came on
        self.on = True
        self._now = now
        self._buffer = self._answers = b""
        self._busy_until = 0.0
        self._power_on()

    # the switches of a person beside the printer

    def power_off(self) -> None:
        self.on = False

    def power_on(self) -> None:
        self.on = True
        self._power_on()

    def power_cycle(self) -> None:
        """Everything that was only in its memory is gone."""
        self.power_off()
        self.power_on()

    def load_paper(self, mm: float | None = None) -> None:
        self.paper_left = mm

    @property
    def out_of_paper(self) -> bool:
        return self.paper_left is not None and self.paper_left <= 0

    @property
    def finished(self) -> list[SimulatedPaper]:
        return [paper for paper in self.papers if paper.cut]

    @property
    def current(self) -> SimulatedPaper:
        return self.papers[-1]

    # the line

    @property
    def room(self) -> int:
        return max(0, self.size - len(self._buffer))

    def receive(self, data: bytes) -> int:
        """Take what fits; real-time commands act at once, even where they are part of a picture."""
        if not self.on:
            return len(data)  # a line without power swallows everything
        data = data[: self.room]
        self.received += len(data)
        if self.faults.echo:
            self._answers += data
            return len(data)
        alone = REAL_TIME.sub(b"", data) == b"" and not self._buffer
        for command in REAL_TIME.findall(data):
            self._real_time(command)
        if not alone:
            self._buffer += data
        self.work()
        return len(data)

    def replies(self) -> bytes:
        answers, self._answers = self._answers, b""
        if self.faults.mute:
            return b""
        return bytes(0x80 | byte for byte in answers) if self.faults.garbage else answers

    def work(self) -> None:
        """Print as far as the clock, the paper and the cover allow."""
        while self.on and self._buffer and not self._stopped and self._now() >= self._busy_until:
            size = length(self._buffer)
            if size is None or size > len(self._buffer):
                return
            if self._chinese and size == 1 and self._buffer[0] >= 0x81:
                if len(self._buffer) < 2:
                    return
                size = 2
            command, self._buffer = self._buffer[:size], self._buffer[size:]
            self._execute(command)

    def next_moment(self) -> float | None:
        """When the head will be free, or None if it does not wait for time."""
        return self._busy_until if self.on and self._buffer and self._busy_until > self._now() else None

    @property
    def _stopped(self) -> bool:
        return self.faults.cover_open or self.faults.offline or self.faults.fault or self.out_of_paper

    def status_pushed(self) -> None:
        """A frame of its own accord (automatic status back), when it was asked for with GS a."""
        if self._push:
            self._answers += self._frame()

    # what a printer forgets when it loses its power

    def _power_on(self) -> None:
        self._buffer = b""
        self._busy_until = 0.0
        self.received = 0
        self._answers = b""
        self._push = False
        self._reset()

    def _reset(self) -> None:
        """ESC @"""
        self._style: Style = PLAIN
        self._chinese = False
        self._x = self._margin = 0
        self._line: list[tuple[int, str, Style]] = []
        self._align = 0
        self._spacing = 30
        self._bar = (3, 162, False)
        self._qr, self._cell, self._level = "", 3, 48

    # real-time commands

    def _real_time(self, command: bytes) -> None:
        if command.startswith(b"\x10\x04"):
            self._answers += bytes([self._status(command[2])])
        elif command == b"\x10\x05\x02" or command[1:2] == b"\x14":
            self._buffer = b""

    def _status(self, number: int) -> int:
        f = self.faults
        if number == 1:
            return 0x12 | 0x08 * self._stopped
        if number == 2:
            return 0x12 | 0x04 * f.cover_open | 0x20 * self.out_of_paper | 0x40 * f.fault
        if number == 4:
            return 0x12 | 0x0C * (f.near_end or self.out_of_paper) | 0x60 * self.out_of_paper
        return 0x12

    def _frame(self) -> bytes:
        f = self.faults
        first = 0x10 | 0x08 * self._stopped | 0x20 * f.cover_open
        return bytes([first, 0x08 * f.fault, 0x03 * f.near_end | 0x0C * self.out_of_paper, 0])

    # commands in order

    def _execute(self, command: bytes) -> None:
        head, rest = command[:2], command[2:]
        if command == b"\n":
            self._feed_line()
        elif command[0] >= 0x20 and command[0] != 0x7F:
            self._type(command)
        elif head == b"\x1b@":
            self._reset()
        elif head in (b"\x1d!", b"\x1b!", b"\x1bE", b"\x1bG", b"\x1b-", b"\x1dB"):
            self._restyle(head, rest[0])
        elif head in (b"\x1c&", b"\x1c."):
            self._chinese = head == b"\x1c&"
        elif head == b"\x1b$":
            self._x = self._margin + int.from_bytes(rest, "little")
        elif head == b"\x1b\\":
            self._x += int.from_bytes(rest, "little", signed=True)
        elif head == b"\x1dL":
            self._margin = self._x = int.from_bytes(rest, "little")
        elif head == b"\x1ba":
            self._align = rest[0] % 48 if rest[0] % 48 < 3 else 0
        elif head == b"\x1b3":
            self._spacing = rest[0]
        elif head == b"\x1b2":
            self._spacing = 30
        elif head in (b"\x1bd", b"\x1bJ"):
            self._feed_line(rest[0] * self._spacing if head == b"\x1bd" else rest[0])
        elif head == b"\x1bp":
            self.kicks += 1
        elif head in (b"\x1dV", b"\x1bi", b"\x1bm"):
            self._cut()
        elif head == b"\x1dr" and not self.faults.no_fence:
            self._answers += bytes([0x03 * self.faults.near_end if rest[0] in (1, 49) else 0])
        elif head == b"\x1da":
            self._push = rest[0] != 0
            self.status_pushed()
        elif head == b"\x1dI":
            self._answers += b"_SIMULATED\x00" if rest[0] >= 65 else b"\x20"
        else:
            self._code(head, rest)

    def _code(self, head: bytes, rest: bytes) -> None:
        module, tall, hri = self._bar
        if head == b"\x1dh":
            self._bar = (module, rest[0], hri)
        elif head == b"\x1dw":
            self._bar = (rest[0], tall, hri)
        elif head == b"\x1dH":
            self._bar = (module, tall, rest[0] % 48 != 0)
        elif head == b"\x1dk" and rest[0] == 73:
            self._graphic(lambda paper: paper.put_bars(rest[2:], module, tall, hri, self._align))
        elif head == b"\x1d(" and rest[:1] == b"k":
            self._qr_function(rest[4], rest[5:])
        elif head == b"\x1d(" and rest[:1] == b"H" and not self.faults.no_fence:
            self._answers += b"\x37\x22" + rest[5:9] + b"\x00"
        elif head == b"\x1dv":
            width, rows = int.from_bytes(rest[2:4], "little") * 8, int.from_bytes(rest[4:6], "little")
            left = max(0, (self.dots - width) * self._align // 2)
            self._graphic(lambda paper: paper.put_bits(left, width, rest[6:], rows), rows)

    def _qr_function(self, function: int, data: bytes) -> None:
        if function == 67:
            self._cell = data[0]
        elif function == 69:
            self._level = data[0]
        elif function == 80:
            self._qr = data[1:].decode("utf-8", "replace")
        elif function == 81 and self._qr:
            self._graphic(lambda paper: paper.put_qr(self._qr, self._cell, LEVELS[self._level], self._align))

    def _restyle(self, head: bytes, value: int) -> None:
        if head == b"\x1d!":
            self._style = replace(self._style, wide=(value >> 4) + 1, high=(value & 7) + 1)
        elif head == b"\x1b!":
            self._style = Style(
                2 if value & 0x20 else 1, 2 if value & 0x10 else 1, bool(value & 0x80), bool(value & 0x08)
            )
        elif head == b"\x1b-":
            self._style = replace(self._style, underline=value % 48 != 0)
        elif head == b"\x1dB":
            self._style = replace(self._style, invert=bool(value & 1))
        else:
            self._style = replace(self._style, bold=bool(value & 1))

    def _type(self, code: bytes) -> None:
        """A character; one that the printer's set lacks is '?', and a GB18030 code of four bytes is two of them."""
        char = code.decode("gbk" if self._chinese else "cp437", "replace").replace("\ufffd", "?")
        if len(code) == 2 and 0x30 <= code[1] <= 0x39:
            char = "?" + chr(code[1])
        width = 12 * len(code) * self._style.wide
        if self._x + width > self.dots:
            self._feed_line()
        if self._line and self._line[-1][2] == self._style and self._x == self._end_of_line():
            x, words, style = self._line[-1]
            self._line[-1] = (x, words + char, style)
        else:
            self._line.append((self._x, char, self._style))
        self._x += width

    def _end_of_line(self) -> int:
        x, words, style = self._line[-1]
        return x + sum(12 if char < "\x80" else 24 for char in words) * style.wide

    def _feed_line(self, more: int | None = None) -> None:
        """Print what stands in the line, and move the paper."""
        left = max(0, (self.dots - self._end_of_line()) * self._align // 2) if self._line else 0
        tall = max((style.high for _, _, style in self._line), default=1) * 24
        for x, words, style in self._line:
            self.current.put_text(x + left, words, style)
        self._line, self._x = [], self._margin
        self._move(max(tall, self._spacing) if more is None else more)

    def _graphic(self, put: Callable[[SimulatedPaper], None], rows: int = 0) -> None:
        if self._line:
            self._feed_line()
        before = self.current.length
        put(self.current)
        fed = self.current.length - before + rows
        self.current.length = before
        self._move(fed)

    def _move(self, dots: int) -> None:
        self.current.length += dots
        if self.paper_left is not None:
            self.paper_left -= dots / DOTS_A_MM
        if self.speed:
            self._busy_until = max(self._busy_until, self._now()) + dots / DOTS_A_MM / self.speed

    def _cut(self) -> None:
        if self._line:
            self._feed_line()
        if not self.current.blank:
            self.current.cut = True
            self.printed += 1
            self.on_cut(self.current)
            self.papers = [*self.papers[-KEEP:], SimulatedPaper(self.dots)]
