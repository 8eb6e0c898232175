"""The only clock. Everything that asks for the time asks here, so tests and a wrong battery can be reasoned about."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
# The mid shift closes at 22:00 (rulebook 1.4); whatever it still books after midnight belongs to its own day.
DAY_TURNS_AT = timedelta(hours=4)
_moved = timedelta(0)


def now() -> datetime:
    """The moment, aware, in the estate's zone, cut to milliseconds (what the books store)."""
    return from_ms(time.time_ns() // 1_000_000) + _moved


@contextmanager
def moved_to(moment: datetime) -> Iterator[None]:
    """Inside it is that moment (and goes on from there): how a demo gets a yesterday. Not for a desk that serves."""
    global _moved  # noqa: PLW0603 - one clock a process
    _moved = moment - from_ms(time.time_ns() // 1_000_000)
    try:
        yield
    finally:
        _moved = timedelta(0)


def today() -> date:
    return now().date()


def from_ms(ms: int) -> datetime:
    return datetime.fromtimestamp(ms // 1000, ZONE).replace(microsecond=ms % 1000 * 1000)


def to_ms(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a zone: use clock.at()")
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def at(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """That wall-clock time of that day at the estate."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def in_business_day(day: date, hour: int, minute: int = 0) -> datetime:
    """That wall-clock time of that business day: 23:50 is its evening, 0:10 the night that still belongs to it."""
    late = timedelta(hours=hour) < DAY_TURNS_AT
    return at(day + timedelta(days=1) if late else day, hour, minute)


def business_day(moment: datetime) -> date:
    """The day of the shift that was open at that moment."""
    return (moment - DAY_TURNS_AT).date()
