"""The clock page: what the machine's clock says, what the books say, and putting it right."""

from __future__ import annotations

from app.base import clock
from app.base.refusal import N_
from app.procedures.running import clock_check
from app.web import Answer, Screen, form, me, page, say

screen = Screen("running/clock", title=N_("Clock"), act="desk.see", menu=False)


@screen.reads()
def board() -> Answer:
    last, now = clock_check.last_stamp(), clock.now()
    return page("running/clock.html#board", now_says=now, last=last, behind=last is not None and now < last)


@screen.does("/check", act="clock.confirm", again="running_clock.board")
def check() -> Answer:
    clock_check.check()
    return board()


@screen.does("/confirm", act="clock.confirm", again="running_clock.board")
def confirm() -> Answer:
    clock_check.confirm(by=me())
    return say(board(), "The date is confirmed.")


@screen.does("/correct", act="clock.correct", again="running_clock.board")
def correct() -> Answer:
    clock_check.correct(form().text("reason", most=500), by=me())
    return say(board(), "The clock counts again from now on.")
