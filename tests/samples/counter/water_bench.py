"""The demo's hands at the reader: its forms change the cards in this process, which no roll-back takes back."""

from __future__ import annotations

from tests.samples.sample import Sample

sample = Sample(
    lambda _made: {"act": ["new", "take_off"]},
    left_out={"*": "it moves cards that the books cannot put back"},
)
