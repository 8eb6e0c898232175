"""What may follow a loan: somebody is told, a seal is looked at, a step is taken back within a minute."""

from __future__ import annotations

from datetime import timedelta

from app.base import text
from app.base.refusal import N_, Refused
from app.desk.record import journal
from app.desk.record.journal import deed
from app.desk.who.people import Actor
from app.desk.work import due, loan
from app.desk.work.loan import Loan, said
from app.procedures.counter.keys import consent, register
from app.procedures.counter.keys.lending import expect_back
from app.procedures.counter.keys.register import DUE, Key

UNDO = timedelta(seconds=60)


@deed("key.seal_checked", act="keys.lend")
def check_seal(key: Key, *, unbroken: bool, remark: str = "", by: Actor) -> Key:
    """Morning: the spare set's seal is whole, or there is an explanation for the supervisor."""
    if not unbroken and not remark.strip():
        raise Refused(
            "A broken seal needs an explanation: who took which key, when and why.", rule="KEY-9", field="remark"
        )
    register.settle(key, "seal")
    journal.note(key=key.number, unbroken=unbroken, remark=text.remark(remark))
    if not unbroken:
        due.expect(
            DUE,
            key.id,
            slug="seal",
            at=journal.moment(),
            role="supervisor",
            text=N_("The seal of the spare set {key} was broken: {remark}"),
            key=key.number,
            remark=text.remark(remark),
        )
    register.changed()
    return key


@deed("key.told", act="keys.lend")
def tell(there: Loan, *, by: Actor) -> Loan:
    """The holder's department was told to bring the key back (KEY-6)."""
    if there.ended:
        raise Refused("This loan was closed at {time} already. Look at the page again.", time=said(there.ended))
    there.told = journal.moment()
    there.save()
    journal.note(holder=there.holder)
    register.changed()
    return there


@deed("key.undone", act="keys.lend")
def undo(there: Loan, *, by: Actor) -> Loan:
    """Take back the last step within 60 seconds: the same clerk's, and only if nothing followed."""
    key = Key.get_by_id(there.thing)
    at = there.ended or there.since
    clerk = there.taken_by_id if there.ended else there.lent_by_id
    if there.outcome not in ("", "returned") or journal.moment() - at > UNDO:
        raise Refused("This can be undone for 60 seconds only. Scan the key instead.")
    if clerk not in (by.id, None):
        raise Refused("Only who did it can undo it.")
    journal.note(key=key.number, holder=there.holder, was="returned" if there.ended else "lent")
    if there.ended:
        there = loan.reopen(there)
        register.settle(key, "confirm", "seal")
        expect_back(key, there)
    else:
        consent.unspend(there)
        there = loan.close(there, outcome="undone", by=by)
        register.settle(key, "back", "overdue")
    register.changed()
    return there
