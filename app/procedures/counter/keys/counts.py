"""Counting a box (清点): at 8:15 and between 18:30 and 21:30. Scan what hangs there; the book answers what is wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import peewee

from app.base import db, text
from app.base.refusal import N_, Refused
from app.desk.record import journal
from app.desk.record.journal import deed
from app.desk.who.people import Actor, Staff
from app.desk.work import due, loan, recurring
from app.procedures.counter.keys import register
from app.procedures.counter.keys.register import KIND, Key
from app.procedures.counter.keys.schedule import COUNT_DUE, SHIFTS, STORES

TWICE = timedelta(seconds=3)  # sooner, the same label again is the same key under a shaking hand
WORDS = {
    "missing": N_("missing"),
    "unexpected": N_("unexpected"),
    "wrong store": N_("wrong box"),
    "twice": N_("scanned twice"),
    "unknown": N_("unknown label"),
}


class Count(db.Table):
    """One walk along one box, by one person at one station."""

    store = peewee.TextField()
    shift = peewee.TextField()  # morning | evening
    station = peewee.TextField()
    begun = db.MomentField()
    staff = peewee.ForeignKeyField(Staff)
    ended = db.MomentField(null=True)
    outcome = peewee.TextField(default="")  # signed | dropped
    expected = peewee.IntegerField(null=True)
    counted = peewee.IntegerField(null=True)

    class Meta:
        indexes = ((("store", "id"), False),)


# One count at a time in a box: two people scanning it at once would each find half of it missing.
Count.add_index(Count.index(Count.store, unique=True, where=Count.ended.is_null(), name="count_going_on"))


class Counted(db.AppendOnly):
    """One scan of a count."""

    count = peewee.ForeignKeyField(Count, index=True)
    code = peewee.TextField()
    key = peewee.ForeignKeyField(Key, null=True)
    key_id: int | None
    at = db.MomentField()


class Difference(db.AppendOnly):
    """What did not agree with the book, and the explanation it was signed off with (KEY-5, KEY-9)."""

    count = peewee.ForeignKeyField(Count, index=True)
    what = peewee.TextField()
    key = peewee.ForeignKeyField(Key, null=True)
    code = peewee.TextField()
    remark = peewee.TextField()


@dataclass(frozen=True)
class Differs:
    """One difference: `slug` names it in the form, `what` is a word of WORDS."""

    slug: str
    what: str
    key: Key | None
    code: str
    holder: str = ""


@deed("key_count.begun", act="keys.count")
def begin(store: str, *, shift: str, by: Actor) -> Count:
    """Start counting a box; from now on scans at this station count until it is signed off or dropped."""
    if store not in STORES or shift not in SHIFTS:
        raise Refused("Choose the box and the time of the count.", rule="KEY-5")
    if there := Count.get_or_none(Count.store == store, Count.ended.is_null()):
        raise Refused(
            "{name} is counting this box since {time}.",
            rule="KEY-5",
            name=there.staff.name,
            time=f"{there.begun:%H:%M}",
        )
    if at_station(by.station):
        raise Refused("Another box is being counted at this station. Finish that first.", rule="KEY-5")
    register.changed()
    return Count.create(store=store, shift=shift, station=by.station, begun=journal.moment(), staff=by.id)


def at_station(station: str) -> Count | None:
    """The count that takes this station's scans."""
    return Count.get_or_none(Count.station == station, Count.ended.is_null())


@deed("key_count.scanned", act="keys.count")
def scan(count: Count, label: str, *, by: Actor) -> Counted:
    """One key in the box. Nothing is refused here: what is wrong is a difference, to be explained."""
    _going_on(count)
    code = text.half_width(label).strip()[:32]
    try:
        key = register.read(code)
    except Refused:  # a dead or doubtful label hangs in the box: that is a difference too
        key = None
    before = Counted.select().where(Counted.count == count, Counted.code == code).order_by(Counted.id.desc()).first()
    if before and journal.moment() - before.at < TWICE:
        return cast("Counted", before)
    register.changed()
    return Counted.create(count=count, code=code, key=key, at=journal.moment())


def scans(count: Count) -> list[Counted]:
    query = Counted.select(Counted, Key).join(Key, peewee.JOIN.LEFT_OUTER).where(Counted.count == count)
    return list(query.order_by(Counted.id.desc()))


def differences(count: Count) -> tuple[int, list[Differs]]:
    """How many should hang there (book minus out), and everything that disagrees (KEY-9)."""
    seen = list(reversed(scans(count)))
    first: dict[int, Counted] = {}
    for row in seen:
        if row.key_id:
            first.setdefault(row.key_id, row)
    book = {key.id: key for key in Key.select().where(Key.store == count.store, Key.retired.is_null())}
    out = {there.thing: there for there in loan.open_list(KIND, limit=10_000)}
    # A key that went out after it was counted was there when it was counted.
    expected = [key for key in book.values() if not key.lost and (key.id not in out or _left_after(first, out, key.id))]
    found = [
        Differs(f"missing-{key.id}", "missing", key, register.label_of(key)) for key in expected if key.id not in first
    ]
    for key_id, row in first.items():
        if key_id not in book:
            found.append(Differs(f"store-{key_id}", "wrong store", row.key, row.code))
        elif book[key_id].lost or (key_id in out and not _left_after(first, out, key_id)):
            holder = out[key_id].holder if key_id in out else ""
            found.append(Differs(f"unexpected-{key_id}", "unexpected", row.key, row.code, holder))
    for code, times in Counter(row.code for row in seen).items():
        row = next(row for row in seen if row.code == code)
        if row.key_id is None:
            found.append(Differs(f"unknown-{row.id}", "unknown", None, code))
        elif times > 1:
            found.append(Differs(f"twice-{row.key_id}", "twice", row.key, code))
    return len(expected), found


def _left_after(first: dict[int, Counted], out: dict[int, loan.Loan], key_id: int) -> bool:
    return key_id in first and key_id in out and out[key_id].since > first[key_id].at


@deed("key_count.signed", act="keys.count")
def sign_off(count: Count, *, remarks: dict[str, str], by: Actor) -> Count:
    """Close the count. Every difference has an explanation (KEY-9); in the evening every holder was told (KEY-6)."""
    _going_on(count)
    expected, found = differences(count)
    for one in found:
        if not text.remark(remarks.get(one.slug, "")):
            raise Refused(
                "{key} differs from the book: explain it before you sign.",
                rule="KEY-9",
                field=one.slug,
                key=one.key.number if one.key else one.code,
            )
    if count.shift == "evening" and count.store == "internal":
        _everybody_told()
    for one in found:
        Difference.create(count=count, what=one.what, key=one.key, code=one.code, remark=text.remark(remarks[one.slug]))
    count.ended, count.outcome = journal.moment(), "signed"
    count.expected = expected
    count.counted = Counted.select(Counted.code).where(Counted.count == count).distinct().count()
    count.save()
    journal.note(store=count.store, shift=count.shift, expected=expected, counted=count.counted, differences=len(found))
    place = STORES.index(count.store)
    if found:  # reported (KEY-5)
        due.expect(
            COUNT_DUE,
            place,
            slug="differs",
            at=journal.moment(),
            role="supervisor",
            text=N_("The key count of {time} has {n} differences. Read the explanations."),
            time=f"{count.ended:%m-%d %H:%M}",
            n=len(found),
        )
    recurring.kept(COUNT_DUE, place, slug=count.shift)
    register.changed()
    return count


def _everybody_told() -> None:
    for there in loan.open_list(KIND):
        key = Key.get_by_id(there.thing)
        if key.store == "internal" and there.terms == "day" and there.told is None:
            raise Refused(
                "{holder} still has {key}: tell {of} to bring it back, then sign.",
                rule="KEY-6",
                holder=there.holder,
                key=key.number,
                of=there.of or there.holder,
            )


@deed("key_count.read", act="keys.manage")
def differences_read(store: str, *, by: Actor) -> None:
    """The supervisor has read the explanations."""
    journal.note(store=store)
    due.meet(COUNT_DUE, STORES.index(store), at=journal.moment(), slug="differs")


@deed("key_count.dropped", act="keys.count")
def drop(count: Count, *, by: Actor) -> Count:
    """Begun by mistake: nothing is counted, and what is due stays due."""
    _going_on(count)
    count.ended, count.outcome = journal.moment(), "dropped"
    count.save()
    register.changed()
    return count


def going_on() -> list[Count]:
    """Counts that were begun and not ended."""
    return list(Count.select(Count, Staff).join(Staff).where(Count.ended.is_null()).order_by(Count.store))


def unread() -> list[str]:
    """Boxes whose last differences the supervisor has not read yet."""
    rows = due.Due.select(due.Due.about).where(
        due.Due.kind == COUNT_DUE, due.Due.slug == "differs", due.Due.met.is_null()
    )
    return [STORES[row.about] for row in rows.order_by(due.Due.about)]


def latest(limit: int = 10) -> list[Count]:
    return list(
        Count.select(Count, Staff).join(Staff).where(Count.ended.is_null(False)).order_by(Count.id.desc()).limit(limit)
    )


def explained(count: Count) -> list[Difference]:
    query = Difference.select(Difference, Key).join(Key, peewee.JOIN.LEFT_OUTER)
    return list(query.where(Difference.count == count).order_by(Difference.id))


def _going_on(count: Count) -> None:
    if count.ended:
        raise Refused("This count was closed at {time}. Begin a new one.", rule="KEY-5", time=f"{count.ended:%H:%M}")
