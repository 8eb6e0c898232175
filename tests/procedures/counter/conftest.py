"""What the counter's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from tests.procedures.counter.slip_forms import NOON


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    """Five past eleven on a Sunday; the clock stands still until it is moved."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller
