"""The register of keys: two stores that never mix, hooks, rings, and labels that do not say what they open."""

from __future__ import annotations

import functools
import re
from datetime import datetime
from typing import cast

import peewee

from app.base import db, live, text
from app.base.refusal import N_, Refused
from app.desk.homes.households import Person, Unit
from app.desk.papers import outbox
from app.desk.record import journal, numbering, options
from app.desk.record.journal import deed
from app.desk.who.people import Actor, Staff
from app.desk.work import due, loan, recurring
from app.procedures.counter.keys import schedule

numbering.declare("YS", kind="key", digits=30)
numbering.declare("TG", kind="letter", digits=60)
KIND = "key"  # of a loan
DUE = "counter.keys"  # due rows are about the key's id; slugs: back overdue confirm seal lost label


class Custody(db.Table):
    """An owner's keys in the desk's care (钥匙托管): why, since when, and how it ended."""

    number = peewee.TextField(unique=True)  # of the custody letter: TG-2026-000012
    unit = peewee.ForeignKeyField(Unit, index=True)
    unit_id: int
    owner = peewee.ForeignKeyField(Person)
    kind = peewee.TextField()  # hardship | rectification | lock_change
    reason = peewee.TextField()
    seal = peewee.TextField(default="")  # number of the sealed envelope
    since = db.MomentField()
    review = db.DayField(null=True)  # rectification: when it is looked at whether the repair is done
    handler = peewee.ForeignKeyField(Staff)
    ended = db.MomentField(null=True)
    received_by = peewee.TextField(default="")  # who signed for the keys at the end, on which identity paper

    class Meta:
        indexes = ((("ended", "id"), False),)


class Hook(db.Table):
    """A hook in one of the two boxes."""

    label = peewee.TextField(unique=True)
    store = peewee.TextField()


class Key(db.Table):
    """A tagged key, or a ring of `pieces` keys under one tag. What it opens stands here and never on the tag."""

    store = peewee.TextField()
    name = peewee.TextField()
    hook = peewee.ForeignKeyField(Hook)
    pieces = peewee.IntegerField(default=1)
    spare = db.FlagField(default=False)  # in the sealed set that security keeps at night
    custody = peewee.ForeignKeyField(Custody, null=True, index=True)
    custody_id: int | None
    lost = db.MomentField(null=True)
    retired = db.MomentField(null=True)
    remark = peewee.TextField(default="")

    class Meta:
        # KEY-1: a key belongs to exactly one store, and entrusted means that somebody entrusted it.
        constraints = (
            peewee.Check("store IN ('internal', 'entrusted')"),
            peewee.Check("(store = 'entrusted') = (custody_id IS NOT NULL)"),
        )
        indexes = ((("retired", "store", "id"), False),)

    @property
    def number(self) -> str:
        """What people call it and what the tag shows beside the code: K0231."""
        return f"K{self.id:04d}"


Key.add_index(Key.index(Key.hook, unique=True, where=Key.retired.is_null(), name="key_on_hook"))  # a hook holds one tag


def _has_keys(store: str) -> bool:
    return bool(Key.select().where(Key.store == store, Key.retired.is_null()).exists())


for (_store, _shift), _text in schedule.WANTED.items():
    recurring.daily(
        schedule.COUNT_DUE,
        schedule.STORES.index(_store),
        slug=_shift,
        at=schedule.SHIFTS[_shift],
        text=_text,
        wanted=functools.partial(_has_keys, _store),
    )


class Label(db.Table):
    """A printed tag. The newest open one of a key is its label; one that ended is never anybody's again."""

    code = peewee.TextField(unique=True)
    key = peewee.ForeignKeyField(Key, index=True)
    key_id: int
    since = db.MomentField()
    ended = db.MomentField(null=True)
    why = peewee.TextField(default="")  # replaced | duplicate | retired


Label.add_index(Label.index(Label.key, unique=True, where=Label.ended.is_null(), name="label_in_use"))


def changed() -> None:
    """Open key pages show it within their next poll."""
    db.after_commit(_bump)


def _bump() -> None:
    live.bump("keys")


def settle(key: Key, *slugs: str) -> None:
    """What was promised about this key under these names is kept. Inside a deed."""
    for slug in slugs:
        due.meet(DUE, key.id, at=journal.moment(), slug=slug)


def label_of(key: Key) -> str:
    """The code on its tag; empty where it has none (after a conflict)."""
    return str(Label.select(Label.code).where(Label.key == key, Label.ended.is_null()).scalar() or "")


def read(label: str) -> Key | None:
    """The key a scanned code or a typed number (`K0231`, `k231`) means. None where it is no key's at all.

    Refused for a label that was taken off, and for one that two keys carry (KEY-8).
    """
    plain = re.sub(r"\s", "", text.half_width(label)).upper()
    if re.fullmatch(r"K[0-9]{1,6}", plain, re.ASCII):
        return Key.get_or_none(Key.id == int(plain[1:]))
    found = numbering.read_code(plain)
    if not found or found[0] != "key":
        return None
    row = Label.select(Label, Key).join(Key).where(Label.code == plain).first()
    if row is None:
        return None
    if row.why == "duplicate":
        raise Refused("Two keys carry this label, so it does not say which one this is. Label both anew.", rule="KEY-8")
    if row.ended and not row.key.retired:
        raise Refused(
            "This label was taken off {key} on {day}. Scan its new label.",
            rule="KEY-8",
            key=row.key.number,
            day=f"{row.ended:%m-%d}",
        )
    return cast("Key", row.key)


def find(label: str) -> Key:
    """As read(), Refused where nothing is meant."""
    if key := read(label):
        return key
    raise Refused("“{label}” is no key of this desk. Scan the label again.", rule="KEY-8", label=label[:32])


def _hook(label: str, store: str) -> Hook:
    name = re.sub(r"\s", "", text.half_width(label)).upper()
    if not re.fullmatch(r"[A-Z][0-9]{1,3}", name, re.ASCII):
        raise Refused("A hook is a letter and a number, such as A07.", field="hook")
    hook, _ = Hook.get_or_create(label=name, defaults={"store": store})
    if hook.store != store:
        raise Refused(
            "Hook {hook} is in the other box: internal and entrusted keys hang apart.",
            rule="KEY-1" if store == "internal" else "EKEY-5",
            field="hook",
            hook=name,
        )
    taken = Key.get_or_none(Key.hook == hook, Key.retired.is_null())
    if taken:
        raise Refused(
            "On hook {hook} hangs {key}. Choose a free hook.", rule="KEY-1", field="hook", hook=name, key=taken.number
        )
    return cast("Hook", hook)


@deed("key.added", act="keys.label")
def add(
    *,
    name: str,
    hook: str,
    store: str = "internal",
    pieces: int = 1,
    spare: bool = False,
    custody: Custody | None = None,
    by: Actor,
) -> Key:
    """Enter a key, or a ring of keys, and print its label."""
    if (store == "entrusted") != (custody is not None):
        raise Refused("An entrusted key comes with its custody, an internal one has none.", rule="KEY-1")
    if spare and store != "internal":
        raise Refused("Only internal keys go into the sealed spare set.", rule="EKEY-5")
    key = Key.create(
        store=store,
        name=text.name(name, field="name"),
        hook=_hook(hook, store),
        pieces=pieces,
        spare=spare,
        custody=custody,
    )
    journal.note(key=key.number, store=store, hook=key.hook.label, unit_id=custody.unit_id if custody else None)
    _label(key)
    recurring.begin(schedule.COUNT_DUE)  # from its first key on, a box is counted
    changed()
    return key


def _label(key: Key) -> None:
    code = numbering.draw("YS").code
    Label.create(code=code, key=key, since=journal.moment())
    journal.note(label=code)
    # The tag names the key by number only: who finds it must not learn which door it opens.
    facts = {"number": key.number, "code": code, "centre": options.get("centre.name")}
    outbox.queue("key_label", key, facts=facts, number=key.number)


@deed("key.moved", act="keys.label")
def move(key: Key, *, hook: str, by: Actor) -> Key:
    """Hang it on another hook of its own box."""
    journal.note(old=key.hook.label, new=hook)
    key.hook = _hook(hook, key.store)
    key.save()
    changed()
    return key


@deed("key.relabelled", act="keys.label")
def relabel(key: Key, *, by: Actor) -> Key:
    """Print a new label; the old one is dead from now on (KEY-8)."""
    alive(key)
    _end_label(key, "replaced")
    _label(key)
    settle(key, "label")
    changed()
    return key


def _end_label(key: Key, why: str) -> None:
    Label.update(ended=journal.moment(), why=why).where(Label.key == key, Label.ended.is_null()).execute()


@deed("key.duplicate", act="keys.label")
def report_duplicate(key: Key, *, by: Actor) -> Key:
    """Two tags with this key's code were found: the code means nothing until the key has a new label (KEY-8)."""
    alive(key)
    _end_label(key, "duplicate")
    due.expect(
        DUE,
        key.id,
        slug="label",
        at=journal.moment(),
        text=N_("Two keys carry the label of {key}: label both anew."),
        key=key.number,
    )
    changed()
    return key


@deed("key.lost", act="keys.lend")
def lose(key: Key, *, remark: str, by: Actor) -> Key:
    """It cannot be found: whoever had it no longer has it, and the supervisor decides about the lock (KEY-7)."""
    alive(key)
    if key.lost:
        raise Refused("{key} is reported lost since {day}.", key=key.number, day=f"{key.lost:%m-%d}")
    there = loan.open_of(KIND, key.id)
    if there:
        loan.close(there, outcome="lost", by=by)
        settle(key, "back", "overdue", "seal")
    key.lost, key.remark = journal.moment(), text.remark(remark)
    key.save()
    journal.note(key=key.number, remark=key.remark, last_held_by=there.holder if there else "")
    due.expect(
        DUE,
        key.id,
        slug="lost",
        at=journal.moment(),
        text=N_("{key} is lost. Decide whether the lock is changed; the owner of an entrusted key is told."),
        role="supervisor",
        unit_id=key.custody.unit_id if key.custody else None,
        key=key.number,
    )
    changed()
    return key


@deed("key.found", act="keys.lend")
def found(key: Key, *, by: Actor) -> Key:
    """A lost key is back on its hook."""
    if not key.lost:
        raise Refused("{key} is not lost.", key=key.number)
    key.lost = None
    key.save()
    journal.note(key=key.number)
    settle(key, "lost")
    changed()
    return key


@deed("key.retired", act="keys.manage")
def retire(key: Key, *, remark: str, by: Actor) -> Key:
    """The lock is gone or the key was handed over for good: its label is dead and its hook free."""
    alive(key)
    if there := loan.open_of(KIND, key.id):
        raise Refused("{key} is with {holder}. Take it back first.", rule="KEY-8", key=key.number, holder=there.holder)
    put_away(key, journal.moment(), remark)
    return key


def put_away(key: Key, at: datetime, remark: str) -> None:
    """What retiring does; also the end of a custody. Inside a deed."""
    _end_label(key, "retired")
    key.retired, key.remark = at, text.remark(remark)
    key.save()
    journal.note(key=key.number, remark=key.remark)
    due.meet(DUE, key.id, at=at)
    changed()


def alive(key: Key) -> None:
    if key.retired:
        raise Refused("{key} was retired on {day}.", rule="KEY-8", key=key.number, day=f"{key.retired:%Y-%m-%d}")
