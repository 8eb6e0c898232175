"""What a page asks of the database does not grow with what is in it: statements are counted, never timed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest

from app.base import clock, db
from app.desk.accounts import charge
from app.desk.accounts.receipt import Receipt
from app.desk.homes import households, instructions
from app.desk.work import due
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


def _little(cast, home) -> None:
    """One of everything, so that no page is spared a question by having nothing to show."""
    key = register.add(name="机房", hook="A01", by=cast.mia)
    lending.lend(key, to=lending.staff_holder(_staff(cast.wang)), until=clock.now() + timedelta(hours=1), by=cast.mia)
    pay(home.unit, 501, by=cast.chen)
    _owe(home, 1, cast)
    _instruct(home, 1, cast)
    _promise(home, 1)


def _much(cast, home) -> None:
    """Thirty times as much of it, in the same household and beside it."""
    for n in range(2, 32):
        key = register.add(name=f"机房 {n}", hook=f"A{n:02d}", by=cast.mia)
        if n % 2:
            to = lending.staff_holder(_staff(cast.wang))
            lending.lend(key, to=to, until=clock.now() + timedelta(hours=1), by=cast.mia)
        pay(home.unit, 500 + n, by=cast.chen)
    _owe(home, 30, cast)
    _instruct(home, 15, cast)
    _promise(home, 30)
    with db.write():
        for n in range(30):
            person = households.Person.create(
                name=f"李{n}", phone="13812341234", **households.keys_of(f"李{n}", "1234")
            )
            households.Relation.create(person=person, unit=home.unit, kind="family")
            households.Vehicle.create(plate=f"粤A12{n:03d}", unit=home.unit)


def _staff(actor):
    from app.desk.who.people import Staff

    return Staff.get_by_id(actor.id)


def _owe(home, many: int, cast) -> None:
    for n in range(many):
        within(charge.add, unit=home.unit, item="fee", text=f"物业费 {n}", fen=100 + n, due=clock.today(), by=cast.chen)


def _instruct(home, many: int, cast) -> None:
    for n in range(many):
        instructions.give(home.unit, "general", f"第 {n} 条", blocks=False, until=None, by=cast.mia)


def _promise(home, many: int) -> None:
    with db.write():
        for n in range(many):
            due.expect("counter.keys", 1000 + n, at=clock.now(), text="Key {name}", unit_id=home.unit.id, name="x")


def test_no_page_asks_more_because_there_is_more(cost, cast, home) -> None:
    _little(cast, home)
    before = cost()
    _much(cast, home)
    assert Receipt.select().count() == 31
    more = {name: (before[name], now) for name, now in cost().items() if now > before[name]}
    assert more == {}


def test_no_page_asks_more_than_forty_times(cost, cast, home) -> None:
    _little(cast, home)
    _much(cast, home)
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
    _little(cast, home)
    before = cost()["household"]
    _much(cast, home)
    assert cost()["household"] > before
