"""Gap-free numbers (`SJ-2026-000123`) drawn inside a deed, and the 14-digit codes printed for scanning."""

from __future__ import annotations

import re
from dataclasses import dataclass

import peewee

from app.base import clock, db
from app.desk.record import journal


class Series(db.Table):
    """One counter row a series and year: the number is used if, and only if, the deed is committed (promise P3)."""

    name = peewee.TextField()
    year = peewee.IntegerField()
    last = peewee.IntegerField(default=0)

    class Meta:
        primary_key = peewee.CompositeKey("name", "year")


class Skipped(db.AppendOnly):
    """Numbers that are on paper but not in the books (given out after the backup that was restored)."""

    name = peewee.TextField()
    year = peewee.IntegerField()
    first = peewee.IntegerField()
    last = peewee.IntegerField()


LEAP = 10_000  # more than a desk gives out between two backups that are kept


@dataclass(frozen=True)
class Numbered:
    """A kind of paper, label or badge that has numbers: its series, and the two digits its scanned code begins with."""

    kind: str
    series: str
    digits: int


_by_series: dict[str, Numbered] = {}
_by_digits: dict[int, Numbered] = {}


def declare(series: str, *, kind: str, digits: int) -> None:
    """`declare("FX", kind="release", digits=20)`: whoever draws numbers says so once, beside its tables."""
    new = Numbered(kind, series, digits)
    for there in (_by_series.get(series, new), _by_digits.get(digits, new)):
        if there != new:
            raise ValueError(f"{new}: {there} is declared already")
    _by_series[series] = _by_digits[digits] = new


def kind_of(series: str) -> str | None:
    """`FX` -> `release`; None for a series nobody has declared."""
    return _by_series[series].kind if series in _by_series else None


@dataclass(frozen=True)
class Number:
    series: str
    year: int
    n: int

    def __str__(self) -> str:
        return f"{self.series}-{self.year}-{self.n:06d}"

    @property
    def code(self) -> str:
        return code(_by_series[self.series].digits, self.year, self.n)


def draw(series: str) -> Number:
    """The next number of this year's series (a declared one). Only inside a deed; the year is the deed's."""
    assert series in _by_series
    year = journal.moment().year
    Series.insert(name=series, year=year).on_conflict_ignore().execute()
    row = (
        Series.update(last=Series.last + 1)
        .where((Series.name == series) & (Series.year == year))
        .returning(Series.last)
        .execute()
    )
    return Number(series, year, next(iter(row)).last)


def last(series: str, year: int) -> int:
    """The last number of that series and year that was drawn or skipped (0 = none)."""
    return int(Series.select(Series.last).where((Series.name == series) & (Series.year == year)).scalar() or 0)


def skip_to(series: str, year: int, n: int) -> None:
    """Go on after `n`: the numbers up to it are on paper. Inside a deed, after a restore only."""
    before = last(series, year)
    assert n > before
    Series.insert(name=series, year=year, last=n).on_conflict(
        conflict_target=[Series.name, Series.year], update={Series.last: n}
    ).execute()
    Skipped.create(name=series, year=year, first=before + 1, last=n)


def leap(*, but: str) -> None:
    """After a restore every series but that one goes on far after what may stand on papers, labels and badges."""
    for name in _by_series.keys() - {but}:
        Series.insert(name=name, year=clock.now().year).on_conflict_ignore().execute()
    Series.update(last=Series.last + LEAP).where(Series.name != but).execute()


def skipped(series: str) -> dict[tuple[int, int], int]:
    """(year, first skipped number) -> last skipped number."""
    rows = Skipped.select().where(Skipped.name == series)
    return {(row.year, row.first): row.last for row in rows}


def code(kind: int, year: int, n: int) -> str:
    """14 digits for CODE128 set C; the last two are ISO 7064 MOD 97-10, so no single slip of a digit passes."""
    body = f"{kind:02d}{year:04d}{n:06d}"
    return f"{body}{98 - int(body) * 100 % 97:02d}"


def read_code(text: str) -> tuple[str, int, int] | None:
    """`10202600041326` -> ("receipt", 2026, 413); None if it is no code of ours or its check digits are wrong."""
    if not re.fullmatch(r"[0-9]{14}", text, re.ASCII) or int(text) % 97 != 1:
        return None
    found = _by_digits.get(int(text[:2]))
    return (found.kind, int(text[2:6]), int(text[6:12])) if found else None
