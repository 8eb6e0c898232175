"""The row that an address or a form means: screens write no query."""

from __future__ import annotations

from typing import Any, TypeVar

from flask import abort

from app.base import db

T = TypeVar("T", bound=db.Table)


def row(table: type[T], id: int | None, **where: Any) -> T:
    """`row(Relation, relation, unit=unit)`: the row of that id for which this holds too, or 404."""
    if id is None:
        abort(404)
    equal = [getattr(table, name) == value for name, value in where.items()]
    found: T = table.get_or_none(table.id == id, *equal) or abort(404)
    return found
