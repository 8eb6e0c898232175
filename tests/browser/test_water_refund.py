"""Paying back a sale whose card has been away: the supervisor is asked for the meter, in place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, expect

from app.procedures.counter.water_cards import TopUp
from tests.browser.conftest import Site, serve
from tests.procedures.counter.water_desk import WaterDesk


@pytest.fixture
def away(cast: SimpleNamespace, home: SimpleNamespace, data: Path, browser: Browser) -> Iterator[Site]:
    """A sale was cut off while it was written; its card has been off the reader and lies there again."""
    counter = WaterDesk(home, cast.chen, cast.mia)
    card = counter.issue()
    row = counter.intend()
    counter.reader.fault("tear", k=7)
    counter.do("write", row.id, first=True)
    counter.lay(card)
    counter.worker.start()
    yield from serve(data, browser, SimpleNamespace(reader=counter.worker, printer=None, scanner=None))
    counter.worker.stop()


def test_the_meter_is_asked_for_by_keyboard_and_a_wrong_answer_loses_nothing(
    away: Site, cast: SimpleNamespace, home: SimpleNamespace
) -> None:
    page = away.open(cast.mia, f"/counter/water_cards/?unit={home.unit.id}")
    asked = page.get_by_role("group").filter(has_text="卡离开过读卡器")
    page.get_by_text("退款", exact=True).press("Enter")
    expect(page.get_by_text("卡离开过读卡器：请先看水表再退款。")).to_be_visible()
    page.get_by_label("表上显示的购水次数").fill("1")
    asked.get_by_label("原因").fill("业主不买了")
    page.get_by_role("button", name="先查卡，再退款").press("Enter")
    expect(page.get_by_text("水表已收下这次购水")).to_be_visible()
    expect(asked.get_by_label("原因")).to_have_value("业主不买了")
    assert TopUp.get().state == "pending"
    page.get_by_label("表上显示的购水次数").fill("0")
    page.get_by_role("button", name="先查卡，再退款").press("Enter")
    expect(page.get_by_role("row", name="已退款")).to_be_visible()
    assert TopUp.get().state == "refunded"
