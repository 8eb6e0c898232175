"""The household's page over HTTP: alerts first, masks, logged sights of full numbers, dated relations."""

from __future__ import annotations

import pytest

from app.base import clock, db
from app.desk import households, instructions, journal, residents
from app.desk.households import Person, Relation

ID, PHONE = "440106198201011230", "13812341234"


def test_a_household_shows_its_people_masked(desk, cast, home):
    html = desk.client(cast.ana).get(f"/homes/households/{home.unit.id}").text
    assert "3-2-1101" in html and "李伟" in html
    assert "138****1234" in html
    assert PHONE not in html and ID not in html
