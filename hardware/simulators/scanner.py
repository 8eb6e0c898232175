"""A simulated key scanner: the far end of a serial line, on a pseudo-terminal. It scans what it is told to."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import sys
import time
import tty
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from types import TracebackType
    from typing import Self

ENDINGS = {"cr": "\r", "lf": "\n", "crlf": "\r\n", "tab": "\t", "none": ""}


class SimulatedScanner:
    """`path` is where the driver opens it: the link if there is one, else the pseudo-terminal itself."""

    def __init__(self, link: Path | None = None, *, ending: str = "\r", prefix: str = "", chunk: int = 0) -> None:
        """`chunk` = bytes a piece (0 = all at once): real lines deliver a label in pieces."""
        self._link, self.ending, self.prefix, self.chunk = link, ending, prefix, chunk
        self._master = self._slave = -1
        self.plug()

    @property
    def path(self) -> str:
        return str(self._link or os.ttyname(self._slave))

    def plug(self) -> None:
        """Plugged in: a new terminal, behind the same link (as udev does)."""
        self.unplug()
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        if self._link:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        """Pulled out: whoever reads gets an error, and the link is gone."""
        for end in (self._slave, self._master):
            if end >= 0:
                os.close(end)
        self._master = self._slave = -1
        if self._link and self._link.is_symlink():
            self._link.unlink()

    def scan(self, label: str) -> None:
        self.send((self.prefix + label + self.ending).encode())

    def glued(self, *labels: str) -> None:
        """Several labels with nothing between them, as a wedge does when its pause is set too short."""
        self.send((self.prefix + "".join(labels) + self.ending).encode())

    def garbage(self, count: int = 24) -> None:
        """What a wrong speed or a bad cable makes of a label; ends like a label so that the next one is whole again."""
        noise = bytes(0x80 | (37 * n + 11) % 128 for n in range(count))
        self.send(noise + (self.ending or "\r").encode())

    def jammed(self, count: int = 3000) -> None:
        """The trigger is stuck: one endless run of digits."""
        for _ in range(0, count, 1000):
            self.send(b"7" * 1000)

    def send(self, data: bytes) -> None:
        size = self.chunk or len(data) or 1
        for start in range(0, len(data), size):
            os.write(self._master, data[start : start + size])
            if self.chunk:
                time.sleep(0.002)  # so that the pieces arrive apart; far below the silence that ends a label

    def close(self) -> None:
        self.unplug()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Scans each line typed here. !glue A B, !garbage, !jam, !unplug and !plug do what they say."
    parser.add_argument("--link", type=Path, help="name of the serial line, such as /tmp/key-scanner")
    parser.add_argument("--ending", choices=ENDINGS, default="cr", help="what ends a label")
    parser.add_argument("--prefix", default="", help="what comes before a label, such as ]E0")
    parser.add_argument("--chunk", type=int, default=0, help="bytes a piece; 0 = a label at once")


def run(args: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with SimulatedScanner(args.link, ending=ENDINGS[args.ending], prefix=args.prefix, chunk=args.chunk) as scanner:
        print(f"scanner at {scanner.path}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            for line in sys.stdin:
                _obey(scanner, line.strip())
            signal.pause()  # nobody types any more: the line stays up until the program is ended
    return 0


def _obey(scanner: SimulatedScanner, line: str) -> None:
    match line.split():
        case []:
            pass
        case ["!glue", *labels]:
            scanner.glued(*labels)
        case ["!garbage"]:
            scanner.garbage()
        case ["!jam"]:
            scanner.jammed()
        case ["!unplug"]:
            scanner.unplug()
        case ["!plug"]:
            scanner.plug()
        case _:
            scanner.scan(line)
