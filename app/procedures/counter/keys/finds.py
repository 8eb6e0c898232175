"""What the box finds of the keys: a label, a letter of custody, a key's short number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.base.refusal import N_
from app.desk.homes import lookup
from app.desk.record import numbering
from app.procedures.counter.keys import register
from app.procedures.counter.keys.register import Custody, Key


@lookup.finds("key")
def _find_label(year: int, n: int) -> lookup.Hit | None:
    return _hit(register.read(str(numbering.Number("YS", year, n).code)), lookup.NUMBER)


@lookup.finds("letter")
def _find_letter(year: int, n: int) -> lookup.Hit | None:
    row = Custody.get_or_none(Custody.number == f"TG-{year}-{n:06d}")
    return lookup.Hit("letter", lookup.NUMBER, row.number, about=row.id, exact=True) if row else None


@lookup.reads
def _read_key(typed: str) -> Iterator[lookup.Hit]:
    """`K0231`"""
    if re.fullmatch(r"K[0-9]{1,6}", typed, re.ASCII) and (hit := _hit(register.read(typed), N_("the number of a key"))):
        yield hit


def _hit(key: Key | None, why: str) -> lookup.Hit | None:
    return lookup.Hit("key", why, key.number, key.name, about=key.id, exact=True) if key else None
