"""A row that a page or a form names by its id."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from werkzeug.exceptions import NotFound

from app import web
from app.desk.homes import households
from app.desk.homes.households import Relation, Unit


def test_a_row_is_found_by_its_id(home: SimpleNamespace) -> None:
    assert web.row(Unit, home.unit.id).label == "3-2-1101"


@pytest.mark.parametrize("nobody", [0, 9999, None, 10**18])
def test_an_id_that_is_nobodys_is_not_found(home: SimpleNamespace, nobody: int | None) -> None:
    with pytest.raises(NotFound):
        web.row(Unit, nobody)


def test_what_else_must_hold_is_part_of_the_question(home: SimpleNamespace) -> None:
    """Somebody's relation to another unit is not found under this one."""
    mine = Relation.get(Relation.person == home.owner)
    assert web.row(Relation, mine.id, unit=home.unit) == mine
    with pytest.raises(NotFound):
        web.row(Relation, mine.id, unit=home.other)


def test_a_person_is_of_a_unit_as_long_as_its_history_knows_them(home: SimpleNamespace) -> None:
    assert households.somebody_of(home.unit, home.owner.id) == home.owner
    assert households.somebody_of(home.unit, home.tenant.id) is None


def test_units_come_in_the_order_they_were_asked_in(home: SimpleNamespace) -> None:
    asked = [home.other.id, 9999, home.unit.id]
    assert [unit.label for unit in households.units_in_order(asked)] == ["5-1-302", "3-2-1101"]
