"""Options: one of every type."""

from __future__ import annotations

from app.desk.record.options import OPTIONS
from tests.samples.sample import Estate, Rows, Sample


def furnish(_made: Estate) -> Rows:
    kinds = {type(option.default): name for name, option in sorted(OPTIONS.items()) if not option.choices}
    chosen = {type(option.default): name for name, option in sorted(OPTIONS.items()) if option.choices}
    return {"option": sorted({"estate.name", *kinds.values(), *chosen.values()})}


sample = Sample(furnish, good={"value": "测试"})
