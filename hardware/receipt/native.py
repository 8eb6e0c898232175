"""A paper as the printer's own text (ESC/POS, GBK): 58 mm receipts stay under 1 kB, so a slow line is no matter.

Codes are built by python-escpos; its text() is not used: it guesses code pages (hardware.md 1).
Sources: Epson's public ESC/POS reference for the rest; ``FS &`` switches Chinese characters on.
"""

from __future__ import annotations

import functools
import logging
import os
import tempfile
from typing import Any

from .code128 import payload
from .model import GETA, PLAIN, Code, Cut, Part, Piece, Row, Rule, Style, cells, gbk
from .realtime import holds_command

START = b"\x1b@\x1c&"
# feed the last line past the tear bar, then a partial cut that feeds to the cutter by itself
CUT = b"\x1bd\x04\x1dVB\x00"
LEVELS = {"l": 0, "m": 1, "q": 2, "h": 3}
GETA_BYTES = GETA.encode("gbk")


def native(parts: tuple[Part, ...]) -> bytes:
    """The bytes of one job: initialised at the start, cut at the end."""
    job = START + b"".join(_part(part) for part in parts)
    if not isinstance(parts[-1] if parts else None, Cut):
        job += CUT
    if holds_command(job):
        raise AssertionError("a real-time command in a text job")
    return job


def encode(text: str) -> bytes:
    """Character by character; what GBK lacks is 〓."""
    return b"".join(gbk(char) or GETA_BYTES for char in text)


def _part(part: Part) -> bytes:
    if isinstance(part, Row):
        return _row(part)
    if isinstance(part, Rule):
        return part.marks.rstrip().encode("ascii") + b"\n"
    if isinstance(part, Code):
        return b"\x1ba\x01" + (_qr(part) if part.kind == "qrcode" else _bars(part)) + b"\x1ba\x00"
    return CUT


def _row(row: Row) -> bytes:
    pieces = sorted([*row.pieces, *(Piece(bar, "|") for bar in row.bars)], key=lambda piece: piece.column)
    line, at, style = b"", 0, PLAIN
    for piece in pieces:
        if piece.column > at:
            line += _change(style, PLAIN) + b" " * (piece.column - at)
            style = PLAIN
        line += _change(style, piece.style) + encode(piece.text)
        style = piece.style
        at = piece.column + cells(piece.text) * style.wide
    return line + _change(style, PLAIN) + b"\n"


def _change(old: Style, new: Style) -> bytes:
    out = b""
    if (old.wide, old.high) != (new.wide, new.high):
        out += b"\x1d!" + bytes([(new.wide - 1) << 4 | (new.high - 1)])
    if old.bold != new.bold:
        out += b"\x1bE" + bytes([new.bold])
    if old.underline != new.underline:
        out += b"\x1b-" + bytes([new.underline]) + b"\x1c-" + bytes([new.underline])
    if old.invert != new.invert:
        out += b"\x1dB" + bytes([new.invert])
    return out


def _bars(code: Code) -> bytes:
    """By hand: python-escpos prints a line to the terminal for every barcode, and adds its own height and font."""
    data = payload(code.data)
    below = b"\x02" if code.hri else b"\x00"
    head = b"\x1dh" + bytes([code.height]) + b"\x1dw" + bytes([code.module]) + b"\x1dH" + below
    return head + b"\x1dkI" + bytes([len(data)]) + data


def _qr(code: Code) -> bytes:
    paper = _escpos()()
    paper.qr(code.data, ec=LEVELS[code.level], size=code.cell, native=True)
    return bytes(paper.output)


@functools.cache
def _escpos() -> type[Any]:
    """python-escpos, imported with the first square code (half a second, 18 MB), without its two habits: it configures the root logger and unpickles a shared cache file."""
    handlers = logging.root.handlers[:]
    with tempfile.TemporaryDirectory() as own:
        os.environ["ESCPOS_CAPABILITIES_PICKLE_DIR"] = own
        from escpos.printer import Dummy
    logging.root.handlers[:] = handlers
    return Dummy  # type: ignore[no-any-return]
