"""The backups page: what there is, one now, the number after a restore, what the card lost."""

from __future__ import annotations

from flask import current_app

from app.base.refusal import N_
from app.procedures.running import backups, second_journal
from app.procedures.running.backups import Timer
from app.web import Answer, Screen, form, me, page, say

screen = Screen("running/backups", title=N_("Backups"), act="backups.see", order=90)
SHOWN = 40


@screen.reads()
def board() -> Answer:
    return _board(_timer())


def _timer() -> Timer:
    settings, devices = current_app.extensions["settings"], current_app.extensions["devices"]
    running: Timer | None = getattr(devices, "backups", None)
    return running or Timer(settings.backup_place, public_key=settings.backup_key)


def _board(timer: Timer) -> Answer:
    return page(
        "running/backups.html#board",
        rows=backups.listed(timer.into)[:SHOWN] if timer.into.exists() else [],
        place=timer.into,
        trouble=timer.trouble,
        making=timer.making,
        fence=backups.fenced(),
        loss=second_journal.watch(),
    )


@screen.does("/make", act="backups.make", again="running_backups.board")
def make() -> Answer:
    timer = _timer()
    timer.now()
    return say(_board(timer), N_("The backup is being made; it stands in the list once it was opened and checked."))


@screen.does("/number", act="backups.confirm", again="running_backups.board")
def number() -> Answer:
    backups.confirm_last_number(form().text("number"), by=me())
    return say(board(), "The numbers go on after the last paper receipt. Money can be taken again.")


@screen.does("/loss", act="backups.confirm", again="running_backups.board")
def loss() -> Answer:
    second_journal.confirm(by=me())
    return say(board(), "Confirmed. Money can be taken again.")
