"""The simulated meter: credits once, writes back, shuts off at two tonnes, and is not fooled."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware.simulators.meter import Meter
from hardware.watercard.record import Purchase
from hardware.watercard.steps import Step
from tests.hardware.water_bench import LAYOUTS, METER, SECRET, START, Bench, bench


def sold(layout: str = "waterdesk-1", amount: int = 1500) -> Bench:
    b = bench(layout)
    b.issue()
    assert b.sell(*b.intend(amount)).outcome == "verified"
    return b


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_a_sale_is_credited_once_and_written_back(layout: str) -> None:
    b = sold(layout)
    meter = b.meter()
    assert [meter.insert(b.card) for _ in range(3)] == ["credited", "nothing new", "nothing new"]
    seen = b.session.read()
    assert seen.meter is not None
    assert (seen.meter.accepted_seq, seen.meter.remaining, seen.meter.mseq) == (1, 1500, 3)


@pytest.mark.rule("WATER-2")
@pytest.mark.rule("WATER-3")
def test_it_shuts_at_two_tonnes_and_gives_them_when_the_card_is_put_in_again() -> None:
    b = sold()
    meter = b.meter()
    meter.insert(b.card)
    assert meter.use(5000) == 1300
    assert not meter.valve_open
    meter.insert(b.card)
    assert meter.valve_open
    assert meter.use(5000) == 200
    assert not meter.valve_open


def test_a_card_pulled_before_the_write_back_is_written_next_time_and_credited_once() -> None:
    b = sold()
    meter = b.meter()
    assert meter.insert(b.card, pulled_after=0) == "credited"
    assert b.session.read().meter is None
    assert meter.insert(b.card) == "nothing new"
    assert b.step(b.known(old=Purchase(1, 1500, 1500))) == Step("use", "in_order")


def test_other_meters_replaced_and_unreadable_cards_do_nothing() -> None:
    b = sold()
    assert Meter("00000001", b.layout, SECRET).insert(b.card) == "another meter's card"
    assert b.meter().__class__(METER, b.layout, bytes(32)).insert(b.card) == "unreadable"
    meter = b.meter()
    meter.state.issue = 2
    assert meter.insert(b.card) == "replaced card"
    assert meter.state.remaining == 0


def test_a_meter_that_adds_amounts_takes_no_sale_out_of_sequence() -> None:
    b = bench("bluewell-m2")
    b.issue(first=Purchase(5, 500, 2500))
    assert b.meter().insert(b.card) == "out of sequence"


def test_two_sales_before_the_meter_took_the_first_both_count_where_the_layout_is_cumulative() -> None:
    b = sold()
    assert b.sell(*b.intend(500, old=Purchase(1, 1500, 1500))).outcome == "verified"
    meter = b.meter()
    meter.insert(b.card)
    assert meter.state.remaining == 2000


def test_more_than_the_hoard_limit_is_not_taken() -> None:
    from hardware.watercard.record import Identity

    b = bench()
    b.session.issue(b.card.uid, Identity(3, METER, 1, hoard=1000), START)
    b.sell(*b.intend(1500))
    assert b.meter().insert(b.card) == "too much"


def test_its_state_survives_a_restart(tmp_path: Path) -> None:
    b = sold()
    path = tmp_path / "meter.json"
    Meter(METER, b.layout, SECRET, path).insert(b.card)
    again = Meter(METER, b.layout, SECRET, path)
    assert again.state.remaining == 1500
    assert again.insert(b.card) == "nothing new"
