"""The shell in a real browser: what scripts, keys and a scanner do to it.

axe.min.js is axe-core 4.14.1 (npm, MPL-2.0), unchanged; its SHA-256 is checked below.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from app.base import clock, live
from app.desk.accounts import charge
from app.desk.record import numbering
from app.desk.who import people, sessions
from app.desk.work import due
from app.procedures.running import sign_in as signing
from app.procedures.running import staff as staffing
from tests.within import within

AXE = Path(__file__).with_name("axe.min.js")
AXE_SHA = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
PASSWORD = "a long enough one"


@pytest.fixture
def badge(cast: SimpleNamespace) -> str:
    """Ben's badge; Ben's PIN is 1357, Mia's 2468."""
    for nick, pin in (("mia", "2468"), ("ben", "1357")):
        staffing.set_pin(getattr(cast, nick).id, pin, by=cast.mia)
    return str(staffing.issue_badge(cast.ben.id, by=cast.mia).badge)


def idle(minutes: int = 31) -> None:
    """Nobody touched any window for that long."""
    for memory in sessions._memories.values():
        memory.seen -= timedelta(minutes=minutes)


def plain_pages(site) -> list[str]:
    """Every page that opens without an argument; a list as a workbook is a download."""
    skip = {
        "/",
        "/live",
        "/running/sign_in/badge",
        "/running/sign_in/pin",
        "/running/sign_in/code",
        "/running/sign_in/",
    }
    return sorted(
        rule.rule
        for rule in site.app.url_map.iter_rules()
        if "GET" in rule.methods
        and "<" not in rule.rule
        and not rule.rule.endswith("/excel")
        and rule.endpoint != "static"
        and rule.rule not in skip
        and not re.search(r"/(lamps|menu|who|sum|last)$", rule.rule)
    )


# ---- signing in ----


def test_a_clerk_signs_in_with_the_keyboard_alone(site, cast) -> None:
    people.Staff.update(password_hash=signing.hash_secret(PASSWORD)).where(people.Staff.id == cast.ana.id).execute()
    page = site.open(None, "/running/today/?due=1")
    page.keyboard.type(cast.ana.name)
    page.keyboard.press("Tab")
    page.keyboard.type("not it at all", delay=5)
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("姓名或密码不正确")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/running/today/?due=1")


def test_the_desk_works_without_javascript(site, cast) -> None:
    page = site.page(cast.mia, javascript=False)
    page.goto(site.url + "/running/staff/")
    form = page.locator("form[action$='/add']")
    form.locator("[name=name]").fill("新同事")
    form.locator("[value=gate]").check()
    form.locator("button").click()
    expect(page.locator("section.card h2").first).to_have_text("新同事")


# ---- forms ----


def test_a_double_click_does_it_once(site, cast) -> None:
    page = site.open(cast.mia, "/running/staff/")
    form = page.locator("form[action$='/add']")
    form.locator("[name=name]").fill("新同事")
    form.locator("[value=gate]").check()
    form.locator("button").dblclick()
    expect(page.locator("#toasts .ok")).to_contain_text("新同事")
    assert people.Staff.select().where(people.Staff.name == "新同事").count() == 1
    expect(page.locator("#notice")).to_be_empty()


def test_a_refusal_marks_the_field_and_takes_the_focus(site, cast) -> None:
    page = site.open(cast.mia, "/running/staff/")
    form = page.locator("form[action$='/add']")
    form.locator("[name=name]").fill(cast.ana.name)
    form.locator("[value=gate]").check()
    form.locator("button").click()
    panel = page.locator("#notice .panel")
    expect(panel).to_be_focused()
    expect(form.locator("[name=name]")).to_have_attribute("aria-invalid", "true")
    assert page.evaluate("document.body.dataset.sounded") == "stop"
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(form.locator("[name=name]")).to_be_focused()
    assert form.locator("[name=name]").input_value() == cast.ana.name


# ---- keys ----


def test_function_keys_lead_where_they_say(site, cast) -> None:
    page = site.open(cast.mia, "/running/staff/")
    page.keyboard.press("F4")
    expect(page.locator("#box")).to_be_focused()
    page.keyboard.press("F5")
    page.wait_for_url("**/running/today/")
    page.keyboard.press("?")
    expect(page.locator("#dialog")).to_contain_text("F12")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()


def test_a_page_that_is_loaded_has_its_first_field_in_focus_so_no_key_is_lost(site, cast) -> None:
    page = site.open(cast.ana, "/running/today/")
    page.add_init_script(  # the window hears it after the document's own listeners, before any frame is drawn
        "window.addEventListener('DOMContentLoaded', () => { window.first = document.activeElement.name })"
    )
    for where in ("/counter/release_slips/", "/counter/custody/", "/counter/water_cards/"):
        page.goto(site.url + where)
        assert page.evaluate("window.first") == "room", where


def test_f12_submits_the_form_that_is_being_filled(site, cast) -> None:
    page = site.open(cast.mia, f"/running/staff/one/{cast.ana.id}")
    page.locator("form[data-done] [value=gate]").check()
    page.keyboard.press("F12")
    expect(page.locator("#toasts .ok")).to_be_visible()
    assert people.Staff.get_by_id(cast.ana.id).roles == ["assistant", "gate"]


# ---- scans ----


def test_a_scan_while_typing_is_not_typing(site, cast, badge, wedge) -> None:
    page = site.open(cast.mia, "/running/today/")
    page.keyboard.press("F4")
    page.keyboard.type("3-2-11", delay=60)
    page.evaluate("document.querySelector('#box').setSelectionRange(3, 5)")
    wedge(page).scan(badge)
    expect(page.locator("#dialog [name=badge]")).to_have_value(badge)
    box = page.evaluate(
        "(() => { const b = document.querySelector('#box'); return [b.value, b.selectionStart, b.selectionEnd] })()"
    )
    assert box == ["3-2-11", 3, 5]
    assert page.url.endswith("/running/today/")


def test_a_scan_is_heard_with_the_focus_on_a_button_or_nowhere(site, cast, badge, wedge) -> None:
    page = site.open(cast.mia, f"/running/staff/one/{cast.ana.id}")
    page.locator("form[data-done] button").focus()
    wedge(page).scan(badge)
    expect(page.locator("#dialog [name=badge]")).to_have_value(badge)
    assert people.Staff.get_by_id(cast.ana.id).version == 1, "its Enter did not press the button"


def test_digits_typed_by_a_person_are_typing(site, cast, badge, wedge) -> None:
    page = site.open(cast.mia, "/running/today/")
    page.keyboard.press("F4")
    wedge(page).scan("13800138000", gap=0.08)
    page.wait_for_url("**/homes/lookup/?q=13800138000")


def test_badge_and_pin_switch_the_user_in_the_dialog(site, cast, badge, wedge) -> None:
    page = site.page(cast.mia)
    people.Staff.update(password_hash=signing.hash_secret(PASSWORD)).where(people.Staff.id == cast.mia.id).execute()
    page.context.clear_cookies()
    page.goto(site.url + "/running/sign_in/")
    page.locator("[name=name]").fill(cast.mia.name)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/running/today/")
    wedge(page).scan(badge)
    expect(page.locator("#dialog [name=pin]")).to_be_focused()
    page.keyboard.type("0000")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog .stop")).to_contain_text("PIN")
    page.locator("#dialog [name=pin]").fill("1357")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(".who summary")).to_contain_text(cast.ben.name)


# ---- refusals answered in place ----


@pytest.fixture
def question(site, cast, home, badge) -> Page:
    """Ana takes a charge off that turns out to be Ben's; the supervisor is on duty elsewhere."""
    signing.come(people.Staff.get_by_id(cast.mia.id))
    row = within(
        charge.add, unit=home.unit, item="card_fee", text="住户证工本费", fen=500, due=clock.today(), by=cast.ana
    )
    page = site.open(cast.ana, f"/counter/cashier/?unit={home.unit.id}")
    charge.Charge.update(by_id=cast.ben.id).where(charge.Charge.id == row.id).execute()
    page.locator("details.ask:has(form[action*='/take_back/']) summary").click()
    page.locator("form[action*='/take_back/'] [name=reason]").fill("登记错误")
    page.locator("form[action*='/take_back/'] button").click()
    expect(page.locator("#notice .panel")).to_be_focused()
    return page


def test_the_supervisor_allows_it_with_badge_and_pin_and_it_is_done(question, site, cast, home, wedge) -> None:
    badge = staffing.issue_badge(cast.mia.id, by=cast.mia).badge
    page = question
    wedge(page).scan(badge)
    expect(page.locator("#notice [name=_approver]")).to_have_value(badge)
    expect(page.locator("#notice [name=_pin]")).to_be_focused()
    page.keyboard.type("2468", delay=60)
    page.keyboard.press("Enter")
    expect(page.locator("#notice .panel")).to_have_count(0)
    assert charge.open_of(home.unit) == []


def test_key_2_opens_the_dialog_and_esc_leaves_everything_as_it_was(question, home) -> None:
    page = question
    page.keyboard.press("2")
    expect(page.locator("#notice [name=_approver]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#notice")).to_be_empty()
    assert len(charge.open_of(home.unit)) == 1


def test_a_label_cannot_press_an_answer_and_waits_until_it_is_given(question, wedge) -> None:
    """A receipt's label begins with 1: it must not answer `1`, do it anyway."""
    page = question
    page.evaluate("""() => {
        const button = document.createElement('button');
        button.type = 'button';
        button.dataset.answer = '1';
        button.addEventListener('click', () => { document.body.dataset.pressed = '1'; });
        document.querySelector('#notice .answers').prepend(button);
    }""")
    wedge(page).scan(numbering.code(10, 2026, 77))
    expect(page.locator("#waiting")).to_contain_text("1 个扫描等待处理")
    # By the page's own clock, longer than an answer key waits: had the label pressed it, it would show by now.
    page.evaluate("new Promise((later) => setTimeout(later, 150))")
    assert page.evaluate("document.body.dataset.pressed") is None
    page.keyboard.press("1")
    expect(page.locator("body")).to_have_attribute("data-pressed", "1")
    with page.expect_request("**/counter/scan/read"):
        page.keyboard.press("Escape")
    expect(page.locator("#waiting")).to_be_empty()


# ---- half an hour later ----


def test_the_pin_after_half_an_hour_keeps_what_was_typed(site, cast, badge) -> None:
    page = site.open(cast.mia, "/running/staff/")
    form = page.locator("form[action$='/add']")
    form.locator("[name=name]").fill("新同事")
    form.locator("[value=gate]").check()
    key = form.locator("[name=_key]").input_value()
    idle()
    form.locator("button").click()
    expect(page.locator("#dialog [name=pin]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_visible()
    page.keyboard.type("2468", delay=60)
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    assert form.locator("[name=name]").input_value() == "新同事"
    assert form.locator("[name=_key]").input_value() == key
    form.locator("button").click()
    expect(page.locator("#toasts")).to_contain_text("新同事 已列入名单")


def test_a_window_nobody_uses_locks_by_itself(site, cast, badge) -> None:
    page = site.open(cast.mia, "/running/today/")
    idle()
    expect(page.locator("#dialog [name=pin]")).to_be_focused()


def test_a_session_that_ended_asks_for_the_password_over_the_page(site, cast) -> None:
    people.Staff.update(password_hash=signing.hash_secret(PASSWORD)).where(people.Staff.id == cast.mia.id).execute()
    page = site.open(cast.mia, "/running/staff/")
    form = page.locator("form[action$='/add']")
    form.locator("[name=name]").fill("新同事")
    form.locator("[value=gate]").check()
    sessions.Session.update(ended=clock.now()).execute()
    form.locator("button").click()
    expect(page.locator("#dialog [name=password]")).to_be_visible()
    page.locator("#dialog [name=name]").fill(cast.mia.name)
    page.locator("#dialog [name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    form.locator("button").click()
    expect(page.locator("#toasts")).to_contain_text("新同事 已列入名单")


# ---- live ----


def test_an_open_page_shows_what_changed_elsewhere(site, cast) -> None:
    page = site.open(cast.ana, "/running/today/")
    due.expect("counter.keys", 1, at=clock.now() + timedelta(minutes=30), text="Printer")
    live.bump("due")
    expect(page.locator("#board")).to_contain_text("30 分钟")


# ---- every page ----


def too_wide(page: Page) -> int:
    """Pixels that stand out of the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize(("nick", "language"), [("mia", "en"), ("gao", "zh_CN")])
def test_every_page_opens_without_a_complaint_of_the_browser(site, cast, home, nick, language) -> None:
    """No console error, no CSP violation (the fixture fails on them), nothing wider than 1366 px. Mia in Chinese: below."""
    page = site.page(getattr(cast, nick), language=language)
    for path in [*plain_pages(site), f"/homes/households/{home.unit.id}"]:
        page.goto(site.url + path)
        assert too_wide(page) <= 0, path


def test_axe_is_what_was_published() -> None:
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == AXE_SHA


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text("utf-8") + "; undefined")
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']}).then(result => result.violations)"
    )
    return [
        f"{each['id']}: {json.dumps([node['html'][:120] for node in each['nodes'][:3]], ensure_ascii=False)}"
        for each in found
    ]


def test_every_page_can_be_used_by_everybody(site, cast, home) -> None:
    """axe-core finds nothing: names of fields, contrast, landmarks, roles."""
    page = site.page(cast.mia)
    wrong = []
    for path in [*plain_pages(site), f"/homes/households/{home.unit.id}", "/running/staff/one/1"]:
        page.goto(site.url + path)
        wrong += [f"{path}: {each}" for each in violations(page)]
        assert too_wide(page) <= 0, path
    nobody = site.open(None, "/running/sign_in/")
    wrong += [f"sign in: {each}" for each in violations(nobody)]
    assert not wrong, "\n".join(wrong)


def test_axe_sees_a_field_without_a_name(site, cast) -> None:
    page = site.open(cast.mia, "/running/today/")
    page.evaluate("document.querySelector('#main').insertAdjacentHTML('beforeend', '<input type=text>')")
    assert any(each.startswith("label") for each in violations(page))


def test_an_empty_enter_means_finished_and_a_full_one_does_not(site, cast) -> None:
    page = site.open(cast.mia, f"/running/staff/one/{cast.ana.id}")
    page.locator("form[data-done] [value=gate]").check()
    page.evaluate("document.querySelector('#board').insertAdjacentHTML('beforeend', '<input id=here data-finish>')")
    page.locator("#here").fill("K0231")
    page.keyboard.press("Enter")
    page.locator("#here").fill("")
    assert people.Staff.get_by_id(cast.ana.id).roles == ["assistant"]
    page.keyboard.press("Enter")
    expect(page.locator("#toasts .ok")).to_be_visible()
    assert people.Staff.get_by_id(cast.ana.id).roles == ["assistant", "gate"]


def test_a_scan_into_a_field_that_wants_one_stays_there(site, cast, badge, wedge) -> None:
    page = site.open(cast.mia, "/running/today/")
    page.evaluate("document.querySelector('#board').insertAdjacentHTML('beforeend', '<input id=order data-scan>')")
    page.locator("#order").focus()
    wedge(page).scan(badge)
    expect(page.locator("#order")).to_have_value(badge)
    expect(page.locator("#dialog")).to_be_hidden()


def test_sound_is_switched_off_for_this_window(site, cast) -> None:
    page = site.open(cast.mia, "/running/today/")
    page.locator(".whomenu summary").click()
    page.locator("[data-mute]").click()
    expect(page.locator("#toasts .note")).to_contain_text("声音已关闭")
    page.reload()
    assert page.evaluate("localStorage.getItem('muted')") == "1"


def test_a_key_asks_before_it_leads_away_from_what_was_typed(site, cast, home) -> None:
    page = site.open(cast.mia, f"/counter/release_slips/new?unit={home.unit.id}")
    page.locator("form[data-keep] input[type=text]").first.fill("冰箱")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.keyboard.press("F5")
    expect(page.locator("form[data-keep] input[type=text]").first).to_have_value("冰箱")
    assert len(asked) == 1
