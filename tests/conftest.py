"""One cast, one estate, real parts (design.md 10)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache

from app import factory
from app.base import db, faults
from app.desk.record import options
from app.desk.who import people
from app.settings import Settings
from tests import asked
from tests.cast import the_cast, the_home
from tests.samples.sample import found

LONG = 10  # --long multiplies every promise's rounds by this (promises.md)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="ten times the rounds, and the tests marked long")
    # pytest --noun around/mail tests/promises/test_every_page.py: what a new noun's own pages and forms do in the crawls.
    # All samples are furnished as ever; only that noun's addresses are looked at and only its forms are sent.
    parser.addoption("--noun", default="", metavar="CHAPTER/NOUN", help="crawl only this noun's addresses and forms")


def pytest_configure(config: pytest.Config) -> None:
    from hypothesis import settings

    rounds = 100 * (LONG if config.getoption("--long") else 1)
    settings.register_profile("desk", max_examples=rounds, deadline=None, print_blob=True)
    settings.load_profile("desk")
    config.pluginmanager.register(asked.Plugin(config), "asked")


# The longest files, the longest first: two workers that begin with them end together.
FIRST = (
    "test_p1_power_cut.py",
    "test_p5_water.py",
    "test_hostile_strings.py",
    "test_p8_two_clerks.py",
    "test_p4_paper.py",
    "test_p2_once.py",
    "test_p15_water.py",
    "test_p9_tampering_shows.py",
)


@pytest.hookimpl(trylast=True)  # after the shuffling
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("long") and not config.getoption("--long"):
            item.add_marker(pytest.mark.skip(reason="only with --long"))
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))


# Seconds of set-up, test and tear-down by folder: what a new chapter costs is seen where it is added.
_spent: dict[str, float] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    folder = report.nodeid.partition("::")[0].removeprefix("tests/").rpartition("/")[0] or "tests"
    _spent[folder] = _spent.get(folder, 0) + report.duration


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if len(_spent) > 1:
        by_folder = sorted(_spent.items(), key=lambda each: -each[1])
        terminalreporter.write_line("seconds: " + ", ".join(f"{folder} {spent:.0f}" for folder, spent in by_folder))


@pytest.fixture(scope="session")
def times(request: pytest.FixtureRequest) -> int:
    """What a test multiplies its rounds with: 1, or 10 with --long."""
    return LONG if request.config.getoption("--long") else 1


@pytest.fixture(scope="session")
def noun(request: pytest.FixtureRequest) -> str:
    """The only noun that is crawled, or empty for all."""
    chosen = str(request.config.getoption("--noun"))
    if chosen and chosen not in found():
        pytest.exit(f"--noun {chosen}: there is no tests/samples/{chosen}.py", returncode=4)
    return chosen


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


class _Compiled(BytecodeCache):
    """Templates compiled once a worker: every test makes an application of its own."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.code:
            bucket.bytecode_from_string(self.code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


Flask.jinja_options = {"bytecode_cache": _Compiled()}


@pytest.fixture(scope="session")
def new_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of new books, made once a worker by the real migrations; tests begin on copies of it."""
    folder = tmp_path_factory.mktemp("new")
    factory.open_books(Settings(data=folder))
    db.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return folder / "qiantai.db"


@pytest.fixture
def books(data: Path, new_books: Path) -> Iterator[Path]:
    """An empty, open set of books on a real file."""
    data.mkdir()
    shutil.copy(new_books, data / "qiantai.db")
    factory.open_books(Settings(data=data))
    options.forget()
    yield data
    faults.disarm()
    db.close()


@pytest.fixture
def cast(books: Path) -> SimpleNamespace:
    """Ana on duty, Ben the second signature, Mia the supervisor, cashier Chen, gate guard Gao, engineers; as Actors."""
    return the_cast()


@pytest.fixture
def home(books: Path) -> SimpleNamespace:
    """Unit 3-2-1101 (103.72 m2, lift) with its owner Li Wei and a tenant's unit 5-1-302."""
    return the_home()


class Client(FlaskClient):
    """Every request goes to http://desk.lan, as from a browser on the LAN (no secure context)."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("base_url", "http://desk.lan")
        kwargs.setdefault("headers", {})
        kwargs["headers"] = {"Origin": "http://desk.lan", **dict(kwargs["headers"])}
        return super().open(*args, **kwargs)


@dataclass
class Desk:
    """The web application with a browser-like client for each of the cast."""

    app: Flask

    def client(self, who: people.Actor) -> FlaskClient:
        """A client signed in as that person (the session made directly: sign-in has its own tests)."""
        from app.desk.who import sessions

        client = self.app.test_client()
        with db.write():
            token = sessions.begin(people.Staff.get_by_id(who.id), station=who.station)
        with client.session_transaction(base_url="http://desk.lan") as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True
        return client

    def key(self) -> str:
        """A form key as a page would carry it."""
        return self.app.extensions["form-keys"].make()


@pytest.fixture(scope="session")
def desk_on() -> Callable[[Path], Desk]:
    """Makes the application on the open books in a folder."""

    def make(folder: Path) -> Desk:
        made = factory.create_app(Settings(data=folder))
        made.test_client_class = Client
        made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        return Desk(made)

    return make


@pytest.fixture
def desk(books: Path, data: Path, desk_on: Callable[[Path], Desk]) -> Desk:
    return desk_on(data)


@pytest.fixture
def htmx() -> dict[str, Any]:
    return {"HX-Request": "true"}
