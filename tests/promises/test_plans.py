"""No page gets slower with the years: the judge of plans (tests/plans.py) hears every query of the run; here it shows that it can."""

from __future__ import annotations

from typing import Any

import pytest

from app.desk.accounts.charge import Charge
from app.desk.accounts.receipt import Receipt
from app.desk.homes.households import Vehicle
from app.desk.who.people import Staff
from tests import asked, plans


def refused(query: Any, origin: str = "app/planted.py:1 plant") -> str:
    recorder = asked.Recorder()
    recorder.keep(query, origin)
    return "\n".join(plans.complaints(recorder.shapes.values()))


PLANTS = {
    "a search without an index": (lambda: Receipt.select().where(Receipt.payer == "李伟"), "reads all of receipt"),
    "the newest that fit, in all there are": (
        lambda: Receipt.select().where(Receipt.payer == "李伟").order_by(Receipt.id.desc()).limit(5),
        "reads all of receipt",
    ),
    "a count of all there are": (lambda: Receipt.select().where(Receipt.fen < 0), "reads all of receipt"),
    "all of them in another order": (lambda: Receipt.select().order_by(Receipt.payer).limit(5), "reads all of receipt"),
    "a clerk's receipts of all years, sorted": (
        lambda: Receipt.select().where(Receipt.staff == 1).order_by(Receipt.payer),
        "sorts many rows of receipt",
    ),
    "a change that has to look for its rows": (
        lambda: Charge.update(reason="x").where(Charge.text == "x"),
        "reads all of charge",
    ),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_a_query_that_gets_slower_with_the_years_is_named(plant: str) -> None:
    query, why = PLANTS[plant]
    said = refused(query())
    assert why in said
    assert said.startswith("app/planted.py:1 plant")


QUICK = {
    "the newest of all": lambda: Receipt.select().order_by(Receipt.id.desc()).limit(5),
    "a household's, sorted": lambda: Vehicle.select().where(Vehicle.unit == 1).order_by(Vehicle.plate),
    "one by its number": lambda: Receipt.select().where(Receipt.number == "SJ-2026-000001"),
    "all of the staff": lambda: Staff.select().order_by(Staff.active.desc(), Staff.name).limit(200),
    "some of none": lambda: Receipt.select().where(Receipt.id.in_([]), Receipt.payer == "李伟"),
}


@pytest.mark.parametrize("name", QUICK)
def test_a_query_that_stays_quick_is_not_named(name: str) -> None:
    assert refused(QUICK[name]()) == ""


def test_an_exception_is_for_its_function_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(plans.EXCEPTIONS, "planted.plant", "it may")
    query = Receipt.select().where(Receipt.payer == "李伟")
    assert refused(query) == ""
    assert "reads all of receipt" in refused(query, "app/planted.py:9 another")
