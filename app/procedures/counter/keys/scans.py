"""What a scanned label does at a station (design.md 9). The scan commits: nothing asks for a click.

key that is out     -> returned, whoever holds it
key that is in      -> lending starts; the next badge scanned at this station takes it
key that was lost   -> found
badge               -> the borrower of the lending in hand; else somebody who wants to sign in
while a box is counted at this station, every scan counts
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import peewee

from app.base import clock, db, text
from app.base.refusal import N_, Refused
from app.desk.record import journal, numbering
from app.desk.record.journal import deed
from app.desk.who import sessions
from app.desk.who.people import DESK, Actor, Staff, actor
from app.desk.work import loan
from app.desk.work.loan import Loan, said
from app.procedures.counter.keys import consent, counts, lending, register
from app.procedures.counter.keys.register import KIND, Key

AGAIN = timedelta(seconds=3)  # the same label sooner than this is one pull of the trigger, not two
IN_HAND = timedelta(minutes=5)  # a lending nobody finishes is forgotten
SOURCES = ("serial", "wedge", "hand")


class InHand(db.Table):
    """The half-done lending of a station: it lives here, so a badge may come from any scanner or page."""

    station = peewee.TextField(unique=True)
    key = peewee.ForeignKeyField(Key)
    staff = peewee.ForeignKeyField(Staff)
    at = db.MomentField()
    purpose = peewee.TextField(default="")
    until = db.MomentField(null=True)
    seal = peewee.TextField(default="")


class Scan(db.AppendOnly):
    """One label heard, and what came of it. `kind`: ok | note | stop (counter.md 6)."""

    at = db.MomentField()
    station = peewee.TextField()
    source = peewee.TextField()
    staff = peewee.ForeignKeyField(Staff, null=True)
    kind = peewee.TextField()
    msgid = peewee.TextField()
    facts = db.JsonField(default=dict)
    rule = peewee.TextField(null=True)
    key = peewee.ForeignKeyField(Key, null=True)
    loan = peewee.ForeignKeyField(Loan, null=True)
    key_id: int | None
    loan_id: int | None
    staff_id: int | None

    class Meta:
        indexes = ((("station", "id"), False),)


def hear(label: str, *, source: str, by: Actor) -> Scan:
    """Act on a label. A refusal is kept as the scan's outcome; where a page asked, it is raised to that page too.

    `by` is the clerk at the station, or the desk itself (`people.DESK` with a station) where nobody is signed in.
    """
    try:
        return _act(label, source=source, by=by)
    except Refused as no:
        values = {name: value for name, value in no.values.items() if isinstance(value, (str, int))}
        kept = _refuse(label, source=source, msgid=no.msgid, rule=no.rule, values=values, by=by)
        if source != "serial":
            raise
        return kept


@deed("key.scanned", act="keys.lend")
def _act(label: str, *, source: str, by: Actor) -> Scan:
    plain = text.half_width(label).strip()
    count = counts.at_station(by.station)
    found = numbering.read_code(plain)
    if count and not (found and found[0] == "badge"):
        line = counts.scan(count, plain, by=by)
        kind = "ok" if line.key_id else "note"
        said_ = N_("Counted: {key}") if line.key_id else N_("Counted: a label this desk does not know ({label})")
        return _keep(source, by, kind, said_, line.key, label=plain[:32])
    if found and found[0] == "badge":
        return _badge(plain, source, by)
    key = register.find(plain)
    there = loan.open_of(KIND, key.id)
    last = there or loan.last_of(KIND, key.id)
    if last and journal.moment() - (last.ended or last.since) < AGAIN and last.outcome != "undone":
        message = N_("{key} was scanned twice. Scan it once more to lend it.")
        if there:
            message = N_("{key} was scanned twice. Scan it once more to take it back.")
        return _keep(source, by, "note", message, key, there=last)
    if there:
        ended = lending.give_back(key, by=by)
        message = N_("{key} is back from {holder}. Hang it on {hook}.")
        return _keep(source, by, "ok", message, key, there=ended, holder=ended.holder, hook=key.hook.label)
    before = next(iter(recent(by.station, 1)), None)
    just_found = before and before.key_id == key.id and before.kind == "ok" and not before.loan_id
    if before and just_found and journal.moment() - before.at < AGAIN:
        return _keep(source, by, "note", N_("{key} was scanned twice. Scan it once more to lend it."), key)
    if key.lost:
        register.found(key, by=by)
        return _keep(source, by, "ok", N_("{key} is found. Hang it on {hook}."), key, hook=key.hook.label)
    take(key, by=by)
    return _keep(source, by, "note", N_("{key}: scan the badge of who takes it."), key)


def _badge(code: str, source: str, by: Actor) -> Scan:
    staff = Staff.get_or_none(Staff.badge == code)
    if staff is None or not staff.active:
        raise Refused("This badge is nobody's. Keep it, and ask whose it was.", rule="KEY-4")
    hand = in_hand(by.station)
    if hand is None:
        message = N_("Badge of {name}: enter the PIN to take over.")
        return _keep(source, by, "note", message, None, name=staff.name, badge=code)
    made = finish(by.station, to=lending.staff_holder(staff), signed="badge", by=by)
    message = N_("{key} is lent to {holder} until {until}.")
    return _keep(source, by, "ok", message, hand.key, there=made, holder=made.holder, until=said(made.until))


def _keep(
    source: str, by: Actor, kind: str, msgid: str, key: Key | None, *, there: Loan | None = None, **facts: Any
) -> Scan:
    register.changed()
    return Scan.create(
        at=journal.moment(),
        station=by.station,
        source=source,
        staff=by.id or None,
        kind=kind,
        msgid=msgid,
        facts={"key": key.number if key else "", **facts},
        key=key,
        loan=there,
    )


@deed("key.scan_refused", act="keys.lend")
def _refuse(label: str, *, source: str, msgid: str, rule: str | None, values: dict[str, Any], by: Actor) -> Scan:
    register.changed()
    try:
        key = register.read(label)
    except Refused:
        key = None
    return Scan.create(
        at=journal.moment(),
        station=by.station,
        source=source,
        staff=by.id or None,
        kind="stop",
        msgid=msgid,
        facts=values,
        rule=rule,
        key=key,
    )


@deed("key.in_hand", act="keys.lend")
def take(key: Key, *, by: Actor) -> Key:
    """Start lending a key at this station; what would be refused later is refused now."""
    if not by.id:
        raise Refused("{key} is in the box. Sign in at the counter to lend it.", rule="KEY-4", key=key.number)
    lending.lendable(key)
    if key.store == "entrusted":
        consent.require_consent(key, journal.moment())
    InHand.delete().where(InHand.station == by.station).execute()
    InHand.create(station=by.station, key=key, staff=by.id, at=journal.moment())
    register.changed()
    return key


@deed("key.prepared", act="keys.lend")
def prepare(*, purpose: str, until: datetime | None, seal: str, by: Actor) -> Key:
    """Write down what the key in hand is for before the badge is scanned."""
    hand = in_hand(by.station)
    if hand is None:
        raise Refused("No key is in hand. Scan the key first.", rule="KEY-8")
    InHand.update(purpose=text.remark(purpose), until=until, seal=text.remark(seal)).where(
        InHand.id == hand.id
    ).execute()
    register.changed()
    return hand.key


@deed("key.put_down", act="keys.lend")
def put_down(*, by: Actor) -> None:
    """Esc: the key goes back on its hook, nothing is lent."""
    InHand.delete().where(InHand.station == by.station).execute()
    register.changed()


def finish(station: str, *, to: loan.Holder, signed: str, by: Actor) -> Loan:
    """Lend the key in hand to whoever that is. A deed of lending."""
    hand = in_hand(station)
    if hand is None:
        raise Refused("No key is in hand. Scan the key first.", rule="KEY-8")
    by = by if by.id else actor(hand.staff, station=station)  # the clerk who took the key off its hook hands it over
    if hand.key.spare:
        made = lending.keep_at_night(hand.key, to=to, seal=hand.seal, signed=signed, by=by)
    else:
        made = lending.lend(hand.key, to=to, until=hand.until, purpose=hand.purpose, signed=signed, by=by)
    InHand.delete().where(InHand.id == hand.id).execute()
    return made


@deed("key.handed_over", act="keys.lend")
def hand_over(*, to: loan.Holder, purpose: str, until: datetime | None, seal: str, by: Actor) -> Scan:
    """The key in hand goes to somebody picked on the page, who signs the slip: a colleague, a contractor, the owner."""
    prepare(purpose=purpose, until=until, seal=seal, by=by)
    hand = in_hand(by.station)
    assert hand is not None  # prepare() refused otherwise
    made = finish(by.station, to=to, signed="paper", by=by)
    message = N_("{key} is lent to {holder} until {until}.")
    return _keep("hand", by, "ok", message, hand.key, there=made, holder=made.holder, until=said(made.until))


def in_hand(station: str) -> InHand | None:
    """The lending begun at this station, unless it was forgotten."""
    query = InHand.select(InHand, Key).join(Key)
    row = query.where(InHand.station == station, InHand.at > clock.now() - IN_HAND).first()
    return cast("InHand | None", row)


def recent(station: str, limit: int = 8) -> list[Scan]:
    """What was heard last at this station, newest first."""
    query = Scan.select(Scan, Key).join(Key, peewee.JOIN.LEFT_OUTER)
    return list(query.where(Scan.station == station).order_by(Scan.id.desc()).limit(limit))


def newest() -> int:
    """The id of the last scan anywhere: a page that knows it can tell what it has not shown yet."""
    return int(Scan.select(peewee.fn.MAX(Scan.id)).scalar() or 0)


def at_counter() -> Actor:
    """Who is credited with a scan from the cabinet's own scanner: the newest sign-in at a station it is bound to.

    Where nobody is signed in there, the desk itself, so that a return is kept and later confirmed.
    """
    Session, Station = sessions.Session, sessions.Station  # noqa: N806 - as the tables are called
    bound = [row.name for row in Station.select().where(Station.scanner == True, Station.active == True)]  # noqa: E712
    query = Session.select(Session, Staff).join(Staff).where(Session.ended.is_null(), Staff.active == True)  # noqa: E712
    if bound:
        query = query.where(Session.station.in_(bound))
    newest = query.order_by(Session.id.desc()).first()
    if newest:
        return actor(newest.staff, station=newest.station)
    return replace(DESK, station=bound[0] if bound else "")
