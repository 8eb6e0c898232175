"""Writes rows of the past as their deeds would have: sealed, chained, and fast enough for a million of them."""

from __future__ import annotations

import functools
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from app.base import clock, db
from app.desk.accounts.receipt import Receipt
from app.desk.homes.households import Unit
from app.desk.record import chain, seals
from app.desk.record.journal import Line
from app.desk.who.people import Staff

FLUSH = 60_000  # rows held in memory


def canonical(value: Any) -> str:
    """As app.desk.record.chain has it, with one encoder for all."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@functools.lru_cache(1 << 17)
def _field(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()[: seals.WIDTH]


def mark(row: Any) -> str:
    return "".join(map(_field, row))


class Writer:
    """Rows go in by executemany; ids are given here. `line` seals what a deed added."""

    def __init__(self) -> None:
        self.rows: dict[str, list[tuple[Any, ...]]] = {}
        self.columns: dict[str, list[str]] = {}
        self.ids: dict[str, int] = {}
        self.waiting = 0
        self.head = self._last(Line, Line.hash)
        self.receipt = self._last(Receipt, Receipt.hash)
        key = chain._key()  # read once: the file is asked for at every link
        self._keyed = hashlib.sha256, key
        self.staff = [row.id for row in Staff.select().order_by(Staff.id)]
        self.labels = {unit.id: unit.label for unit in Unit.select(Unit.id, Unit.label)}

    @staticmethod
    def _last(table: Any, column: Any) -> str:
        return table.select(column).where(column.is_null(False)).order_by(table.id.desc()).limit(1).scalar() or ""

    def link(self, previous: str, facts: str) -> str:
        import hmac

        return hmac.new(self._keyed[1], f"{previous}\n{facts}".encode(), hashlib.sha256).hexdigest()

    def add(self, table: str, **values: Any) -> tuple[Any, ...]:
        """One row as it is stored, its id first."""
        if table not in self.columns:
            self.columns[table] = [each.name for each in db.database.get_columns(table)]
            (last,) = db.database.execute_sql(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()
            self.ids[table], self.rows[table] = last, []
        self.ids[table] += 1
        values["id"] = self.ids[table]
        row = tuple([values[name] for name in self.columns[table]])
        self.rows[table].append(row)
        self.waiting += 1
        return row

    def line(self, verb: str, at: datetime, added: dict[str, list[tuple[Any, ...]]], **more: Any) -> None:
        """The deed's line over what it added."""
        own = {
            "at": clock.to_ms(at),
            "day": (at - timedelta(hours=4)).date().isoformat(),
            "verb": verb,
            "subject": None,
            "subject_id": None,
            "unit_id": None,
            "staff": None,
            "deputy": 0,
            "station": "",
            "detail": "{}",
            "key": None,
            "digest": None,
        } | more
        found = {table: {str(row[0]): mark(row) for row in rows} for table, rows in added.items()}
        found[""] = {"": mark(own[name] for name in sorted(own))}
        self.head = self.link(self.head, canonical([own, [[table, added[table]] for table in sorted(added)]]))
        own["staff_id"] = own.pop("staff")
        self.add("journal", **own, seals=canonical(found), hash=self.head)
        if self.waiting > FLUSH:
            self.flush()

    def flush(self) -> None:
        with db.database.atomic():
            for table, rows in self.rows.items():
                names = ",".join(f'"{name}"' for name in self.columns[table])
                marks = ",".join("?" * len(self.columns[table]))
                sql = f"INSERT INTO {table} ({names}) VALUES ({marks})"
                db.database.connection().executemany(sql, rows)
                rows.clear()
        self.waiting = 0
