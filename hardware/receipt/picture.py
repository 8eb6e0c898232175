"""A paper as dots: for printers without Chinese characters, for the preview, and to let other software read our codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import segno
from PIL import Image, ImageDraw

from . import glyphs
from .code128 import modules, payload
from .model import PLAIN, Code, Cut, Part, Row, Rule
from .realtime import broken

if TYPE_CHECKING:
    from collections.abc import Sequence

CELL, TALL = glyphs.CELL, glyphs.HEIGHT
LINE = 30  # dots from line to line: the printer's default of 1/6 inch
GAP = 12
BAND = 24  # rows a raster command: what a cut-off job can swallow of the next one stays small
BAND_BYTES = BAND * 72 + 8  # the longest command we send, on 80 mm paper


def picture(parts: tuple[Part, ...], columns: int, *, tight: bool = False) -> Image.Image:
    """Ink = 1, as wide as the paper prints (12 dots a column). tight: lines without space between them."""
    pitch = TALL if tight else LINE
    shown = [part for part in parts if not isinstance(part, Cut)]
    drawn = [
        _rule(part, columns, pitch, _bars(shown, at - 1), _bars(shown, at + 1))
        if isinstance(part, Rule)
        else _part(part, columns, pitch)
        for at, part in enumerate(shown)
    ]
    image = Image.new("1", (columns * CELL, max(1, sum(strip.height for strip in drawn))), 0)
    at = 0
    for strip in drawn:
        image.paste(strip, (0, at))
        at += strip.height
    return image


def raster(parts: tuple[Part, ...], columns: int) -> bytes:
    """The same paper as small bands of dots (``GS v 0``), cut at the end."""
    job = [b"\x1b@"]
    papers: list[list[Part]] = [[]]
    for part in parts:
        if isinstance(part, Cut):
            papers.append([])
        else:
            papers[-1].append(part)
    for paper in papers:
        if not paper:
            continue
        image = picture(tuple(paper), columns, tight=False)
        for top in range(0, image.height, BAND):
            band = image.crop((0, top, image.width, min(top + BAND, image.height)))
            head = b"\x1dv0\x00" + (image.width // 8).to_bytes(2, "little") + band.height.to_bytes(2, "little")
            job.append(broken(head + band.tobytes()))
        job.append(b"\x1bd\x04\x1dVB\x00")
    return b"".join(job)


def _bars(parts: Sequence[Part], at: int) -> tuple[int, ...]:
    part = parts[at] if 0 <= at < len(parts) else None
    return part.bars if isinstance(part, Row) else ()


def _part(part: Part, columns: int, pitch: int) -> Image.Image:
    if isinstance(part, Row):
        return _row(part, columns, pitch)
    assert isinstance(part, Code)
    return code_picture(part, columns)


def _row(row: Row, columns: int, pitch: int) -> Image.Image:
    tall = row.high * TALL
    strip = Image.new("1", (columns * CELL, tall + pitch - TALL), 0)
    for piece in row.pieces:
        drawn = glyphs.text(piece.text, piece.style)
        strip.paste(drawn, (piece.column * CELL, tall - drawn.height))
    draw = ImageDraw.Draw(strip)
    for bar in row.bars:
        draw.line((bar * CELL + CELL // 2, 0, bar * CELL + CELL // 2, strip.height), fill=1)
    return strip


def _rule(rule: Rule, columns: int, pitch: int, above: tuple[int, ...], below: tuple[int, ...]) -> Image.Image:
    strip = Image.new("1", (columns * CELL, pitch), 0)
    draw = ImageDraw.Draw(strip)
    middle = pitch // 2
    inked = [at for at, mark in enumerate(rule.marks) if mark != " "]
    if inked:
        framed = "+" in rule.marks
        left = inked[0] * CELL + (CELL // 2 if framed else 0)
        right = inked[-1] * CELL + (CELL // 2 if framed else CELL - 1)
        draw.line((left, middle, right, middle), fill=1)
        for bars, top, bottom in ((above, 0, middle), (below, middle, pitch)):
            for bar in bars:
                draw.line((bar * CELL + CELL // 2, top, bar * CELL + CELL // 2, bottom), fill=1)
    return strip


def code_picture(code: Code, columns: int) -> Image.Image:
    drawn = (
        qr_dots(code.data, code.cell, code.level)
        if code.kind == "qrcode"
        else bar_dots(payload(code.data), code.module, code.height)
    )
    label = glyphs.text(code.data, PLAIN) if code.hri and code.kind == "code128" else None
    strip = Image.new("1", (columns * CELL, drawn.height + (LINE if label else 0) + 2 * GAP), 0)
    left, room = code.left * CELL, code.width * CELL
    strip.paste(drawn, (left + max(0, (room - drawn.width) * code.align // 2), GAP))
    if label:
        strip.paste(label, (left + max(0, (room - label.width) * code.align // 2), GAP + drawn.height + 4))
    return strip


def bar_dots(sent: bytes, module: int, height: int) -> Image.Image:
    bits = modules(sent)
    row = Image.new("1", (len(bits), 1), 0)
    row.putdata([int(bit) for bit in bits])
    return row.resize((len(bits) * module, height), Image.Resampling.NEAREST)


def qr_dots(data: str, cell: int, level: str) -> Image.Image:
    symbol = segno.make_qr(data.encode(), error=level, boost_error=False)
    rows = [list(row) for row in symbol.matrix]
    image = Image.new("1", (len(rows), len(rows)), 0)
    image.putdata([dot for row in rows for dot in row])
    return image.resize((len(rows) * cell, len(rows) * cell), Image.Resampling.NEAREST)
