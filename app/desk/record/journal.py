"""The journal: every act of the desk is one deed = one transaction = one line that is never changed.

    @deed("key.lent", act="keys.lend", rule="KEY-4")
    def lend(key: Key, *, to: Borrower, by: Actor) -> Loan: ...

The outermost deed checks that `by` may do its act; a deed called inside it is covered by that, joins its transaction and
writes its own line. The outermost line seals, by its hash over
the one before, every append-only row its transaction has added (promise P9).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import datetime
from typing import Any, ParamSpec, TypeVar, get_type_hints

import peewee

from app.base import clock, db
from app.base.refusal import Conflict
from app.desk.record import chain, seals
from app.desk.who import people
from app.desk.who.people import Actor, Staff

P = ParamSpec("P")
R = TypeVar("R")


class Line(db.AppendOnly):
    """Who did what, when, at which station, about which row."""

    at = db.MomentField(index=True)
    day = db.DayField(index=True)  # business day
    verb = peewee.TextField()
    subject = peewee.TextField(null=True)  # table of the row the deed gave back
    subject_id = peewee.IntegerField(null=True)
    unit_id = peewee.IntegerField(null=True)
    staff = peewee.ForeignKeyField(Staff, null=True)  # null: the desk itself (a worker, a nightly job)
    deputy = db.FlagField(default=False)  # signed for the supervisor (ORG-1)
    station = peewee.TextField(default="")
    detail = db.JsonField(default=dict)
    key = peewee.TextField(null=True, unique=True)  # form key and verb: the same form is done once
    digest = peewee.TextField(null=True)
    seals = db.JsonField(null=True)  # table -> ids added with it; null: a line inside another's deed
    hash = peewee.TextField(null=True)

    class Meta:
        table_name = "journal"
        indexes = ((("subject", "subject_id"), False), (("unit_id", "at"), False))


MADE = ("id", "seals", "hash")  # of a line, from all its other fields


class _Frame:
    """What one running deed knows: its moment and the facts noted for its line."""

    def __init__(self, at: datetime, by: Actor) -> None:
        self.at, self.by = at, by
        self.facts: dict[str, Any] = {}
        self.unit_id: int | None = None


_frame: ContextVar[_Frame | None] = ContextVar("deed", default=None)


def moment() -> datetime:
    """The running deed's moment: the same in every row it writes, never before the last line's (promise P17)."""
    frame = _frame.get()
    if frame is None:
        raise RuntimeError("moment() is asked inside a deed")
    return frame.at


def actor() -> Actor:
    """Who does the running deed."""
    frame = _frame.get()
    if frame is None:
        raise RuntimeError("actor() is asked inside a deed")
    return frame.by


def note(*, unit_id: int | None = None, **facts: Any) -> None:
    """Add facts (JSON values) to the running deed's line."""
    frame = _frame.get()
    if frame is None:
        raise RuntimeError("note() is called inside a deed")
    frame.facts.update(facts)
    frame.unit_id = unit_id or frame.unit_id


def _stamp() -> datetime:
    last = Line.select(Line.at).order_by(Line.id.desc()).limit(1).scalar()
    now = clock.now()
    return max(now, last) if last else now


def _earlier(by: Actor, verb: str, do: Callable[..., Any]) -> tuple[bool, Any]:
    """Whether this form was done already, and the row it gave then (of the table that the deed's annotation names)."""
    line = Line.get_or_none(Line.key == f"{by.key}:{verb}") if by.key else None
    if line is None:
        return False, None
    if line.digest != by.digest:
        raise Conflict(
            "This form was already used for {what} at {time}. Open a fresh page to do something else.",
            what=f"{line.verb} {line.detail.get('number', line.subject_id or '')}".strip(),
            time=f"{line.at:%H:%M}",
        )
    gives = get_type_hints(do).get("return")
    if line.subject_id and isinstance(gives, type) and issubclass(gives, db.Table):
        return True, gives.get_by_id(line.subject_id)
    return True, None


DESK_ONLY = ""  # the act of no person: only the desk's own workers and commands do such a deed


def deed(
    verb: str,
    *,
    act: str | None = None,
    rule: str | None = None,
    inside: bool = False,
    stamp: Callable[[], datetime] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function a deed. It takes `by: Actor` as a keyword and gives back the row it is about (or None).

    `act` (of people.ACTS, or DESK_ONLY) is what somebody must be allowed; refused with `rule` before anything is done. A
    deputy goes on into the body as one (ORG-1). `inside`: a primitive without an act of its own, done only in another's deed.
    `stamp` only where a clock is put right: every other deed is stamped not before the last line.

    The same form (key and content) sent twice gives the first one's row and does nothing (promise P2);
    the same key with other content is a Conflict.
    """
    if inside == (act is not None):
        raise TypeError(f"{verb}: a deed says who may do it (act=...), or that it is done inside another (inside=True)")

    def wrap(do: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(do)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            outer = _frame.get()
            if outer is None:
                if inside:
                    raise RuntimeError(f"{verb} has no act of its own: it is done inside another deed")
                kwargs["by"] = people.require(kwargs["by"], str(act), rule=rule)  # type: ignore[arg-type]
            by = kwargs["by"]
            assert isinstance(by, Actor)
            with db.write():
                if outer is None:
                    done, row = _earlier(by, verb, do)
                    if done:
                        return row  # type: ignore[no-any-return]
                frame = _Frame(outer.at if outer else (stamp or _stamp)(), by)
                token = _frame.set(frame)
                try:
                    row = do(*args, **kwargs)
                finally:
                    _frame.reset(token)
                _write(verb, frame, by, row, outermost=outer is None)
                return row

        run.__deed__, run.act = verb, act  # type: ignore[attr-defined]
        return run

    return wrap


def _write(verb: str, frame: _Frame, by: Actor, row: Any, *, outermost: bool) -> None:
    about = row if isinstance(row, db.Table) else None
    if by.overrides:
        frame.facts.setdefault("overrides", dict(sorted(by.overrides.items())))
    line = Line(
        at=frame.at,
        day=clock.business_day(frame.at),
        verb=verb,
        subject=about._meta.table_name if about is not None else None,
        subject_id=about.get_id() if about is not None else None,
        unit_id=frame.unit_id or getattr(about, "unit_id", None),
        staff=by.id or None,
        deputy=by.deputy,
        station=by.station,
        detail=frame.facts,
        key=f"{by.key}:{verb}" if outermost and by.key else None,
        digest=by.digest if outermost else None,
    )
    if outermost:
        found, rows = seals.marks(db.added())
        line.seals = found | {"": {"": seals.own_mark(own(line))}}
        line.hash = chain.link(head(), [own(line), rows])
    line.save()


def head() -> str:
    """The hash of the last sealed line: the state of the whole books in one word."""
    last = Line.select(Line.hash).where(Line.hash.is_null(False)).order_by(Line.id.desc()).limit(1)
    return str(last.scalar() or "")


def own(line: Line) -> dict[str, Any]:
    """A line's own fields, as stored, without what is made from them."""
    return {
        name: field.db_value(line.__data__.get(name)) for name, field in line._meta.fields.items() if name not in MADE
    }


def verify(*, after: int = 0) -> Iterator[str]:
    """Walk the sealed lines after that id: every field that is not what its deed wrote, every row no deed has written."""
    before = Line.select(Line.hash).where(Line.hash.is_null(False), Line.id <= after)
    previous = str(before.order_by(Line.id.desc()).limit(1).scalar() or "")
    known = {table: _Seen(table) for table in db.kept_for_good()}
    link = chain.linker()
    for line_id, fields, sealed, rows, now in _sealed(after):
        if not sealed:
            yield f"journal {line_id} seals: changed"
        elif link(previous, chain.canonical([fields, rows])) != now:
            named = list(seals.differing(sealed))
            if changed := seals.changed(fields, sealed[""][""]):
                named.append(f"journal {line_id} {' '.join(changed)}: changed")
            yield from named or [
                f"journal {line_id}: the line before it is gone, its hash was changed, or {chain.KEY_FILE} is another one"
            ]
        for table, marks in sealed.items():
            for row_id in marks if table else ():
                known[table].add(int(row_id))
        known["journal"].add(line_id)
        previous = now
    if not after:
        for table, seen in sorted(known.items()):
            ids = db.database.execute_sql(f"SELECT id FROM {table}")  # noqa: S608 - a table of ours
            yield from (f"{table} {row}: no deed has written it" for (row,) in ids if row not in seen)


class _Seen:
    """The ids of a table that were met, a byte each where they lie close: a set of ten years' would take 400 MB."""

    def __init__(self, table: str) -> None:
        (count,) = db.database.execute_sql(f"SELECT COUNT(*) FROM {table}").fetchone()  # noqa: S608 - a table of ours
        self._close, self._far = bytearray(count + 1), set[int]()

    def add(self, row_id: int) -> None:
        if 0 <= row_id < len(self._close):
            self._close[row_id] = 1
        else:
            self._far.add(row_id)

    def __contains__(self, row_id: int) -> bool:
        return bool(self._close[row_id]) if 0 <= row_id < len(self._close) else row_id in self._far


def _sealed(after: int) -> Iterator[tuple[int, dict[str, Any], seals.Marks, list[Any], str]]:
    """Sealed lines in order: id, own fields, seals, the rows they seal as they are now, hash. Read some at a time."""
    names = [(field.name, field.column_name) for field in Line._meta.sorted_fields if field.name not in MADE]
    columns = ", ".join(f'"{column}"' for _, column in names)
    query = f"SELECT id, seals, hash, {columns} FROM journal WHERE hash IS NOT NULL AND id > ? ORDER BY id LIMIT 500"  # noqa: S608
    while lines := db.database.execute_sql(query, (after,)).fetchall():
        all_seals = [seals.read(line[1]) for line in lines]
        wanted: dict[str, list[int]] = {}
        for sealed in all_seals:
            for table, marks in sealed.items():
                if table:
                    wanted.setdefault(table, []).extend(map(int, marks))
        there = {table: {row[0]: row for row in seals.rows(table, sorted(ids))} for table, ids in wanted.items()}
        for (line_id, _, now, *own), sealed in zip(lines, all_seals, strict=True):
            rows = [
                [table, [there[table][row_id] for row_id in sorted(map(int, marks)) if row_id in there[table]]]
                for table, marks in sealed.items()
                if table
            ]
            yield line_id, dict(zip((name for name, _ in names), own, strict=True)), sealed, rows, now
        after = lines[-1][0]
