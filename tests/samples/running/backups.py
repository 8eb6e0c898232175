"""Backups: nothing of its own in the books."""

from __future__ import annotations

from tests.samples.sample import Sample

sample = Sample(left_out={"make": "a backup is a file, which no roll-back takes back"})
