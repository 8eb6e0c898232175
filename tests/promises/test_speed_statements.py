"""What a page asks of the database does not grow with what is in it: statements are counted, never timed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.base import db
from app.desk.accounts.receipt import Receipt
from app.desk.homes import households
from app.web import Line, Screen
from tests.promises.everywhere import Everywhere, addresses
from tests.promises.test_p9_tampering_shows import pay
from tests.samples.sample import Sample

MOST = 40  # statements of a page


def cost(made: Everywhere, only: Callable[[str], bool] = lambda _: True) -> dict[str, int]:
    """Statements of every address that the boss opens, for the household that has something of everything."""
    found, client = {}, made.client("mia")
    for endpoint, url in addresses(made):
        if only(endpoint) and not _is_uncounted(made, endpoint):
            client.get(url)  # what is kept between requests is kept now
            before = db.statements()
            client.get(url)
            found[url] = db.statements() - before
    return found


def _is_uncounted(made: Everywhere, endpoint: str) -> bool:
    sample = made.of.samples.get(made.noun_of(endpoint), Sample())
    return endpoint.rpartition(".")[2] in sample.uncounted


def grow(made: Everywhere, numbers: range) -> None:
    """More of everything, in that household and beside it."""
    for sample in made.of.samples.values():
        if sample.more:
            sample.more(made.of.estate, made.home.unit, numbers)


@pytest.fixture
def one_household(made: Everywhere) -> Everywhere:
    """Every address that is asked for a household is asked for the one that has something of everything."""
    for values in made.of.values.values():
        if "unit" in values:
            values["unit"] = [made.home.unit.id]
    return made


def test_no_page_asks_more_because_there_is_more(one_household: Everywhere, times: int) -> None:
    """Ten of everything against forty; with --long against three hundred."""
    made = one_household
    grow(made, range(2, 11))
    before = cost(made)
    grow(made, range(11, 41 if times == 1 else 301))
    after = cost(made)
    assert {url: (before[url], now) for url, now in after.items() if now > before[url]} == {}
    assert {url: asked for url, asked in after.items() if asked > MOST} == {}
    assert Receipt.select().where(Receipt.unit == made.home.unit).count() > 30


def test_a_payment_costs_the_same_after_thirty_others(cast, home) -> None:
    def cost() -> int:
        before = db.statements()
        pay(home.unit, 500, by=cast.chen)
        return db.statements() - before

    first = [cost() for _ in range(3)][-1]
    for n in range(30):
        pay(home.unit, 600 + n, by=cast.chen)
    assert cost() == first


def test_a_page_that_asks_for_each_row_is_caught(one_household: Everywhere, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(unit: households.Unit) -> list[Line]:
        return [Line(row.staff.name) for row in Receipt.select().where(Receipt.unit == unit).limit(6)]

    made = one_household
    made.noun = ""
    screens: list[Screen] = made.desk.app.extensions["screens"]
    cashier = next(each for each in screens if each.name == "counter_cashier")
    monkeypatch.setattr(cashier, "sections", [("Receipts", greedy)])
    url = f"/homes/households/{made.home.unit.id}"
    before = cost(made, lambda endpoint: endpoint == "homes_households.show")[url]
    for n in range(6):
        pay(made.home.unit, 500 + n, by=made.cast.chen)
    assert cost(made, lambda endpoint: endpoint == "homes_households.show")[url] > before
