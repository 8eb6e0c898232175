"""P21: an update can be cut at any point: old or new schema, the same totals, and the next start finishes.

Books with payments in them, and two made-up steps after the last that make a table anew, fill a column and raise a
guard. The process really ends (os._exit) before every statement and every commit; then the power is cut instead.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import apsw
import pytest

from app import migrations, schema
from app.base import db
from app.desk.homes import households
from app.desk.record import options
from app.desk.who import people
from tests.promises import power
from tests.promises.test_p1_power_cut import CHECKS, pay

PAYMENTS = 12
HAD = tuple(sorted(path.stem for path in migrations.HERE.glob("0*.py")))
NEXT, LAST = f"{len(HAD) + 1:04d}_currency", f"{len(HAD) + 2:04d}_rest"  # the made-up steps
CURRENCY = """
KEPT = "SELECT sql FROM sqlite_master WHERE tbl_name = 'allocation' AND sql IS NOT NULL AND type <> 'table'"


def up(migrator, db):
    sql = db.execute_sql("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'allocation'").fetchone()[0]
    kept = db.execute_sql(KEPT).fetchall()
    db.execute_sql(sql.replace("allocation", "allocation_new", 1).replace(
        '"fen" INTEGER NOT NULL', '"fen" INTEGER NOT NULL, "currency" TEXT NOT NULL', 1))
    db.execute_sql("INSERT INTO allocation_new SELECT id, charge_id, receipt_id, fen, 'CNY' FROM allocation")
    db.execute_sql("DROP TABLE allocation")
    db.execute_sql("ALTER TABLE allocation_new RENAME TO allocation")
    for (each,) in kept:
        db.execute_sql(each)
"""
REST = """
def up(migrator, db):
    db.execute_sql("ALTER TABLE charge ADD COLUMN rest INTEGER NOT NULL DEFAULT -1")
    for (id,) in db.execute_sql("SELECT id FROM charge").fetchall():
        db.execute_sql("UPDATE charge SET rest = fen - paid WHERE id = ?", (id,))
    db.execute_sql("CREATE TRIGGER charge_rest BEFORE UPDATE OF rest ON charge WHEN new.rest < 0 "
                   "BEGIN SELECT RAISE(ABORT, 'more is paid than is owed'); END")
"""
# Starts today's program on each of the files, each in a process of its own that ends before its n-th step (0: never).
STARTS = """
import json, os, sys, traceback
from pathlib import Path
from app import migrations, schema
from app.base import db
assert schema.TABLES

def start(books, steps, last):
    db.open(books)
    count, real = 0, type(db.database).execute_sql
    def at(*_):
        nonlocal count
        count += 1
        if count == last:
            os._exit(9)
        return False
    def counted(self, *args, **more):
        at()
        return real(self, *args, **more)
    db.database.connection().set_commit_hook(at)
    type(db.database).execute_sql = counted
    migrations.up(Path(steps))
    Path(books).with_name("count").write_text(str(count))
    os._exit(0)  # as rudely as at any other point

ended = []
for told in json.load(sys.stdin):
    child = os.fork()
    if not child:
        try:
            start(*told)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    ended.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(ended))
"""
TOTALS = {
    "receipts": "SELECT count(*), sum(fen), min(number), max(number) FROM receipt",
    "charged": "SELECT count(*), sum(fen), sum(paid) FROM charge",
    "allocated": "SELECT count(*), sum(fen) FROM allocation",
    "accounts": "SELECT account, sum(fen) FROM posting GROUP BY account ORDER BY account",
    "journal": "SELECT count(*), max(id), max(hash) FROM journal",
    "papers": "SELECT count(*) FROM print_job",
}


def starts(*told: tuple[Path, Path, int]) -> list[int]:
    """How each start ended: 9 = cut, 0 = through."""
    asked = json.dumps([(str(books), str(steps), last) for books, steps, last in told])
    house = Path(migrations.__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", STARTS], input=asked, cwd=house, capture_output=True, text=True, check=True, timeout=300
    )
    assert not run.stderr, run.stderr
    return [int(each) for each in json.loads(run.stdout)]


def totals(books: Path) -> dict[str, list[object]]:
    """What the books add up to; they must fit together."""
    connection = apsw.Connection(str(books))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert not any(connection.execute(sql).fetchall() for sql in CHECKS)
    found = {name: connection.execute(sql).fetchall() for name, sql in TOTALS.items()}
    connection.close()
    return found


def shape(books: Path) -> tuple[frozenset[object], tuple[object, ...]]:
    """Everything the file is made of, and what a step filled in; with the steps the file says it has had."""
    connection = apsw.Connection(str(books))
    made = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    had = tuple(name for (name,) in connection.execute("SELECT name FROM schema_migration ORDER BY name").fetchall())
    columns = {name for (name,) in connection.execute("SELECT name FROM pragma_table_info('charge')").fetchall()}
    filled = connection.execute("SELECT min(rest), max(rest) FROM charge").fetchall() if "rest" in columns else []
    connection.close()
    return frozenset([*made, ("filled", str(filled))]), had


@dataclass
class Estate:
    """Yesterday's books and today's steps."""

    old: Path
    steps: Path

    def copy(self, folder: Path) -> Path:
        folder.mkdir(parents=True)
        return Path(shutil.copy(self.old, folder / "qiantai.db"))

    def stages(self, folder: Path) -> list[tuple[frozenset[object], tuple[object, ...]]]:
        """The shapes the books may have: as they were, after the first step, after the second."""
        found = [shape(self.old)]
        books, only = self.copy(folder / "stages"), folder / "only"
        shutil.copytree(migrations.HERE, only, ignore=shutil.ignore_patterns("__*"))
        for step in (NEXT, LAST):
            shutil.copy(self.steps / f"{step}.py", only)
            assert starts((books, only, 0)) == [0]
            if shape(books) != found[-1]:
                found.append(shape(books))
        return found


@pytest.fixture
def estate(cast: SimpleNamespace, home: SimpleNamespace, books: Path, tmp_path: Path) -> Estate:
    for n in range(PAYMENTS):
        pay(home.unit, n, by=cast.chen)
    db.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return Estate(Path(shutil.copy(books / "qiantai.db", tmp_path / "old.db")), steps_of_today(tmp_path))


def steps_of_today(folder: Path, rest: str = REST) -> Path:
    steps = folder / "steps"
    shutil.copytree(migrations.HERE, steps, ignore=shutil.ignore_patterns("__*"))
    (steps / f"{NEXT}.py").write_text(CURRENCY)
    (steps / f"{LAST}.py").write_text(rest)
    return steps


def cut_everywhere(estate: Estate, folder: Path) -> set[int]:
    """Cut before every step of the way, look, start again, look again; how many steps files were found to have had."""
    before, stages = totals(estate.old), estate.stages(folder)
    assert len(stages) == 3
    whole = estate.copy(folder / "whole")
    assert starts((whole, estate.steps, 0)) == [0]
    count = int(whole.with_name("count").read_text())
    assert count > PAYMENTS + 10
    cut = [(estate.copy(folder / str(last)), estate.steps, last) for last in range(1, count + 1)]
    assert starts(*cut) == [9] * count
    met = set()
    for books, _, last in cut:
        assert shape(books) in stages, f"half done: cut {last}"
        assert totals(books) == before
        met.add(stages.index(shape(books)))
    assert starts(*((books, steps, 0) for books, steps, _ in cut)) == [0] * count
    for books, _, last in cut:
        assert shape(books) == stages[-1], last
        assert totals(books) == before
        for copy in books.parent.glob("qiantai-before-*.db"):
            assert totals(copy) == before, "the way back is whole, whatever was cut while it was made"
        assert list(books.parent.glob(f"qiantai-before-{NEXT}.db"))
    return met


def test_an_update_that_is_killed_at_any_statement_is_old_or_new_and_the_next_start_finishes(
    estate: Estate, tmp_path: Path
) -> None:
    assert cut_everywhere(estate, tmp_path / "cut") == {0, 1, 2}


def test_mutant_a_step_outside_a_transaction_is_caught(estate: Estate, tmp_path: Path) -> None:
    step = estate.steps / f"{LAST}.py"
    step.write_text("atomic = False\n" + REST)
    with pytest.raises(AssertionError, match="half done"):
        cut_everywhere(estate, tmp_path / "cut")


def test_mutant_a_step_that_loses_a_row_is_caught(estate: Estate, tmp_path: Path) -> None:
    step = estate.steps / f"{NEXT}.py"
    step.write_text(CURRENCY.replace('FROM allocation")', 'FROM allocation WHERE id > 1")'))
    with pytest.raises(AssertionError):
        cut_everywhere(estate, tmp_path / "cut")


def test_a_refused_update_says_so_and_yesterdays_books_can_go_on(estate: Estate, tmp_path: Path) -> None:
    """A step that this estate's rows do not fit: nothing is changed, and yesterday's program starts on it."""
    (estate.steps / f"{LAST}.py").write_text(REST.replace("fen - paid", "'much'"))
    books, before = estate.copy(tmp_path / "refused"), totals(estate.old)
    db.close()
    db.open(books)
    with pytest.raises(Exception, match="TEXT value in INTEGER"):
        migrations.up(estate.steps)
    assert shape(books)[1] == (*HAD, NEXT)
    assert totals(books) == before
    db.close()
    back = books.with_name(f"qiantai-before-{NEXT}.db")
    assert shape(back) == shape(estate.old)
    assert starts((back, migrations.HERE, 0)) == [0]


# ---- the power goes instead of the process ----


def record(folder: Path) -> list[power.Event]:
    """What the disk was told from new books to the end of the update; "ready" = yesterday's books stood."""
    recorder = power.Recorder("p21")
    db.open(folder / "books.db", vfs="p21")
    assert schema.TABLES
    migrations.up()
    options.forget()
    entrance = households.Entrance.create(building="3", code=2)
    unit = households.Unit.create(entrance=entrance, room="1101", label="3-2-1101")
    clerk = people.actor(people.Staff.create(name="陈静", roles=["cashier"]), station="1")
    for n in range(PAYMENTS):
        pay(unit, n, by=clerk)
    recorder.log.append(("ready", ""))
    assert migrations.up(steps_of_today(folder)) == [NEXT, LAST]
    db.close()
    recorder.unregister()
    return recorder.log


def test_the_power_cut_at_any_moment_of_an_update_leaves_old_or_new_books(tmp_path: Path, times: int) -> None:
    log = record(tmp_path)
    ready, dice = log.index(("ready", "")), random.Random(21)
    disk, at, met = power.Disk(), 0, {}
    cut = tmp_path / "cut"
    cut.mkdir()
    before = None
    for moment in sorted(dice.randrange(ready, len(log)) for _ in range(150 * times)):
        for event in log[at : moment + 1]:
            disk.play(event)
        at = moment + 1
        for path in cut.iterdir():
            path.unlink()
        for name, content in disk.cut(dice.choice(power.HOWS), dice).items():
            (cut / name).write_bytes(content)
        found = totals(cut / "books.db")
        before = before or found
        assert found == before
        made, had = shape(cut / "books.db")
        assert met.setdefault(had, made) == made, "one shape for each number of steps"
    assert [len(had) for had in sorted(met)] == [len(HAD), len(HAD) + 1, len(HAD) + 2]
    assert before is not None
    assert before["receipts"][0][0] == PAYMENTS  # type: ignore[index]
