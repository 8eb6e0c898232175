"""What the key pages show: bounded reads, made into plain values (design.md 9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import peewee

from app.base import clock, text
from app.base.refusal import N_, Word
from app.desk.homes.households import Unit
from app.desk.who.people import Actor
from app.desk.work import due, loan
from app.desk.work.loan import Loan
from app.desk.work.state import State
from app.procedures.counter.keys import scans
from app.procedures.counter.keys.after import UNDO
from app.procedures.counter.keys.register import DUE, KIND, Custody, Hook, Key, Label

MOST = 60
SOON = timedelta(hours=1)
STATES = {
    "lost": State(N_("lost"), "stop"),
    "late": State(N_("overdue {hours} h"), "stop"),
    "label": State(N_("label in doubt"), "stop"),
    "confirm": State(N_("returned, to be confirmed"), "note"),
    "soon": State(N_("due in {minutes} min"), "note"),
    "long": State(N_("issued for long"), "plain"),
    "night": State(N_("with security"), "plain"),
    "out": State(N_("out"), "plain"),
    "in": State(N_("in the box"), "plain"),
    "retired": State(N_("retired"), "plain"),
}


@dataclass(frozen=True)
class Row:
    """One key of the board. `hours`, `minutes`: how late, how soon."""

    id: int
    number: str
    name: str
    unit: str
    hook: str
    store: str
    state: str
    holder: str = ""
    of: Word | str = ""
    since: datetime | None = None
    until: datetime | None = None
    told: datetime | None = None
    loan: int = 0
    hours: int = 0
    minutes: int = 0


@dataclass(frozen=True)
class Happened:
    """One line of `just now`. `undo` = seconds in which it can still be taken back."""

    id: int
    at: datetime
    kind: str
    msgid: str
    facts: dict[str, str]
    rule: str | None
    source: str
    key: int
    custody: int
    hook: str  # huge, where a key is to be hung back
    loan: int
    undo: int


@dataclass(frozen=True)
class Board:
    rows: list[Row]
    more: bool
    internal: int
    entrusted: int
    out: int
    late: int
    newest: int


def search(q: str = "") -> Board:
    """What is out, due first; then what is in the boxes; with `q` only what matches (number, name, hook, room)."""
    now = clock.now()
    out = {there.thing: there for there in loan.open_list(KIND, limit=400)}
    query = _keys().where(Key.retired.is_null())
    if plain := text.clean(q):
        like = text.half_width(plain).upper()
        number = like[1:].lstrip("0") if like[:1] == "K" and like[1:].isdigit() else ""
        matches = (Key.name.contains(plain)) | (Hook.label == like) | (Unit.label.startswith(like))
        query = query.where(matches | (Key.id == int(number)) if number else matches)
    else:
        query = query.where(Key.id.not_in(list(out)))
    found = list(query.order_by(Key.store.desc(), Hook.label).limit(MOST + 1))
    outside = [] if plain else list(_keys().where(Key.id.in_(list(out)[:MOST])))
    outside.sort(key=lambda key: out[key.id].until)
    shown = (outside + found)[:MOST]
    inside = Key.select().where(Key.retired.is_null())
    return Board(
        rows=_rows(shown, out, now),
        more=len(outside) + len(found) > MOST,
        internal=inside.where(Key.store == "internal").count(),
        entrusted=inside.where(Key.store == "entrusted").count(),
        out=len(out),
        late=sum(there.is_late(now) for there in out.values()),
        newest=scans.newest(),
    )


def _keys() -> peewee.ModelSelect[Key]:
    """Keys with hook, custody and unit in one read."""
    return (
        Key.select(Key, Hook, Custody, Unit)
        .join(Hook)
        .switch(Key)
        .join(Custody, peewee.JOIN.LEFT_OUTER)
        .join(Unit, peewee.JOIN.LEFT_OUTER)
    )


def _rows(keys: list[Key], out: dict[int, Loan], now: datetime) -> list[Row]:
    ids = [key.id for key in keys]
    labelled = {row.key_id for row in Label.select(Label.key).where(Label.key.in_(ids), Label.ended.is_null())}
    waiting = due.Due.select(due.Due.about).where(due.Due.kind == DUE, due.Due.slug == "confirm", due.Due.met.is_null())
    confirm = {row.about for row in waiting.where(due.Due.about.in_(ids))}
    return [_row(key, out.get(key.id), now, labelled=key.id in labelled, confirm=key.id in confirm) for key in keys]


def _row(key: Key, there: Loan | None, now: datetime, *, labelled: bool, confirm: bool) -> Row:
    state, hours, minutes = "in", 0, 0
    if key.retired:
        state = "retired"
    elif key.lost:
        state = "lost"
    elif there and there.is_late(now):
        state, hours = "late", int((now - there.until) / timedelta(hours=1))
    elif not labelled:
        state = "label"
    elif there and there.terms != "day":
        state = there.terms
    elif there:
        soon = there.until - now <= SOON
        state, minutes = ("soon", int((there.until - now) / timedelta(minutes=1))) if soon else ("out", 0)
    elif confirm:
        state = "confirm"
    return Row(
        id=key.id,
        number=key.number,
        name=key.name if key.pieces == 1 else f"{key.name} ×{key.pieces}",
        unit=key.custody.unit.label if key.custody else "",
        hook=key.hook.label,
        store=key.store,
        state=state,
        holder=there.holder if there else "",
        of=there.of if there else "",
        since=there.since if there else None,
        until=there.until if there else None,
        told=there.told if there else None,
        loan=there.id if there else 0,
        hours=hours,
        minutes=minutes,
    )


def of_key(key_id: int) -> tuple[Key, Row, list[Loan]] | None:
    """A key, its line of the board, and its last loans."""
    key = _keys().where(Key.id == key_id).first()
    if key is None:
        return None
    there = loan.open_of(KIND, key.id)
    row = _rows([key], {key.id: there} if there else {}, clock.now())[0]
    past = Loan.select().where(Loan.kind == KIND, Loan.thing == key.id).order_by(Loan.id.desc()).limit(20)
    return key, row, list(past)


def late() -> int:
    """How many keys are overdue: the number in the menu."""
    return int(Loan.select().where(Loan.kind == KIND, Loan.ended.is_null(), Loan.until < clock.now()).count())


def outstanding() -> list[Row]:
    """Internal keys lent for the day that are not back: whom the evening check tells (KEY-6)."""
    out = {there.thing: there for there in loan.open_list(KIND) if there.terms == "day"}
    keys = list(_keys().where(Key.id.in_(list(out)), Key.store == "internal"))
    return _rows(keys, out, clock.now())


def just_now(by: Actor) -> list[Happened]:
    """What happened last at this clerk's station, newest first."""
    now, seen, lines = clock.now(), set[int](), []
    for row in scans.recent(by.station):
        last = row.loan_id is not None and row.loan_id not in seen
        seen.add(row.loan_id or 0)
        left = int((UNDO - (now - row.at)).total_seconds())
        mine = last and row.kind == "ok" and row.staff_id in (by.id, None)
        lines.append(
            Happened(
                id=row.id,
                at=row.at,
                kind=row.kind,
                msgid=row.msgid,
                facts=row.facts,
                rule=row.rule,
                source=row.source,
                key=row.key_id or 0,
                custody=(row.key.custody_id or 0) if row.key else 0,
                hook=row.facts.get("hook", "") if row.kind == "ok" else "",
                loan=row.loan_id or 0,
                undo=max(left, 0) if mine else 0,
            )
        )
    return lines


def of_unit(unit: Unit, limit: int = 6) -> list[Row]:
    """A household's keys in the desk's care, for its page."""
    return _some(_keys().where(Custody.unit == unit, Key.retired.is_null()).limit(limit))


def of_custody(custody: Custody) -> list[Row]:
    """The keys of one custody, also those that were handed back."""
    return _some(_keys().where(Key.custody == custody))


def _some(query: peewee.ModelSelect[Key]) -> list[Row]:
    keys = list(query.order_by(Key.id))
    there = {found.thing: found for found in loan.open_of_these(KIND, [each.id for each in keys])} if keys else {}
    return _rows(keys, there, clock.now())


def companies() -> list[str]:
    """Firms whose people had keys lately: offered while one is typed."""
    query = Loan.select(Loan.holder_of).where(Loan.kind == KIND, Loan.staff.is_null(), Loan.holder_of != "")
    return list(dict.fromkeys(row.holder_of for row in query.order_by(Loan.id.desc()).limit(100)))[:20]


def taken_off(key: Key, limit: int = 5) -> list[Label]:
    """Labels it had before."""
    return list(Label.select().where(Label.key == key).order_by(Label.id.desc()).limit(limit))
