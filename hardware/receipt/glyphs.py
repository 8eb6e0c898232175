"""Characters as dots, the way a receipt printer draws them: 24 dots high, 12 or 24 wide, black or white.

The font is WenQuanYi Micro Hei (Debian: fonts-wqy-microhei); a character it lacks is looked for in Zen Hei.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from hardware.ports import DeviceError

from .model import GETA, Style, cells

HEIGHT = 24
CELL = 12
ROOTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
FILES = (
    ("wqy-microhei.ttc", 1),
    ("wqy-microhei.ttc", 0),
    ("wqy-zenhei.ttc", 0),
    ("NotoSansCJK-Regular.ttc", 0),
)  # face 1: fixed width
ABSENT = "\U0010fffe"  # no font has it: what is drawn for it is drawn for everything that is missing


@lru_cache(maxsize=1)
def fonts() -> tuple[ImageFont.FreeTypeFont, ...]:
    """The fonts there are, the best first; DeviceError where there is none."""
    found = [(path, face) for name, face in FILES for root in ROOTS if root.is_dir() for path in root.rglob(name)]
    if not found:
        raise DeviceError("No Chinese font to draw papers with: install the package fonts-wqy-microhei.")
    return tuple(ImageFont.truetype(str(path), HEIGHT, index=face) for path, face in found)


@lru_cache(maxsize=4)
def _absent(index: int) -> bytes:
    return bytes(fonts()[index].getmask(ABSENT, mode="1"))


@lru_cache(maxsize=8192)
def _font(char: str) -> ImageFont.FreeTypeFont | None:
    for index, font in enumerate(fonts()):
        drawn = bytes(font.getmask(char, mode="1"))
        if char == " " or (drawn != _absent(index) and any(drawn)):
            return font
    return None


@lru_cache(maxsize=4096)
def glyph(char: str) -> Image.Image:
    """One character, ink = 1, in its cell."""
    font = _font(char)
    if font is None:
        return glyph(GETA)
    width = CELL * cells(char)
    image = Image.new("1", (width, HEIGHT), 0)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    advance = font.getlength(char)
    draw.text(((width - advance) / 2, HEIGHT - 3), char, fill=1, font=font, anchor="ls")
    return image


def text(words: str, style: Style) -> Image.Image:
    """A run of characters, ink = 1, enlarged and marked as the printer does it."""
    image = Image.new("1", (max(1, CELL * cells(words)), HEIGHT), 0)
    at = 0
    for char in words:
        drawn = glyph(char)
        image.paste(drawn, (at, 0))
        if style.bold:
            image.paste(1, (at + 1, 0), drawn.crop((0, 0, drawn.width - 1, HEIGHT)))
        at += drawn.width
    if style.underline:
        ImageDraw.Draw(image).line((0, HEIGHT - 1, image.width, HEIGHT - 1), fill=1)
    if style.invert:
        image = image.point(lambda dot: 0 if dot else 255)
    if (style.wide, style.high) != (1, 1):
        image = image.resize((image.width * style.wide, image.height * style.high), Image.Resampling.NEAREST)
    return image
