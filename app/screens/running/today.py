"""The 工作台: what is promised, late first; the parts of the frame that renew themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app, render_template, request

from app.base import clock
from app.base.refusal import N_
from app.desk.homes.households import Unit
from app.desk.who import people
from app.desk.work import due
from app.web import Answer, Line, Screen, me, page, t

screen = Screen("running/today", title=N_("Today"), key="F5", act="today.see", order=0)
screen.chapter = "counter"  # it stands at the top of the menu; its address stays with running the desk
_SOON = timedelta(hours=2)


@dataclass(frozen=True)
class Promise:
    """One line of the 工作台. `group`: late, soon, today, later."""

    group: str
    text: str
    at: datetime
    late: timedelta
    role: str
    url: str


@screen.counts
def late() -> int:
    return sum(_mine(row) for row in due.open_list(before=clock.now(), limit=200))


@screen.reads()
def board() -> Answer:
    now = clock.now()
    tomorrow = clock.at(now.date() + timedelta(days=2))
    rows = [row for row in due.open_list(before=tomorrow, limit=200) if _mine(row)]
    return page(
        "running/today.html#board",
        promises=[_promise(row, now) for row in rows],
        present=people.present(),
        moment=now,
        weekday=t(_DAYS[now.weekday()]),
    )


_DAYS = (N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"))


def _mine(row: due.Due) -> bool:
    """The desk's own promises for those who see households; a role's for that role (or its deputy)."""
    if row.role is None:
        return people.may(me(), "lookup.find")
    deputy = row.role == "supervisor" and "senior" in me().roles and not people.on_duty("supervisor")
    return row.role in me().roles or "gm" in me().roles or deputy


def _promise(row: due.Due, now: datetime) -> Promise:
    group = (
        "late"
        if row.at < now
        else "soon"
        if row.at < now + _SOON
        else "today"
        if row.at.date() == now.date()
        else "later"
    )
    return Promise(
        group=group,
        text=t(row.text, **row.facts),
        at=row.at,
        late=now - row.at,
        role=t(people.ROLES[row.role]) if row.role else "",
        url=way(row.kind, row.about),
    )


def way(kind: str, about: int) -> str:
    """Where a promise is dealt with: that screen says, else its page with ?due=ID."""
    screens: list[Screen] = current_app.extensions["screens"]
    chapter, _, noun = kind.partition(".")
    for each in screens:
        if each.name == f"{chapter}_{noun}":
            return each.due_url(about) if each.due_url else f"{each.home}?due={about}"
    return ""


@screen.holds(N_("Promised"))
def promised(unit: Unit) -> Iterator[Line]:
    for each in due.open_list(unit_id=unit.id, limit=6):
        yield Line(t(each.text, **each.facts), f"{each.at:%m-%d %H:%M}")


@screen.reads("/lamps")
def lamps() -> Answer:
    return render_template("shared/lamps.html")


@screen.reads("/menu")
def menu() -> Answer:
    return render_template("shared/menu.html", at=request.args.get("at", ""))


@screen.reads("/who")
def who() -> Answer:
    return render_template("shared/who.html")
