"""The outbox and its worker: every uncertain paper is asked about, none is printed twice silently."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine

from app.base import clock, db, faults
from app.base.refusal import Refused
from app.desk.papers import outbox
from app.desk.papers.outbox import Job
from app.desk.record.journal import Line, deed
from app.desk.who import people
from app.desk.who.people import Staff
from app.desk.who.sessions import Station
from app.desk.work import due
from app.procedures.running.printing import PrintWorker
from hardware.ports import DeviceError
from tests.desk.test_paper import RECEIPT
from tests.hardware.printer_bench import Bench, bench


@deed("test.printed", act="desk.see")
def take(
    *, by: people.Actor, copies=("客户联", "存根联"), drawer: bool = False, printer: str = "receipt", facts=RECEIPT
) -> Staff:
    row = Staff.get_by_id(by.id)
    outbox.queue("receipt", row, facts=facts, number="SJ-2026-000413", copies=copies, drawer=drawer, printer=printer)
    return row


@dataclass
class Counter:
    """A printer on an injected clock, and the worker that owns it, worked by hand."""

    b: Bench
    worker: PrintWorker

    def states(self) -> list[str]:
        return [job.state for job in Job.select().order_by(Job.id)]

    def originals(self, copy: str) -> int:
        return sum(f"【{copy}】" in text and "补打" not in text for text in self._texts())

    def again(self, copy: str, n: int) -> int:
        return sum(f"【{copy}】" in text and f"【补打 第 {n} 次】" in text for text in self._texts())

    def _texts(self) -> list[str]:
        return [paper.text() for paper in self.b.model.finished if "<code128" in paper.text()]


@pytest.fixture
def counter(cast) -> Counter:
    b = bench()
    return Counter(b, PrintWorker(b.printer))


def test_every_copy_is_a_job_and_comes_out_once(cast, counter):
    take(by=cast.chen)
    assert counter.states() == ["queued", "queued"]
    counter.worker.work()
    assert counter.states() == ["printed", "printed"]
    assert (counter.originals("客户联"), counter.originals("存根联")) == (1, 1)
    assert counter.worker.state == "ready"
    counter.worker.work()
    assert len(counter.b.model.finished) == 2


def test_a_refused_deed_leaves_no_paper(cast, counter):
    @deed("test.refused", act="desk.see")
    def refused(*, by: people.Actor) -> None:
        take(by=by)
        raise Refused("No.")

    with pytest.raises(Refused):
        refused(by=cast.chen)
    counter.worker.work()
    assert counter.b.papers == []


def test_the_drawer_opens_for_cash_once_and_after_the_paper(cast, counter):
    take(by=cast.chen, drawer=True)
    counter.worker.work()
    assert counter.b.model.kicks == 1
    counter.worker.work()
    assert counter.b.model.kicks == 1
    take(by=cast.chen)
    counter.worker.work()
    assert counter.b.model.kicks == 1


def test_the_drawer_stays_shut_when_the_paper_is_uncertain(cast, counter):
    counter.b.model.load_paper(30)
    take(by=cast.chen, drawer=True, copies=("客户联",))
    counter.worker.work()
    assert counter.states() == ["unknown"]
    counter.b.model.load_paper()
    outbox.print_again(Job.get().id, by=cast.chen)
    counter.worker.work()
    assert counter.b.model.kicks == 0


def test_papers_wait_while_there_is_no_paper_and_come_out_when_there_is(cast, counter):
    counter.b.model.load_paper(0)
    take(by=cast.chen)
    counter.worker.work()
    assert counter.states() == ["queued", "queued"]
    assert counter.worker.paper == "out"
    counter.b.model.load_paper()
    counter.worker.work()
    assert counter.states() == ["printed", "printed"]
    assert counter.originals("客户联") == 1


def test_paper_that_runs_out_in_a_receipt_is_a_question_on_the_today_page(cast, counter):
    counter.b.model.load_paper(30)
    take(by=cast.chen)
    counter.worker.work()
    assert counter.states() == ["unknown", "queued"]
    assert [row.kind for row in due.open_list()] == ["running.devices"]
    assert "ran out of paper" in outbox.open_questions()[0].note["text"]


def test_what_came_out_is_said_and_asked_no_more(cast, counter):
    counter.b.model.load_paper(30)
    take(by=cast.chen, copies=("客户联",))
    counter.worker.work()
    counter.b.model.load_paper()
    counter.worker.work()
    job = outbox.open_questions()[0]
    outbox.came_out(job.id, by=cast.chen)
    assert outbox.open_questions() == []
    assert due.open_list() == []
    assert counter.states() == ["printed"]
    with pytest.raises(Refused):
        outbox.came_out(job.id, by=cast.chen)
    with pytest.raises(Refused):
        outbox.print_again(job.id, by=cast.chen)


def test_printed_again_the_copy_says_so_with_its_count(cast, counter):
    for n in (1, 2):
        counter.b.model.faults.no_fence = True
        take(by=cast.chen, copies=("客户联",)) if n == 1 else None
        counter.b.printer._dirty = False
        counter.worker.work()
        assert counter.states()[-1] == "unknown"
        counter.b.model.faults.no_fence = False
        outbox.print_again(outbox.open_questions()[0].id, by=cast.chen)
        if n == 1:
            counter.b.model.faults.no_fence = True
    counter.worker.work()
    assert counter.states()[-1] == "printed"
    assert counter.originals("客户联") == 1
    assert counter.again("客户联", 2) == 1


def test_of_what_nothing_left_the_original_is_still_to_come(cast, counter):
    take(by=cast.chen, copies=("客户联",))
    job = Job.get()
    outbox.uncertain(job, state="not sent", why=DeviceError("x"), by=people.DESK)
    with pytest.raises(Refused, match="Not one byte"):
        outbox.came_out(job.id, by=cast.chen)
    outbox.print_again(job.id, by=cast.chen)
    counter.worker.work()
    assert counter.originals("客户联") == 1
    assert Job.select().where(Job.reprint > 0).count() == 0


def test_a_paper_that_is_not_needed_is_dropped(cast, counter):
    take(by=cast.chen, copies=("客户联",))
    outbox.uncertain(Job.get(), state="not sent", why=DeviceError("x"), by=people.DESK)
    outbox.drop(Job.get().id, by=cast.chen)
    counter.worker.work()
    assert counter.b.papers == []
    assert outbox.open_questions() == []


def test_what_was_being_sent_when_the_desk_stopped_is_unknown_after_the_start(cast, counter):
    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    for point, originals in (("sending", 0), ("sent", 1)):
        Job.delete().execute()
        take(by=cast.chen, copies=("客户联",))
        faults.arm(point, stop)
        with pytest.raises(Stopped):
            counter.worker.work()
        faults.disarm()
        assert counter.states() == ["sending"]
        PrintWorker(counter.b.printer).work()
        assert counter.states() == ["unknown"], "asked about, not sent again"
        assert counter.originals("客户联") == originals


def test_nobody_stands_there_any_more_for_a_paper_of_ten_minutes_ago(cast, counter):
    counter.b.plugged = False
    take(by=cast.chen)
    counter.worker.work()
    assert counter.worker.state == "lost"
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        counter.b.plugged = True
        counter.worker.work()
    assert counter.states() == ["not sent", "not sent"]
    assert counter.b.papers == []
    assert len(outbox.open_questions()) == 2


def test_a_paper_that_cannot_be_made_does_not_stop_those_behind_it(cast, counter):
    take(by=cast.chen, copies=("客户联",), facts={"total": "1"})
    take(by=cast.chen, copies=("存根联",))
    counter.worker.work()
    assert counter.states() == ["not sent", "printed"]


def test_a_window_may_have_its_receipts_printed_elsewhere(cast):
    Station.create(name="1", printer="slip")
    take(by=cast.chen, copies=("客户联",))
    assert Job.get().printer == "slip"


def test_a_worker_takes_only_its_own_printers_papers(cast, counter):
    take(by=cast.chen, copies=("门岗联",), printer="slip")
    PrintWorker(counter.b.printer, frozenset({"receipt"})).work()
    assert counter.states() == ["queued"]
    PrintWorker(counter.b.printer, frozenset({"slip"})).work()
    assert counter.states() == ["printed"]


def test_only_uncertain_papers_are_written_to_the_journal(cast, counter):
    take(by=cast.chen)
    before = Line.select().count()
    counter.worker.work()
    assert Line.select().count() == before
    counter.b.model.load_paper(30)
    take(by=cast.chen)
    counter.worker.work()
    assert Line.select().where(Line.verb == "paper.uncertain").count() == 1


def test_the_queues_reads_do_not_grow_with_the_years(cast, counter):
    take(by=cast.chen, copies=tuple("甲乙丙"))
    before = db.statements()
    outbox.waiting()
    outbox.open_questions()
    outbox.latest()
    outbox.next_job(frozenset(outbox.PRINTERS))
    assert db.statements() - before == 4
    for query in ("SELECT * FROM print_job WHERE state = 'queued' ORDER BY id LIMIT 1",):
        plan = db.database.execute_sql("EXPLAIN QUERY PLAN " + query).fetchall()
        assert any("USING INDEX" in str(row) for row in plan), plan


def test_a_queued_paper_is_printed_at_once_and_without_asking_the_clock(cast, counter):
    import threading

    done = threading.Event()
    original = counter.b.model.on_cut
    counter.b.model.on_cut = lambda paper: (original(paper), done.set())
    worker = PrintWorker(counter.b.printer, again_after=3600)
    worker.start()
    try:
        take(by=cast.chen, copies=("客户联",))
        assert done.wait(60), "woken by the commit; its own look round comes in an hour"
    finally:
        worker.stop()


def test_a_worker_stops_twice_and_before_it_started(cast, counter):
    counter.worker.stop()
    counter.worker.stop()
    take(by=cast.chen)
    assert counter.b.papers == []


def test_a_paper_taken_out_of_the_queue_meanwhile_is_not_printed(cast, counter, monkeypatch):
    take(by=cast.chen, copies=("客户联",))
    begin = outbox.begin

    def dropped_first(job: Job) -> bool:
        outbox.uncertain(Job.get(), state="not sent", why=DeviceError("x"), by=people.DESK)
        outbox.drop(job.id, by=cast.chen)
        return begin(job)

    monkeypatch.setattr(outbox, "begin", dropped_first)
    counter.worker.work()
    assert counter.b.papers == []


def test_a_drawer_that_did_not_answer_is_not_kicked_again(cast, counter, caplog):
    original = counter.b.printer.kick_drawer

    def silent():
        counter.b.model.faults.mute = True
        return original()

    counter.b.printer.kick_drawer = silent
    take(by=cast.chen, copies=("客户联",), drawer=True)
    counter.worker.work()
    assert "may not have opened" in caplog.text
    counter.b.model.faults.mute = False
    counter.worker.work()
    assert counter.b.model.kicks == 0
    assert counter.states() == ["printed"]
