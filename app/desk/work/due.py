"""Every promise with a moment, in one indexed table. Lateness is derived from the clock, never stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import peewee

from app.base import db


class Due(db.Table):
    """`kind` is `chapter.noun` (the screen that knows the way), `about` its row's id, `slug` which promise of that row."""

    kind = peewee.TextField()
    about = peewee.IntegerField()
    slug = peewee.TextField(default="")
    at = db.MomentField()
    text = peewee.TextField()  # English msgid with {placeholders}
    facts = db.JsonField(default=dict)
    role = peewee.TextField(null=True)  # whom it is for; null = the desk
    unit_id = peewee.IntegerField(null=True)
    met = db.MomentField(null=True)

    class Meta:
        indexes = ((("kind", "about", "slug"), True), (("met", "at"), False), (("unit_id", "met"), False))


def expect(
    kind: str,
    about: int,
    *,
    at: datetime,
    text: str,
    slug: str = "",
    role: str | None = None,
    unit_id: int | None = None,
    **facts: Any,
) -> None:
    """Promise something by `at`; promising it again moves and reopens it. Inside a deed.

    `text` is shown in the reader's language; so is a fact that is an English text itself, written as `refusal.word(...)`.
    """
    row = {"at": at, "text": text, "facts": facts, "role": role, "unit_id": unit_id, "met": None}
    Due.insert(kind=kind, about=about, slug=slug, **row).on_conflict(
        conflict_target=[Due.kind, Due.about, Due.slug], update=row
    ).execute()


def meet(kind: str, about: int, *, at: datetime, slug: str | None = None) -> None:
    """The promise (or, without `slug`, every promise of that row) is kept or no longer needed."""
    query = Due.update(met=at).where(Due.kind == kind, Due.about == about, Due.met.is_null())
    (query if slug is None else query.where(Due.slug == slug)).execute()


def is_open(kind: str, about: int, slug: str) -> bool:
    """Whether this promise is still to be kept."""
    row = Due.select().where(Due.kind == kind, Due.about == about, Due.slug == slug, Due.met.is_null())
    return bool(row.exists())


def open_list(*, before: datetime | None = None, unit_id: int | None = None, limit: int = 60) -> list[Due]:
    """What is still promised, soonest first."""
    query = Due.select().where(Due.met.is_null()).order_by(Due.at).limit(limit)
    if before is not None:
        query = query.where(Due.at < before)
    if unit_id is not None:
        query = query.where(Due.unit_id == unit_id)
    return list(query)


def count(kind: str | None = None) -> int:
    query = Due.select().where(Due.met.is_null())
    return int((query if kind is None else query.where(Due.kind == kind)).count())
