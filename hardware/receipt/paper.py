"""A ReceiptLine document, laid out for one width, in every form it can go out in."""

from __future__ import annotations

import io
from dataclasses import dataclass

from . import native as _native
from .layout import lay_out
from .model import Code, Part, Row, Rule, cells, fits_gbk

MARGIN = 24


@dataclass(frozen=True)
class Paper:
    parts: tuple[Part, ...]
    columns: int

    def native(self) -> bytes:
        """The printer's own text, GBK: short, and 〓 for what GBK lacks."""
        return _native.native(self.parts)

    def raster(self) -> bytes:
        """Dots, fifty times as long: for printers without Chinese, or names that GBK lacks."""
        from .picture import raster

        return raster(self.parts, self.columns)

    def job(self, *, always_raster: bool = False, raster_when_needed: bool = False) -> bytes:
        if always_raster or (raster_when_needed and not self.fits()):
            return self.raster()
        return self.native()

    def fits(self) -> bool:
        """Whether the printer has every character of it."""
        return all(fits_gbk(piece.text) for part in self.parts if isinstance(part, Row) for piece in part.pieces)

    def png(self) -> bytes:
        """As it will look, black on white. DeviceError where no Chinese font is installed."""
        from PIL import Image, ImageOps

        from .picture import picture

        ink = picture(self.parts, self.columns).convert("L")
        page = ImageOps.expand(ImageOps.invert(ink.point(lambda dot: 255 if dot else 0)), MARGIN, fill=255)
        out = io.BytesIO()
        page.convert("1", dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        return out.getvalue()

    def text(self) -> str:
        """As lines of characters, for goldens and for readers who cannot see pictures."""
        return "".join(line.rstrip() + "\n" for part in self.parts for line in _lines(part))


def _lines(part: Part) -> list[str]:
    if isinstance(part, Row):
        line, at = "", 0
        marks = [(piece.column, piece.text, piece.style.wide) for piece in part.pieces]
        for column, words, wide in sorted([*marks, *((bar, "|", 1) for bar in part.bars)]):
            line += " " * (column - at) + "".join(char + " " * (cells(char) * (wide - 1)) for char in words)
            at = column + cells(words) * wide
        return [line]
    if isinstance(part, Rule):
        return [part.marks]
    if isinstance(part, Code):
        return [f"<{part.kind} {part.data}>"]
    return ["<cut>"]


def render(document: str, columns: int = 32) -> Paper:
    """Lay a document out on paper of so many half-width columns (32 on 58 mm, 48 on 80 mm); MarkupError if it is
    not ReceiptLine as our papers use it.
    """
    return Paper(lay_out(document, columns), columns)
