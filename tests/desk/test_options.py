"""Options are dated: the value of a day is the newest set for that day or before."""

from __future__ import annotations

from datetime import timedelta

from app.base import clock
from app.desk.record import options


def test_an_option_has_its_default_until_it_is_set(cast) -> None:
    assert options.get("estate.name") == "翠湖花园"


def test_an_option_changes_on_its_day_and_the_past_keeps_its_value(cast) -> None:
    today = clock.today()
    options.change("estate.name", "新名", since=today + timedelta(days=1), by=cast.mia)
    assert options.get("estate.name") == "翠湖花园"
    assert options.get("estate.name", on=today + timedelta(days=1)) == "新名"
