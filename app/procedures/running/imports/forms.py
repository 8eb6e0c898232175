"""What an import can hand over: one frozen row of facts for each row of a sheet, and the problems that stop it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.base.refusal import fill
from app.base.rooms import Room

# Codes of the migration workbook -> what they are called in the books.
PEOPLE = {"1001": "owner", "1002": "family", "1003": "tenant", "1004": "temporary"}
USES = {"110": 110, "120": 120, "119": 119}
STATES = {str(code): code for code in range(2001, 2010)}
FORMULAS = {"1001": "area", "2002": "fixed"}
VEHICLES = {"9901": "car", "9902": "coach", "9903": "lorry"}
HOLDS = {"H": "leased", "S": "sold"}
NO_PHONE, NO_IDENTITY, NO_LAYOUT = "18999999999", "111111111111111111", "10102"


@dataclass(frozen=True)
class Problem:
    """One cell that stops the import. `msgid` says what is wrong and what to do; it never holds a phone or an ID."""

    sheet: str
    row: int
    column: int
    msgid: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def cell(self) -> str:
        letters, rest = "", self.column
        while rest:
            rest, letter = divmod(rest - 1, 26)
            letters = chr(65 + letter) + letters
        return f"{letters}{self.row}"

    def __str__(self) -> str:
        return f"{self.sheet}!{self.cell}: {fill(self.msgid, self.values)}"


@dataclass(frozen=True)
class Entrance:
    building: str
    entrance: str
    floors: int | None
    lift: bool | None


@dataclass(frozen=True)
class Person:
    """`group`: the 业主编号 that ties owners, family and tenants to rooms; phone and identity None = not known."""

    group: str
    name: str
    sex: str
    age: int | None
    phone: str | None
    identity: str | None
    kind: str


@dataclass(frozen=True)
class Fee:
    """`unit_price` in 1/10,000 yuan a square metre and month, `fixed` in fen a month; `months` = billing period."""

    number: str
    category: str
    item: str
    mark: str
    prepaid: bool
    months: int
    billed: str
    start: date | None
    end: date | None
    formula: str
    unit_price: int
    fixed: int


@dataclass(frozen=True)
class Home:
    """A room. Areas in 1/100 m2, rent in fen; `fees` are (fee number, from when)."""

    room: Room
    floor: int | None
    layout: str
    area: int | None
    group: str
    fees: tuple[tuple[str, date | None], ...]
    use: int | None
    inner_area: int | None
    rent: int | None
    state: int | None


@dataclass(frozen=True)
class Space:
    """A parking space; `hold` is leased, sold or empty; a sold space has no end."""

    lot: str
    code: str
    kind: str
    area: int | None
    group: str
    plate: str
    brand: str
    vehicle: str
    colour: str
    hold: str
    start: date | None
    end: date | None


@dataclass(frozen=True)
class Owed:
    """Arrears: `fen` for `item` of the period [start, end)."""

    room: Room
    item: str
    months: int | None
    start: date
    end: date
    fen: int
    remark: str


@dataclass(frozen=True)
class Contents:
    """What a file says, of kind `estate` (migration workbook), `assets` or `arrears`."""

    kind: str
    entrances: tuple[Entrance, ...] = ()
    people: tuple[Person, ...] = ()
    fees: tuple[Fee, ...] = ()
    homes: tuple[Home, ...] = ()
    spaces: tuple[Space, ...] = ()
    owed: tuple[Owed, ...] = ()


@dataclass(frozen=True)
class Known:
    """What the books hold already: a file may build on it and must not repeat it.

    `groups` owner numbers, `fees` fee numbers, `spaces` (lot, code); `rooms` written 3-2-1101; `owed` (room, item, start).
    `identities`: ID -> name.
    """

    entrances: frozenset[tuple[str, str]] = frozenset()
    groups: frozenset[str] = frozenset()
    fees: frozenset[str] = frozenset()
    rooms: frozenset[str] = frozenset()
    spaces: frozenset[tuple[str, str]] = frozenset()
    owed: frozenset[tuple[str, str, date]] = frozenset()
    identities: dict[str, str] = field(default_factory=dict)
