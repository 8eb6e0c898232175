"""How a database of yesterday becomes one of today: numbered files, each applied once, in one transaction.

`scripts/migration` writes them. A file that has been released is never changed again.
"""

from __future__ import annotations

from pathlib import Path

import peewee
from playhouse.migrations import Runner

from app.base import clock, db

HERE = Path(__file__).parent


class History(peewee.Model):
    """Which steps this database has had. Not one of schema.TABLES: no step makes it, the runner does."""

    name = peewee.TextField(unique=True)
    applied = db.MomentField(default=clock.now)

    class Meta:
        database = db.database
        table_name = "schema_migration"
        strict_tables = True


def up(directory: Path = HERE) -> list[str]:
    """Apply what the open database lacks and name it; Damaged where this program may not touch the database.

    A database that holds something is copied beside itself first.
    """
    runner = Runner(db.database, directory=str(directory))
    # The runner's own has a field for dates that apsw does not take.
    runner.History = History
    known = runner.status()
    if newer := [each.name for each in known if each.path is None]:
        raise db.Damaged(
            f"The database was last used by a newer program ({newer[-1]}). "
            "Start that one, or put back a copy of the database from before."
        )
    pending = [each.name for each in known if not each.applied]
    if not pending:
        return []
    if len(pending) < len(known):
        _copy(before=pending[0])
    elif db.database.get_tables():
        raise db.Damaged("The database has tables but no history: it was not made by this program. Move it away.")
    applied: list[str] = runner.up()
    return applied


def _copy(*, before: str) -> None:
    """`qiantai.db` -> `qiantai-before-0002_name.db`: the way back, whole and compact."""
    path = Path(db.database.database)
    target = path.with_name(f"{path.stem}-before-{before}{path.suffix}")
    target.unlink(missing_ok=True)  # from a start that did not get through; the database is still as it was then
    db.database.execute_sql("VACUUM INTO ?", (str(target),))
    target.chmod(0o600)
