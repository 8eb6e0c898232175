"""The books open only with the settings they need."""

from __future__ import annotations

import threading

import pytest

from app import schema
from app.base import db
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
