"""The demo of the tree it is started in, with a clock that stands still and dice that always fall the same way.

Two starts then show the same pages to the pixel. For pictures that are compared, never for a desk that serves.
"""

import os
import random
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

MOMENT = datetime(2026, 3, 17, 2, 20, tzinfo=UTC)  # a Tuesday, 10:20 at the estate


def main() -> int:
    sys.path[0] = str(Path.cwd())
    dice = random.Random(1)
    os.urandom = random._urandom = dice.randbytes  # passwords, PINs and the key of the receipts' check codes
    from app import __main__ as desk
    from app.base import clock

    clock.time = SimpleNamespace(time_ns=lambda: int(MOMENT.timestamp()) * 10**9)
    return desk.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
