"""The books open only with the settings they need."""

from __future__ import annotations

import threading
from pathlib import Path

import peewee
import pytest

from app import schema
from app.base import clock, db
from app.desk.record.numbering import Series
from app.desk.who.people import Staff


def test_the_books_do_not_open_when_a_pragma_reads_back_wrong(data, monkeypatch: pytest.MonkeyPatch) -> None:
    data.mkdir()
    monkeypatch.setitem(db.PRAGMAS, "synchronous", "7")
    with pytest.raises(db.Damaged, match="synchronous"):
        db.open(data / "x.db")
    db.close()


def test_the_books_do_not_open_on_an_old_sqlite(data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db.apsw, "sqlitelibversion", lambda: "3.40.1")
    with pytest.raises(db.Damaged, match="too old"):
        db.open(data / "x.db")


def test_every_table_is_strict(books) -> None:
    loose = [
        row[0]
        for row in db.database.execute_sql(
            "SELECT name FROM pragma_table_list WHERE strict = 0 AND schema = 'main' AND type = 'table'"
        )
        if not row[0].startswith("sqlite_")
    ]
    assert loose == []
    assert len(schema.TABLES) > 10


def test_a_failed_transaction_leaves_nothing(books) -> None:
    with pytest.raises(ZeroDivisionError), db.write():
        Staff.create(name="x")
        1 / 0  # noqa: B018
    assert Staff.select().count() == 0


def test_what_waits_for_the_commit_runs_once_after_it(books) -> None:
    seen: list[int] = []

    def wake() -> None:
        seen.append(Staff.select().count())

    with db.write():
        db.after_commit(wake)
        db.after_commit(wake)
        Staff.create(name="x")
        assert seen == []
    assert seen == [1]


def test_two_threads_write_one_after_the_other(books) -> None:
    def work() -> None:
        for _ in range(50):
            with db.write():
                row = Staff.get_or_none(Staff.name == "n") or Staff.create(name="n", version=0)
                Staff.update(version=row.version + 1).where(Staff.id == row.id).execute()
        db.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Staff.get().version == 200


def test_a_kept_insert_says_what_peewee_would_say(books: Path) -> None:
    """Every table, with as little and with as much as a row can be given."""
    for table in schema.TABLES:
        fields = [field for field in table._meta.sorted_fields if not isinstance(field, peewee.AutoField)]
        needed = [field for field in fields if not field.null and field.default is None]
        for chosen in (needed, fields, list(reversed(fields))):
            query = table.insert({field: _value(field) for field in chosen})
            row = db._plain_row(query)
            if row is None:
                assert query._returning, f"{table}: a plain row is not seen as one"
                continue
            for _ in "12":  # written, then kept
                assert db._insert(table, row) == query.sql(), table


def _value(field: peewee.Field) -> object:
    if isinstance(field, peewee.ForeignKeyField):
        return field.rel_model(id=7)
    known = {db.MomentField: clock.now(), db.DayField: clock.today(), db.FlagField: True, db.JsonField: {"a": [1]}}
    return known.get(type(field), b"png" if isinstance(field, peewee.BlobField) else "7")


def test_what_is_more_than_a_plain_row_is_left_to_peewee(books: Path) -> None:
    plain = {"name": "SJ", "year": 2026}
    assert db._plain_row(Series.insert(plain)) is not None
    for query in (
        Series.insert_many([plain]),
        Series.insert(plain).on_conflict_ignore(),
        Series.insert(plain).returning(Series.last),
        Series.insert({**plain, "last": Series.last + 1}),
        Series.update(last=1),
    ):
        assert db._plain_row(query) is None
