"""What is still done after the evening's marks and after midnight belongs to the shift that does it (rulebook 1.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from app.base import clock
from app.desk.accounts import receipt
from app.desk.accounts.receipt import Tender
from app.desk.homes.households import Relation
from app.desk.work.due import Due
from app.procedures.counter import cashier
from app.procedures.counter.cashier import corrections
from app.procedures.counter.keys import schedule
from app.procedures.counter.release_slips import Slip


def moment(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=clock.ZONE)


def called(desk, cast, home, now: datetime, typed: str):
    """The form of a slip, sent then, with the owner's call at `typed`."""
    form = {
        "unit": str(home.other.id), "who": str(Relation.get(Relation.unit == home.other).id), "signs": "paper",
        "consent": "call", "owner_name": "周明", "call_number": "13912346677", "call_time": typed, "days": "0",
        "item_name_1": "冰箱", "item_quantity_1": "1", "item_unit_1": "台", "item_category_1": "appliance",
    }  # fmt: skip
    with time_machine.travel(now, tick=False):
        return desk.client(cast.ana).post("/counter/release_slips/make", data={**form, "_key": desk.key()})


@pytest.mark.parametrize(
    ("now", "typed", "meant"),
    [
        (moment(22, 11, 5), "1102", moment(22, 11, 2)),
        (moment(23, 0, 2), "2358", moment(22, 23, 58)),
        (moment(23, 0, 2), "0001", moment(23, 0, 1)),
        (moment(23, 3, 59), "0000", moment(23, 0, 0)),
        (moment(23, 4, 1), "0400", moment(23, 4, 0)),
    ],
)
@pytest.mark.rule("GOODS-1")
def test_an_owner_called_before_midnight_has_been_called_today(desk, cast, home, now, typed, meant) -> None:
    answer = called(desk, cast, home, now, typed)
    assert answer.status_code == 303, answer.text
    assert Slip.get().call_at == meant


@pytest.mark.parametrize(
    ("now", "typed"),
    [(moment(22, 11, 5), "1106"), (moment(22, 11, 5), "0010"), (moment(23, 0, 2), "0003"), (moment(23, 4, 1), "2358")],
)
@pytest.mark.rule("GOODS-1")
def test_a_call_of_another_business_day_or_of_later_is_no_consent(desk, cast, home, now, typed) -> None:
    assert called(desk, cast, home, now, typed).status_code == 422
    assert not Slip.select().exists()


@pytest.mark.parametrize(
    ("now", "shift"),
    [
        (moment(22, 8), "morning"),
        (moment(22, 15, 59), "morning"),
        (moment(22, 16), "evening"),
        (moment(22, 23, 59), "evening"),
        (moment(23, 0, 30), "evening"),
        (moment(23, 3, 59), "evening"),
        (moment(23, 4), "morning"),
    ],
)
@pytest.mark.rule("KEY-5")
def test_what_is_counted_after_midnight_is_the_evenings_count(now, shift) -> None:
    with time_machine.travel(now, tick=False):
        assert schedule.shift_now() == shift


@pytest.mark.parametrize(
    ("now", "signed_by"),
    [
        (moment(23, 10), moment(23, 18, 30)),
        (moment(23, 18, 29), moment(23, 18, 59)),
        (moment(23, 20), moment(23, 20, 30)),
        (moment(24, 0, 5), moment(24, 0, 35)),
    ],
)
@pytest.mark.rule("CASH-11")
def test_the_stub_of_a_late_refund_is_not_overdue_at_once(cast, home, now, signed_by) -> None:
    with time_machine.travel(now - timedelta(days=1), tick=False):
        row = cashier.add(home.unit, "resident_card", by=cast.chen)
        paid = cashier.pay(home.unit, payer="李伟", charges=[row.id], tenders=[Tender("cash", 500)], by=cast.chen)
    with time_machine.travel(now, tick=False):
        items, tenders = {receipt.items_left(paid)[0][0].id: 500}, receipt.split_back(paid, 500)
        corrections.refund(paid, items=items, tenders=tenders, reason="退", payee="李伟", by=cast.mia)
    assert Due.get(Due.slug == "signature").at == signed_by
