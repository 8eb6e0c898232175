"""A table found in a sheet by its headers, and its cells as facts; what a cell cannot be becomes a problem."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from app.base import text as texts
from app.base.refusal import N_, Refused
from app.procedures.running.imports.files import BROKEN, Cell, Sheet
from app.procedures.running.imports.forms import NO_IDENTITY, NO_PHONE, Problem

T = TypeVar("T")
HEADER_WITHIN = 10  # rows that hold something, above the header: titles
_NOTE = re.compile(r"说明[::]?")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]+)?", re.ASCII)


def heading(cell: Cell) -> str:
    """`出租还是出售（H出租S出售）` -> `出租还是出售`, `手 机号*` -> `手机号`."""
    plain = re.sub(r"[\s**]", "", texts.half_width(str(cell)))
    return re.sub(r"\(.*", "", plain)


def find_header(sheet: Sheet, needed: set[str], foreign: frozenset[str] = frozenset()) -> int | None:
    """The row that holds all the needed headers, and none that only another kind of list has."""
    for number in sorted(sheet.rows)[:HEADER_WITHIN]:
        found = {heading(cell) for cell in sheet.rows[number] if isinstance(cell, str)}
        if needed <= found and not foreign & found:
            return number
    return None


@dataclass
class Table:
    """The data under a header row. Columns are known by name; side notes (说明 and all right of it) are left out."""

    sheet: Sheet
    header: int
    wanted: tuple[str, ...]
    problems: list[Problem] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._said: set[tuple[int, int]] = set()
        notes = self._notes_from()
        for column, cell in enumerate(self.sheet.rows[self.header][: notes - 1], start=1):
            title = heading(cell)
            if title in self.columns:
                self.wrong(self.header, column, N_("The column {title} is there twice. Delete one."), title=title)
            elif title in self.wanted:
                self.columns[title] = column
            elif title:
                self.unread.append(title)
        self._spread = [span for span in self.sheet.merged if self._touches(span)]
        for top, left, low, right in self._spread:
            self.wrong(
                max(top, self.header + 1),
                left,
                N_("Cells are merged here (rows {top} to {low}). Unmerge them and fill in every row."),
                top=top,
                low=low,
                right=right,
            )

    def _notes_from(self) -> int:
        """The first column of side notes: it says 说明 somewhere and is headed by nothing we read."""
        header = self.sheet.rows[self.header]
        return min(
            (
                column
                for cells in self.sheet.rows.values()
                for column, cell in enumerate(cells, start=1)
                if isinstance(cell, str)
                and _NOTE.fullmatch(cell.strip())
                and heading(header[column - 1] if column <= len(header) else "") not in self.wanted
            ),
            default=len(header) + 1,
        )

    def _touches(self, span: tuple[int, int, int, int]) -> bool:
        _, left, low, right = span
        return low > self.header and any(left <= column <= right for column in self.columns.values())

    def wrong(self, row: int, column: int, msgid: str, /, **values: Any) -> None:
        """Note a problem, once a cell; cells that a merge swallowed are silent, the merge itself is named."""
        if (row, column) not in self._said:
            self._said.add((row, column))
            self.problems.append(Problem(self.sheet.name, row, column, msgid, values))

    def swallowed(self, row: int, column: int) -> bool:
        return any(top <= row <= low and left <= column <= right for top, left, low, right in self._spread)

    def __iter__(self) -> Iterator[Row]:
        for number in sorted(self.sheet.rows):
            row = Row(self, number)
            if number > self.header and any(row.cell(title) != "" for title in self.columns):
                yield row


@dataclass(frozen=True)
class Row:
    """One row of a table. The readers answer None (or "") for an empty cell and for a cell with a problem."""

    table: Table
    number: int

    def has(self, title: str) -> bool:
        return title in self.table.columns

    def cell(self, title: str) -> Cell:
        column = self.table.columns.get(title, 0)
        cells = self.table.sheet.rows[self.number]
        found = cells[column - 1] if 0 < column <= len(cells) else ""
        return texts.clean(found) if isinstance(found, str) else found

    def wrong(self, title: str, msgid: str, /, **values: Any) -> None:
        column = self.table.columns.get(title, 1)
        if not self.table.swallowed(self.number, column):
            self.table.wrong(self.number, column, msgid, **values)

    def text(self, title: str, *, most: int = texts.NAME_MOST, missing: str | None = None) -> str:
        """The cell as text; a whole number in Excel loses its `.0`. `missing`: what to say when it is empty."""
        found = self.cell(title)
        if found is BROKEN:
            self.wrong(title, N_("The cell shows an Excel error. Put the value itself in its place."))
            return ""
        plain = f"{found:.0f}" if isinstance(found, float) and found.is_integer() else str(found)
        if len(plain) > most:
            self.wrong(
                title, N_("The text has {n} characters, {most} is the most. Shorten it."), n=len(plain), most=most
            )
            return ""
        if not plain and missing:
            self.wrong(title, missing)
        return plain

    def take(self, title: str, reader: Callable[[str], T]) -> T | None:
        """The cell through a reader of app/base that refuses what it cannot be."""
        plain = self.text(title)
        try:
            return reader(plain) if plain else None
        except Refused as refusal:
            self.wrong(title, refusal.msgid, **refusal.values)
            return None

    def code(self, title: str, codes: Mapping[str, T], msgid: str) -> T | None:
        plain = texts.half_width(self.text(title)).upper()
        if plain and plain not in codes:
            self.wrong(title, msgid, text=plain, known=" ".join(codes))
        return codes.get(plain)

    def whole(self, title: str, least: int, most: int) -> int | None:
        found = self.decimal(title, places=0)
        if found is None:
            return None
        if not least <= found <= most:
            self.wrong(
                title,
                N_("{number} is not between {least} and {most}. Correct it."),
                number=str(found),
                least=least,
                most=most,
            )
            return None
        return int(found)

    def decimal(self, title: str, *, places: int) -> Decimal | None:
        """A number with at most so many decimals. Excel's binary noise (0.1+0.2) is taken as what Excel shows."""
        found = self.cell(title)
        if isinstance(found, float):
            plain = f"{found:.10f}".rstrip("0").rstrip(".")
        else:
            plain = texts.half_width(self.text(title))
        if not plain:
            return None
        number = Decimal(plain) if _NUMBER.fullmatch(plain) else None
        if number is None:
            self.wrong(title, N_("“{text}” is no number. Write digits only, without a unit."), text=plain[:24])
        elif number != round(number, places):
            self.wrong(title, N_("{number} has more than {places} decimals. Round it."), number=plain, places=places)
            number = None
        return number

    def scaled(self, title: str, places: int) -> int | None:
        """A number of at least 0 as whole units of 10^-places: areas in 1/100 m2, yuan in fen."""
        number = self.decimal(title, places=places)
        if number is None:
            return None
        if number < 0:
            self.wrong(title, N_("{number} is below 0. Correct it."), number=str(number))
            return None
        return int(number * 10**places)

    def name(self, title: str) -> str:
        return self.text(
            title, missing=N_("The name is missing (empty, blank, or a formula without a value). Write it.")
        )

    def phone(self, title: str) -> str | None:
        """None for an empty cell and for the placeholder, which both mean "not known"."""
        return None if texts.half_width(self.text(title)) == NO_PHONE else self.take(title, texts.phone)

    def identity(self, title: str) -> str | None:
        found = self.cell(title)
        plain = texts.half_width(self.text(title))
        # Excel keeps 15 digits of a number, so even the placeholder comes as 111111111111111104.
        if plain == NO_IDENTITY or (isinstance(found, float) and plain.startswith(NO_IDENTITY[:15])):
            return None
        if isinstance(found, float) and abs(found) >= 10**15:
            self.wrong(title, N_("The ID was typed as a number: Excel lost its last digits. Type it again as text."))
            return None
        return self.take(title, texts.identity)

    def day(self, title: str) -> date | None:
        found = self.cell(title)
        return found if isinstance(found, date) else self.take(title, texts.day)
