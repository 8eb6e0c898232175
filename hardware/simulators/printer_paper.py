"""The simulated printer's paper: what the head did, and from that a picture and lines of text."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from hardware.receipt import glyphs
from hardware.receipt.code128 import decode
from hardware.receipt.model import Style, cells
from hardware.receipt.picture import bar_dots, qr_dots

if TYPE_CHECKING:
    from collections.abc import Callable

CELL = glyphs.CELL


@dataclass(frozen=True)
class Ink:
    """Something printed: where it stands, in dots from the left edge and from the paper's beginning."""

    x: int
    y: int
    text: str  # for the text form; empty for a piece of a picture
    draw: Callable[[], Image.Image]
    wide: int = 1
    band: bool = False


@dataclass
class SimulatedPaper:
    """One paper, from cut to cut."""

    dots: int
    length: int = 0  # dots fed
    ink: list[Ink] = field(default_factory=list)
    cut: bool = False

    @property
    def blank(self) -> bool:
        return not self.ink

    def lines(self) -> list[str]:
        """What can be read on it; a run of dots is <picture>."""
        rows: dict[int, list[Ink]] = {}
        for ink in self.ink:
            rows.setdefault(ink.y, []).append(ink)
        found: list[str] = []
        for y in sorted(rows):
            line, at = "", 0
            for ink in sorted(rows[y], key=lambda one: one.x):
                column = ink.x // CELL
                line += " " * (column - at) + "".join(char + " " * (cells(char) * (ink.wide - 1)) for char in ink.text)
                at = max(at, column) + cells(ink.text) * ink.wide
            if rows[y][0].band:
                if found[-1:] != ["<picture>"]:
                    found.append("<picture>")
            elif line.strip():
                found.append(line.rstrip())
        return found

    def text(self) -> str:
        return "".join(line + "\n" for line in self.lines())

    def picture(self) -> Image.Image:
        """Ink = 1."""
        image = Image.new("1", (self.dots, max(1, self.length)), 0)
        for ink in self.ink:
            drawn = ink.draw()
            image.paste(drawn, (ink.x, ink.y), drawn)
        return image

    def png(self) -> bytes:
        page = ImageOps.expand(ImageOps.invert(self.picture().convert("L")), 24, fill=255)
        out = io.BytesIO()
        page.convert("1", dither=Image.Dither.NONE).save(out, "PNG")
        return out.getvalue()

    def put_text(self, x: int, words: str, style: Style) -> None:
        self.ink.append(Ink(x, self.length, words, lambda: glyphs.text(words, style), style.wide))

    def put_bars(self, sent: bytes, module: int, height: int, hri: bool, align: int) -> None:
        data = decode(sent)
        self._put(f"<code128 {data}>", bar_dots(sent, module, height), align)
        if hri:
            label = glyphs.text(data, Style())
            self.ink.append(Ink(max(0, (self.dots - label.width) * align // 2), self.length + 2, "", lambda: label))
            self.length += label.height + 2

    def put_qr(self, data: str, cell: int, level: str, align: int) -> None:
        self._put(f"<qrcode {data}>", qr_dots(data, cell, level), align)

    def put_bits(self, x: int, width: int, bits: bytes, rows: int) -> None:
        self.ink.append(Ink(x, self.length, "", lambda: Image.frombytes("1", (width, rows), bits), band=True))

    def _put(self, text: str, image: Image.Image, align: int) -> None:
        self.ink.append(Ink(max(0, (self.dots - image.width) * align // 2), self.length, text, lambda: image))
        self.length += image.height
