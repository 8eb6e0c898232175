"""The print worker: it alone owns a printer, and takes the queue's papers to it one by one.

Nothing on the web ever waits for it (promise P18). What it does not know for certain it asks a person (promise P4).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from app.base import clock, db, faults, live
from app.base.refusal import N_
from app.desk import options, outbox, paper
from app.desk.options import OPTIONS, Option
from app.desk.people import DESK
from hardware.ports import DeviceError, Outcome, Printer

if TYPE_CHECKING:
    from app.desk.outbox import Job

log = logging.getLogger(__name__)
AGAIN_AFTER = 5.0  # seconds until a printer that is lost or not ready is asked again (hardware.md 4)

OPTIONS["printing.rare_as_picture"] = Option(
    False, N_("Print a paper as a picture when the printer lacks one of its characters (slow)")
)


@dataclass(frozen=True)
class Health:
    """What is known of the printer; `problem` is a DeviceError's sentence with its values."""

    state: Literal["unknown", "ready", "busy", "lost"] = "unknown"
    paper: Literal["ok", "near-end", "out"] = "ok"
    cover_open: bool = False
    problem: DeviceError | None = None


class PrintWorker:
    """`printers`: the names of the queue it serves ("receipt", "slip"). `address` is shown to people."""

    def __init__(
        self,
        printer: Printer,
        printers: frozenset[str] = frozenset(outbox.PRINTERS),
        *,
        address: str = "",
        again_after: float = AGAIN_AFTER,
    ) -> None:
        self.printers, self.address, self.columns = printers, address, printer.columns
        self.health = Health()
        self._printer, self._again_after = printer, again_after
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="print worker", daemon=True)

    @property
    def state(self) -> str:
        return self.health.state

    @property
    def paper(self) -> str:
        return self.health.paper

    def start(self) -> None:
        outbox.on_queued(self.wake)
        self._thread.start()

    def stop(self) -> None:
        if self._stopping.is_set():
            return
        self._stopping.set()
        outbox.off_queued(self.wake)
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def wake(self) -> None:
        """There is something to print: at once, not at the next look round."""
        self._woken.set()

    def _run(self) -> None:
        db.connect()
        try:
            while not self._stopping.is_set():
                try:
                    self.work()
                except Exception:  # a full disk must not end printing: it is logged and tried again
                    log.exception("the print worker stumbled")
                self._woken.wait(self._again_after)
                self._woken.clear()
        finally:
            self._printer.close()
            db.close()

    def work(self) -> None:
        """Ask the printer how it is, then take it everything that waits."""
        while self._look() and not self._stopping.is_set():
            outbox.expire(clock.now(), self.printers)
            job = outbox.next_job(self.printers)
            if job is None:
                return
            self._take(job)

    def _look(self) -> bool:
        """Whether a paper may go out now. A printer that is not ready keeps its queue: nothing was sent yet."""
        try:
            status = self._printer.status()
        except DeviceError as no:
            self._turn(Health("lost", self.health.paper, problem=no))
            return False
        problem = None
        if not status.ready:
            problem = DeviceError("The receipt printer is not ready: look at its cover, its paper and its switch.")
        self._turn(Health("ready", status.paper, status.cover_open, problem))
        return status.ready

    def _take(self, job: Job) -> None:
        try:
            always, rare = self._printer.raster, bool(options.get("printing.rare_as_picture"))
            bytes_ = paper.laid_out(job, self._printer.columns).job(always_raster=always, raster_when_needed=rare)
        except Exception:  # a paper that cannot be made must not stop those behind it
            log.exception("paper %s of job %s cannot be made", job.paper, job.id)
            outbox.uncertain(
                job,
                state="not sent",
                note=N_("This paper could not be made. Tell whoever looks after the program."),
                by=DESK,
            )
            return
        if not outbox.begin(job):
            return
        faults.at("sending")
        self._turn(Health("busy", self.health.paper))
        outcome = self._printer.send(bytes_)
        faults.at("sent")
        problem = self._printer.problem
        if outcome is Outcome.PRINTED:
            outbox.printed(job)
            if job.drawer:
                self._kick()
        else:
            note = problem.msgid if problem else ""
            outbox.uncertain(job, state=outcome.value, note=note, by=DESK)
        self._turn(Health("ready", self.health.paper, problem=problem))

    def _kick(self) -> None:
        """Once, as a job of its own: a drawer that stays shut is opened with its key."""
        if self._printer.kick_drawer() is not Outcome.PRINTED:
            log.warning("the drawer may not have opened: %s", self._printer.problem)

    def _turn(self, health: Health) -> None:
        changed = (health.state, health.paper, health.cover_open) != (self.state, self.paper, self.health.cover_open)
        self.health = health
        if changed:
            live.bump("devices")
