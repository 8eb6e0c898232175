"""What `scripts/migration NAME` writes is right as it is."""

from __future__ import annotations

import gc
import importlib.machinery
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import peewee
import pytest

from app import migrations
from app.base import db

HOUSE = Path(__file__).parent.parent
BIN = HOUSE / ".venv" / "bin"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("migration", str(HOUSE / "scripts/migration"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("migration", loader))
    loader.exec_module(module)
    return module


@pytest.fixture
def steps(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "steps"
    folder.mkdir()
    yield folder
    db.close()
    gc.collect()  # the tables made up here are no tables of the next test's books
    db._kept_for_good.discard("test_parcel")
    assert not [table for table in db.AppendOnly.__subclasses__() if table._meta.table_name.startswith("test_")]


def shelf(**more: Any) -> type[db.Table]:
    """A table made up here; what it has besides its name."""
    meta = type("Meta", (), {"table_name": "test_shelf", "indexes": ((("name",), True),)})
    return type("Shelf", (db.Table,), {"name": peewee.TextField(), "Meta": meta, **more})


def parcel(of: type[db.Table], base: type[db.Table] = db.Table, **more: Any) -> type[db.Table]:
    meta = type("Meta", (), {"table_name": "test_parcel"})
    fields = {"shelf": peewee.ForeignKeyField(of, null=True), "at": db.MomentField(index=True)}
    return type("Parcel", (base,), {**fields, "Meta": meta, **more})


def built(script: ModuleType, make: Any) -> Any:
    """A database as the script reads it: SQLite's own words of indexes and guards, the shape of every table."""
    found, shapes = script.made_by(make)
    return {key: row for key, row in found.items() if key[0] != "table"}, shapes


def agree(script: ModuleType, tables: list[type[db.Table]], steps: Path) -> bool:
    return bool(built(script, lambda: migrations.up(steps)) == built(script, lambda: db.create(tables)))


def test_new_tables_are_strict_indexed_and_guarded_as_the_models_say(script, steps: Path) -> None:
    one = shelf()
    tables = [one, parcel(one, db.AppendOnly)]
    path = script.write("add_parcels", tables, steps)
    assert path.name == "0001_add_parcels.py"
    assert agree(script, tables, steps)
    text = path.read_text("utf-8")
    assert text.count(") STRICT\n") == 2
    assert "test_parcel_no_update" in text
    assert max(len(line) for line in text.splitlines()) <= 160
    assert script.write("again", tables, steps) is None


def test_a_column_that_may_be_empty_is_added_where_its_table_is(script, steps: Path) -> None:
    one = shelf()
    script.write("first", [one, parcel(one)], steps)
    changed = [one, parcel(one, remark=peewee.TextField(null=True), beside=peewee.ForeignKeyField(one, null=True))]
    path = script.write("remark", changed, steps)
    assert path.name == "0002_remark.py"
    assert "test_parcel_new" not in path.read_text("utf-8")
    assert agree(script, changed, steps)


def test_any_other_change_makes_the_table_anew_with_its_rows_and_those_that_name_it(
    script, steps: Path, tmp_path: Path
) -> None:
    one = shelf()
    script.write("first", [one, parcel(one)], steps)
    db.open(tmp_path / "books.db")
    migrations.up(steps)
    db.database.execute_sql("INSERT INTO test_shelf (id, name) VALUES (7, 'A'), (8, 'B')")
    db.database.execute_sql("INSERT INTO test_parcel (id, shelf_id, at) VALUES (1, 7, 5), (2, 8, 6)")
    db.close()
    new = shelf(row=peewee.IntegerField(default=3), places=db.JsonField(default=list), full=db.FlagField(default=False))
    changed = [new, parcel(new)]
    script.write("rows", changed, steps)
    db.open(tmp_path / "books.db")
    assert migrations.up(steps) == ["0002_rows"]
    rows = db.database.execute_sql("SELECT id, name, row, places, full FROM test_shelf ORDER BY id").fetchall()
    assert rows == [(7, "A", 3, "[]", 0), (8, "B", 3, "[]", 0)]
    assert db.database.execute_sql("SELECT id, shelf_id FROM test_parcel").fetchall() == [(1, 7), (2, 8)]
    assert db.database.execute_sql("PRAGMA foreign_key_check").fetchall() == []
    with pytest.raises(peewee.IntegrityError):
        db.database.execute_sql("INSERT INTO test_parcel (shelf_id, at) VALUES (99, 5)")
    db.close()
    assert agree(script, changed, steps)


def test_an_index_that_changed_is_dropped_and_made_anew(script, steps: Path) -> None:
    one = shelf()
    script.write("first", [one], steps)
    meta = type("Meta", (), {"table_name": "test_shelf", "indexes": ((("name",), False),)})
    changed = [type("Shelf", (db.Table,), {"name": peewee.TextField(), "Meta": meta})]
    text = script.write("index", changed, steps).read_text("utf-8")
    assert "DROP INDEX" in text
    assert agree(script, changed, steps)


def test_what_would_lose_something_or_read_as_tampering_is_refused_in_words(script, steps: Path) -> None:
    one = shelf(remark=peewee.TextField(default=""))
    script.write("first", [one, parcel(one, db.AppendOnly)], steps)
    cases = {
        "test_parcel is append-only": [one, parcel(one, db.AppendOnly, note=peewee.TextField(null=True))],
        "test_parcel is in no model": [one],
        r"test_shelf\.remark is in no model": [shelf(), parcel(one, db.AppendOnly)],
        r"test_shelf\.row: rows that are there need a value": [
            shelf(remark=peewee.TextField(default=""), row=peewee.IntegerField()),
            parcel(one, db.AppendOnly),
        ],
    }
    for said, tables in cases.items():
        with pytest.raises(script.Impossible, match=said):
            script.write("change", tables, steps)
    assert [path.name for path in steps.glob("*.py")] == ["0001_first.py"]


def test_what_is_written_passes_the_checks_of_the_house(script, steps: Path) -> None:
    one = shelf()
    path = script.write("first", [one, parcel(one, db.AppendOnly)], steps)
    for command in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy", "--no-incremental"]):
        config = (
            ["--config", str(HOUSE / "pyproject.toml")] if command[0] == "ruff" else ["--config-file", "pyproject.toml"]
        )
        run = subprocess.run(
            [str(BIN / command[0]), *command[1:], *config, str(path)],
            cwd=HOUSE,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr


def test_the_command_says_what_it_wrote_or_that_there_is_nothing_to_write() -> None:
    for arguments, status, said in (([], 2, "scripts/migration add_parcels"), (["Add-It"], 1, "is no name for a step")):
        run = subprocess.run(
            [sys.executable, str(HOUSE / "scripts/migration"), *arguments], capture_output=True, text=True, check=False
        )
        assert (run.returncode, said in run.stdout + run.stderr) == (status, True)
    run = subprocess.run(
        [sys.executable, str(HOUSE / "scripts/migration"), "nothing"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, "The migrations make what the models have. Nothing to write.\n")
