"""Papers: what was printed yesterday lies in somebody's hands."""

from __future__ import annotations

from app.demo.scenes import Cast, yesterday
from app.desk.papers import outbox
from app.desk.record.journal import DESK_ONLY, deed
from app.desk.who.people import Actor


@yesterday(17, 0)
@deed("demo.papers", act=DESK_ONLY)
def papers_are_taken_away(_cast: Cast, *, by: Actor) -> None:
    """What was printed yesterday lies in somebody's hands; only today's papers wait for the printer."""
    outbox.Job.update(state="printed").execute()
