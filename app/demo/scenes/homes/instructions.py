"""Standing instructions."""

from __future__ import annotations

from datetime import timedelta

from app.base import clock
from app.demo import estate
from app.demo.scenes import Cast, this_morning, unit
from app.desk.homes import instructions
from app.desk.record.journal import DESK_ONLY, deed
from app.desk.who.people import Actor


@this_morning(2)
@deed("demo.today", act=DESK_ONLY)
def owners_leave_word(cast: Cast, *, by: Actor) -> None:
    """Owners leave word."""
    instructions.give(
        unit("2-2-502"),
        "release",
        "业主来电：本月内任何大件不得放行，须本人到场。",
        blocks=True,
        until=clock.today() + timedelta(days=14),
        by=cast["senior"],
    )
    instructions.give(unit(estate.OWES), "general", "家中有卧床老人，上门前先电话联系。", by=cast["assistant"])
