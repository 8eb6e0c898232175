"""The manual: its rules are there without anybody's doing."""

from __future__ import annotations

from tests.samples.sample import Sample

sample = Sample(lambda _made: {"rule": ["KEY-3", "GOODS-1"]})
