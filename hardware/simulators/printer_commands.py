"""How long each ESC/POS command is: what a printer must know to find the next one. Source: Epson's public reference."""

from __future__ import annotations

# bytes after the two of the command itself
FIXED = {
    b"\x1b@": 0, b"\x1b!": 1, b"\x1b ": 1, b"\x1b-": 1, b"\x1b2": 0, b"\x1b3": 1, b"\x1b=": 1, b"\x1bE": 1, b"\x1bG": 1,
    b"\x1bJ": 1, b"\x1bK": 1, b"\x1bM": 1, b"\x1bR": 1, b"\x1bT": 1, b"\x1bV": 1, b"\x1b$": 2, b"\x1b\\": 2, b"\x1ba": 1,
    b"\x1bd": 1, b"\x1be": 1, b"\x1bi": 0, b"\x1bm": 0, b"\x1bp": 3, b"\x1br": 1, b"\x1bt": 1, b"\x1bu": 1, b"\x1bv": 0,
    b"\x1b{": 1, b"\x1bS": 0, b"\x1bL": 0, b"\x1bc": 2, b"\x1bW": 8, b"\x1b\x0c": 0, b"\x1b\x06": 1, b"\x1b\x1e": 2,
    b"\x1c&": 0, b"\x1c.": 0, b"\x1c!": 1, b"\x1c-": 1, b"\x1cS": 2, b"\x1cC": 1, b"\x1cW": 1,
    b"\x1d!": 1, b"\x1dB": 1, b"\x1dH": 1, b"\x1dI": 1, b"\x1dL": 2, b"\x1dP": 2, b"\x1dW": 2, b"\x1da": 1, b"\x1db": 1,
    b"\x1df": 1, b"\x1dh": 1, b"\x1dr": 1, b"\x1dw": 1, b"\x1d^": 3, b"\x1d/": 1, b"\x1d:": 0, b"\x1d$": 2, b"\x1d\\": 2,
    b"\x1dE": 1, b"\x1dT": 1, b"\x1dj": 1,
    b"\x10\x04": 1, b"\x10\x05": 1, b"\x10\x14": 3,
}  # fmt: skip


def length(data: bytes) -> int | None:
    """Length of the command or character at the front; None while more bytes are needed to know."""
    if data[0] not in b"\x10\x1b\x1c\x1d":
        return 1
    if len(data) < 2:
        return None
    head = data[:2]
    if head in FIXED:
        return 2 + FIXED[head]
    if head in (b"\x1d(", b"\x1c("):
        return 5 + int.from_bytes(data[3:5], "little") if len(data) >= 5 else None
    if head == b"\x1d8":
        return 7 + int.from_bytes(data[3:7], "little") if len(data) >= 7 else None
    if head == b"\x1dV":
        return None if len(data) < 3 else 4 if data[2] in (65, 66, 97, 98, 103, 104) else 3
    if head == b"\x1dv":
        return _picture(data)
    if head == b"\x1b*":
        return _columns(data)
    if head == b"\x1dk":
        return _barcode(data)
    return 1  # not a command: the lead byte is skipped, what follows prints as text, as on paper


def _picture(data: bytes) -> int | None:
    if len(data) < 8:
        return None
    return 8 + int.from_bytes(data[4:6], "little") * int.from_bytes(data[6:8], "little")


def _columns(data: bytes) -> int | None:
    if len(data) < 5:
        return None
    return 5 + int.from_bytes(data[3:5], "little") * (3 if data[2] >= 32 else 1)


def _barcode(data: bytes) -> int | None:
    if len(data) < 4:
        return None
    if data[2] >= 65:
        return 4 + data[3]
    end = data.find(b"\x00", 3)
    return end + 1 if end >= 0 else None
