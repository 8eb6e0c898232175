"""A list of the books: filtered, in pages that stay put while rows are added, counted honestly; as a page and as a workbook.

A procedure declares the columns of a listing once and gives the query that a filter means; rows come newest first, and a page
is found by the key it goes on below, never by counting rows off.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import IO, Any

import peewee

from app.base import clock, db, money
from app.base.refusal import Refused
from app.desk.work import sheet
from app.desk.work.state import State

PAGE = 60
COUNTED_MOST = 1000  # beyond it a count says 1,000+: nobody reads on, and counting all would take longer every year
ON_PAPER_MOST = 1000
IN_PROCESS = 5000  # a longer workbook is made by a program of its own
ROWS_MOST = 100_000
YEAR = timedelta(days=366)
_SLICE = 500


@dataclass(frozen=True)
class Asked:
    """What a page was asked for. `show`: one of the listing's states; `since`, `until`: both days or none, a year apart at
    most; `below`: the key the page goes on under, 0 = the top.
    """

    text: str = ""
    show: str = ""
    since: date | None = None
    until: date | None = None
    below: int = 0


def within_a_year(since: date | None, until: date | None) -> tuple[date | None, date | None]:
    """Both ends of a window where one was given: it ends today, or begins a year before its end."""
    if since is None and until is None:
        return None, None
    end = until or clock.today()
    start = since or end - YEAR
    if not start <= end <= start + YEAR:
        raise Refused("Choose days of one year at most, the earlier one first.", field="since")
    return start, end


def on_days(key: Any, day: Any, asked: Asked) -> Any:
    """The condition for rows whose `day` (with an index of its own) is asked for. Their first and last key stand in it, so that
    they are met in the order of the key and none has to be sorted.
    """
    ends = key.model.select(peewee.fn.MIN(key), peewee.fn.MAX(key)).where(day.between(asked.since, asked.until))
    first, last = ends.tuples().get()
    return key.between(first or 0, last or 0) & day.between(asked.since, asked.until)


@dataclass(frozen=True)
class Column:
    """`value` of a row: text (or None), fen, moment, day, or one State or several. `small`: a text said beside it, a msgid."""

    title: str  # msgid
    value: Callable[[Any], Any]
    kind: str = "text"  # text | fen | moment | day | state
    small: Callable[[Any], str] | None = None
    opens: Callable[[Any], int] | None = None  # the id of what a click opens


@dataclass(frozen=True)
class Listing:
    """`query` without order and limit; `key` its ascending id; `rows` makes of its rows what the columns read.

    `fen`: what is summed of a row, given only where the query is bounded (open by a partial index, or dated).
    """

    title: str  # msgid
    query: peewee.ModelSelect[Any]
    key: Any
    columns: tuple[Column, ...]
    rows: Callable[[list[Any]], list[Any]]
    fen: Any = None


@dataclass(frozen=True)
class Page:
    """`count` of the whole list, None where it is more than COUNTED_MOST; `older`: the key to go on below, 0 = no more;
    `more_fen`: the sum of what comes after this page, None where it is not summed.
    """

    listing: Listing
    rows: list[Any]
    count: int | None
    older: int
    more_fen: int | None

    @property
    def counted(self) -> str:
        return f"{COUNTED_MOST:,}+" if self.count is None else f"{self.count:,}"

    @property
    def more(self) -> str:
        """The sum of what comes after, as the count line says it; empty where there is none."""
        return money.show(self.more_fen) if self.more_fen is not None and self.older else ""


def page(listing: Listing, asked: Asked, *, size: int = PAGE) -> Page:
    """One page: at most three statements and what `rows` asks."""
    found = _below(listing, asked.below, size + 1)
    older = getattr(found[size - 1], listing.key.name) if len(found) > size else 0
    more = None
    if listing.fen is not None and older:
        rest = listing.query.select(db.total(listing.fen)).where(listing.key < older)
        more = int(rest.scalar())  # there is an older one
    return Page(listing, listing.rows(found[:size]), count(listing), older, more)


def count(listing: Listing, most: int = COUNTED_MOST) -> int | None:
    """How many rows there are; None where they are more than `most`, which are not all looked at."""
    n = int(listing.query.limit(most + 1).count())
    return n if n <= most else None


def _below(listing: Listing, key: int, limit: int) -> list[Any]:
    query = listing.query.order_by(listing.key.desc()).limit(limit)
    return list(query.where(listing.key < key) if key else query)


def every(listing: Listing) -> Iterator[Any]:
    """All rows, newest first, read in slices."""
    key = 0
    while found := _below(listing, key, _SLICE):
        yield from listing.rows(found)
        key = getattr(found[-1], listing.key.name)


def cells(listing: Listing, row: Any, say: Callable[[str], str]) -> list[Any]:
    """A row as a workbook holds it: the same texts as on the page, moments and days in ISO."""
    return [_cell(column, row, say) for column in listing.columns]


def _cell(column: Column, row: Any, say: Callable[[str], str]) -> Any:
    value = column.value(row)
    if value is None:
        return None
    if column.kind == "state":
        return " ".join(say(state.word) for state in states(value))
    if column.kind == "moment":
        at: datetime = value
        return at.replace(tzinfo=None, second=0, microsecond=0).isoformat()
    if column.kind == "day":
        return value.isoformat()
    small = column.small(row) if column.small else ""
    return f"{value} {say(small)}" if small else value


def states(value: State | tuple[State, ...]) -> tuple[State, ...]:
    """What a state column shows: one State as several."""
    return (value,) if isinstance(value, State) else value


def workbook(listing: Listing, say: Callable[[str], str]) -> IO[bytes]:
    """The whole list as .xlsx in an unnamed file, at its beginning. `say` translates."""
    if count(listing, ROWS_MOST) is None:
        raise Refused("The list has more than {n} lines. Choose fewer: by date or by text.", n=ROWS_MOST)
    titles, kinds = [say(column.title) for column in listing.columns], [column.kind for column in listing.columns]
    rows = (cells(listing, row, say) for row in every(listing))
    out = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    if count(listing, IN_PROCESS) is not None:
        sheet.write(out, titles, kinds, rows)
    else:
        _apart(out, {"titles": titles, "kinds": kinds}, rows)
    out.seek(0)
    return out


def _apart(out: IO[bytes], head: dict[str, Any], rows: Iterator[list[Any]]) -> None:
    command = [sys.executable, "-I", str(sheet.__file__)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, text=True, encoding="utf-8") as child:  # noqa: S603 - our own program
        assert child.stdin is not None
        child.stdin.write(json.dumps(head) + "\n")
        for row in rows:
            child.stdin.write(json.dumps(row) + "\n")
    if child.returncode:
        raise RuntimeError(f"the program that writes workbooks ended with {child.returncode}")
