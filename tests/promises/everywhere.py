"""Books with a row for every page, the addresses of all pages with those rows, and one crawl that looks at all of them.

What a noun needs for it stands in its sample (tests/samples); nothing here knows a noun.
"""

from __future__ import annotations

import copy
import io
import logging
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import time_machine
from flask.testing import FlaskClient

from app import factory
from app.base import clock, db
from app.desk.record import options
from app.desk.who import people
from app.settings import Settings
from tests.samples.sample import Canaries, Estate, Sample
from tests.test_security import digest

NOW = datetime(2026, 11, 23, 11, 5, tzinfo=clock.ZONE)
FRAGMENT = {"HX-Request": "true"}
# Who is shown every row: between them they may everything. The others see one page of each kind.
EVERY_ROW = ("mia", "chen", "gao", "lu", "fei")
Values = dict[str, dict[str, list[Any]]]  # noun -> argument -> what it can be


@dataclass(frozen=True)
class Furnished:
    """A folder with the books that the samples have made, and what they say of it."""

    folder: Path
    samples: dict[str, Sample]
    estate: Estate
    values: Values
    tables: dict[str, set[str]]  # argument -> the tables of the rows that samples gave for it


def furnish(folder: Path, samples: Mapping[str, Sample]) -> Furnished:
    """The books, furnished at NOW by each sample in its turn."""
    values: Values = {noun: {} for noun in samples}
    tables: dict[str, set[str]] = {}

    def keep(noun: str, rows: Mapping[str, Any]) -> None:
        for name, given in rows.items():
            values[noun].setdefault(name, []).extend(getattr(each, "id", each) for each in given)
            kinds = {type(each).__name__ for each in given if isinstance(each, db.Table)}
            tables.setdefault(name, set()).update(kinds)

    with time_machine.travel(NOW - timedelta(days=1), tick=False) as travel:
        estate = Estate(folder)
        for noun, sample in samples.items():
            keep(noun, sample.day_before(estate))
        travel.move_to(NOW)
        for noun, sample in samples.items():
            keep(noun, sample.furnish(estate))
        for sample in samples.values():
            if sample.more:
                sample.more(estate, estate.home.unit, range(1, 2))  # one of everything in one household
    return Furnished(folder, dict(samples), estate, values, tables)


def _of_a_copy(furnished: Furnished) -> Furnished:
    """The same for a copy of the books: tests may change what they are told."""
    estate = copy.copy(furnished.estate)
    estate.numbers = copy.deepcopy(estate.numbers)
    rows = vars(furnished.estate.home).items()
    estate.home = SimpleNamespace(**{name: type(row).get_by_id(row.id) for name, row in rows})
    values = copy.deepcopy(furnished.values)
    return replace(furnished, samples=dict(furnished.samples), estate=estate, values=values)


@contextmanager
def new_folder(new_books: Path, folder: Path) -> Iterator[Path]:
    """New books in that folder, open while inside."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(new_books, folder / "qiantai.db")
    factory.open_books(Settings(data=folder))
    options.forget()
    yield folder
    db.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


@dataclass
class Everywhere:
    """A desk on a copy of the furnished books. `noun`: the only one whose addresses are crawled (--noun), or empty."""

    desk: Any
    of: Furnished
    noun: str = ""
    clients: dict[str, FlaskClient] = field(default_factory=dict)  # of everybody, signed in

    @property
    def cast(self) -> SimpleNamespace:
        return self.of.estate.cast

    @property
    def home(self) -> SimpleNamespace:
        return self.of.estate.home

    @property
    def numbers(self) -> Canaries:
        return self.of.estate.numbers

    def client(self, nick: str) -> FlaskClient:
        return self.clients[nick]

    def noun_of(self, endpoint: str) -> str:
        """`counter_cashier.show` -> `counter/cashier`; an address of no screen belongs to no noun."""
        blueprint = self.desk.app.blueprints.get(endpoint.partition(".")[0])
        return blueprint.url_prefix.strip("/") if blueprint else ""

    def sample_of(self, action: str) -> Sample:
        """The sample of the noun that a form or a page belongs to."""
        return self.of.samples.get("/".join(action.split("/")[1:3]), _PLAIN)

    def view_of(self, action: str, method: str = "POST") -> str:
        """The name of the function behind an address, as samples call it."""
        endpoint, _ = self.desk.app.url_map.bind("desk.lan").match(action.partition("?")[0], method=method)
        return endpoint.rpartition(".")[2]


_PLAIN = Sample()


@contextmanager
def copied(furnished: Furnished, folder: Path, desk_on: Callable[[Path], Any], noun: str = "") -> Iterator[Everywhere]:
    """A desk on a copy of these books, at NOW, with the devices that samples put beside it."""
    shutil.copytree(furnished.folder, folder, dirs_exist_ok=True)
    with time_machine.travel(NOW, tick=False):
        factory.open_books(Settings(data=folder))
        options.forget()
        devices = SimpleNamespace()
        for sample in furnished.samples.values():
            if sample.stand:
                sample.stand(folder, devices)
        desk = desk_on(folder)
        desk.app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
        desk.app.extensions["devices"] = devices
        made = Everywhere(desk, _of_a_copy(furnished), noun)
        made.clients = {nick: desk.client(actor) for nick, actor in vars(made.cast).items()}
        yield made
        db.close()


# ---- addresses


def addresses(made: Everywhere, method: str = "GET") -> list[tuple[str, str]]:
    """(endpoint, URL) of every address, for each row that its sample gave for its arguments."""
    found = []
    for rule in made.desk.app.url_map.iter_rules():
        noun = made.noun_of(rule.endpoint)
        if method not in rule.methods or rule.endpoint == "static" or (made.noun and noun != made.noun):
            continue
        view = rule.endpoint.rpartition(".")[2]
        asked = made.of.samples.get(noun, _PLAIN).asks.get(view, [""]) if method == "GET" else [""]
        for query in asked:
            wanted = sorted(rule.arguments | set(re.findall(r"{(\w+)}", query)))
            for values in _together(made, noun, rule.rule, wanted):
                with made.desk.app.test_request_context(base_url="http://desk.lan"):
                    path = {name: values[name] for name in rule.arguments}
                    url = made.desk.app.url_for(rule.endpoint, **path)
                found.append((rule.endpoint, url + ("?" + quote(query.format(**values), safe="=&/") if query else "")))
    return list(dict.fromkeys(sorted(found, key=lambda each: each[0])))  # of one endpoint in the sample's own order


def _together(made: Everywhere, noun: str, rule: str, wanted: list[str]) -> list[dict[str, Any]]:
    """The first values of all arguments, then the second of all, until each value was used."""
    columns = {name: values_of(made, noun, name) for name in wanted}
    for name, column in columns.items():
        assert column, (
            f"{rule}: no sample gives a row for <{name}>. Return it from `furnish` in tests/samples/{noun}.py: "
            f'{{"{name}": [row]}}.'
        )
    most = max(map(len, columns.values()), default=1)
    return [{name: column[n % len(column)] for name, column in columns.items()} for n in range(most)]


def values_of(made: Everywhere, noun: str, name: str) -> list[Any]:
    """What the noun's own sample gives for that argument, else what any other does."""
    of = made.of.values
    return of.get(noun, {}).get(name) or [each for values in of.values() for each in values.get(name, [])]


# ---- one visit of everybody everywhere


@dataclass(frozen=True)
class Visit:
    """One answer. `how`: page, fragment or head. `may`: whether the table of acts allows it. `wrote`: a row changed."""

    nick: str
    endpoint: str
    url: str
    how: str
    status: int
    kind: str  # its MIME type
    headers: str
    text: str
    may: bool
    wrote: bool


@dataclass(frozen=True)
class Crawled:
    """What the crawl saw; `logged` meanwhile; `whole` = nothing was left out by --noun."""

    visits: list[Visit]
    logged: str
    same: bool  # every row of every table is as it was before
    whole: bool

    def of(self, *hows: str, nick: str = "") -> Iterator[Visit]:
        return (each for each in self.visits if each.how in hows and nick in ("", each.nick))


def look(made: Everywhere, nick: str, endpoint: str, url: str, how: str) -> Visit:
    client, books = made.client(nick), db.database.connection()
    act = getattr(made.desk.app.view_functions.get(endpoint), "act", None)
    before = books.total_changes()
    answer = client.open(url, method="HEAD" if how == "head" else "GET", headers=FRAGMENT if how == "fragment" else {})
    return Visit(
        nick=nick,
        endpoint=endpoint,
        url=url,
        how=how,
        status=answer.status_code,
        kind=answer.mimetype,
        headers=str(answer.headers),
        text=_text(answer),
        may=act is None or people.may(getattr(made.cast, nick), act),
        wrote=books.total_changes() != before,
    )


def _text(answer: Any) -> str:
    """What an answer says, also inside of a workbook."""
    if answer.mimetype.startswith("image/"):
        return ""
    if answer.mimetype.endswith("spreadsheetml.sheet") and answer.data:
        with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
            return "\n".join(book.read(name).decode() for name in book.namelist())
    return str(answer.text)


def visits(made: Everywhere, nicks: tuple[str, ...] = (), only: Callable[[str], bool] | None = None) -> Iterator[Visit]:
    """Every address as everybody, as page and as fragment; `only` these endpoints."""
    everywhere = [each for each in addresses(made) if only is None or only(each[0])]
    for nick in nicks or vars(made.cast):
        kinds, closed = set[str](), set[str]()  # endpoints seen; those that are not for this person
        for endpoint, url in everywhere:
            if endpoint in closed or (endpoint in kinds and not nicks and nick not in EVERY_ROW):
                continue
            page = look(made, nick, endpoint, url, "page")
            yield page
            if page.kind == "text/html":
                yield look(made, nick, endpoint, url, "fragment")
            if endpoint not in kinds and nick == EVERY_ROW[0]:
                yield look(made, nick, endpoint, url, "head")
            kinds.add(endpoint)
            if not page.may:
                closed.add(endpoint)


def crawl(made: Everywhere) -> Crawled:
    """Everybody looks at everything once."""
    heard, root = io.StringIO(), logging.getLogger()
    handler, level, before = logging.StreamHandler(heard), root.level, digest()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    logging.getLogger("peewee").setLevel(logging.INFO)  # every statement: no file ever holds them
    try:
        seen = list(visits(made))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    return Crawled(seen, heard.getvalue(), digest() == before, not made.noun)


class _Undone(Exception):
    pass


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back: each form meets the same books, and nothing waits for the disk."""
    with suppress(_Undone), db.write():
        yield
        raise _Undone
