"""A signature from the pad."""

from __future__ import annotations

from app.desk.work import signatures
from tests.procedures.counter.slip_forms import png
from tests.samples.sample import Estate, Rows, Sample
from tests.within import within


def furnish(made: Estate) -> Rows:
    return {"signature": [within(signatures.keep, "running.signatures", 1, "owner", png(), by=made.cast.ana)]}


sample = Sample(furnish)
