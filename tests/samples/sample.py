"""What the crawls of the tests need of a noun: `tests/samples/<chapter>/<noun>.py` has a `sample`, found by its name.

A crawl (tests/promises) visits every address, fills in every form and knows no noun: what it cannot guess stands here.
A noun with a register, a page and a form needs `furnish` and a few good values; what it does not need it leaves out.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from app.base import clock
from app.base import text as texts
from app.desk.homes import residents
from app.desk.homes.households import Entrance, Person, Unit
from app.desk.who import people
from tests.cast import the_cast, the_home

HERE = Path(__file__).parent
Rows = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Household:
    unit: Unit
    owner: Person


@dataclass
class Canaries:
    """Numbers that stand nowhere else; `of` says to which place each was given."""

    of: dict[str, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)  # places that do not keep what they were given

    def phone(self, place: str, *, kept: bool = True) -> str:
        return self._given(f"1395550{len(self.of):04d}", place, kept=kept)

    def identity(self, place: str, *, kept: bool = True) -> str:
        """A made-up ID, with the check character that belongs to it."""
        plain = f"44010619790315{len(self.of):03d}"
        return self._given(plain + texts.id_check(plain + "0"), place, kept=kept)

    def _given(self, number: str, place: str, *, kept: bool) -> str:
        self.of[number] = place
        if not kept:
            self.lost.add(place)
        return number


class Estate:
    """The books that samples furnish. `cast`: an Actor by nickname, for roles that nobody of it has by the role's name."""

    def __init__(self, data: Path) -> None:
        self.data, self.cast, self.home, self.numbers = data, the_cast(), the_home(), Canaries()
        for role in people.ROLES:
            if not any(role in actor.roles for actor in vars(self.cast).values()):
                row = people.Staff.create(name=f"职员{role}", roles=[role])
                setattr(self.cast, role, people.actor(row, station="1"))
        owner, tenant = self.home.owner, self.home.tenant
        self.numbers.of |= {owner.phone: "owner", owner.id_number: "owner", tenant.phone: "tenant"}
        self._entrance = Entrance.create(building="9", code=1, floors=30, lift=True)

    def household(self, owner: str = "周明") -> Household:
        """A unit of the sample's own, with its owner: no sample stands on what another one did."""
        n = Unit.select().where(Unit.entrance == self._entrance).count() + 1
        unit = Unit.create(entrance=self._entrance, room=f"{n}01", label=f"9-1-{n}01", floor=n, area=8800)
        phone, number = self.phone(f"owner of {unit.label}"), self.identity(f"owner of {unit.label}")
        since = clock.today() - timedelta(days=30)
        row = residents.add_resident(unit, owner, "owner", since=since, phone=phone, id_number=number, by=self.cast.ana)
        return Household(unit, row.person)

    def phone(self, place: str, *, kept: bool = True) -> str:
        """A phone number that stands nowhere else. `kept`: whether the books hold it whole afterwards."""
        return self.numbers.phone(place, kept=kept)

    def identity(self, place: str, *, kept: bool = True) -> str:
        """The same of an ID number."""
        return self.numbers.identity(place, kept=kept)


def _nothing(_made: Estate) -> Rows:
    return {}


@dataclass(frozen=True)
class Sample:
    """What a noun needs of the crawls. A view is named by its function in the noun's screen; `*` matches as in a shell.

    `furnish`    makes rows by the noun's own deeds, with a phone and an ID wherever one can be kept; gives the rows
                 (or names, codes) that arguments of addresses stand for: {"letter": [row]}. A page is visited for each.
    `day_before` the same on the day before, for what only follows a day later.
    `more`       makes one row for each of the numbers, in that household: pages may not ask more because there is more.
    `stand`      puts what is beside the books (devices) to every copy of them: gets the copy's folder and the devices.
    `asks`       view -> what stands after the question mark, once each; {letter} is filled in as in an address.
    `good`       field -> what is typed where it stands empty. "" leaves it empty; a tick that is named here is set.
    `beside`     field -> what other fields say where it counts only beside them.
    `left_out`   view -> why no crawl sends its form: {"out": "it signs the crawl out"}.
    `empty_again`, `no_page`   "view.field" -> why it comes back empty from a refusal, why no page or paper shows it.
    `uncounted`  view -> why its statements may grow with what is in the books.
    """

    furnish: Callable[[Estate], Rows] = _nothing
    day_before: Callable[[Estate], Rows] = _nothing
    more: Callable[[Estate, Unit, range], None] | None = None
    stand: Callable[[Path, SimpleNamespace], None] | None = None
    asks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    good: Mapping[str, str] = field(default_factory=dict)
    beside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    empty_again: Mapping[str, str] = field(default_factory=dict)
    no_page: Mapping[str, str] = field(default_factory=dict)
    uncounted: Mapping[str, str] = field(default_factory=dict)

    def good_of(self, name: str) -> str | None:
        """What is typed into that field, or None where nobody says."""
        typed: str | None = said(self.good, name)
        return USUAL.get(name) if typed is None else typed


# Fields of these names take these wherever they stand.
USUAL = {
    "name": "王小二",
    "phone": "13800138009",
    "reason": "因为客户要求",
    "remark": "因为客户要求",
    "plate": "粤C12345",
}


def said(table: Mapping[str, Any], name: str) -> Any:
    """What a table says of a name: itself first, then the first pattern that matches."""
    return table[name] if name in table else next((table[each] for each in table if fnmatchcase(name, each)), None)


def found() -> dict[str, Sample]:
    """Every sample by its noun (`chapter/noun`), in the order of their names."""
    nouns = sorted(path.relative_to(HERE).with_suffix("").as_posix() for path in HERE.glob("*/*.py"))
    return {noun: importlib.import_module(f"tests.samples.{noun.replace('/', '.')}").sample for noun in nouns}
