"""Indexes for what is open now (custodies, sessions, pending top-ups): it was looked for among all there ever were."""

from __future__ import annotations

from typing import Any

STATEMENTS = (
    'CREATE INDEX "custody_ended_id" ON "custody" ("ended", "id")',
    'CREATE INDEX "session_ended_id" ON "session" ("ended", "id")',
    'CREATE INDEX "water_topup_waiting" ON "water_topup" ("id") WHERE state = \'pending\'',
)


def up(_migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
