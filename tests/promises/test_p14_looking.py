"""Promise P14: looking changes nothing, on an estate with a row for every page. (Forgeries: tests/test_security.py.)"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from app.base import clock
from app.desk.work import due
from tests.promises.everywhere import Everywhere, addresses, furnish
from tests.test_security import digest

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def made(desk: Any, cast: SimpleNamespace, home: SimpleNamespace, data: Path) -> Iterator[Everywhere]:
    with time_machine.travel(datetime(2026, 11, 23, 11, 5, tzinfo=clock.ZONE), tick=False):
        yield furnish(desk, cast, home, data)


def changes(made: Everywhere, roles: tuple[str, ...] = ("mia", "gao", "lu")) -> list[str]:
    """Addresses that change a row when they are looked at, as page, fragment or HEAD."""
    found = []
    for nick in roles:
        client = made.client(nick)
        before = digest()
        for _, url in addresses(made):
            client.get(url)
            client.get(url, headers=FRAGMENT)
            client.head(url)
            now = digest()
            if now != before:
                found.append(f"{nick} {url}")
                before = now
    return found


def test_looking_at_any_page_of_a_full_estate_changes_no_row(made: Everywhere) -> None:
    assert changes(made) == []


def test_a_page_that_writes_when_it_is_looked_at_would_be_seen(
    made: Everywhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = due.open_list

    def met_by_looking(**how: Any) -> Any:
        due.Due.update(text="seen").execute()
        return real(**how)

    monkeypatch.setattr(due, "open_list", met_by_looking)
    assert changes(made, ("mia",))
