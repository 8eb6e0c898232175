"""The box: what a text can mean."""

from __future__ import annotations

from tests.samples.sample import Sample

TYPED = ("1234", "李伟", "李", "lw", "zm", "3-2-1101", "粤A12345", "A12", "K0001", "住户")

sample = Sample(asks={"find": [f"q={typed}&live=1" for typed in TYPED]})
