"""What recurs: a promise made anew for every day, at a time of day the supervisor may set.

    recurring.daily("counter.key_counts", 0, slug="morning", at="keys.morning_count", text=N_("Count the keys."))

Armed at every start and at the turn of the day. Whoever keeps it says `recurring.kept(...)`: the next day's is promised then.
One that was missed stays on the list, late, until it is kept: nothing is promised over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from app.base import clock
from app.desk.record import journal, options
from app.desk.record.journal import DESK_ONLY, deed
from app.desk.who.people import DESK, Actor
from app.desk.work import due


@dataclass(frozen=True)
class Daily:
    """`at` names the option with the time of day; `wanted` says whether there is anything to do it for."""

    kind: str
    about: int
    slug: str
    at: str
    text: str
    role: str | None
    wanted: Callable[[], bool]


_daily: dict[tuple[str, int, str], Daily] = {}


def daily(
    kind: str,
    about: int = 0,
    *,
    slug: str,
    at: str,
    text: str,
    role: str | None = None,
    wanted: Callable[[], bool] = lambda: True,
) -> None:
    """Declare it, beside the tables of the procedure that does it. `kind`, `about`, `slug`, `role` as `due` has them."""
    _daily[kind, about, slug] = Daily(kind, about, slug, at, text, role, wanted)


def arm() -> None:
    """At a start and at the turn of the day: promise what nobody has promised yet."""
    if missing := _missing(_daily.values()):
        _arm(missing, by=DESK)


@deed("recurring.armed", act=DESK_ONLY)
def _arm(missing: list[Daily], *, by: Actor) -> None:
    for each in missing:
        _expect(each)
    journal.note(promised=[f"{each.kind} {each.slug}" for each in missing])


def begin(kind: str) -> None:
    """There is something to do of that kind from now on. Inside a deed."""
    for each in _missing([each for each in _daily.values() if each.kind == kind]):
        _expect(each)


def kept(kind: str, about: int = 0, *, slug: str) -> None:
    """It was done: the next one is tomorrow's, where it is done every day. Inside a deed."""
    due.meet(kind, about, at=journal.moment(), slug=slug)
    each = _daily.get((kind, about, slug))
    if each is not None and each.wanted():
        _expect(each, done=True)


def _missing(those: Iterable[Daily]) -> list[Daily]:
    return [each for each in those if not due.is_open(each.kind, each.about, each.slug) and each.wanted()]


def _expect(each: Daily, *, done: bool = False) -> None:
    """Today's if its time has not come and it is not done, else tomorrow's."""
    now = journal.moment()
    day = clock.business_day(now)
    at = options.time_of(each.at)
    moment = clock.in_business_day(day, at.hour, at.minute)
    if done or moment < now:
        moment = clock.in_business_day(day + timedelta(days=1), at.hour, at.minute)
    due.expect(each.kind, each.about, slug=each.slug, at=moment, text=each.text, role=each.role)
