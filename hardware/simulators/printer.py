"""The simulated receipt printer on a line: TCP, a pseudo-terminal, or in memory.

Like an Ethernet board it serves one connection at a time; the next one waits unanswered until the first hangs up.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import socket
import sys
import threading
import time
import tty
from pathlib import Path
from typing import TYPE_CHECKING

from hardware.drivers.wires import WireLost

from .printer_model import PrinterModel

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Self

    from .printer_paper import SimulatedPaper

STEP = 0.002
SWITCHES = ("mute", "no_fence", "echo", "garbage", "offline", "fault", "cover_open", "near_end")


class MemoryWire:
    """A line straight into the model. cut_at: the line breaks when so many bytes have been written."""

    def __init__(
        self, model: PrinterModel, *, cut_at: int | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.model = model
        self.cut_at = cut_at
        self.written = 0
        self._sleep = sleep

    def read(self, limit: float) -> bytes:
        waited = 0.0
        while True:
            if self._broken:
                raise WireLost("unplugged")
            self.model.work()
            data = self.model.replies()
            if data or waited >= limit:
                return data
            step = min(max(STEP, limit / 50), limit - waited) or STEP
            self._sleep(step)
            waited += step

    def write(self, data: bytes, limit: float) -> int:
        if self._broken:
            raise WireLost("unplugged")
        if self.cut_at is not None:
            data = data[: self.cut_at - self.written]
        taken = self.model.receive(data)
        if not taken:
            self._sleep(limit)
            taken = self.model.receive(data)
        self.written += taken
        return taken

    def close(self) -> None: ...

    @property
    def _broken(self) -> bool:
        return self.cut_at is not None and self.written >= self.cut_at


class SimulatedPrinter:
    """The model behind a TCP port (0 = any free one) and, if asked for, a pseudo-terminal. Papers become files in
    ``out``: paper-0001.png and .txt.
    """

    def __init__(
        self,
        model: PrinterModel | None = None,
        *,
        host: str = "127.0.0.1",
        tcp: int | None = 0,
        link: Path | None = None,
        out: Path | None = None,
    ) -> None:
        self.model = model or PrinterModel()
        self.model.on_cut = self._keep
        self.saved = 0
        self.host, self.port = host, tcp
        self._link, self._out = link, out
        self._lock = threading.Lock()
        self._server: socket.socket | None = None
        self._line: socket.socket | None = None
        self._master = self._slave = -1
        self._running = False
        self._thread: threading.Thread | None = None

    @property
    def path(self) -> str:
        """Where the pseudo-terminal is opened."""
        return str(self._link or os.ttyname(self._slave))

    def start(self) -> Self:
        if self._out:
            self._out.mkdir(parents=True, exist_ok=True)
            self.saved = len(list(self._out.glob("paper-*.txt")))
        if self.port is not None:
            self._listen()
        if self._link is not None or self.port is None:
            self._plug_serial()
        self._running = True
        self._thread = threading.Thread(target=self._serve, name="simulated printer", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self._running = False
        if self._thread:
            self._thread.join(5)
        self.unplug()

    def unplug(self) -> None:
        """The cable is out: the connection breaks, and nobody can connect."""
        with self._lock:
            for end in (self._line, self._server):
                if end:
                    end.close()
            self._line = self._server = None
            for descriptor in (self._slave, self._master):
                if descriptor >= 0:
                    os.close(descriptor)
            self._slave = self._master = -1
            if self._link and self._link.is_symlink():
                self._link.unlink()

    def plug(self) -> None:
        with self._lock:
            if self.port is not None and self._server is None:
                self._listen()
            if (self._link is not None or self.port is None) and self._master < 0:
                self._plug_serial()

    def power_cycle(self) -> None:
        """Switched off and on: what was not on paper is gone, and so is the connection."""
        with self._lock:
            self.model.power_cycle()
            if self._line:
                self._line.close()
            self._line = None

    def pictures(self, limit: int = 1) -> list[bytes]:
        """The last papers as PNG, the newest first."""
        with self._lock:
            papers = self.model.finished[-limit:]
        return [paper.png() for paper in reversed(papers)]

    def count(self) -> int:
        """How many papers it has printed."""
        return self.model.printed

    def faults(self) -> dict[str, bool]:
        """What `switch` knows, and whether it is on."""
        model = self.model
        on = {name: bool(getattr(model.faults, name)) for name in SWITCHES}
        return on | {
            "paper_out": model.out_of_paper,
            "paper_low": not model.out_of_paper and model.paper_left is not None,
            "unplugged": self._unplugged,
            "power": False,
        }

    def switch(self, fault: str) -> None:
        """One switch of a person beside the printer; paper_out and paper_low load a roll when they are switched off."""
        on = not self.faults()[fault]
        if fault in SWITCHES:
            setattr(self.model.faults, fault, on)
            self.model.status_pushed()
        elif fault == "paper_out":
            self.model.load_paper(0 if on else None)
        elif fault == "paper_low":
            self.model.load_paper(30 if on else None)
        elif fault == "unplugged":
            self.unplug() if on else self.plug()
        else:
            self.power_cycle()

    @property
    def _unplugged(self) -> bool:
        return self._server is None and self._master < 0

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _listen(self) -> None:
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # little room: the sender feels a full buffer
        server.bind((self.host, self.port or 0))
        server.listen(4)
        self._server, self.port = server, server.getsockname()[1]

    def _plug_serial(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        if self._link:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(os.ttyname(self._slave))

    def _serve(self) -> None:
        while self._running:
            with self._lock:
                ends = [end.fileno() for end in (self._line or self._server,) if end]
                ends += [self._master] if self._master >= 0 else []
                self.model.work()
                full = not self.model.room
            ready: list[int] = []
            with contextlib.suppress(OSError, ValueError):
                ready = select.select([] if full else ends, [], [], 0.005)[0]
            with self._lock:
                for end in ready:
                    with contextlib.suppress(OSError):
                        self._take(end)
                with contextlib.suppress(OSError):
                    self._answer()

    def _take(self, end: int) -> None:
        if end == self._master:
            self.model.receive(os.read(end, min(512, self.model.room)))
        elif self._server and end == self._server.fileno():
            self._line = self._server.accept()[0]
            self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        elif self._line and end == self._line.fileno():
            data = self._line.recv(min(512, self.model.room))
            if data:
                self.model.receive(data)
            else:
                self._line.close()
                self._line = None

    def _answer(self) -> None:
        data = self.model.replies()
        if data and self._line:
            self._line.sendall(data)
        elif data and self._master >= 0:
            os.write(self._master, data)

    def _keep(self, paper: SimulatedPaper) -> None:
        if self._out is None:
            return
        self.saved += 1
        (self._out / f"paper-{self.saved:04}.txt").write_text(paper.text(), encoding="utf-8")
        (self._out / f"paper-{self.saved:04}.png").write_bytes(paper.png())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Every paper becomes a picture and a text in --out. Typed here: the name of a fault switches it on or off "
        "(cover_open, mute, paper_out, paper_low, unplugged ...); power switches the printer off and on."
    )
    parser.add_argument("--tcp", type=int, help="port to listen on, 0 for any (as a network printer's 9100)")
    parser.add_argument("--link", type=Path, help="name of a serial line, such as /tmp/receipt-printer")
    parser.add_argument("--out", type=Path, required=True, help="directory for the papers")
    parser.add_argument("--columns", type=int, choices=(32, 48), default=32, help="32 = 58 mm, 48 = 80 mm")
    parser.add_argument("--speed", type=float, default=0, help="mm of paper a second, 0 = at once")
    parser.add_argument("--buffer", type=int, default=4096, help="bytes it takes before the sender must wait")
    parser.add_argument("--paper", type=float, help="mm of paper left on the roll")
    for switch in SWITCHES:
        parser.add_argument("--" + switch.replace("_", "-"), action="store_true", help="start with this fault")


def run(args: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    model = PrinterModel(args.columns, speed=args.speed, buffer=args.buffer, paper=args.paper)
    for switch in SWITCHES:
        setattr(model.faults, switch, getattr(args, switch))
    with SimulatedPrinter(model, tcp=args.tcp, link=args.link, out=args.out) as printer:
        if args.tcp is not None:
            print(f"printer at tcp://127.0.0.1:{printer.port}", flush=True)
        if args.link or args.tcp is None:
            print(f"printer at serial://{printer.path}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            for line in sys.stdin:
                _obey(printer, line.strip().replace("-", "_"))
            signal.pause()  # nobody types any more: the printer stays up until the program is ended
    return 0


def _obey(printer: SimulatedPrinter, order: str) -> None:
    if order in printer.faults():
        printer.switch(order)
        print(f"{order} {'on' if printer.faults()[order] else 'off'}", flush=True)
    elif order:
        print(f"not a switch: {order}. Known: {' '.join(printer.faults())}", flush=True)
