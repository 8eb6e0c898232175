"""The backups page: what there is, one now, the number after a restore, what the card lost."""

from __future__ import annotations

from typing import Any

from flask import current_app

from app.base.refusal import N_
from app.procedures.running import backups, second_journal
from app.web import Answer, Screen, form, me, page, say

screen = Screen("running/backups", title=N_("Backups"), act="backups.see", order=90)
SHOWN = 40


@screen.reads()
def board() -> Answer:
    place = current_app.extensions["settings"].backup_place
    timer: Any = getattr(current_app.extensions["devices"], "backups", None)
    return page(
        "running/backups.html#board",
        rows=backups.listed(place)[:SHOWN] if place.exists() else [],
        place=place,
        trouble=timer.trouble if timer else "",
        fence=backups.fenced(),
        loss=second_journal.watch(),
    )


@screen.does("/make", act="backups.make", again="running_backups.board")
def make() -> Answer:
    settings = current_app.extensions["settings"]
    backups.make(settings.backup_place, public_key=settings.backup_key)
    backups.prune(settings.backup_place)
    return say(board(), "The backup is made and was opened to check it.")


@screen.does("/number", act="backups.confirm", again="running_backups.board")
def number() -> Answer:
    backups.confirm_last_number(form().text("number"), by=me())
    return say(board(), "The numbers go on after the last paper receipt. Money can be taken again.")


@screen.does("/loss", act="backups.confirm", again="running_backups.board")
def loss() -> Answer:
    second_journal.confirm(by=me())
    return say(board(), "Confirmed. Money can be taken again.")
