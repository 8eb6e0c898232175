"""Whether what is stored can be read at all: a field that another tool filled with something else is named (promise P9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import peewee

from app.base import db

MOST = 20  # rows named, a table
_DAYS = "'0001-01-01' AND '9999-12-31'"
_MOMENTS = "0 AND 253370764800000"  # to the year 9999, in ms
_NUMBERS = "-1000000000000000 AND 1000000000000000"  # what is added up must not overflow
_SHAPES = {dict: "object", list: "array"}  # what a JSON field holds, by its default


def wrong(tables: Sequence[type[db.Table]], *, newest: int | None = None) -> Iterator[str]:
    """`receipt 2 facts: ...` for each field that its column cannot hold; of the newest rows where a number is given."""
    for table in tables:
        name, (tests, said) = table._meta.table_name, zip(*_tests(table), strict=True)
        recent = f"rowid > (SELECT MAX(rowid) FROM {name}) - {newest} AND " if newest else ""  # noqa: S608 - ours
        query = (
            f"SELECT rowid, {', '.join(tests)} FROM {name} "  # noqa: S608 - names and tests of ours
            f"WHERE {recent}({' OR '.join(tests)}) LIMIT {MOST}"
        )
        for row, *found in db.database.execute_sql(query).fetchall():
            yield from (f"{name} {row} {words}" for words, bad in zip(said, found, strict=True) if bad)


def _tests(table: type[db.Table]) -> list[tuple[str, str]]:
    """(SQL that is true where a row cannot be read or breaks a CHECK of its table, what to say then)."""
    fields = table._meta.sorted_fields
    rules = [rule for field in fields for rule in field.constraints or ()] + list(table._meta.constraints or ())
    checks = [rule.sql.removeprefix("CHECK ") for rule in rules]
    return [
        *((f"({_wrong(field)})", f"{field.column_name}: this is no {_kind(field)}") for field in fields),
        *((f"(NOT {check})", f"is not what its table asks: {check}") for check in checks),
    ]


def undecodable(tables: Sequence[type[db.Table]]) -> Iterator[str]:
    """Texts that are no UTF-8: SQLite keeps them and nobody can read them. Slow; asked where a walk fell over one."""
    for table in tables:
        for field in (field for field in table._meta.sorted_fields if field.field_type == "TEXT"):
            name, column = table._meta.table_name, field.column_name
            for row, stored in db.database.execute_sql(f'SELECT rowid, CAST("{column}" AS BLOB) FROM {name}'):  # noqa: S608
                try:
                    (stored or b"").decode()
                except UnicodeDecodeError:
                    yield f"{name} {row} {column}: this is no text"


def _wrong(field: peewee.Field) -> str:
    """SQL: whether a row's value cannot be read as this field."""
    column = f'"{field.column_name}"'
    nothing = "null" if field.null else _stored_as(field)
    kind = f"typeof({column}) NOT IN ('{_stored_as(field)}', '{nothing}')"
    if isinstance(field, db.JsonField):
        shape = _SHAPES.get(field.default)
        fits = f"json_type({column}) = '{shape}'" if shape else "1"
        return f"{kind} OR NOT CASE WHEN {column} IS NULL THEN 1 WHEN json_valid({column}) THEN {fits} ELSE 0 END"
    if isinstance(field, db.DayField):
        return f"{kind} OR {column} NOT BETWEEN {_DAYS} OR date({column}) IS NOT {column}"
    if isinstance(field, db.MomentField):
        return f"{kind} OR {column} NOT BETWEEN {_MOMENTS}"
    return kind if _stored_as(field) != "integer" else f"{kind} OR {column} NOT BETWEEN {_NUMBERS}"


def _stored_as(field: peewee.Field) -> str:
    return {"TEXT": "text", "BLOB": "blob"}.get(str(field.field_type), "integer")  # ids and keys of other rows too


def _kind(field: peewee.Field) -> str:
    names = {db.JsonField: "JSON that the desk has written", db.DayField: "day", db.MomentField: "moment"}
    plain = {"integer": "whole number of a desk", "text": "text", "blob": "picture"}
    return names.get(type(field)) or plain[_stored_as(field)]
