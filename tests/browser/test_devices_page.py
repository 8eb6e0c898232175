"""The devices page in a browser: the paper ends in the middle of a receipt, somebody answers, and it is printed again."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from app import devices as desk_devices
from app.base import clock, db
from app.desk.record.demo import Demo
from app.settings import Settings
from hardware import devices
from tests.browser.conftest import Site, serve
from tests.desk.test_outbox import take


@pytest.fixture
def printing(books, data, cast, browser) -> Iterator[Site]:
    with db.write():
        Demo.create(seed=1, at=clock.now())
    url = f"sim://printer/{data.parent.name}"
    workers = desk_devices.of(Settings(data=data, printer=url))
    workers.start()
    try:
        yield from serve(data, browser, workers, demo=True)
    finally:
        workers.stop()
        devices.close_simulators()


def test_a_receipt_that_ran_out_of_paper_is_answered_for_and_printed_again(printing, cast, tmp_path):
    page = printing.open(cast.ana, "/running/devices/")
    page.get_by_role("button", name="只剩 3 厘米纸").click()
    expect(page.get_by_role("button", name="只剩 3 厘米纸")).to_have_attribute("aria-pressed", "true")
    take(by=cast.chen)
    expect(page.get_by_role("heading", name="待确认的单据")).to_be_visible()
    expect(page.get_by_text("打印到一半时缺纸")).to_be_visible()
    page.screenshot(path=tmp_path / "uncertain.png", full_page=True)
    page.get_by_role("button", name="缺纸").first.click()
    expect(page.locator("img.slip")).to_be_visible()
    page.get_by_role("button", name="重新打印（补打）").click()
    expect(page.get_by_text("待确认的单据")).to_have_count(0)
    expect(page.get_by_role("cell", name="SJ-2026-000413 客户联 补打 1")).to_be_visible()
    expect(page.locator("tr", has_text="补打 1").get_by_text("已打印")).to_be_visible()
    page.screenshot(path=tmp_path / "printed.png", full_page=True)


def test_the_page_speaks_english_too(printing, cast):
    page = printing.page(cast.ana, language="en")
    page.goto(printing.url + "/running/devices/")
    expect(page.get_by_role("heading", name="Devices and papers")).to_be_visible()
    page.get_by_role("button", name="Self-test slip").click()
    expect(page.get_by_text("The self-test slip is on its way.")).to_be_visible()
    expect(page.locator("tr", has_text="自检单").get_by_text("printed")).to_be_visible()
