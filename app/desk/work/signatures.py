"""Signatures drawn on a pad: the picture as it was signed, kept for good."""

from __future__ import annotations

import base64
import binascii
import io

import peewee

from app.base import db
from app.base.refusal import Refused
from app.desk.record import journal
from app.desk.record.journal import deed, note
from app.desk.who.people import Actor, Staff

MOST_BYTES = 120_000
WIDEST, HIGHEST = 2400, 1200  # pixels: a tablet's pad at three device pixels a CSS pixel
_URL = "data:image/png;base64,"


class Signature(db.AppendOnly):
    """What `who` (owner, applicant, handler, taker ...) drew for the row `about` of `kind` (chapter.noun)."""

    kind = peewee.TextField()
    about = peewee.IntegerField()
    who = peewee.TextField()
    png = peewee.BlobField()
    at = db.MomentField()
    staff = peewee.ForeignKeyField(Staff, null=True)  # at whose desk it was drawn

    class Meta:
        indexes = ((("kind", "about"), False),)


def from_url(text: str, *, field: str | None = None) -> bytes:
    """The picture in a pad's `data:image/png;base64,...`; an empty field is no bytes."""
    if not text:
        return b""
    try:
        return base64.b64decode(text.removeprefix(_URL) if text.startswith(_URL) else "!", validate=True)
    except (ValueError, binascii.Error):
        raise Refused("This is no signature from the pad. Clear the pad and sign again.", field=field) from None


def check(png: bytes) -> None:
    """Refuse anything but a drawn-on PNG of a pad's size."""
    from PIL import Image, UnidentifiedImageError

    if len(png) > MOST_BYTES:
        raise Refused("The signature's picture is too big. Clear the pad and sign again.")
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            if image.width > WIDEST or image.height > HIGHEST:
                raise Refused("The signature's picture is too big. Clear the pad and sign again.")
            drawn = image.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):  # broken
        raise Refused("This is no signature from the pad. Clear the pad and sign again.") from None
    if drawn.getcolors(1):  # one colour alone: nothing was drawn
        raise Refused("The pad is empty. Sign on it, or choose that it is signed on the paper.")


@deed("signed", inside=True)
def keep(kind: str, about: int, who: str, png: bytes, *, by: Actor) -> Signature:
    """Keep one signature; a second one of the same person is kept beside the first."""
    check(png)
    note(kind=kind, about=about, who=who)
    return Signature.create(kind=kind, about=about, who=who, png=png, at=journal.moment(), staff=by.id or None)


def of(kind: str, about: int) -> dict[str, Signature]:
    """Give who -> their latest signature, without its picture (`image` has that)."""
    rows = (
        Signature.select(Signature.id, Signature.who, Signature.at)
        .where(Signature.kind == kind, Signature.about == about)
        .order_by(Signature.id)
    )
    return {row.who: row for row in rows}


def image(id: int) -> bytes | None:
    """The PNG of that signature."""
    row = Signature.get_or_none(Signature.id == id)
    return bytes(row.png) if row else None
