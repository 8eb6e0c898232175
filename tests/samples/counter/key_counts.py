"""A count of the internal keys that has begun at the other window."""

from __future__ import annotations

from dataclasses import replace

from app.procedures.counter.keys import counts
from tests.samples.sample import Estate, Rows, Sample


def furnish(made: Estate) -> Rows:
    return {"count": [counts.begin("internal", shift="morning", by=replace(made.cast.ben, station="2"))]}


sample = Sample(
    furnish,
    good={"[a-z]*-[0-9]*": "因为漏登", "code": "K0002"},
    uncounted={"compare": "it asks for the label of each key that is missing"},
)
