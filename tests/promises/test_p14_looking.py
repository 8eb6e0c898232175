"""Promise P14: looking changes nothing, on an estate with a row for every page. (Forgeries: tests/test_security.py.)"""

from __future__ import annotations

from typing import Any

import pytest

from app.desk.work import due
from tests.promises.everywhere import Crawled, Everywhere, visits


def test_looking_at_any_page_of_a_full_estate_changes_no_row(crawled: Crawled) -> None:
    """No request of anybody's wrote, and every row of every table is as it was before them all."""
    assert [f"{each.nick} {each.how} {each.url}" for each in crawled.visits if each.wrote] == []
    assert crawled.same


def test_a_page_that_writes_when_it_is_looked_at_would_be_seen(
    made: Everywhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = due.open_list

    def met_by_looking(**how: Any) -> Any:
        due.Due.update(text="seen").execute()
        return real(**how)

    monkeypatch.setattr(due, "open_list", met_by_looking)
    made.noun = ""
    wrote = [
        each.how for each in visits(made, ("mia",), lambda endpoint: endpoint == "running_today.board") if each.wrote
    ]
    assert wrote == ["page", "fragment", "head"]
