"""What a deed's last line seals: a mark for every field of every append-only row the deed added.

The marks stand inside the line, and the line's hash is over them and the rows: a row that was changed, removed or slipped
in by another tool is named by table, id and column (promise P9).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from app.base import db
from app.desk.record import chain

Marks = dict[str, dict[str, str]]  # table -> id -> four hex digits a column
WIDTH = 4


def marks(added: dict[str, list[int]]) -> tuple[Marks, list[Any]]:
    """The marks of these rows, and the rows themselves as stored (for the hash)."""
    found: Marks = {}
    stored: list[Any] = []
    for table, ids in added.items():
        here = list(rows(table, ids))
        found[table] = {str(row[0]): _mark(row) for row in here}
        stored.append([table, here])
    return found, stored


def own_mark(fields: dict[str, Any]) -> str:
    """The mark of the line itself, in the order of its sorted field names."""
    return _mark(fields[name] for name in sorted(fields))


def read(text: str) -> Marks:
    """The marks as a line holds them; nothing where somebody has put something else there."""
    try:
        found = json.loads(text)
        words = [found[""][""], *(mark for marked in found.values() for mark in marked.values())]
        numbers = [int(row_id) for table, marked in found.items() if table for row_id in marked]
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}
    whole = all(isinstance(word, str) for word in words) and all(0 <= each < 2**63 for each in numbers)
    return found if whole and found.keys() - {""} <= db.kept_for_good() else {}


def differing(sealed: Marks) -> Iterator[str]:
    """`table 17 column` for every field that is no longer what was sealed; `table 17` where the row is gone."""
    for table, marked in sealed.items():
        if not table:
            continue
        columns = [each.name for each in db.database.get_columns(table)]
        now = {str(row[0]): _mark(row) for row in rows(table, [int(row_id) for row_id in marked])}
        for row_id, mark in marked.items():
            if row_id not in now:
                yield f"{table} {row_id}: the row is gone"
            elif now[row_id] != mark:
                changed = [name for at, name in enumerate(columns) if _at(now[row_id], at) != _at(mark, at)]
                yield f"{table} {row_id} {' '.join(changed)}: changed"


def changed(fields: dict[str, Any], mark: str) -> list[str]:
    """Which of a line's own fields are not what they were."""
    now = own_mark(fields)
    return [name for at, name in enumerate(sorted(fields)) if _at(now, at) != _at(mark, at)]


def _at(mark: str, column: int) -> str:
    return mark[column * WIDTH : (column + 1) * WIDTH]


def _mark(row: Any) -> str:
    return "".join(hashlib.sha256(chain.canonical(value).encode()).hexdigest()[:WIDTH] for value in row)


def rows(table: str, ids: list[int]) -> Iterator[tuple[Any, ...]]:
    """Those rows of a table as they are stored, by id."""
    for some in db.slices(ids, 500):
        asked = ",".join("?" * len(some))
        query = f"SELECT * FROM {table} WHERE id IN ({asked}) ORDER BY id"  # noqa: S608 - a table of ours
        yield from db.database.execute_sql(query, tuple(some))
