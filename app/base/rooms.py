"""How people write a room: `3-2-1101`, `3栋2单元1101`, `3-2-1101室`, full width, `3 2 1101`."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.base import text as texts
from app.base.refusal import Refused

_NUMERALS = {c: n for n, c in enumerate("零一二三四五六七八九")}
_PART = r"(?:[0-9]{1,3}|[A-Z]{1,2}[0-9]{0,2}|[一二三四五六七八九十]{1,3})"
_WORDED = re.compile(
    rf"(?P<building>{_PART})(?:号楼|栋|幢|座|棟)"
    rf"(?:(?P<entrance>{_PART})(?:单元|門|门|梯))?(?P<room>[^-\s]{{1,16}}?)(?:室|房|号)?"
)
_DASHED = re.compile(
    rf"(?P<building>{_PART})[-/ ](?:(?P<entrance>{_PART})[-/ ])?(?P<room>[^-/\s]{{1,16}}?)(?:室|房|号)?"
)
_BARE = re.compile(r"(?P<room>[0-9]{2,5}[A-Z]?|(?:商铺|车库|S)[0-9]{1,4})(?:室|房|号)?")


class Room(NamedTuple):
    """A room's address; an entrance that nobody said is None (entrance 0 = shops on the street)."""

    building: str | None
    entrance: str | None
    room: str

    def __str__(self) -> str:
        return "-".join(part for part in self if part is not None)


def number(part: str) -> str:
    """`03` -> `3`, `十二` -> `12`, `a栋` -> `A`: how a building or an entrance is kept."""
    plain = re.sub(r"(?<=.)(号楼|栋|幢|座|棟|单元|門|门|梯)$", "", texts.half_width(part).strip().upper())
    if plain and all(c in _NUMERALS or c == "十" for c in plain):
        tens, ten, ones = plain.partition("十")
        if ten:
            plain = str(_NUMERALS.get(tens, 1) * 10 + _NUMERALS.get(ones, 0))
        elif len(plain) == 1:
            plain = str(_NUMERALS[plain])
    return plain.lstrip("0") or "0" if plain.isascii() and plain.isdigit() else plain


def door(part: str) -> str:
    """`1101室` -> `1101`, `商铺０１` -> `商铺01`: how a room is kept."""
    return re.sub(r"(?<=[0-9A-Z])(室|房|号)$", "", texts.half_width(part).strip().upper())


def read(text: str) -> Room | None:
    """What room a text means, or None. Building and entrance may be left out: then they are None."""
    plain = re.sub(r"[–—－_、,，.·]", "-", texts.half_width(texts.clean(text)).upper())
    plain = re.sub(r"\s*-\s*", "-", re.sub(r"\s+", " ", plain))
    packed = plain.replace(" ", "").replace("-", "")
    found = _WORDED.fullmatch(packed) or _DASHED.fullmatch(plain) or _BARE.fullmatch(plain)
    if found is None or not any(c.isdigit() for c in found["room"]) or re.fullmatch("[0-9]{6,}", found["room"]):
        return None  # `Li Wei` and `020-85551234` are no rooms
    parts = found.groupdict()
    building, entrance = parts.get("building"), parts.get("entrance")
    return Room(building and number(building), entrance and number(entrance), parts["room"])


def whole(text: str, *, field: str | None = None) -> Room:
    """A room with its building and entrance, as lists and forms must give it."""
    found = read(text)
    if found is None or found.building is None or found.entrance is None:
        raise Refused("“{text}” is no room. Write it like 3-2-1101.", field=field, text=texts.clean(text)[:32])
    return found
