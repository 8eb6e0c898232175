"""A line to a device: TCP or serial, with limits on every read and write, and an honest count of what left."""

from __future__ import annotations

import os
import select
import socket
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 512  # bytes handed over at once, so that a cut is noticed near where it happened


class WireLost(Exception):
    """The line is gone: closed at the far end, unplugged, refused."""


class Wire(Protocol):
    def read(self, limit: float) -> bytes:
        """What has arrived, waiting at most so many seconds for the first byte; b"" if nothing did. Raises WireLost."""

    def write(self, data: bytes, limit: float) -> int:
        """How many bytes the line took within so many seconds, 0 if it is full. Raises WireLost, then it took none."""

    def close(self) -> None: ...


class FileWire:
    """Anything with a file descriptor: a connected socket, an open serial port."""

    def __init__(self, descriptor: int, close: Callable[[], None]) -> None:
        self._fd = descriptor
        self._close = close
        os.set_blocking(descriptor, False)

    def read(self, limit: float) -> bytes:
        try:
            if not select.select([self._fd], [], [], limit)[0]:
                return b""
            data = os.read(self._fd, 4096)
        except BlockingIOError:
            return b""
        except (OSError, ValueError) as error:
            raise WireLost(str(error)) from error
        if not data:
            raise WireLost("closed at the far end")
        return data

    def write(self, data: bytes, limit: float) -> int:
        try:
            if not select.select([], [self._fd], [], limit)[1]:
                return 0
            return os.write(self._fd, data[:CHUNK])
        except BlockingIOError:
            return 0
        except (OSError, ValueError) as error:
            raise WireLost(str(error)) from error

    def close(self) -> None:
        self._close()


def tcp(host: str, port: int, limit: float = 2.0) -> FileWire:
    try:
        line = socket.create_connection((host, port), timeout=limit)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        raise WireLost(str(error)) from error
    return FileWire(line.fileno(), line.close)


def serial_port(path: str, baud: int) -> FileWire:
    """Open a serial port for this process alone; DTR and RTS stay as they are (a pty has none)."""
    import serial

    try:
        port = serial.Serial(path, baud, exclusive=True)
        return FileWire(port.fileno(), port.close)
    except (OSError, ValueError) as error:
        raise WireLost(str(error)) from error
