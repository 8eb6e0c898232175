"""SQLite as the books need it: one writer, durable commits, strict tables, append-only where nothing may change.

Everything that only SQLite can do is in this file (platform.md 6).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import apsw
import peewee
from playhouse.apsw_ext import APSWDatabase

from app.base import clock
from app.base.refusal import N_

Row = TypeVar("Row")
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a receipt that was shown is on the disk (promise P1)
    "foreign_keys": 1,
    "recursive_triggers": 1,  # else INSERT OR REPLACE slips past the append-only triggers
    "secure_delete": 1,
    "busy_timeout": 5000,
}
OLDEST_SQLITE = (3, 51, 3)  # before: a WAL reset could lose a commit


class OutOfRange(Exception):
    """A number that no row can have: an address that somebody made up."""


class _Books(APSWDatabase):  # type: ignore[misc]  # peewee has types, its playhouse has none
    """Counts statements a thread, so that a test can say how many a page costs; knows what a transaction added."""

    def _add_conn_hooks(self, conn: apsw.Connection) -> None:
        super()._add_conn_hooks(conn)
        conn.set_update_hook(_changed)

    def execute(self, query: Any, **options: Any) -> Any:
        return self.execute_sql(*self.written(query, **options))

    def written(self, query: Any, **options: Any) -> tuple[str, Any]:
        """A query as SQL, and its values."""
        row = _plain_row(query)
        if row is not None:
            return _insert(query.model, row)
        sql, values = self.get_sql_context(**options).sql(query).query()
        return sql, values

    def execute_sql(self, sql: str, params: Any = None, *args: Any, **kwargs: Any) -> Any:
        _local.statements = getattr(_local, "statements", 0) + 1
        try:
            return super().execute_sql(sql, params, *args, **kwargs)
        except OverflowError:
            raise OutOfRange from None


def _changed(kind: int, _schema: str, table: str, rowid: int) -> None:
    if kind == apsw.SQLITE_INSERT and table in _kept_for_good:
        vars(_local).setdefault("added", {}).setdefault(table, []).append(rowid)


# A payment inserts a dozen rows; writing their SQL took more time than the database did. The text of an INSERT depends on its
# table and columns alone, so it is kept; everything that is more than one row of plain values is peewee's.
_insert_texts: dict[tuple[Any, tuple[Any, ...]], tuple[str, list[Any]]] = {}


def _plain_row(query: Any) -> dict[Any, Any] | None:
    """Field -> value, defaults filled in, of an INSERT of one row; None where it is anything else."""
    if type(query) is not peewee.ModelInsert:
        return None
    query = cast("Any", query)  # its parts have no types
    if type(query._insert) is not dict or query._columns or query._on_conflict or query._returning or query._cte_list:
        return None
    row = dict(query._insert)
    for field, default in query.model._meta.defaults.items():
        if field not in row:
            row[field] = default() if callable(default) else default
    if any(isinstance(value, peewee.Node) and not isinstance(value, peewee.Model) for value in row.values()):
        return None
    return row if all(isinstance(field, peewee.Field) for field in row) else None


def _insert(model: Any, row: dict[Any, Any]) -> tuple[str, list[Any]]:
    """The text, and the values in its order."""
    known = _insert_texts.get((model, tuple(row)))
    if known is None:
        fields = sorted(row, key=lambda field: field._order)
        columns = ", ".join(f'"{field.column_name}"' for field in fields)
        marks = ", ".join("?" * len(fields))
        text = f'INSERT INTO "{model._meta.table_name}" ({columns}) VALUES ({marks})'  # noqa: S608 - names of ours
        known = _insert_texts[model, tuple(row)] = text, fields
    text, fields = known
    return text, [field.db_value(row[field]) for field in fields]


_local = threading.local()
_forgetting: list[Callable[[], None]] = []
_kept_for_good: set[str] = set()  # append-only tables
_writing = threading.Lock()
second: Any = None  # app.base.second.Second, where the settings name a second journal
# lock_type: a transaction that reads, then writes must hold the write lock from its start.
database = _Books(None, lock_type="IMMEDIATE", timeout=5)


class Damaged(Exception):
    """The database is not what this program may write to; it refuses to start and says why."""


def open(path: Path | str, *, vfs: str | None = None) -> None:
    """Bind the books to a file (through that SQLite VFS) and prove the settings by reading them back."""
    if tuple(int(part) for part in apsw.sqlitelibversion().split(".")) < OLDEST_SQLITE:
        raise Damaged(f"SQLite {apsw.sqlitelibversion()} is too old; {OLDEST_SQLITE} or newer is needed.")
    _kept_for_good.update(table._meta.table_name for table in AppendOnly.__subclasses__())
    for forget in _forgetting:
        forget()
    database.init(str(path), pragmas=PRAGMAS, vfs=vfs)
    database.connect(reuse_if_open=True)
    for name, wanted in PRAGMAS.items():
        found = database.pragma(name)
        if str(found) != str(wanted):
            raise Damaged(f"PRAGMA {name} reads back {found}, {wanted} is needed.")


def when_opened(forget: Callable[[], None]) -> None:
    """Whoever remembers rows of the books between requests forgets them when others are opened."""
    _forgetting.append(forget)


def slices(rows: Sequence[Row], most: int) -> Iterator[Sequence[Row]]:
    """Some rows at a time."""
    return (rows[at : at + most] for at in range(0, len(rows), most))


def close() -> None:
    """Close this thread's connection."""
    if not database.is_closed():
        database.close()


def connect() -> None:
    """Give this thread its connection (kept: the last one to close would check-point, platform.md 3)."""
    database.connect(reuse_if_open=True)


def statements() -> int:
    """How many statements this thread has run so far."""
    return getattr(_local, "statements", 0)


@contextmanager
def write() -> Iterator[bool]:
    """One write transaction; yields True for the outermost. Inner ones join it (no savepoints: all or nothing)."""
    connect()
    if database.in_transaction():
        yield False
        return
    _local.after, _local.added = [], {}
    with _writing:
        with database.atomic():
            heard = second.watch(database.connection()) if second else None
            yield True
            change = heard.changeset() if heard else b""
        if second:
            second.append(second.mark(), change)
    for act in _local.after:
        act()


def added() -> dict[str, list[int]]:
    """Table -> ids of the append-only rows this transaction has added so far."""
    return {table: sorted(ids) for table, ids in sorted(_local.added.items())}


def kept_for_good() -> set[str]:
    """The append-only tables."""
    return set(_kept_for_good)


def after_commit(act: Callable[[], None]) -> None:
    """Run `act` when the outermost transaction has been committed: waking a worker, never a rule."""
    if not database.in_transaction():
        act()
    elif act not in _local.after:
        _local.after.append(act)


_rendered = peewee.Field.__sql__


def _render(field: Any, ctx: Any) -> Any:
    """`"t1"."name"` in one step where peewee takes a dozen: two fifths of a page's time went into writing its columns."""
    table = field.model._meta.table
    if ctx.scope == peewee.SCOPE_VALUES or table._alias:
        return _rendered(field, ctx)
    return ctx.literal(f'"{ctx.alias_manager[table]}"."{field.column_name}"')


peewee.Field.__sql__ = _render  # type: ignore[method-assign]


# Money in whole fen. 32 bits end at 21 million yuan, and only SQLite's INTEGER is wider than that by itself.
FenField = peewee.BigIntegerField


class MomentField(peewee.BigIntegerField):
    """A moment as milliseconds since 1970 (UTC); aware datetimes in Python."""

    def db_value(self, value: datetime | int | None) -> int | None:
        return clock.to_ms(value) if isinstance(value, datetime) else value

    def python_value(self, value: int | None) -> datetime | None:
        return None if value is None else clock.from_ms(value)


class DayField(peewee.TextField):
    """A calendar day as `2026-11-22`."""

    def db_value(self, value: date | str | None) -> str | None:
        return value.isoformat() if isinstance(value, date) else value

    def python_value(self, value: str | None) -> date | None:
        return None if value is None else date.fromisoformat(value)


class FlagField(peewee.IntegerField):
    def db_value(self, value: bool | None) -> int | None:
        return None if value is None else int(value)

    def python_value(self, value: int | None) -> bool | None:
        return None if value is None else bool(value)


class JsonField(peewee.TextField):
    """Small facts that are shown, never searched: canonical JSON (sorted keys, no spaces)."""

    def db_value(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def python_value(self, value: str | None) -> Any:
        return None if value is None else json.loads(value)


def total(column: Any) -> Any:
    """SUM as a whole number (NULL of nothing), in a query: PostgreSQL's sum of 64-bit numbers is a decimal."""
    return peewee.fn.SUM(column).cast("BIGINT")


class Table(peewee.Model):
    id: Any  # peewee adds it to every table without a key of its own

    class Meta:
        database = database
        only_save_dirty = True
        strict_tables = True
        legacy_table_names = False


class AppendOnly(Table):
    """Rows are never changed or deleted; mistakes are reversed by new rows (promise P9)."""


def _guards(table: type[Table]) -> list[str]:
    name = table._meta.table_name
    return [
        f"CREATE TRIGGER IF NOT EXISTS {name}_no_{verb} BEFORE {verb} ON {name} "
        f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
        for verb in ("update", "delete")
    ]


def create(tables: list[type[Table]]) -> None:
    """Make tables, indexes and guards where they are missing."""
    database.create_tables(tables)
    for table in tables:
        if issubclass(table, AppendOnly):
            for sql in _guards(table):
                database.execute_sql(sql)


_TROUBLES = (
    ("full", N_("The disk is full: nothing was written. Free some space, then do it again.")),
    ("readonly", N_("The books cannot be written to: the disk is read-only. Nothing was written.")),
    ("read-only", N_("The books cannot be written to: the disk is read-only. Nothing was written.")),
    ("i/o", N_("The disk does not answer properly. Nothing was written; call whoever looks after this machine.")),
    ("ioerr", N_("The disk does not answer properly. Nothing was written; call whoever looks after this machine.")),
    ("locked", N_("The books are held by another program. Nothing was written; try again in a moment.")),
    ("busy", N_("The books are held by another program. Nothing was written; try again in a moment.")),
)


def trouble(error: BaseException) -> str | None:
    """What to tell people where the medium failed (promise P16), as an English msgid; None for a fault of ours."""
    kind = f"{type(error).__name__} {error}".lower()
    if not isinstance(error, (peewee.OperationalError, apsw.Error)):
        return None
    return next((text for sign, text in _TROUBLES if sign in kind), None)
