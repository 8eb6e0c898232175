"""What the supervisor may set: dated, journalled, each with a default in code. Rules read them by name."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date, time
from typing import Any

import peewee

from app.base import clock, db
from app.base import text as texts
from app.desk.record.journal import deed, note
from app.desk.who.people import Actor


class Setting(db.AppendOnly):
    """The value of an option from a day on; the newest row for a day wins."""

    name = peewee.TextField(index=True)
    value = db.JsonField()
    since = db.DayField()


@dataclass(frozen=True)
class Option:
    """`label` is an English msgid; the type of `default` is the type of every value (str, int, bool, list).

    `time`: the text is a time of day (08:15).
    """

    default: Any
    label: str
    rule: str | None = None
    choices: tuple[Any, ...] = ()
    time: bool = False


OPTIONS: dict[str, Option] = {
    "estate.name": Option("翠湖花园", "Name of the estate"),
    "company.name": Option("翠湖花园物业服务有限公司", "Full name of the payee company (on receipts)"),
    "centre.name": Option("业主服务中心", "Name of the service centre"),
}

_cache: dict[str, list[tuple[date, Any]]] = {}
_lock = threading.Lock()


def get(name: str, *, on: date | None = None) -> Any:
    """The value in force on that day (today)."""
    option = OPTIONS[name]
    if name not in _cache:
        rows = Setting.select(Setting.since, Setting.value).where(Setting.name == name).order_by(Setting.id)
        with _lock:
            _cache[name] = [(row.since, row.value) for row in rows]
    day, value = on or clock.today(), option.default
    best = date.min
    for since, candidate in _cache[name]:
        if best <= since <= day:
            best, value = since, candidate
    return value


def time_of(name: str) -> time:
    """The time of day that an option of that form has today."""
    return time.fromisoformat(get(name))


def history(name: str) -> list[Setting]:
    """What was set, newest first."""
    return list(Setting.select().where(Setting.name == name).order_by(Setting.id.desc()).limit(20))


def forget() -> None:
    """Drop what is remembered."""
    _cache.clear()


db.when_opened(forget)


@deed("option.changed", act="options.change")
def change(name: str, value: Any, *, since: date, by: Actor) -> Setting:
    """Set an option from a day on. The old value stays in the books."""
    if OPTIONS[name].time:
        value = f"{texts.time_of_day(value, field='value'):%H:%M}"
    note(name=name, old=get(name), new=value, since=since.isoformat())
    row = Setting.create(name=name, value=value, since=since)
    db.after_commit(forget)
    return row
