"""Devices and papers: how each device is, what waits for a printer, and the papers somebody has to answer for."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, current_app

from app import web
from app.base.refusal import N_
from app.desk.papers import outbox, paper
from app.desk.papers.outbox import Job
from app.desk.work.state import State
from app.procedures.running import printing
from app.procedures.running.printing import PrintWorker
from app.web import Answer, Screen, form, me, page, say
from app.web.frame import DEVICE_STATES

screen = Screen("running/devices", title=N_("Devices and papers"), act="devices.see", order=60)
NAMES = {
    "printer": N_("Receipt printer"),
    "slip_printer": N_("Slip printer"),
    "reader": N_("Card reader"),
    "scanner": N_("Key scanner"),
}
JOBS = {
    "queued": State(N_("waiting to print"), "plain"),
    "sending": State(N_("being printed"), "note"),
    "printed": State(N_("printed"), "ok"),
    "unknown": State(N_("did it come out?"), "stop"),
    "not sent": State(N_("not printed"), "stop"),
}
FAULTS = {
    "paper_out": N_("No paper"),
    "paper_low": N_("3 cm of paper left"),
    "near_end": N_("Paper nearly used up"),
    "cover_open": N_("Cover open"),
    "offline": N_("Offline"),
    "fault": N_("Fault"),
    "mute": N_("Answers nothing"),
    "no_fence": N_("Does not confirm"),
    "echo": N_("Echoes"),
    "garbage": N_("Answers with noise"),
    "unplugged": N_("Cable pulled"),
    "power": N_("Switch off and on"),
}


@screen.counts
def questions() -> int:
    return len(outbox.open_questions(99))


@screen.reads()
def board() -> Answer:
    return page(
        "running/devices.html#board",
        workers=[(name, label, worker) for name, label in NAMES.items() if (worker := _worker(name))],
        asked=outbox.open_questions(),
        waiting=outbox.waiting(),
        latest=outbox.latest(),
        states=DEVICE_STATES,
        jobs=JOBS,
        faults=FAULTS,
        printers={name: _worker(name) for name in ("printer", "slip_printer") if _worker(name)},
    )


@screen.shows_due
def due_url(about: int) -> str:
    return f"/running/devices/#paper-{about}"


@screen.reads("/paper/<int:job>.png")
def picture(job: int) -> Answer:
    """The paper as it looks (or will look) on its printer."""
    row = web.row(Job, job)
    return _png(paper.laid_out(row, _columns(row)).png())


@screen.reads("/simulated/<device>/<int:nth>.png")
def simulated(device: str, nth: int) -> Answer:
    """The n-th last paper that the simulated printer has printed, as it printed it."""
    worker = _worker(device)
    far_end = worker.far_end if isinstance(worker, PrintWorker) else None
    pictures = far_end.pictures(nth) if far_end and 0 < nth <= 10 else []
    return _png(pictures[nth - 1]) if 0 < nth == len(pictures) else abort(404)


@screen.does("/came_out/<int:job>", act="papers.answer", again="running_devices.board")
def came_out(job: int) -> Answer:
    row = outbox.came_out(job, by=me())
    return say(board(), "{number} came out.", number=f"{row.number} {row.copy}".strip())


@screen.does("/again/<int:job>", act="papers.answer", again="running_devices.board")
def again(job: int) -> Answer:
    row = outbox.print_again(job, by=me())
    return say(board(), "{number} is printed again.", number=f"{row.number} {row.copy}".strip())


@screen.does("/drop/<int:job>", act="papers.answer", again="running_devices.board")
def drop(job: int) -> Answer:
    row = outbox.drop(job, by=me())
    return say(board(), "{number} is not printed.", number=f"{row.number} {row.copy}".strip())


@screen.does("/test", act="papers.answer", again="running_devices.board")
def test() -> Answer:
    printing.self_test(form().choice("printer", outbox.PRINTERS), by=me())
    return say(board(), "The self-test slip is on its way.")


@screen.does("/simulate/<device>", act="devices.simulate", again="running_devices.board")
def simulate(device: str) -> Answer:
    worker = _worker(device)
    if not isinstance(worker, PrintWorker):
        abort(404)
    printing.simulate(worker, form().choice("fault", FAULTS), by=me())
    return say(board(), "The simulated printer was told.")


def _worker(name: str) -> Any:
    return getattr(current_app.extensions["devices"], name, None)


def _columns(job: Job) -> int:
    """Of the printer that serves it; 58 mm where there is none."""
    workers = [_worker(name) for name in ("printer", "slip_printer")]
    return next((worker.columns for worker in workers if worker and job.printer in worker.printers), 32)


def _png(data: bytes) -> Response:
    return Response(data, mimetype="image/png")
