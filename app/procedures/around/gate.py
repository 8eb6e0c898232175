"""Goods that the gate stopped for want of a valid slip: written down, and a superior decides (GOODS-5, GATE-6)."""

from __future__ import annotations

from datetime import timedelta

import peewee

from app.base import clock, db, live
from app.base import text as texts
from app.base.refusal import N_, Refused
from app.desk.record import journal
from app.desk.record.journal import deed, note
from app.desk.who.people import Actor, Staff
from app.desk.work import due

KIND = "around.gate"
ANSWER_WITHIN = timedelta(minutes=15)  # somebody stands at the gate with the goods
MOST = 20


class Stop(db.Table):
    """What was stopped, by whom and why; `let_out` null = the superior has not decided yet."""

    at = db.MomentField(index=True)
    what = peewee.TextField()
    plate = peewee.TextField(default="")
    why = peewee.TextField(default="")  # what was shown instead of a slip
    staff = peewee.ForeignKeyField(Staff)
    decided = db.MomentField(null=True)
    let_out = db.FlagField(null=True)
    remark = peewee.TextField(default="")
    superior = peewee.ForeignKeyField(Staff, null=True, backref="decisions")

    class Meta:
        table_name = "gate_stop"


@deed("goods.stopped", act="gate.release", rule="GOODS-5")
def stop(what: str, *, plate: str = "", why: str = "", by: Actor) -> Stop:
    """The guard keeps goods back and asks the superior."""
    what = texts.remark(what, field="what")
    if not what:
        raise Refused("Write down which goods were stopped.", rule="GOODS-5", field="what")
    plate = texts.plate(plate, field="plate") if plate.strip() else ""
    row = Stop.create(at=journal.moment(), what=what, plate=plate, why=texts.clean(why)[:64], staff=by.id)
    due.expect(
        KIND, row.id, at=journal.moment() + ANSWER_WITHIN, role="supervisor",
        text=N_("The gate stopped goods and waits for an answer: {what}"), what=what,
    )  # fmt: skip
    note(what=what, plate=plate)
    db.after_commit(lambda: live.bump("slips", "today"))
    return row


@deed("goods.decided", act="gate.decide", rule="GOODS-5")
def decide(row: Stop, *, let_out: bool, remark: str, by: Actor) -> Stop:
    """The superior lets the goods out, or keeps them in; the reason is kept either way."""
    remark = texts.remark(remark, field="remark")
    if len(remark) < 2:
        raise Refused("Say why, so that the guard knows.", rule="GOODS-5", field="remark")
    done = (
        Stop.update(decided=journal.moment(), let_out=let_out, remark=remark, superior=by.id)
        .where(Stop.id == row.id, Stop.decided.is_null())
        .execute()
    )
    if not done:
        raise Refused("A colleague has decided this already.", rule="GOODS-5")
    due.meet(KIND, row.id, at=journal.moment())
    note(what=row.what, let_out=let_out, remark=remark)
    db.after_commit(lambda: live.bump("slips", "today"))
    return Stop.get_by_id(row.id)


def recent() -> list[Stop]:
    """Today's and yesterday's stops, newest first, with guard and superior."""
    superior = Staff.alias()
    since = clock.at(clock.today() - timedelta(days=1))
    return list(
        Stop.select(Stop, Staff, superior)
        .join(Staff, on=(Stop.staff == Staff.id))
        .switch(Stop)
        .join(superior, peewee.JOIN.LEFT_OUTER, on=(Stop.superior == superior.id))
        .where(Stop.at >= since)
        .order_by(Stop.at.desc())
        .limit(MOST)
    )
