"""The clock against the books (promise P17): a Pi without a battery may wake up in 1970, or a hand may set 2036.

The stamps in the books never run backwards. At boot a clock behind the last stamp, or far ahead of it, turns money off
until somebody confirms the date; a wrongly confirmed date is put right by the supervisor's correction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.base import clock
from app.base.refusal import N_, Refused
from app.desk.record import modes
from app.desk.record.journal import Line, deed, note
from app.desk.who.people import Actor

SLACK = timedelta(minutes=2)  # what a clock may be put back by the network's time
FAR = timedelta(days=40)  # no desk is closed longer: the longest holiday is eight days
BEHIND = N_(
    "The clock says {now}, but the books were last written at {last}. Set the machine's clock, then check it again on the clock page."
)
AHEAD = N_(
    "The clock says {now}; the books were last written at {last}. Is that right? Confirm the date on the clock page."
)


def last_stamp() -> datetime | None:
    """When the books were last written, by their own stamp."""
    at: datetime | None = Line.select(Line.at).order_by(Line.id.desc()).limit(1).scalar()
    return at


def check() -> str:
    """Look at the clock (at boot, or asked for): "ok", "behind" or "ahead"; turns money off or on accordingly."""
    now, last = clock.now(), last_stamp()
    state = "ok"
    if last is not None and now < last - SLACK:
        state = "behind"
    elif last is not None and now > last + FAR:
        state = "ahead"
    if last is None or state == "ok":
        modes.let_money("clock")
    else:
        shown = {"now": f"{now:%Y-%m-%d %H:%M}", "last": f"{last:%Y-%m-%d %H:%M}"}
        modes.stop_money("clock", BEHIND if state == "behind" else AHEAD, **shown)
    return state


@deed("clock.confirmed", act="clock.confirm")
def confirm(*, by: Actor) -> None:
    """Somebody has looked at a calendar: the date is right though it is far ahead. A clock behind cannot be confirmed."""
    if check() == "behind":
        last = last_stamp()
        raise Refused(BEHIND, now=f"{clock.now():%Y-%m-%d %H:%M}", last=f"{last:%Y-%m-%d %H:%M}")
    note(date=clock.today().isoformat())
    modes.let_money("clock")


@deed("clock.corrected", act="clock.correct", stamp=clock.now)
def correct(reason: str, *, by: Actor) -> None:
    """The supervisor: the books were stamped with a wrong future date; from this line on the clock counts again.

    Nothing is restamped: the lines written with the wrong date stay, and this line says why the next are earlier.
    """
    last = last_stamp()
    if last is None or clock.now() >= last:
        raise Refused("The clock is not behind the books: there is nothing to correct.")
    note(reason=reason, wrong=last.isoformat())
    modes.let_money("clock")
