"""The print worker: it alone owns a printer, and takes the queue's papers to it one by one.

Nothing on the web ever waits for it (promise P18). What it does not know for certain it asks a person (promise P4).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from app.base import clock, db, faults, live
from app.base.refusal import N_, Refused
from app.desk.papers import outbox, paper
from app.desk.record import demo, journal, options
from app.desk.record.journal import deed, note
from app.desk.record.options import OPTIONS, Option
from app.desk.who.people import DESK, Actor, Staff
from hardware.ports import DeviceError, Outcome, Printer

if TYPE_CHECKING:
    from app.desk.papers.outbox import Job

log = logging.getLogger(__name__)
AGAIN_AFTER = 5.0  # seconds until a printer that is lost or not ready is asked again (hardware.md 4)

UNEXPLAINED = N_("The receipt printer did not say what became of it.")

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


class FarEnd(Protocol):
    """A simulated printer (hardware.simulators.printer.SimulatedPrinter)."""

    def pictures(self, limit: int) -> list[bytes]:
        """Its last papers as PNG, the newest first."""

    def count(self) -> int:
        """How many papers it has printed."""

    def switch(self, fault: str) -> None:
        """Switch a fault on or off, load paper, cut the power, pull the cable."""

    def faults(self) -> dict[str, bool]:
        """What can be switched, and whether it is on."""


class PrintWorker:
    """`printers`: the names of the queue it serves ("receipt", "slip"). `address` is shown to people, `far_end` is
    what a simulated printer can be asked and told.
    """

    def __init__(
        self,
        printer: Printer,
        printers: frozenset[str] = frozenset(outbox.PRINTERS),
        *,
        address: str = "",
        far_end: FarEnd | None = None,
        again_after: float = AGAIN_AFTER,
    ) -> None:
        self.printers, self.address, self.columns = printers, address, printer.columns
        self.far_end = far_end
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

    @property
    def problem(self) -> DeviceError | None:
        return self.health.problem

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
        outbox.recover(self.printers)
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
                why=DeviceError("This paper could not be made. Tell whoever looks after the program."),
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
                problem = self._kick()
        else:
            outbox.uncertain(job, state=outcome.value, why=problem or DeviceError(UNEXPLAINED), by=DESK)
        self._turn(Health("ready", self.health.paper, problem=problem))

    def _kick(self) -> DeviceError | None:
        """Once, as a job of its own: a drawer that stays shut is opened with its key."""
        if self._printer.kick_drawer() is Outcome.PRINTED:
            return None
        log.warning("the drawer may not have opened: %s", self._printer.problem)
        return DeviceError("The cash drawer may not have opened. Use its key.")

    def _turn(self, health: Health) -> None:
        changed = (health.state, health.paper, health.cover_open) != (self.state, self.paper, self.health.cover_open)
        self.health = health
        if changed:
            live.bump("devices")


@deed("printer.tested", act="papers.answer")
def self_test(printer: str, *, by: Actor) -> Staff:
    """Print a slip with every kind of character, both codes and the paper's width."""
    row: Staff = Staff.get_by_id(by.id)
    facts = {"printer": printer, "time": f"{journal.moment():%Y-%m-%d %H:%M}"}
    outbox.queue("self_test", row, facts=facts, number=SELF_TEST, printer=printer)
    return row


SELF_TEST = "自检单"


@deed("printer.simulated", act="devices.simulate")
def simulate(worker: PrintWorker, fault: str, *, by: Actor) -> None:
    """In a demo only: let the simulated printer fail as real ones do."""
    if worker.far_end is None or not demo.is_on():
        raise Refused("Only a demo's simulated printer has such switches.")
    if fault not in worker.far_end.faults():
        raise Refused("The simulated printer has no such switch.")
    note(fault=fault)
    switch = worker.far_end.switch

    def turn() -> None:
        switch(fault)
        worker.wake()

    db.after_commit(turn)
