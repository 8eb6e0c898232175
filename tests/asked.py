"""What the product asks of its database while the tests run: one example of each shape of query, judged when all have ended.

Two judges: tests/portable.py (would PostgreSQL take it?) and tests/plans.py (does it stay quick when the books grow?).
One that either refuses fails the run and is named with the line of app/ that asks it.
"""

from __future__ import annotations

import pickle
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peewee
import pytest

from app.base import db

APP = str(Path(db.__file__).parents[1])
STEPS = f"{APP}/migrations/"  # how a file of SQLite's gets its tables; PostgreSQL's come from the models
_VALUES, _ROWS = re.compile(r"\?(, \?)+"), re.compile(r"\(\?\)(, \(\?\))+")


@dataclass(frozen=True)
class Asked:
    """A query with its parameters, as SQLite is asked it and as peewee writes it for PostgreSQL."""

    origin: str  # app/desk/due.py:45 open_list
    here: tuple[str, tuple[Any, ...]]
    there: tuple[str, tuple[Any, ...]]
    refused: str = ""  # why there is nothing to ask PostgreSQL


class Recorder:
    """Stands in for `database.execute(query)`: the same, and new shapes are kept."""

    def __init__(self) -> None:
        self.shapes: dict[str, Asked] = {}
        self._met: set[str] = set()
        self._twin = peewee.PostgresqlDatabase("unconnected")

    def install(self) -> None:
        recorder = self

        def execute(self: Any, query: Any, **options: Any) -> Any:
            sql, params = self.written(query, **options)
            if sql not in recorder._met and (origin := _origin()):
                recorder.keep(query, origin, options)
            return self.execute_sql(sql, params)

        type(db.database).execute = execute

    def keep(self, query: Any, origin: str, options: dict[str, Any] | None = None) -> None:
        sql, params = db.database.get_sql_context(**options or {}).sql(query).query()
        self._met.add(sql)
        shape = _ROWS.sub("(?)", _VALUES.sub("?", sql))  # as many values as there happened to be
        if shape in self.shapes:
            return
        there, refused = ("", []), _undefined(query)
        try:
            there = self._twin.get_sql_context(**options or {}).sql(query).query()
        except Exception as error:
            refused = f"{type(error).__name__}: {error}"
        self.shapes[shape] = Asked(origin, (sql, _plain(params)), (there[0], _plain(there[1])), refused)


def _plain(params: Any) -> tuple[Any, ...]:
    return tuple(bytes(each) if isinstance(each, memoryview) else each for each in params)


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


class Plugin:
    """Keeps what the run asks, in every worker; judges at the end, in the process that has heard them all."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.recorder = Recorder()
        self.heard: dict[str, Asked] = {}
        self.said: list[str] = []
        self.note = ""
        if not config.getoption("collectonly"):
            self.recorder.install()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        found = getattr(node, "workeroutput", {}).get("asked")
        self.heard |= pickle.loads(found) if found else {}

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["asked"] = pickle.dumps(self.recorder.shapes)
            return
        self.heard |= self.recorder.shapes
        if not self.heard:
            return
        from tests import plans, portable

        since, shapes = time.monotonic(), list(self.heard.values())
        self.said = plans.complaints(shapes)
        try:
            with portable.postgres() as twin:
                self.said += portable.complaints(shapes, twin)
        except portable.Missing as missing:
            self.note = f"PostgreSQL was not asked: {missing}"
        else:
            self.note = f"{len(shapes)} shapes of queries judged in {time.monotonic() - since:.1f} s"
        if self.said:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.said:
            terminalreporter.section(f"{len(self.said)} queries are refused", red=True, bold=True)
            terminalreporter.write_line("\n".join(self.said))
        if self.note:
            terminalreporter.write_line(self.note)
