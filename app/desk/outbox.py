"""Papers on their way to a printer: one job a copy, written in the same transaction as the deed it belongs to."""

from __future__ import annotations

from typing import Any

import peewee

from app.base import db
from app.desk import journal


class Job(db.Table):
    """One copy of one paper. States: queued, sending, printed, unknown, not sent (design.md 7)."""

    paper = peewee.TextField()  # templates/print/<paper>.receipt
    about = peewee.TextField()  # table of the row
    about_id = peewee.IntegerField()
    number = peewee.TextField(default="")  # what the clerk calls it
    copy = peewee.TextField(default="")  # 联
    reprint = peewee.IntegerField(default=0)  # 补打 n
    facts = db.JsonField(default=dict)  # everything the paper shows, as it was at the deed
    printer = peewee.TextField(default="receipt")
    drawer = db.FlagField(default=False)  # kick the cash drawer after this copy
    state = peewee.TextField(default="queued")
    at = db.MomentField()
    note = peewee.TextField(default="")

    class Meta:
        table_name = "print_job"
        indexes = ((("state", "id"), False), (("about", "about_id"), False))


def queue(
    paper: str,
    about: db.Table,
    *,
    facts: dict[str, Any],
    number: str = "",
    copies: tuple[str, ...] = ("",),
    drawer: bool = False,
    printer: str = "receipt",
) -> list[Job]:
    """Queue one job a copy. Inside a deed; the worker is woken when it is committed."""
    return [
        Job.create(
            paper=paper,
            about=about._meta.table_name,
            about_id=about.get_id(),
            number=number,
            copy=copy,
            facts=facts,
            printer=printer,
            drawer=drawer and index == 0,
            at=journal.moment(),
        )
        for index, copy in enumerate(copies)
    ]
