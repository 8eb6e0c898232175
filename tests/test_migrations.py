"""A database of yesterday becomes one of today, or stays as it was."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playhouse import schema_diff

from app import migrations, schema
from app.base import db

FIRST = """
def up(migrator, db):
    db.execute_sql("CREATE TABLE key_ring (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT")
    db.execute_sql("INSERT INTO key_ring (name) VALUES ('A')")
"""
SECOND = """
def up(migrator, db):
    db.execute_sql("ALTER TABLE key_ring ADD COLUMN hook TEXT NOT NULL DEFAULT ''")
"""
BROKEN = """
def up(migrator, db):
    db.execute_sql("ALTER TABLE key_ring ADD COLUMN colour TEXT NOT NULL DEFAULT ''")
    db.execute_sql("ALTER TABLE nowhere ADD COLUMN colour TEXT")
"""


@pytest.fixture
def steps(tmp_path: Path) -> Iterator[Path]:
    """A directory with one migration, and an open, empty database."""
    directory = tmp_path / "steps"
    directory.mkdir()
    (directory / "0001_first.py").write_text(FIRST)
    db.open(tmp_path / "qiantai.db")
    yield directory
    db.close()


def columns() -> list[str]:
    return [column.name for column in db.database.get_columns("key_ring")]


def test_a_new_database_gets_every_step_once_and_no_copy_is_made_of_nothing(steps: Path) -> None:
    (steps / "0002_hook.py").write_text(SECOND)
    assert migrations.up(steps) == ["0001_first", "0002_hook"]
    assert columns() == ["id", "name", "hook"]
    assert migrations.up(steps) == []
    assert not list(steps.parent.glob("*-before-*"))


def test_a_database_with_something_in_it_is_copied_before_it_is_changed(steps: Path) -> None:
    migrations.up(steps)
    (steps / "0002_hook.py").write_text(SECOND)
    assert migrations.up(steps) == ["0002_hook"]
    copy = steps.parent / "qiantai-before-0002_hook.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    db.close()
    db.open(copy)
    assert columns() == ["id", "name"]
    assert db.database.execute_sql("SELECT name FROM key_ring").fetchall() == [("A",)]


def test_a_step_that_fails_half_way_leaves_the_database_as_it_was(steps: Path) -> None:
    migrations.up(steps)
    (steps / "0002_broken.py").write_text(BROKEN)
    for _ in "12":  # the next start fails in the same way: nothing was half done
        with pytest.raises(Exception, match="nowhere"):
            migrations.up(steps)
        assert columns() == ["id", "name"]
    (steps / "0002_broken.py").write_text(SECOND)
    assert migrations.up(steps) == ["0002_broken"]


def test_the_database_of_a_newer_program_is_refused(steps: Path) -> None:
    (steps / "0002_hook.py").write_text(SECOND)
    migrations.up(steps)
    (steps / "0002_hook.py").unlink()
    with pytest.raises(db.Damaged, match="newer program"):
        migrations.up(steps)


def test_a_database_of_something_else_is_refused(steps: Path) -> None:
    db.database.execute_sql("CREATE TABLE cookbook (id INTEGER PRIMARY KEY)")
    with pytest.raises(db.Damaged, match="not made by this program"):
        migrations.up(steps)


def shape() -> dict[str, object]:
    """What the open database is made of, however it came to be: columns, keys, indexes, guards."""
    ask = db.database.execute_sql
    found: dict[str, object] = {}
    for name, kind, strict in ask("SELECT name, type, strict FROM pragma_table_list WHERE schema = 'main'").fetchall():
        if kind != "table" or name in ("schema_migration", "sqlite_schema") or name.startswith("sqlite_"):
            continue
        columns = ask('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', (name,)).fetchall()
        parents = ask('SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)', (name,)).fetchall()
        checks = sorted(re.findall(r"CHECK *\((.*?)\)(?=[,) ])", ask(SQL_OF, (name,)).fetchone()[0]))
        found[name] = (strict, sorted(columns), sorted(parents), checks)
    made = ask(
        "SELECT name, sql FROM sqlite_master "
        "WHERE type IN ('index', 'trigger') AND sql IS NOT NULL AND tbl_name != 'schema_migration'"
    ).fetchall()
    return found | {name: re.sub(r"IF NOT EXISTS|\s+", " ", sql) for name, sql in made}


SQL_OF = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"


def test_the_migrations_make_what_the_models_say(tmp_path: Path) -> None:
    """Fails after a change of a table: write the next one with `scripts/migration NAME`."""
    made = []
    for name, make in (("models.db", lambda: db.create(schema.TABLES)), ("steps.db", migrations.up)):
        db.open(tmp_path / name)
        make()
        made.append(shape())
        assert not schema_diff.diff_models(db.database, schema.TABLES)
        db.close()
    by_models, by_steps = made
    assert by_steps == by_models
    assert len(by_models) > len(schema.TABLES)


def test_a_changed_table_would_be_noticed(tmp_path: Path) -> None:
    db.open(tmp_path / "steps.db")
    migrations.up()
    before = shape()
    changes = ("ALTER TABLE receipt ADD COLUMN stamp TEXT", "DROP TRIGGER receipt_no_update", "DROP INDEX charge_open")
    for change in changes:
        db.database.execute_sql("SAVEPOINT change")
        db.database.execute_sql(change)
        assert shape() != before, change
        db.database.execute_sql("ROLLBACK TO change")
    db.close()
