"""__Title__: what is written down, and who may."""

from __future__ import annotations

import pytest

from app.base.refusal import Refused
from app.desk.record import journal
from app.procedures.__chapter__ import __noun__


def test_a_line_is_written_down_with_its_household_its_moment_and_its_clerk(cast, home) -> None:
    made = __noun__.enter(home.unit, " 一件 ", by=cast.ana)
    assert (made.text, made.unit, made.staff.name) == ("一件", home.unit, cast.ana.name)
    line = journal.Line.get(journal.Line.subject == "__row__")
    assert (line.verb, line.unit_id, line.subject_id) == ("__row__.entered", home.unit.id, made.id)


def test_nothing_is_no_line(cast, home) -> None:
    with pytest.raises(Refused) as no:
        __noun__.enter(home.unit, "  ", by=cast.ana)
    assert no.value.field == "text"
    assert __noun__.latest() == []


def test_a_phone_or_an_id_in_it_is_masked_before_it_is_kept(cast, home) -> None:
    assert __noun__.enter(home.unit, "电话 13812341234", by=cast.ana).text == "电话 138****1234"


def test_who_may_not_is_refused(cast, home) -> None:
    with pytest.raises(Refused):
        __noun__.enter(home.unit, "一件", by=cast.wang)


def test_the_board_and_the_household_show_it(desk, cast, home) -> None:
    ana = desk.client(cast.ana)
    page = f"/__chapter__/__noun__/?unit={home.unit.id}"
    ana.post("/__chapter__/__noun__/enter", data={"_key": desk.key(), "unit": home.unit.id, "text": "一件"})
    for url in ("/__chapter__/__noun__/", page, f"/homes/households/{home.unit.id}"):
        assert "一件" in ana.get(url).text, url
    assert "一件" not in ana.get(f"/__chapter__/__noun__/?unit={home.other.id}").text
