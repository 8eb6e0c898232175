"""Wires between a driver and the simulated card reader: one in memory, one through a pseudo-terminal."""

import contextlib
import os
import pty
import select
import threading
import time
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path

from hardware.simulators.pn532_chip import SimulatedReader

BITS_A_BYTE = 10  # 8N1


class MemoryWire:
    """Stands where serial.Serial stands. By default time passes only when somebody waits: nothing really sleeps."""

    def __init__(
        self,
        reader: SimulatedReader,
        *,
        baud: int | None = None,
        timeout: float = 0.02,
        now: Callable[[], float] | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.reader = reader
        self._second_per_byte = BITS_A_BYTE / baud if baud else 0.0
        self._timeout = timeout
        self._time = 0.0
        self.now = now or (lambda: self._time)
        self._sleep = sleep or self._pass
        self._line: deque[tuple[float, bytes]] = deque()  # when it arrives, what
        self._free_at = 0.0
        self._closed = False
        reader.emit, reader.abort = self._arrive, self._abort

    @property
    def in_waiting(self) -> int:
        self._check()
        moment = self.now()
        return sum(len(data) for at, data in self._line if at <= moment)

    def read(self, size: int = 1, /) -> bytes:
        self._check()
        if not self.in_waiting:
            next_at = min((at for at, _ in self._line), default=float("inf"))
            self._sleep(max(0.0, min(self._timeout, next_at - self.now())))
        moment, out = self.now(), bytearray()
        while self._line and self._line[0][0] <= moment and len(out) < size:
            at, data = self._line.popleft()
            room = size - len(out)
            out += data[:room]
            if data[room:]:
                self._line.appendleft((at, data[room:]))
        return bytes(out)

    def write(self, data: bytes, /) -> int:
        self._check()
        if self._second_per_byte:
            self._sleep(len(data) * self._second_per_byte)
        self.reader.feed(data)
        return len(data)

    def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        if self._closed or not self.reader.plugged:
            raise OSError("no such device")

    def _arrive(self, data: bytes, after: float) -> None:
        start = max(self.now(), self._free_at) + after
        self._free_at = start + len(data) * self._second_per_byte
        self._line.append((self._free_at, data))

    def _abort(self) -> None:
        while self._line and self._line[-1][0] > self.now():
            self._line.pop()
        self._free_at = self.now()

    def _pass(self, seconds: float) -> None:
        self._time += seconds


class PtyWire:
    """The reader behind a pseudo-terminal, for drivers and tools that open a path. Serves from a thread."""

    def __init__(self, reader: SimulatedReader, link: Path | None = None, *, baud: int | None = None) -> None:
        self.reader, self.link, self._baud = reader, link, baud
        self._master = -1
        self._stop = threading.Event()
        reader.emit = self._emit
        self.plug()
        self._thread = threading.Thread(target=self._serve, name="simulated-pn532", daemon=True)
        self._thread.start()

    @property
    def path(self) -> str:
        return str(self.link) if self.link else self._slave_name

    def plug(self) -> None:
        """A new terminal behind the same link, as udev does when the plug goes in."""
        master, slave = pty.openpty()
        tty.setraw(slave)
        self._slave_name = os.ttyname(slave)
        if self.link:
            self.link.unlink(missing_ok=True)
            self.link.symlink_to(self._slave_name)
        self._keep, self._master = slave, master  # an open slave keeps the line up between two openings
        self.reader.plugged = True

    def unplug(self) -> None:
        self.reader.plugged = False
        for fd in (self._master, self._keep):
            with contextlib.suppress(OSError):
                os.close(fd)
        self._master = -1

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=2)
        self.unplug()
        if self.link:
            self.link.unlink(missing_ok=True)

    def _serve(self) -> None:
        while not self._stop.is_set():
            if self._master < 0:
                self._stop.wait(0.05)
                continue
            try:
                ready, _, _ = select.select([self._master], [], [], 0.1)
                if ready:
                    self.reader.feed(os.read(self._master, 4096))
            except (OSError, ValueError):  # unplugged, by the fault or from outside
                self.unplug()

    def _emit(self, data: bytes, after: float) -> None:
        time.sleep(after + (len(data) * BITS_A_BYTE / self._baud if self._baud else 0))
        with contextlib.suppress(OSError):
            os.write(self._master, data)
