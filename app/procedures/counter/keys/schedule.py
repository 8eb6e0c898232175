"""The times of the key box: back by, checked until, counted at (KEY-2, KEY-5, KEY-6)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from app.base import clock
from app.base.refusal import N_
from app.desk.record import options
from app.desk.record.options import OPTIONS, Option

OPTIONS |= {
    "keys.morning_count": Option("08:15", N_("Keys: when the boxes are counted in the morning"), "KEY-5", time=True),
    "keys.evening_check": Option("21:30", N_("Keys: when the evening check ends"), "KEY-6", time=True),
}
BACK_BY, CLOSING = time(18, 30), time(22, 0)  # KEY-6; the mid shift closes at 22:00
AFTER_HOURS = timedelta(hours=1)  # a key needed while somebody still stands at the desk after closing
COUNT_DUE = "counter.key_counts"  # due rows are about the box (its place in STORES); slugs: morning evening differs
BOXES = {"internal": N_("Internal keys"), "entrusted": N_("Entrusted keys")}
STORES = tuple(BOXES)
TIMES = {"morning": N_("morning count"), "evening": N_("evening check")}
SHIFTS = {"morning": "keys.morning_count", "evening": "keys.evening_check"}  # with the option that says when
# Both boxes are counted in the morning; the evening check is the internal box's, whose keys come back every day.
WANTED = {
    ("internal", "morning"): N_("Count the internal keys: every morning."),
    ("entrusted", "morning"): N_("Count the entrusted keys: every morning."),
    ("internal", "evening"): N_("Evening check of the internal keys: whoever has not brought one back is told."),
}


def on(day: date, at: time) -> datetime:
    return clock.at(day, at.hour, at.minute)


def last_moment(now: datetime) -> datetime:
    """Until when an internal key lent now may be out at all: the day's closing (KEY-2, KEY-3)."""
    closing = on(clock.business_day(now), CLOSING)
    return closing if now < closing else now + AFTER_HOURS


def default_until(now: datetime) -> datetime:
    """18:30; what is lent later is back when the evening check ends (KEY-6)."""
    day = clock.business_day(now)
    marks = (on(day, BACK_BY), on(day, options.time_of("keys.evening_check")))
    return next((mark for mark in marks if mark > now), last_moment(now))


def next_time(at: time, now: datetime) -> datetime:
    """The moment somebody means who writes `18:30`: that of this business day, or the next one where it is due soon."""
    meant = clock.in_business_day(clock.business_day(now), at.hour, at.minute)
    again = meant + timedelta(days=1)
    return again if meant <= now and again <= last_moment(now) else meant


def shift_now() -> str:
    """Which count the clock suggests: what is counted after midnight is the evening's."""
    now = clock.now()
    return "evening" if now >= clock.at(clock.business_day(now), 16) else "morning"
