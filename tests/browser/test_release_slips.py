"""Release slips in a real browser: by keyboard, with a pad, at the gate on a phone."""

from __future__ import annotations

import re

import pytest

from app.base import clock
from app.desk.homes.households import Relation
from app.desk.papers.outbox import Job
from app.desk.work import signatures
from app.procedures.counter import release_slips as slips
from app.procedures.counter.release_slips.tables import Slip


@pytest.fixture
def slip(cast, home) -> Slip:
    return slips.make(
        home.other,
        applicant=slips.Applicant(relation_id=Relation.get(Relation.unit == home.other).id),
        consent=slips.Consent(how="call", owner_name="周明", number="13812346677", at=clock.now()),
        lines=[slips.Line("双开门冰箱", 1, "台"), slips.Line("纸箱（衣物）", 6, "箱")],
        base_url="http://desk.lan",
        by=cast.ana,
    )


def fill(page, item="双开门冰箱") -> None:
    """The owner asks for one thing: from the applicant on, by Tab and by typing what a list begins with."""
    page.locator("select[name=who]").press("ArrowDown")
    page.locator("input[name=item_name_1]").press_sequentially(item)
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.locator("select[name=consent]").select_option("paper")


def test_a_slip_is_issued_without_a_mouse(site, cast, home) -> None:
    page = site.open(cast.ana, "/running/today/")
    page.keyboard.press("Shift+F1")
    page.wait_for_url("**/counter/release_slips/")
    page.keyboard.type("3-2-1101", delay=40)  # faster is a scanner
    page.keyboard.press("Enter")
    page.wait_for_url("**/new?unit=*")
    fill(page)
    page.keyboard.press("F12")
    page.locator("h1", has_text=re.compile(r"FX-\d{4}-000001")).wait_for()
    assert Job.select().count() == 2


def test_a_vague_item_is_refused_in_red_and_the_form_keeps_what_was_typed(site, cast, home) -> None:
    page = site.open(cast.ana, f"/counter/release_slips/?unit={home.unit.id}")
    fill(page, "家具若干")
    page.keyboard.press("F12")
    panel = page.locator("#notice .stop")
    panel.wait_for()
    assert "没有写明是什么物品" in panel.inner_text()
    assert Slip.select().count() == 0
    page.keyboard.press("Escape")
    field = page.locator("input[name=item_name_1]")
    assert field.input_value() == "家具若干"
    field.fill("餐桌")
    page.keyboard.press("F12")
    page.locator("h1", has_text=re.compile(r"FX-\d{4}-000001")).wait_for()


def test_a_real_double_click_issues_one_slip(site, cast, home) -> None:
    page = site.open(cast.ana, f"/counter/release_slips/?unit={home.unit.id}")
    fill(page)
    page.locator("button.go").dblclick()
    page.locator("h1", has_text=re.compile(r"FX-\d{4}-000001")).wait_for()
    assert (Slip.select().count(), Job.select().count()) == (1, 2)


def test_the_owner_signs_on_the_pad(site, cast, home) -> None:
    page = site.open(cast.ana, f"/counter/release_slips/?unit={home.unit.id}")
    fill(page)
    box = page.locator("[data-chooses=consent]")
    box.locator("summary").click()
    at = box.locator("canvas").bounding_box()
    page.mouse.move(at["x"] + 20, at["y"] + 30)
    page.mouse.down()
    for n in range(20):
        page.mouse.move(at["x"] + 20 + 8 * n, at["y"] + 30 + 12 * (n % 4))
    page.mouse.up()
    assert page.locator("select[name=consent]").input_value() == "pad"
    page.keyboard.press("F12")
    page.locator("img.signed").wait_for()
    kept = signatures.of(slips.KIND, Slip.get().id)["owner"]
    assert signatures.image(kept.id)[:4] == b"\x89PNG"


def test_a_guard_lets_goods_out_on_a_phone(site, cast, slip) -> None:
    page = site.page(cast.gao)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.url}/g/{slip.code}")
    assert page.locator(".verdict strong").inner_text() == "可以放行"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("input[inputmode=numeric]").last.fill("2")
    page.get_by_role("button", name="放行所填数量").click()
    page.locator(".verdict strong", has_text="剩余可放行").wait_for()
    page.get_by_role("button", name="剩余全部放行").dblclick()
    page.locator(".verdict strong", has_text="已用完").wait_for()
    assert [rest for _, rest in slips.left_of([slip.id])[slip.id]] == [0, 0]


def test_a_scanned_slip_is_opened_at_the_desk_and_at_the_gate(site, cast, slip, wedge) -> None:
    page = site.open(cast.ana, "/running/today/")
    wedge(page).scan(slip.code)
    page.locator("h1", has_text=slip.number).wait_for()
    gate = site.open(cast.gao, "/running/today/")
    wedge(gate).scan(slip.code)
    gate.locator(".verdict strong", has_text="可以放行").wait_for()
