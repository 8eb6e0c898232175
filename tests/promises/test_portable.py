"""What is written today can move to PostgreSQL tomorrow: its queries (tests/asked.py), its rows, its few statements of SQL."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import peewee
import pytest

from app import schema
from app.base import clock, db
from app.desk.who.people import Staff
from tests import asked, portable

APP = Path(asked.APP)


@pytest.fixture(scope="module")
def twin() -> Iterator[peewee.PostgresqlDatabase]:
    with portable.postgres() as made:
        yield made


# ---- queries


def refused(query: Any, twin: peewee.PostgresqlDatabase) -> str:
    """What the judge says of a query of the product, in one text."""
    recorder = asked.Recorder()
    recorder.keep(query, origin="app/planted.py:1 plant")
    return "\n".join(portable.complaints(recorder.shapes.values(), twin))


PLANTS = {
    "a column that is not grouped": (
        lambda: Staff.select(Staff.name, peewee.fn.COUNT(Staff.id)).group_by(Staff.active),
        "must appear in the GROUP BY",
    ),
    "a number as a condition": (lambda: Staff.select(Staff.id).where(Staff.active), "must be type boolean"),
    "a text compared with a number": (lambda: Staff.select(Staff.id).where(Staff.id == Staff.name), "integer = text"),
    "a function of SQLite's": (lambda: Staff.select(peewee.fn.json_extract(Staff.roles, "$[0]")), "does not exist"),
    "a sum that is a decimal": (lambda: Staff.select(peewee.fn.SUM(Staff.id.cast("BIGINT"))), "use db.total"),
    "a row put in the place of another": (
        lambda: Staff.insert(name="甲", roles=[]).on_conflict_replace(),
        "ValueError",
    ),
    "rows without a value, first or last": (lambda: Staff.select(Staff.id).order_by(Staff.badge), "say nulls="),
    "some rows of many": (lambda: Staff.select(Staff.id).limit(5), "in no order"),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_query_that_postgresql_does_not_take_is_named(plant: str, twin: peewee.PostgresqlDatabase) -> None:
    query, why = PLANTS[plant]
    said = refused(query(), twin)
    assert why in said
    assert said.startswith("app/planted.py:1 plant")
    assert said.count("app/planted.py") == 1


def test_a_query_that_both_take_is_not_named(twin: peewee.PostgresqlDatabase) -> None:
    query = Staff.select(db.total(Staff.version)).where(Staff.active == True, Staff.name.contains("王%"))  # noqa: E712
    assert refused(query, twin) == ""


# ---- rows

WORDS = "𠮷野家的钥匙😀👨‍👩‍👧é “％_\\'\"\n" * 20  # as long as a remark may be, and of every width
BIG, SMALL = 2**63 - 1, 2**31 - 1
LAST, FIRST = datetime(9999, 12, 31, 23, 59, 59, 999000, clock.ZONE), datetime(1970, 1, 1, 8, 0, tzinfo=clock.ZONE)
# Columns whose table allows less than their type does.
HIGH = {"key.store": "entrusted", "water_meter.mode": "card"}
LOW = {
    "charge.fen": 1, "charge.paid": 0, "key.store": "internal", "water_meter.mode": "reading",
    "water_topup.volume": 1, "water_topup.fen": 0,
}  # fmt: skip
KINDS: list[tuple[type[peewee.Field], Any, Any]] = [
    (db.MomentField, LAST, FIRST),
    (db.DayField, date.max, date.min),
    (db.FlagField, True, False),
    (db.JsonField, {WORDS: [WORDS, BIG, None]}, {}),
    (peewee.BlobField, bytes(range(256)), b""),
    (peewee.TextField, WORDS, ""),
    (peewee.BigIntegerField, BIG, -BIG),
    (peewee.IntegerField, SMALL, -SMALL),
]


def extremes(table: type[db.Table]) -> list[dict[str, Any]]:
    """Two rows: as much as every column can hold, and as little (nothing where it may be empty)."""
    rows = []
    for row_id, kept in ((1, HIGH), (2, LOW)):
        row: dict[str, Any] = {}
        for field in table._meta.sorted_fields:
            name = f"{table._meta.table_name}.{field.column_name}"
            if name in kept:
                row[field.name] = kept[name]
            elif row_id == 2 and field.null:
                row[field.name] = None
            elif isinstance(field, peewee.AutoField | peewee.ForeignKeyField):
                row[field.name] = row_id
            else:
                row[field.name] = next(pair[row_id - 1] for kind, *pair in KINDS if isinstance(field, kind))
        rows.append(row)
    return rows


def kept(tables: list[type[db.Table]]) -> dict[str, list[dict[str, Any]]]:
    """Those rows, written to the database the models speak to and read from it again."""
    found = {}
    for table in tables:
        for row in extremes(table):
            table.insert(row).execute()
        found[table._meta.table_name] = sorted((row.__data__ for row in table.select()), key=repr)
    return found


def test_the_largest_and_the_smallest_rows_of_every_table_come_back_as_they_were(
    twin: peewee.PostgresqlDatabase, tmp_path: Path
) -> None:
    tables = peewee.sort_models(schema.TABLES)
    with portable.bound(twin), twin.atomic() as undone:
        there = kept(tables)
        undone.rollback()
    db.open(tmp_path / "here.db")
    db.create(tables)
    here = kept(tables)
    db.close()
    assert there == here == {table._meta.table_name: sorted(extremes(table), key=repr) for table in tables}


def test_a_column_too_narrow_for_its_number_is_noticed(twin: peewee.PostgresqlDatabase) -> None:
    with pytest.raises(peewee.DataError, match="integer out of range"), portable.bound(twin), twin.atomic():
        Staff.insert(name="甲", version=SMALL + 1).execute()


# ---- statements of SQL

# Functions that hand a database SQL of their own, and why. The list may only become shorter.
RAW = {
    "db.execute": "hands on what peewee writes, or the kept text of one row, which is compared with it (tests/desk/test_db.py)",
    "db.execute_sql": "counts statements and hands them on",
    "db.open": "SQLite's own settings, proved by reading them back",
    "db.create": "triggers: PostgreSQL's guards are written otherwise",
    "second.watch": "SQLite's change sets; this file is about nothing else",
    "stored.wrong": "a STRICT table's neighbours may write anything: SQLite's typeof, rowid and json_valid say what is there",
    "stored.undecodable": "only SQLite stores a text that is none",
    "chain._kept": "asked before the tables are known to be whole",
    "site.secret": "asked before the tables are known to be whole",
    "journal.__init__": "a table by its name, as the seals hold it",
    "journal.verify": "a table by its name, as the seals hold it",
    "journal._sealed": "the stored values, not what Python makes of them, are what was sealed",
    "seals.rows": "the stored values, not what Python makes of them, are what was sealed",
    "chain.verify": "half a million rows: a model for each would take minutes",
    "migrations._copy": "VACUUM INTO: a file's copy",
    "keep._copy": "VACUUM INTO: a file's copy",
    "keep._look": "a copy in a file is opened by itself",
    "writing.write": "ANALYZE, the same on both",
    "proof.newest": "the last ids, in a snapshot",
    "proof.problems": "PRAGMA quick_check: the file itself",
    "proof._references": "PRAGMA foreign_key_check: only SQLite can have been written to without it",
    "proof._snapshot": "one reading transaction, without the write lock that peewee's would take",
    "proof._guards": "SQLite's own list of triggers and indexes",
    "proof._numbers": "a few plain columns",
    "proof._papers": "a plain anti-join",
}


def raw(folder: Path) -> set[str]:
    """`module.function` wherever SQL as a text goes to a database; migrations are SQLite's."""
    found = set()
    for file in folder.rglob("*.py"):
        if file.parent.name == "migrations" and file.name[0].isdigit():
            continue
        module = file.parent.name if file.name == "__init__.py" else file.stem
        for function in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef) and any(_hands_sql(node) for node in ast.walk(function)):
                found.add(f"{module}.{function.name}")
    return found


def _hands_sql(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute) and node.attr in ("execute_sql", "pragma"):
        return True
    return isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "execute" and bool(node.args)


def test_nobody_writes_sql_but_those_who_must() -> None:
    assert raw(APP) == RAW.keys()


def test_a_new_statement_of_sql_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "mail.py").write_text("def held():\n    return db.database.execute_sql('SELECT 1').fetchall()\n")
    assert raw(tmp_path) == {"mail.held"}
