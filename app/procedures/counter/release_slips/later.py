"""What the desk may still do with a slip: the owner signs later, it is cancelled. And who can have had a hand in it."""

from __future__ import annotations

from app.base import db
from app.base import text as texts
from app.base.refusal import Refused
from app.desk.papers import outbox
from app.desk.papers.outbox import Job
from app.desk.record import journal
from app.desk.record.journal import deed, note
from app.desk.who.people import Actor
from app.desk.work import due
from app.procedures.counter.release_slips.gate import close
from app.procedures.counter.release_slips.issue import changed, sign
from app.procedures.counter.release_slips.tables import KIND, Signing, Slip


@deed("slip.owner_signed", act="slips.issue", rule="GOODS-3")
def owner_signed(slip: Slip, *, how: str, png: bytes = b"", by: Actor) -> Slip:
    """The owner who agreed by phone has signed, on the pad or on the paper (C40)."""
    slip = Slip.get_by_id(slip.id)
    if slip.cancelled or Signing.select().where(Signing.slip == slip, Signing.who == "owner").exists():
        raise Refused("No owner's signature is pending on this slip.", rule="GOODS-3")
    sign(slip, "owner", how, png, by=by)
    due.meet(KIND, slip.id, at=journal.moment(), slug="owner")
    note(unit_id=slip.unit_id, number=slip.number, how=how)
    db.after_commit(changed)
    return slip


@deed("slip.cancelled", act="slips.issue")
def cancel(slip: Slip, *, reason: str, by: Actor) -> Slip:
    """Take a slip, or what is left of it, out of use, with the reason."""
    slip = Slip.get_by_id(slip.id)
    reason = texts.remark(reason, field="reason")
    if len(reason) < 2:
        raise Refused("Say why the slip is cancelled.", field="reason")
    if slip.cancelled or slip.closed:
        raise Refused("This slip is closed already; it cannot be cancelled.")
    slip.cancelled, slip.reason = journal.moment(), reason
    close(slip)
    due.meet(KIND, slip.id, at=journal.moment())
    note(unit_id=slip.unit_id, number=slip.number, reason=reason)
    db.after_commit(changed)
    return slip


@deed("slip.reprinted", act="slips.issue")
def reprint(slip: Slip, *, copy: str, by: Actor) -> Slip:
    """Print a copy once more, as it was; it says 补打 and for the how manieth time. Only while something may leave."""
    slip = Slip.get_by_id(slip.id)
    first = Job.get_or_none(Job.about == "release_slip", Job.about_id == slip.id, Job.copy == copy, Job.reprint == 0)
    if slip.closed or first is None:
        raise Refused("This slip is closed; its paper is not printed again.")
    n = outbox.reprints_of("release_slip", slip.id) + 1
    outbox.queue(
        first.paper, slip,
        facts=first.facts, number=first.number, copies=(copy,), printer=first.printer, reprint=n,
    )  # fmt: skip
    note(unit_id=slip.unit_id, number=slip.number, copy=copy, reprint=n)
    return slip
