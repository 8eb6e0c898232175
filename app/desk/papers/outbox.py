"""Papers on their way to a printer: one job a copy, written in the same transaction as the deed it belongs to.

States (design.md 7): queued -> sending (committed before the first byte) -> printed | unknown | not sent.
What is unknown is never printed again by itself: somebody looks and says "came out" or "print again", and that copy
says 补打 n. So at most one original a number and copy exists, and no uncertain paper is forgotten (promise P4).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import peewee

from app.base import db, faults, live
from app.base.refusal import N_, Refused
from app.desk.record import journal
from app.desk.record.journal import DESK_ONLY, deed
from app.desk.who.people import DESK, Actor
from app.desk.who.sessions import Station
from app.desk.work import due
from hardware.ports import DeviceError

DUE = "running.devices"
PRINTERS = {"receipt": N_("Receipt printer"), "slip": N_("Slip printer")}
# A paper that waited longer than this is not printed by itself when the printer is back: nobody stands there for it.
STALE = timedelta(minutes=10)


class Job(db.Table):
    """One copy of one paper."""

    paper = peewee.TextField()  # templates/print/<paper>.receipt
    about = peewee.TextField()  # table of the row
    about_id = peewee.IntegerField()
    number = peewee.TextField(default="")  # what the clerk calls it
    copy = peewee.TextField(default="")  # 联
    reprint = peewee.IntegerField(default=0)  # 补打 n
    facts = db.JsonField(default=dict)  # everything the paper shows, as it was at the deed
    printer = peewee.TextField(default="receipt")
    drawer = db.FlagField(default=False)  # kick the cash drawer after this copy
    state = peewee.TextField(default="queued")
    at = db.MomentField()
    operator = peewee.TextField(default="")  # who asked for it
    note = db.JsonField(default=dict)  # why it is unknown or was not sent: {"text": msgid, "values": {...}}
    settled = db.MomentField(null=True)  # somebody said what became of an uncertain one

    class Meta:
        table_name = "print_job"
        indexes = ((("state", "settled", "id"), False), (("about", "about_id"), False))


_wakers: list[Callable[[], None]] = []


def on_queued(wake: Callable[[], None]) -> None:
    """A print worker wants to be woken when a job has been committed."""
    _wakers.append(wake)


def off_queued(wake: Callable[[], None]) -> None:
    if wake in _wakers:
        _wakers.remove(wake)


def queue(
    paper: str,
    about: db.Table,
    *,
    facts: dict[str, Any],
    number: str = "",
    copies: tuple[str, ...] = ("",),
    drawer: bool = False,
    printer: str = "receipt",
    reprint: int = 0,
) -> list[Job]:
    """Queue one job a copy. Inside a deed; the worker is woken when it is committed.

    `printer`: "receipt" goes to the printer that the clerk's window is bound to, "slip" to the slip printer.
    """
    by = journal.actor()
    bound = _bound(printer, by)
    jobs = [
        Job.create(
            paper=paper,
            about=about._meta.table_name,
            about_id=about.get_id(),
            number=number,
            copy=copy,
            facts=facts,
            printer=bound,
            drawer=drawer and index == 0,
            reprint=reprint,
            at=journal.moment(),
            operator=by.name,
        )
        for index, copy in enumerate(copies)
    ]
    db.after_commit(_wake)
    return jobs


def _bound(printer: str, by: Actor) -> str:
    if printer != "receipt" or not by.station:
        return printer
    return Station.select(Station.printer).where(Station.name == by.station).scalar() or printer


def _wake() -> None:
    for wake in _wakers:
        wake()
    live.bump("papers")


def reprints_of(about: str, about_id: int) -> int:
    """How often papers of that row were printed again."""
    return int(Job.select().where(Job.about == about, Job.about_id == about_id, Job.reprint > 0).count())


# what the worker does


def next_job(printers: frozenset[str]) -> Job | None:
    """The job that has waited longest for one of these printers."""
    return (  # type: ignore[no-any-return]
        Job.select().where(Job.state == "queued", Job.printer.in_(printers)).order_by(Job.id).first()
    )


def begin(job: Job) -> bool:
    """Committed before the first byte leaves; False if somebody else took it back meanwhile."""
    with db.write():
        return bool(Job.update(state="sending").where(Job.id == job.id, Job.state == "queued").execute())


def printed(job: Job) -> None:
    """The fence behind it was answered. A drawer is kicked once at most: the wish is struck out first."""
    with db.write():
        Job.update(state="printed", drawer=False).where(Job.id == job.id, Job.state == "sending").execute()
        db.after_commit(lambda: live.bump("papers"))
    faults.at("printed")


@deed("paper.uncertain", act=DESK_ONLY)
def uncertain(job: Job, *, state: str, why: DeviceError, by: Actor) -> Job:
    """It is not known whether it came out ("unknown"), or not a byte of it left ("not sent"): a person decides."""
    assert state in ("unknown", "not sent")
    note = {"text": why.msgid, "values": {name: str(value) for name, value in why.values.items()}}
    Job.update(state=state, note=note, drawer=False).where(Job.id == job.id).execute()
    journal.note(number=job.number, copy=job.copy, state=state, why=str(why))
    text = N_("Paper {number} {copy}: did it come out?")
    if state == "not sent":
        text = N_("Paper {number} {copy} was not printed.")
    due.expect(DUE, job.id, at=journal.moment(), text=text, number=job.number, copy=job.copy)
    db.after_commit(lambda: live.bump("papers", "today"))
    return job


def recover(printers: frozenset[str] = frozenset(PRINTERS)) -> int:
    """What was being sent when the desk stopped (or its disk was full) is unknown. How many there were.

    Asked by the one worker that owns these printers while it sends nothing.
    """
    lost = list(Job.select().where(Job.state == "sending", Job.printer.in_(printers)))
    for job in lost:
        uncertain(job, state="unknown", why=DeviceError("The desk stopped while it was being printed."), by=DESK)
    return len(lost)


def expire(now: datetime, printers: frozenset[str]) -> int:
    """Papers nobody stands there for any more are asked about instead of being printed. How many."""
    stale = Job.select().where(Job.state == "queued", Job.printer.in_(printers), Job.at < now - STALE)
    old = list(stale.order_by(Job.id).limit(50))
    for job in old:
        uncertain(job, state="not sent", why=DeviceError("The printer was away for more than ten minutes."), by=DESK)
    return len(old)


# what people do


def waiting(limit: int = 20) -> list[Job]:
    """What is queued or being sent, the oldest first."""
    return list(Job.select().where(Job.state.in_(("queued", "sending"))).order_by(Job.id).limit(limit))


def open_questions(limit: int = 50) -> list[Job]:
    """Every uncertain print that nobody has answered for yet."""
    asked = Job.state.in_(("unknown", "not sent"))
    return list(Job.select().where(asked, Job.settled.is_null()).order_by(Job.id).limit(limit))


def latest(limit: int = 12) -> list[Job]:
    return list(Job.select().order_by(Job.id.desc()).limit(limit))


def _open(job_id: int) -> Job:
    job = Job.get_or_none(Job.id == job_id)
    if job is None or job.settled is not None or job.state not in ("unknown", "not sent"):
        raise Refused("This paper needs no answer any more. Look at the list again.")
    return job


def _settle(job: Job, **changes: Any) -> None:
    Job.update(settled=journal.moment(), **changes).where(Job.id == job.id).execute()
    due.meet(DUE, job.id, at=journal.moment())
    journal.note(number=job.number, copy=job.copy, was=job.state)
    db.after_commit(lambda: live.bump("papers", "today"))


@deed("paper.came_out", act="papers.answer")
def came_out(job_id: int, *, by: Actor) -> Job:
    """Somebody holds it in the hand."""
    job = _open(job_id)
    if job.state != "unknown":
        raise Refused("Not one byte of this paper reached the printer. Print it, or drop it.")
    _settle(job, state="printed")
    return job


@deed("paper.printed_again", act="papers.answer")
def print_again(job_id: int, *, by: Actor) -> Job:
    """An unknown one is printed as 补打 n; one of which nothing left goes out as the original it still is."""
    job = _open(job_id)
    _settle(job)
    again = job.state == "unknown" or job.reprint > 0
    reprint = reprints_of(job.about, job.about_id) + 1 if again else 0
    new: Job = Job.create(
        paper=job.paper,
        about=job.about,
        about_id=job.about_id,
        number=job.number,
        copy=job.copy,
        facts=job.facts,
        printer=job.printer,
        reprint=reprint,
        at=journal.moment(),
        operator=by.name,
    )
    journal.note(reprint=reprint)
    db.after_commit(_wake)
    return new


@deed("paper.dropped", act="papers.answer")
def drop(job_id: int, *, by: Actor) -> Job:
    """It is not needed any more."""
    job = _open(job_id)
    _settle(job)
    return job
