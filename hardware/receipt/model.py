"""What a paper is once it is laid out: rows of text on a grid of half-width columns, rules, codes and cuts."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

GETA = "〓"  # stands for what the printer cannot show


class MarkupError(ValueError):
    """The document is not ReceiptLine, or uses a part of it that our papers do not have."""


@dataclass(frozen=True)
class Style:
    wide: int = 1
    high: int = 1
    underline: bool = False
    bold: bool = False
    invert: bool = False


PLAIN = Style()


@dataclass(frozen=True)
class Piece:
    """Text that starts at a column (0 = the left edge of the paper)."""

    column: int
    text: str
    style: Style = PLAIN

    @property
    def end(self) -> int:
        return self.column + cells(self.text) * self.style.wide


@dataclass(frozen=True)
class Row:
    pieces: tuple[Piece, ...]
    bars: tuple[int, ...] = ()  # columns of the vertical lines

    @property
    def high(self) -> int:
        return max((piece.style.high for piece in self.pieces), default=1)


@dataclass(frozen=True)
class Rule:
    """A horizontal line, one character a column: '-' line, '+' where a vertical line meets it, ' ' nothing."""

    marks: str


@dataclass(frozen=True)
class Code:
    kind: str  # "code128" or "qrcode"
    data: str
    left: int
    width: int  # the columns it is aligned in
    align: int  # 0 left, 1 centre, 2 right
    module: int = 2  # dots of the narrowest bar
    height: int = 72
    hri: bool = False
    cell: int = 3
    level: str = "l"


@dataclass(frozen=True)
class Cut:
    pass


Part = Row | Rule | Code | Cut


def clean(text: str) -> str:
    """Text as it may go to a printer: composed, without control, formatting and variation characters.

    ``ESC p`` in a name would open the drawer; a right-to-left mark would turn figures round.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c for c in unicodedata.normalize("NFC", text) if not _unprintable(c)).replace("¥", "￥")


def _unprintable(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") or "\ufe00" <= char <= "\ufe0f"


@lru_cache(maxsize=8192)
def gbk(char: str) -> bytes | None:
    """The printer's bytes for one character, or None. GB18030's four-byte codes are never used: they hold ASCII
    digits, and a printer that only knows GBK would print invented figures.
    """
    try:
        return char.encode("gbk")
    except UnicodeEncodeError:
        return None


def cells(text: str) -> int:
    """Width in half-width columns; what GBK lacks is as wide as the 〓 that stands for it."""
    return sum(1 if char < "\x80" else 2 for char in text)


def fits_gbk(text: str) -> bool:
    return all(gbk(char) is not None for char in text)
