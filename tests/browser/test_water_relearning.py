"""The page on which the books learn from a card after a restore, as the supervisor sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, expect

from app.procedures.counter.water_cards import Card
from tests.browser.conftest import Site, serve
from tests.procedures.counter.water_desk import WaterDesk
from tests.procedures.counter.water_restore import LAST_ON_PAPER, Disaster


@pytest.fixture
def restored(
    cast: SimpleNamespace, home: SimpleNamespace, books: Path, data: Path, tmp_path: Path, browser: Browser
) -> Iterator[Site]:
    """A desk brought back to before the sale that is on the card on its reader."""
    counter, disaster = WaterDesk(home, cast.chen, cast.mia), Disaster(books, tmp_path / "stick", cast.mia)
    card = counter.issue()
    meter = counter.meter()
    for volume in (1000, 1500):
        disaster.back_up()  # the second time: before the second sale
        counter.sell(volume)
        counter.lay()
        meter.insert(card)
        counter.lay(card)
    disaster.bring_back()
    counter.lay(card)
    yield from serve(data, browser, SimpleNamespace(reader=counter.worker, printer=None, scanner=None))
    disaster.over()


def test_from_the_stop_to_the_next_sale_without_a_mouse(
    restored: Site, cast: SimpleNamespace, home: SimpleNamespace
) -> None:
    page = restored.open(cast.mia, f"/counter/water_cards/?unit={home.unit.id}")
    page.get_by_role("link", name="查卡并补记").press("Enter")
    page.wait_for_url("**/water_cards/check")
    expect(page.get_by_role("row", name="仅卡内有")).to_contain_text("15.00")
    page.get_by_label("原因").press_sequentially(f"纸质收据 {LAST_ON_PAPER}", delay=60)
    page.keyboard.press("F12")
    page.wait_for_url("**/water_cards/?unit=*")
    expect(page.locator(".steps")).to_contain_text("正常")
    expect(page.get_by_role("button", name="收款并写卡")).to_be_visible()
    assert Card.get().seq == 2
    page.get_by_label("水费去向").fill("当日长款")
    page.get_by_role("button", name="写明").press("Enter")
    expect(page.get_by_role("cell", name="补记水费去向")).to_be_visible()
