"""Households in a real browser: found, read, changed and imported without a mouse."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import expect

from app.base import clock
from app.desk.homes import households, instructions, residents
from app.desk.homes.households import Relation, Unit
from app.desk.record import journal

sys.path.insert(0, str(Path(__file__).parents[1] / "procedures" / "running"))
from sheets import ESTATE, book, changed


def find(page, asked: str) -> None:
    page.keyboard.press("F4")
    page.keyboard.press("Control+A")
    page.keyboard.type(asked, delay=40)  # faster is a scanner
    page.keyboard.press("Enter")


def test_a_household_is_found_read_and_left_by_keys(site, cast, home) -> None:
    instructions.give(home.unit, "release", "11-25 前勿放行大件家具", blocks=True, by=cast.ben)
    page = site.open(cast.ana, "/running/today/")
    find(page, "lw")
    page.wait_for_url(f"**/homes/households/{home.unit.id}")
    page.locator("[role=alert]", has_text="勿放行").wait_for()
    page.locator("button", has_text="已阅").press("Enter")
    page.locator(".notice[role=alert]").wait_for(state="detached")
    find(page, "5栋1单元302")
    page.wait_for_url(f"**/homes/households/{home.other.id}")
    page.keyboard.press("F8")
    page.wait_for_url(f"**/homes/households/{home.unit.id}")
    page.keyboard.press("Shift+F8")
    page.locator("a", has_text="5-1-302").wait_for()


def test_a_full_number_is_shown_where_its_mask_stood_after_a_reason(site, cast, home) -> None:
    page = site.open(cast.ana, f"/homes/households/{home.unit.id}")
    assert "13812341234" not in page.content()
    page.locator("#residents summary", has_text="138****1234").press("Enter")
    page.locator("#residents input[name=reason]").first.press_sequentially("业主来电核对")
    page.keyboard.press("Enter")
    page.locator(".revealed", has_text="13812341234").wait_for()
    assert journal.Line.select().where(journal.Line.verb == "person.revealed").count() == 1
    page.reload()
    assert "13812341234" not in page.content()


def test_a_tenant_is_entered_and_a_refusal_keeps_what_was_typed(site, cast, home) -> None:
    page = site.open(cast.ana, f"/homes/households/{home.unit.id}")
    page.locator("summary", has_text="登记人员").press("Enter")
    form = page.locator("#residents form.grid")
    form.locator("input[name=name]").press_sequentially("赵租", delay=40)
    form.locator("select[name=kind]").select_option("tenant")
    form.locator("input[name=phone]").press_sequentially("1380013", delay=40)
    page.keyboard.press("Enter")
    page.locator("#notice .stop").wait_for()
    page.keyboard.press("Escape")
    assert form.locator("input[name=name]").input_value() == "赵租"
    form.locator("input[name=phone]").fill("13800138000")
    form.locator("input[name=phone]").press("Enter")
    page.locator("#residents td", has_text="138****8000").wait_for()
    assert Relation.get(Relation.kind == "tenant", Relation.unit == home.unit).person.name == "赵租"


def test_a_list_is_checked_and_imported(site, cast, books, tmp_path) -> None:
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    good.write_bytes(book(ESTATE))
    bad.write_bytes(book(changed(ESTATE, 业主信息_E2="138")))
    page = site.open(cast.mia, "/running/imports/")
    page.set_input_files("input[type=file]", str(bad))
    page.locator("button.go", has_text="检查").press("Enter")
    page.locator("td", has_text="业主信息!E2").wait_for()
    page.set_input_files("input[type=file]", str(good))
    page.locator("button.go", has_text="检查").press("Enter")
    page.locator("button.go", has_text="全部写入").wait_for()
    page.keyboard.press("F12")
    page.locator("#board td", has_text="good.xlsx").wait_for()
    assert Unit.select().count() == 4
    find(page, "1101")
    page.locator("text=没有找到").wait_for()
    assert households.label("1", "1", "101") == "1-1-101"


def test_the_pages_speak_english_too(site, cast, home) -> None:
    page = site.open(cast.ana, f"/homes/households/{home.unit.id}")
    page.context.add_cookies([{"name": "language", "value": "en", "url": page.url}])
    page.reload()
    page.locator("h2", has_text="People").wait_for()
    assert "Standing instructions" in page.content()


def test_a_refused_correction_marks_the_field_of_its_own_row(site, cast, home):
    residents.add_resident(home.unit, "陈二", "family", since=clock.today(), by=cast.ana)
    page = site.open(cast.ana, f"/homes/households/{home.unit.id}")
    second = page.locator("#residents tbody tr").nth(1)
    second.get_by_text("变更").click()
    second.locator("[name=phone]").fill("12345")
    second.get_by_role("button", name="更正").click()
    expect(page.locator("#notice")).to_contain_text("电话只有 5 位")
    expect(second.locator("[name=phone]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#residents [aria-invalid]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(second.locator("[name=phone]")).to_be_focused()
    expect(second.locator("[name=phone]")).to_have_value("12345")
