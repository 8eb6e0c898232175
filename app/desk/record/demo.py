"""Whether these books are a demo's: said inside the database itself, so that no copy of it passes for real."""

from __future__ import annotations

import peewee

from app.base import db


class Demo(db.AppendOnly):
    """One row in a demo's books, none in real ones. `seed` made its estate."""

    seed = peewee.IntegerField()
    at = db.MomentField()


def is_on() -> bool:
    """Asked for the banner and for the mark 【演示】 on papers."""
    return bool(Demo.select().exists())
