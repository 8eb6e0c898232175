"""Standing instructions of a household: `do not release before the 25th`. Shown first, and again at their act."""

from __future__ import annotations

from datetime import date

import peewee

from app.base import clock, db, live
from app.base import text as texts
from app.base.refusal import N_, Refused
from app.desk.homes.households import Unit
from app.desk.record import journal
from app.desk.record.journal import deed, note
from app.desk.who.people import Actor, Staff

# At which act it comes back (counter.md 9); general ones only when the household is opened.
KINDS = {
    "release": N_("Goods release"),
    "key": N_("Keys"),
    "mail": N_("Held mail"),
    "general": N_("General instruction"),
}


class Instruction(db.Table):
    """`blocks`: its act is not done while it holds (unless overridden in place). `until` = last day; ended, not edited."""

    unit = peewee.ForeignKeyField(Unit)
    unit_id: int
    kind = peewee.TextField()
    text = peewee.TextField()
    blocks = db.FlagField(default=False)
    since = db.DayField()
    until = db.DayField(null=True)
    staff = peewee.ForeignKeyField(Staff, null=True)
    at = db.MomentField()
    ended = db.MomentField(null=True)

    class Meta:
        indexes = ((("unit", "ended"), False),)


class Acknowledgement(db.AppendOnly):
    """A clerk has read an instruction on that business day."""

    instruction = peewee.ForeignKeyField(Instruction)
    instruction_id: int
    staff = peewee.ForeignKeyField(Staff)
    day = db.DayField()
    at = db.MomentField()

    class Meta:
        indexes = ((("instruction", "staff", "day"), True),)


def open_of(unit: Unit | int, kind: str | None = None, *, limit: int = 20) -> list[Instruction]:
    """What holds today for this unit (of that kind), blocking ones first."""
    today = clock.today()
    query = (
        Instruction.select(Instruction, Staff)
        .join(Staff, peewee.JOIN.LEFT_OUTER)
        .where(
            Instruction.unit == unit,
            Instruction.ended.is_null(),
            Instruction.since <= today,
            Instruction.until.is_null() | (Instruction.until >= today),
        )
        .order_by(Instruction.blocks.desc(), Instruction.id.desc())
        .limit(limit)
    )
    return list(query if kind is None else query.where(Instruction.kind == kind))


def blocking(unit: Unit | int, kind: str) -> Instruction | None:
    """The instruction that forbids this act today, if one does."""
    return next((found for found in open_of(unit, kind) if found.blocks), None)


def unread(unit: Unit | int, *, by: Actor, kind: str | None = None) -> list[Instruction]:
    """What this clerk has not acknowledged today (a business day)."""
    found = open_of(unit, kind)
    if not found:
        return []
    day = clock.business_day(clock.now())
    read = Acknowledgement.select(Acknowledgement.instruction).where(
        Acknowledgement.instruction.in_([each.id for each in found]),
        Acknowledgement.staff == by.id,
        Acknowledgement.day == day,
    )
    seen = {row.instruction_id for row in read}
    return [each for each in found if each.id not in seen]


def require_read(unit: Unit | int, kind: str, *, by: Actor) -> None:
    """Refuse an act while the clerk has not acknowledged what stands for it."""
    waiting = unread(unit, by=by, kind=kind)
    if waiting:
        raise Refused("There is an instruction for this: {text} Acknowledge it first.", text=waiting[0].text)


@deed("instruction.set", act="instructions.change")
def give(
    unit: Unit,
    kind: str,
    text: str,
    *,
    blocks: bool = False,
    since: date | None = None,
    until: date | None = None,
    by: Actor,
) -> Instruction:
    """Set an instruction from a day (today) to a last day (none = until it is ended)."""
    text = texts.remark(text, field="text")
    if not text:
        raise Refused("Write down what is to be heeded.", field="text")
    start = since or clock.today()
    if until is not None and until < start:
        raise Refused("It ends before it starts. Correct one of the dates.", field="until")
    row = Instruction.create(
        unit=unit,
        kind=kind,
        text=text,
        blocks=blocks,
        since=start,
        until=until,
        staff=by.id or None,
        at=journal.moment(),
    )
    note(unit_id=unit.id, kind=kind, text=text, blocks=blocks)
    db.after_commit(lambda: live.bump("households"))
    return row


@deed("instruction.acknowledged", act="instructions.acknowledge")
def acknowledge(instruction: Instruction, *, by: Actor) -> Acknowledgement:
    """`by` has read it; once a business day is enough."""
    day = clock.business_day(journal.moment())
    mine = {"instruction": instruction.id, "staff": by.id, "day": day}
    Acknowledgement.insert(**mine, at=journal.moment()).on_conflict_ignore().execute()
    note(unit_id=instruction.unit_id, text=instruction.text)
    return Acknowledgement.get(**mine)


@deed("instruction.ended", act="instructions.change")
def end(instruction: Instruction, *, by: Actor) -> Instruction:
    """It no longer holds, from now on; the row stays."""
    done = (
        Instruction.update(ended=journal.moment())
        .where(Instruction.id == instruction.id, Instruction.ended.is_null())
        .execute()
    )
    if not done:
        raise Refused("This instruction was ended already.")
    note(unit_id=instruction.unit_id, text=instruction.text)
    db.after_commit(lambda: live.bump("households"))
    return instruction
