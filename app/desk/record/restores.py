"""Restores: which backup the books were brought back to, and whether the numbers printed since are counted (promise P15).

Raised and closed by the backups' procedure; asked by whoever must know that something done since is not in the books.
"""

from __future__ import annotations

from datetime import datetime

import peewee

from app.base import db


class Fence(db.Table):
    """A restore that waits for the last paper number. `at`: the backup's moment."""

    at = peewee.TextField()
    file = peewee.TextField()
    closed = db.MomentField(null=True)
    last_number = peewee.TextField(default="")

    @property
    def moment(self) -> datetime:
        """What was done after it is not in these books."""
        return datetime.fromisoformat(self.at)


def newest() -> Fence | None:
    """The newest restore, once its last paper number is named; None while it waits, or where there never was one."""
    row: Fence | None = Fence.select().order_by(Fence.id.desc()).first()
    return row if row and row.closed else None
