"""Papers: one waits for its printer, of one nobody knows whether it came out."""

from __future__ import annotations

from app.desk.papers import outbox
from app.desk.papers.outbox import Job
from app.desk.who import people
from app.procedures.running import printing
from hardware.ports import DeviceError
from tests.samples.sample import Estate, Rows, Sample


def furnish(made: Estate) -> Rows:
    jobs = []
    for _ in range(2):
        printing.self_test("receipt", by=made.cast.ana)
        jobs.append(Job.select().order_by(Job.id.desc()).get())
    outbox.uncertain(jobs[0], state="unknown", why=DeviceError("The printer does not answer."), by=people.DESK)
    return {"job": jobs, "device": ["printer"], "nth": [1]}


sample = Sample(furnish)
