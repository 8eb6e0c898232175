"""Every query of the product is one that PostgreSQL takes too.

While tests run, one example of each shape of query that app/ runs is kept, written as peewee writes it for PostgreSQL.
When all have ended, a PostgreSQL of our own prepares each of them; one that it refuses fails the run and is named.
"""

from __future__ import annotations

import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peewee
import pytest

from app import schema
from app.base import db

try:
    import psycopg
    from psycopg.adapt import PyFormat, Transformer
except ImportError:  # the desk itself does not need it
    psycopg = None

APP = str(Path(db.__file__).parents[1])
STEPS = f"{APP}/migrations/"  # how a file of SQLite's gets its tables; PostgreSQL's come from the models
NUMERIC = 1700  # PostgreSQL's type of what is neither a whole nor a floating number
_VALUES, _ROWS = re.compile(r"\?(, \?)+"), re.compile(r"\(\?\)(, \(\?\))+")


@dataclass(frozen=True)
class Shape:
    """A query as PostgreSQL is asked it (`refused`: why peewee cannot even write it), and who asks."""

    sql: str
    params: tuple[Any, ...]
    origin: str  # app/desk/due.py:45 meet
    refused: str = ""


class Recorder:
    """Stands in for `database.execute(query)`: the same, and new shapes are kept."""

    def __init__(self) -> None:
        self.shapes: dict[str, Shape] = {}
        self._met: set[str] = set()
        self._twin = peewee.PostgresqlDatabase("unconnected")

    def install(self) -> None:
        recorder = self

        def execute(self: Any, query: Any, **options: Any) -> Any:
            sql, params = self.get_sql_context(**options).sql(query).query()
            if sql not in recorder._met and (origin := _origin()):
                recorder.keep(sql, query, options, origin)
            return self.execute_sql(sql, params)

        type(db.database).execute = execute

    def keep(self, sql: str, query: Any, options: dict[str, Any], origin: str) -> None:
        self._met.add(sql)
        shape = _ROWS.sub("(?)", _VALUES.sub("?", sql))  # as many values as there happened to be
        if shape in self.shapes:
            return
        if why := _undefined(query):
            self.shapes[shape] = Shape(sql, (), origin, refused=why)
            return
        try:
            found = self._twin.get_sql_context(**options).sql(query).query()
            self.shapes[shape] = Shape(found[0], tuple(found[1]), origin)
        except Exception as error:
            self.shapes[shape] = Shape(sql, (), origin, refused=f"{type(error).__name__}: {error}")


def _undefined(query: Any) -> str:
    """What both take and answer differently: where rows without a value stand, which rows are the first of many."""
    order = getattr(query, "_order_by", None) or ()
    for term in order:
        field = term.node if isinstance(term, peewee.Ordering) else term
        if isinstance(field, peewee.Field) and field.null and not getattr(term, "nulls", None):
            return f"{field.name} may be empty: SQLite puts that first, PostgreSQL last; say nulls="
    if getattr(query, "_limit", None) not in (None, 1) and not order:
        return "some of many rows, in no order: SQLite gives the oldest, PostgreSQL any"
    return ""


def _origin() -> str:
    """The line of the product that asks; empty where a test does."""
    frame = sys._getframe(2)
    while frame and frame.f_code.co_filename in (peewee.__file__, db.__file__):
        frame = frame.f_back
    file = frame.f_code.co_filename if frame else ""
    if not file.startswith(APP) or file.startswith(STEPS):
        return ""
    return f"app{file.removeprefix(APP)}:{frame.f_lineno} {frame.f_code.co_name}"


# ---- a PostgreSQL of our own


class Missing(Exception):
    """Why there is no PostgreSQL to ask."""


@contextmanager
def postgres() -> Iterator[peewee.PostgresqlDatabase]:
    """A new cluster on a socket in a folder of its own, with the desk's tables; gone afterwards."""
    if psycopg is None:
        raise Missing("psycopg is not installed (extra “test”)")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found or int(found[-1].parts[-3]) < 15:
        raise Missing("PostgreSQL 15 or newer is not installed: apt-get install postgresql")
    programs = found[-1].parent
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    # It refuses to run as root.
    who: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if who:
        shutil.chown(folder, "postgres", "postgres")
    quiet: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **who}
    make = ["initdb", "-D", "data", "-U", "desk", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    serve = ["postgres", "-D", "data", "-k", str(folder), *_options(listen_addresses="", fsync="off", autovacuum="off")]
    try:
        subprocess.run([programs / make[0], *make[1:]], check=True, **quiet)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([programs / serve[0], *serve[1:]], **(quiet | {"stderr": log}))
        try:
            yield _connected(folder, server)
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _options(**options: str) -> list[str]:
    return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]


def _connected(folder: Path, server: subprocess.Popen[bytes]) -> peewee.PostgresqlDatabase:
    twin = peewee.PostgresqlDatabase("postgres", user="desk", host=str(folder))
    for _ in range(1000):
        try:
            twin.connect()
            break
        except peewee.OperationalError:
            if server.poll() is not None:
                raise Missing((folder / "log").read_text()) from None
            time.sleep(0.02)
    with bound(twin):
        twin.create_tables(schema.TABLES)
    return twin


@contextmanager
def bound(twin: peewee.Database) -> Iterator[None]:
    """The models speak to that database; STRICT is a word of SQLite's alone."""
    with ExitStack() as back, twin.bind_ctx(schema.TABLES):
        for table in schema.TABLES:
            back.callback(setattr, table._meta, "strict_tables", table._meta.strict_tables)
            table._meta.strict_tables = False
        yield


def complaints(shapes: Iterable[Shape], twin: peewee.PostgresqlDatabase) -> list[str]:
    """What PostgreSQL does not take, each with where it came from."""
    connection = twin.connection()
    said = []
    for shape in shapes:
        why = shape.refused or _refusal(connection, shape)
        if why:
            said.append(f"{shape.origin}\n    {shape.sql}\n    {why}")
    return sorted(said)


def _refusal(connection: Any, shape: Shape) -> str:
    """Why PostgreSQL cannot prepare it with parameters of these types; empty where it can."""
    count = iter(range(1, len(shape.params) + 1))
    sql = re.sub("%[s%]", lambda found: f"${next(count)}" if found[0] == "%s" else "%", shape.sql)
    kinds = Transformer(connection)
    kinds.dump_sequence(shape.params, [PyFormat.AUTO] * len(shape.params))
    made = connection.pgconn.prepare(b"", sql.encode(), kinds.types)
    if made.error_message:
        return str(made.error_message.decode().strip())
    answer = connection.pgconn.describe_prepared(b"")
    decimals = [answer.fname(n).decode() for n in range(answer.nfields) if answer.ftype(n) == NUMERIC]
    return f"answers with a decimal, not with a whole number: {', '.join(decimals)}; use db.total" if decimals else ""


# ---- the run


class Plugin:
    """Keeps what the run asks, in every worker; judges at the end, in the one that has heard them all."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.recorder: Recorder | None = None
        self.heard: dict[str, Shape] = {}
        self.said: list[str] = []
        self.note = ""
        if psycopg is not None and not config.getoption("collectonly"):
            self.recorder = Recorder()
            self.recorder.install()

    def pytest_testnodedown(self, node: Any) -> None:
        self.heard |= pickle.loads(getattr(node, "workeroutput", {}).get("shapes") or pickle.dumps({}))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        mine = self.recorder.shapes if self.recorder else {}
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["shapes"] = pickle.dumps(mine)
            return
        self.heard |= mine
        if not self.heard and self.recorder:
            return
        since = time.monotonic()
        try:
            with postgres() as twin:
                self.said = complaints(self.heard.values(), twin)
                twin.close()
        except Missing as missing:
            self.note = f"PostgreSQL was not asked: {missing}"
            return
        self.note = f"{len(self.heard)} shapes of queries prepared by PostgreSQL in {time.monotonic() - since:.1f} s"
        if self.said:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.said:
            terminalreporter.section(f"PostgreSQL refuses {len(self.said)} queries", red=True, bold=True)
            terminalreporter.write_line("\n".join(self.said))
        if self.note:
            terminalreporter.write_line(self.note)
