"""The 工作台: what is promised, soonest first."""

from __future__ import annotations

from app.base import clock
from app.base.refusal import N_
from app.desk import due
from app.web import Answer, Screen, page

screen = Screen("running/today", title=N_("Today"), key="F5", act="today.see", order=0)


@screen.reads()
def board() -> Answer:
    return page("running/today.html#board", promises=due.open_list(), moment=clock.now())
