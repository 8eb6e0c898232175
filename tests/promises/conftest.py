"""What several promises begin with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from app.base import clock
from app.procedures.counter.keys import register, scans
from tests.promises.everywhere import Everywhere, furnish


@pytest.fixture
def nine(books: Path) -> Iterator[time_machine.Traveller]:
    """Nine in the morning of today; the clock stands until it is moved."""
    with time_machine.travel(clock.at(clock.today(), 9), tick=False) as travel:
        yield travel


@pytest.fixture
def made(desk: Any, cast: SimpleNamespace, home: SimpleNamespace, data: Path) -> Iterator[Everywhere]:
    """A desk with something of everything in it, and a key in hand."""
    with time_machine.travel(datetime(2026, 11, 23, 11, 5, tzinfo=clock.ZONE), tick=False):
        found = furnish(desk, cast, home, data)
        scans.take(register.Key.get_by_id(2), by=cast.mia)
        yield found
