"""What an ESC/POS printer sends back, sorted by the bits that are fixed in each kind of answer (Epson's reference).

Anything may arrive at any moment: pushed status frames, answers that come late, noise, an echo of what we sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LONGEST_BLOCK = 80
BLOCK_HEADS = frozenset(b"\x35\x37\x3b\x3d\x5f")


@dataclass(frozen=True)
class Reply:
    kind: Literal["status", "fence", "block", "pushed"]
    data: bytes


class Replies:
    """Cuts the bytes into answers. Pure: the caller says when the line fell silent."""

    def __init__(self) -> None:
        self._buffer = b""
        self.noise = 0  # bytes that belong to no answer; XON and XOFF are no noise

    def feed(self, data: bytes) -> None:
        self._buffer += data

    def clear(self) -> None:
        self._buffer = b""
        self.noise = 0

    def next(self, *, silent: bool = False) -> Reply | None:
        """The next answer, or None when none is complete. silent: what is half there will not be completed."""
        while self._buffer:
            size, kind = self._head()
            if size > len(self._buffer) and not silent:
                return None
            if kind is None or size > len(self._buffer):
                self.noise += self._buffer[0] not in b"\x11\x13"
                self._buffer = self._buffer[1:]
                continue
            data, self._buffer = self._buffer[:size], self._buffer[size:]
            return Reply(kind, data)
        return None

    def _head(self) -> tuple[int, Literal["status", "fence", "block", "pushed"] | None]:
        """How long the answer at the front is, and what; None is noise."""
        first = self._buffer[0]
        if first & 0x93 == 0x12:
            return 1, "status"
        if first & 0x90 == 0:
            return 1, "fence"
        if first & 0x93 == 0x10:
            rest = self._buffer[1:4]
            return (4, "pushed") if all(byte & 0x90 == 0 for byte in rest) else (1, None)
        if first in BLOCK_HEADS:
            end = self._buffer.find(b"\x00")
            if end > 0:
                return end + 1, "block"
            return (len(self._buffer) + 1, "block") if len(self._buffer) < LONGEST_BLOCK else (1, None)
        return 1, None
