"""python -m tests.bench [--households 20000] [--rounds 100] [--data DIR] [--json FILE]: ten years of an estate, measured."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.measures import whole
from tests.bench.ten_years import Size

PLACE = Path(tempfile.gettempdir()) / "qiantai-bench"


def table(found: dict[str, Any]) -> str:
    """As it is printed: ms where nothing else is said."""
    lines = [f"{'':44}{'p50':>10}{'p95':>10}{'max':>10}{'to floor':>10}"]
    for name, value in found.items():
        if isinstance(value, dict):
            lines.append(f"{name:44}" + "".join(f"{each:10,.2f}" for each in value.values()))
        else:
            lines.append(f"{name:44}" + (f"{value:10,.2f}" if isinstance(value, float) else f"{value:10,}"))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--households", type=int, action="append", help="5000 and 20000 where it is not said")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--data", type=Path, default=PLACE, help="where the books are made and kept")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    found = {}
    for households in options.households or (5_000, 20_000):
        print(f"\n{households:,} households, 1.02 M charges, 500 k receipts")
        found[f"{households} households"] = whole(Size(households), options.data, options.rounds)
        print(table(found[f"{households} households"]))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return found


if __name__ == "__main__":
    main()
