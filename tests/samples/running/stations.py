"""A window with everything."""

from __future__ import annotations

from app.procedures.running import stations
from tests.samples.sample import Estate, Rows, Sample


def furnish(made: Estate) -> Rows:
    row = stations.keep("1", printer="receipt", scanner=True, reader=True, active=True, by=made.cast.mia)
    return {"station": [row]}


sample = Sample(furnish)
