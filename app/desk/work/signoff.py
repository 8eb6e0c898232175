"""Named approvals by role, in order, never of one's own matter; a deputy's is marked as one."""

from __future__ import annotations

import peewee

from app.base import db
from app.base.refusal import Refused
from app.desk.record import journal
from app.desk.record.journal import deed, note
from app.desk.who import people
from app.desk.who.people import Actor, Staff


class Approval(db.AppendOnly):
    """`staff` agreed to `step` of the row `about` of `kind` (chapter.noun), in the name of `role`."""

    kind = peewee.TextField()
    about = peewee.IntegerField()
    step = peewee.TextField()
    role = peewee.TextField()
    staff = peewee.ForeignKeyField(Staff)
    deputy = db.FlagField(default=False)
    note = peewee.TextField(default="")
    at = db.MomentField()

    class Meta:
        indexes = ((("kind", "about", "step"), True),)


@deed("approved", inside=True)
def approve(
    kind: str,
    about: int,
    step: str,
    *,
    role: str,
    raised_by: int | None,
    by: Actor,
    note_text: str = "",
    after: str | None = None,
    rule: str | None = None,
    unit_id: int | None = None,
) -> Approval:
    """Give one approval. `raised_by` = id of the staff whose matter it is (None: the desk itself raised it);
    `after` = the step that must have been given before; `rule` = the manual's rule that asks for it.

    Refused for another role (the absent supervisor's deputy excepted, ORG-1), for one's own matter, for somebody
    who gave another step of it, out of order, and a second time.
    """
    by = people.require(by, f"signoff.{role}", rule=rule)
    given = of(kind, about)
    if step in given:
        earlier = given[step]
        raise Refused(
            "{name} approved this at {time} already.",
            rule=rule,
            name=earlier.staff.name,
            time=f"{earlier.at:%m-%d %H:%M}",
        )
    if by.id == raised_by or by.id in {each.staff.id for each in given.values()}:
        raise Refused("Nobody approves their own matter. Ask somebody else of that role.", rule=rule or "ORG-1")
    if after is not None and after not in given:
        raise Refused("Another approval must come before this one.", rule=rule)
    note(unit_id=unit_id, kind=kind, about=about, step=step, role=role)
    return Approval.create(
        kind=kind,
        about=about,
        step=step,
        role=role,
        staff=by.id,
        deputy=by.deputy,
        note=note_text,
        at=journal.moment(),
    )


def of(kind: str, about: int) -> dict[str, Approval]:
    """The approvals given so far: step -> Approval (with its staff), in the order they were given."""
    rows = (
        Approval.select(Approval, Staff)
        .join(Staff)
        .where(Approval.kind == kind, Approval.about == about)
        .order_by(Approval.id)
    )
    return {row.step: row for row in rows}
