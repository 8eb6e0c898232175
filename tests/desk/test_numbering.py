"""Numbers have no gaps; codes have check digits."""

from __future__ import annotations

from datetime import datetime

import pytest
import time_machine

from app.base import clock
from app.desk.record import numbering
from app.desk.record.journal import deed
from app.desk.who.people import Actor


@deed("drawn", act="desk.see")
def draw(*, by: Actor) -> None:
    drawn.append(str(numbering.draw("SJ")))


drawn: list[str] = []


def test_a_series_begins_again_with_the_year(cast) -> None:
    drawn.clear()
    for moment in (
        datetime(2026, 12, 31, 23, 59, 59, tzinfo=clock.ZONE),
        datetime(2027, 1, 1, 0, 0, tzinfo=clock.ZONE),
    ):
        with time_machine.travel(moment, tick=False):
            draw(by=cast.ana)
    assert drawn == ["SJ-2026-000001", "SJ-2027-000001"]


def test_every_single_slip_and_every_swap_of_neighbours_in_a_code_is_noticed() -> None:
    code = numbering.code(10, 2026, 413)
    assert numbering.read_code(code) == ("receipt", 2026, 413)
    wrong = {code[:i] + d + code[i + 1 :] for i in range(14) for d in "0123456789"}
    wrong |= {code[:i] + code[i + 1] + code[i] + code[i + 2 :] for i in range(13)}
    assert all(numbering.read_code(each) is None for each in wrong - {code})


@pytest.mark.parametrize("text", ["", "1020260004132", "１０２０２６０００４１３２６", "99202600000100", "abc"])
def test_what_is_no_code_of_ours_is_none(text: str) -> None:
    assert numbering.read_code(text) is None


def test_a_series_or_the_digits_of_a_code_belong_to_one_kind_of_paper() -> None:
    numbering.declare("FX", kind="release", digits=20)  # said again is said once
    with pytest.raises(ValueError, match="declared already"):
        numbering.declare("FX", kind="parcel", digits=70)
    with pytest.raises(ValueError, match="declared already"):
        numbering.declare("XX", kind="parcel", digits=20)
