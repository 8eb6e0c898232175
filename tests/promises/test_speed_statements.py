"""What a page asks of the database does not grow with what is in it: statements are counted, never timed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from app.base import clock, db
from app.desk.accounts import charge
from app.desk.accounts.receipt import Receipt, ReceiptItem, ReceiptTender
from app.desk.homes import households, instructions
from app.desk.who.people import Staff
from app.desk.work import due, loan
from app.procedures.counter.keys import lending, register
from app.web import Line, Screen
from tests.promises.test_p9_tampering_shows import pay
from tests.within import within

PAGES = {
    "household": "/homes/households/{unit}",
    "cashier": "/counter/cashier/?unit={unit}",
    "account": "/counter/cashier/account?unit={unit}",
    "cashier of nobody": "/counter/cashier/?unit=0",
    "today": "/running/today/",
    "keys": "/counter/keys/",
    "one key": "/counter/keys/1",
    "slips": "/counter/release_slips/",
    "water": "/counter/water_cards/?unit={unit}",
    "menu": "/running/today/menu",
    **{f"box: {typed}": f"/homes/lookup/?live=1&q={quote(typed)}" for typed in ("李", "lw", "3-2-1101", "1234", "A12")},
}


@pytest.fixture
def cost(desk, cast, home) -> Callable[[], dict[str, int]]:
    client = desk.client(cast.mia)

    def count() -> dict[str, int]:
        found = {}
        for name, url in PAGES.items():
            client.get(url.format(unit=home.unit.id))  # what is kept between requests is kept now
            before = db.statements()
            assert client.get(url.format(unit=home.unit.id)).status_code == 200, url
            found[name] = db.statements() - before
        return found

    return count


LITTLE, MUCH = 10, 300


def _furnish(cast, home) -> None:
    """Some of everything, so that no page is spared a question by having nothing to show."""
    key = register.add(name="机房", hook="A01", by=cast.mia)
    holder = lending.staff_holder(Staff.get_by_id(cast.wang.id))
    lending.lend(key, to=holder, until=clock.now() + timedelta(hours=1), by=cast.mia)
    pay(home.unit, 501, by=cast.chen)
    within(charge.add, unit=home.unit, item="fee", text="物业费", fen=100, due=clock.today(), by=cast.chen)
    instructions.give(home.unit, "general", "请轻敲门", blocks=False, until=None, by=cast.mia)
    with db.write():
        due.expect("counter.keys", 1000, at=clock.now(), text="Key {name}", unit_id=home.unit.id, name="x")
        person = households.Person.create(name="李", phone="13812341234", **households.keys_of("李", "1234"))
        households.Relation.create(person=person, unit=home.unit, kind="family")
        households.Vehicle.create(plate="粤A12", unit=home.unit)
    _grow(1, LITTLE)


def _grow(start: int, end: int) -> None:
    """From so many of each to so many, all in the same household: rows like the first, but for what must be unique."""
    like: dict[Any, dict[str, Callable[[int], Any]]] = {
        register.Hook: {"label": "A{:03d}".format},
        register.Key: {"hook": lambda n: n + 1},
        register.Label: {"key": lambda n: n + 1, "code": "{:014d}".format},
        loan.Loan: {"thing": lambda n: n + 1},
        Receipt: {"number": "SJ-2025-{:06d}".format, "year": lambda n: 2025, "n": lambda n: n, "hash": str},
        ReceiptItem: {"receipt": lambda n: n + 1},
        ReceiptTender: {"receipt": lambda n: n + 1},
        charge.Charge: {"text": "物业费 {}".format},
        instructions.Instruction: {"text": "第 {} 条".format},
        due.Due: {"about": lambda n: 1000 + n},
        households.Person: {"name": "李{}".format, "name_key": "李{}".format},
        households.Relation: {"person": lambda n: n + 3},
        households.Vehicle: {"plate": "粤A12{:03d}".format},
    }
    with db.write():
        for table, differs in like.items():
            first = dict(table.select().order_by(table.id.desc()).get().__data__)
            del first["id"]
            rows = [first | {name: make(n) for name, make in differs.items()} for n in range(start, end)]
            table.insert_many(rows).execute()
            assert table.select().count() >= end


def test_no_page_asks_more_because_there_is_more(cost, cast, home) -> None:
    _furnish(cast, home)
    before = cost()
    _grow(LITTLE, MUCH)
    more = {name: (before[name], now) for name, now in cost().items() if now > before[name]}
    assert more == {}


def test_no_page_asks_more_than_forty_times(cost, cast, home) -> None:
    _furnish(cast, home)
    _grow(LITTLE, MUCH)
    assert {name: asked for name, asked in cost().items() if asked > 40} == {}


def test_a_payment_costs_the_same_after_thirty_others(cast, home) -> None:
    def cost() -> int:
        before = db.statements()
        pay(home.unit, 500, by=cast.chen)
        return db.statements() - before

    first = [cost() for _ in range(3)][-1]
    for n in range(30):
        pay(home.unit, 600 + n, by=cast.chen)
    assert cost() == first


def test_a_page_that_asks_for_each_row_is_caught(cost, desk, cast, home, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(unit: households.Unit) -> list[Line]:
        return [Line(row.staff.name) for row in Receipt.select().where(Receipt.unit == unit).limit(6)]

    screens: list[Screen] = desk.app.extensions["screens"]
    cashier = next(each for each in screens if each.name == "counter_cashier")
    monkeypatch.setattr(cashier, "sections", [("Receipts", greedy)])
    _furnish(cast, home)
    before = cost()["household"]
    _grow(LITTLE, MUCH)
    assert cost()["household"] > before
