"""P18, the printer's part: a lost printer never freezes the desk and never replays a job."""

import pytest

from app.desk.papers import outbox
from app.desk.papers.outbox import Job
from app.procedures.running.printing import PrintWorker
from hardware.drivers.escpos_printer import Limits
from hardware.drivers.wires import WireLost
from tests.desk.test_outbox import take
from tests.hardware.printer_bench import JOB, bench

LONGEST = 200.0  # seconds of the injected clock that one job may take at the very worst


def silent(b):
    b.model.faults.mute = True


def one_byte_a_second(b):
    receive = b.model.receive

    def slow(data: bytes) -> int:
        b.clock.sleep(1)
        return receive(data[:1])

    b.model.receive = slow


def garbage(b):
    b.model.faults.garbage = True


def endless_garbage(b):
    b.model.replies = lambda: b"\x00\x12\xff" * 100


def gone(b):
    b.plugged = False
    for wire in b.wires:
        wire.cut_at = 0


def no_fence(b):
    b.model.faults.no_fence = True


def full(b):
    b.model.size = 0


TROUBLES = [silent, one_byte_a_second, garbage, endless_garbage, gone, no_fence, full]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.__name__)
@pytest.mark.parametrize("when", ["before", "between"])
def test_whatever_a_printer_does_the_worker_comes_back_and_nothing_is_sent_again(cast, trouble, when):
    b = bench()
    worker = PrintWorker(b.printer)
    if when == "between":
        take(by=cast.chen, copies=("客户联",))
        worker.work()
    before = len(b.model.finished)
    trouble(b)
    take(by=cast.chen, copies=("存根联",))
    start = b.clock.at
    for _ in range(5):
        worker.work()
    assert b.clock.at - start < 5 * LONGEST
    job = Job.select().order_by(Job.id.desc()).get()
    assert job.state in ("queued", "unknown", "not sent", "printed")
    assert len(b.model.finished) - before <= 1, "never twice"
    if job.state == "unknown":
        assert [asked.id for asked in outbox.open_questions()] == [job.id]
    if job.state == "printed":
        assert len(b.model.finished) == before + 1


def test_back_on_another_path_it_goes_on_without_a_click_for_what_was_never_sent(cast):
    b = bench()
    worker = PrintWorker(b.printer)
    b.plugged = False
    take(by=cast.chen)
    worker.work()
    assert worker.state == "lost"
    assert worker.problem
    b.plugged = True
    worker.work()
    assert worker.state == "ready"
    assert [job.state for job in Job.select()] == ["printed", "printed"]


@pytest.mark.parametrize("at", range(1, len(JOB), 37))
def test_gone_at_byte_k_and_back_0_jobs_are_sent_again_without_a_click(cast, at):
    b = bench()
    worker = PrintWorker(b.printer)
    worker.work()
    b.printer._dirty, b.printer._owed = False, 0
    b.unplug_after(18 + at)
    b.plugged = False
    take(by=cast.chen, copies=("客户联",))
    worker.work()
    b.plugged = True
    for _ in range(3):
        worker.work()
    assert [job.state for job in Job.select()] == ["unknown"]
    assert b.papers == [] or len(b.papers) == 1


def test_the_limits_bound_every_wait():
    limits = Limits()
    assert limits.fence + 1000 / limits.bytes_a_second < 15, "a receipt of 1 kB is given up within 15 s"


def test_a_worker_that_stumbles_goes_on(cast, monkeypatch):
    b = bench()
    worker = PrintWorker(b.printer, again_after=0.01)
    tries = []

    def stumble() -> None:
        tries.append(1)
        if len(tries) > 2:
            worker._stopping.set()
        raise WireLost("something unforeseen")

    monkeypatch.setattr(worker, "work", stumble)
    worker._run()
    assert len(tries) == 3
