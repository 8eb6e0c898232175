"""The key pages over HTTP: a route parses, does, shows."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest
import time_machine

from app.base import clock, db
from app.desk.homes import instructions
from app.desk.papers import outbox
from app.desk.record import numbering
from app.desk.who import people
from app.desk.work import due, loan
from app.procedures.counter.keys import consent, custody, lending, register, scans, schedule
from app.procedures.counter.keys.counts import Count, Difference
from app.procedures.counter.keys.register import KIND, Custody, Key

MONDAY = date(2026, 11, 23)
BADGE = numbering.code(40, 2026, 7)


@pytest.fixture
def now():
    with time_machine.travel(clock.at(MONDAY, 10, 5), tick=False) as traveller:
        yield traveller


@pytest.fixture
def pump(now, cast) -> Key:
    people.Staff.update(badge=BADGE).where(people.Staff.id == cast.wang.id).execute()
    return register.add(name="水泵房", hook="A07", by=cast.mia)


@pytest.fixture
def ana(now, desk, cast):
    return desk.client(cast.ana)


@pytest.fixture
def post(desk):
    """Sends a form as the page would, with a key of its own."""

    def send(client, url, *, on="/counter/keys/", **values):
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://desk.lan{on}"}
        return client.post(url, data={"_key": desk.key(), **values}, headers=headers)

    return send


def lent(cast, key, **changed):
    return lending.lend(key, to=lending.staff_holder(people.Staff.get_by_id(cast.wang.id)), by=cast.ana, **changed)


def test_the_board_shows_what_is_out_first_and_the_counts(ana, cast, pump):
    register.add(name="配电房", hook="A08", by=cast.mia)
    lent(cast, Key.get(Key.name == "配电房"))
    html = ana.get("/counter/keys/").text
    assert html.index("K0002") < html.index("K0001")
    assert "内部 2 · 托管 0 · 在外 1 · 逾期 0" in html
    assert "王海" in html


def test_a_key_and_a_badge_scanned_on_its_page_lend_it(ana, post, cast, pump):
    taken = post(ana, "/counter/scan/read", code=register.label_of(pump))
    assert "请扫工牌" in taken.text
    done = post(ana, "/counter/scan/read", code=BADGE)
    assert done.status_code == 200
    assert loan.open_of(KIND, pump.id).holder == "王海"
    assert "已借给 王海" in done.text


def test_a_return_scanned_on_another_page_leaves_that_page_alone(now, ana, post, cast, pump):
    lent(cast, pump)
    now.shift(600)
    said = post(ana, "/counter/scan/read", on="/counter/cashier/", code=register.label_of(pump))
    assert (said.status_code, said.headers["HX-Reswap"], said.text) == (200, "none", "")
    assert "A07" in said.headers["HX-Trigger"]
    assert loan.open_of(KIND, pump.id) is None


def test_a_key_scanned_on_another_page_to_be_lent_leads_to_the_keys(ana, post, pump):
    said = post(ana, "/counter/scan/read", on="/counter/cashier/", code=register.label_of(pump))
    assert said.headers["HX-Redirect"] == "/counter/keys/"


def test_a_badge_with_no_key_in_hand_is_not_ours(ana, post, pump):
    said = post(ana, "/counter/scan/read", code=BADGE)
    assert said.headers["HX-Retarget"] == "#dialog"


def test_a_number_typed_by_hand_shows_the_hook_huge(now, ana, post, cast, pump):
    lent(cast, pump)
    now.shift(600)
    done = post(ana, "/counter/keys/scan", code="k0001")
    assert '<span class="big">A07</span>' in done.text


def test_a_refusal_cites_the_rule_and_the_half_done_lending_stays(ana, post, desk, cast, pump):
    post(ana, "/counter/scan/read", code=register.label_of(pump))
    no = post(ana, "/counter/keys/hand", name="赵红", of="洁净公司", checked="")
    assert no.status_code == 422
    assert "KEY-4" in no.text
    assert "请核对 赵红 的证件" in no.text
    assert scans.in_hand("1").key == pump
    until = f"{clock.now() + timedelta(hours=1):%H:%M}"
    post(ana, "/counter/keys/hand", name="赵红", of="洁净公司", checked="身份证 1234", until=until, purpose="清洗")
    made = loan.open_of(KIND, pump.id)
    assert (made.holder, made.checked, made.purpose, made.until) == (
        "赵红", "身份证 1234", "清洗", clock.at(MONDAY, 11, 5),
    )  # fmt: skip
    assert outbox.Job.select().where(outbox.Job.paper == "key_slip").count() == 1


def test_a_colleague_is_picked_from_the_list(ana, post, cast, pump):
    post(ana, "/counter/scan/read", code=register.label_of(pump))
    post(ana, "/counter/keys/prepare", purpose="巡检", until="11:00")
    done = post(ana, "/counter/keys/hand", staff=cast.lu.id, purpose="巡检", until="11:00")
    assert done.status_code == 200
    assert loan.open_of(KIND, pump.id).holder == "鲁工"


@pytest.mark.parametrize(
    "at",
    [time(8), time(17, 59), time(18, 30), time(21, 45), time(23, 30), time(0, 30), time(3, 1), time(3, 59), time(4)],
)
def test_the_time_the_page_proposes_is_one_the_rules_accept(now, desk, post, cast, pump, at):
    now.move_to(schedule.on(MONDAY + timedelta(days=at < time(4)), at))
    ana = desk.client(cast.ana)
    page = post(ana, "/counter/scan/read", code=register.label_of(pump)).text
    proposed = re.search(r'name="until"[^>]*value="(\d\d:\d\d)"', page).group(1)
    done = post(ana, "/counter/keys/hand", staff=cast.lu.id, until=proposed)
    assert done.status_code == 200, done.text
    assert timedelta(0) < loan.open_of(KIND, pump.id).until - clock.now() < timedelta(hours=15)


def test_a_time_that_is_over_is_not_taken_for_tomorrows(now, desk, post, cast, pump):
    now.move_to(clock.at(MONDAY, 20, 0))
    ana = desk.client(cast.ana)
    post(ana, "/counter/scan/read", code=register.label_of(pump))
    no = post(ana, "/counter/keys/hand", staff=cast.lu.id, until="18:30")
    assert "18:30" in no.text
    assert loan.open_of(KIND, pump.id) is None


def test_a_time_that_is_none_is_refused_with_its_field(ana, post, pump):
    post(ana, "/counter/scan/read", code=register.label_of(pump))
    no = post(ana, "/counter/keys/prepare", until="25:99")
    assert no.status_code == 422
    assert 'data-field="until"' in no.text


def test_esc_puts_it_down_and_undo_takes_back(ana, post, cast, pump):
    post(ana, "/counter/scan/read", code=register.label_of(pump))
    assert "请扫工牌" not in post(ana, "/counter/keys/down").text
    there = lent(cast, pump)
    post(ana, "/counter/keys/undo", loan=there.id)
    assert loan.open_of(KIND, pump.id) is None
    lent(cast, pump)
    ended = lending.give_back(pump, by=cast.ana)
    assert "仍在 王海 手中" in post(ana, "/counter/keys/undo", loan=ended.id).headers["HX-Trigger"].encode().decode(
        "unicode_escape"
    )


def test_told_and_confirmed_are_one_click(now, desk, post, cast, pump):
    there = lent(cast, pump)
    now.move_to(clock.at(MONDAY, 19, 0))
    ana = desk.client(cast.ana)
    assert "逾期 0 小时" in ana.get("/counter/keys/").text
    post(ana, "/counter/keys/tell", loan=there.id)
    assert loan.Loan.get_by_id(there.id).told
    lending.give_back(pump, by=people.DESK)
    assert "已还待确认" in ana.get("/counter/keys/").text
    post(ana, "/counter/keys/confirm", id=pump.id)
    assert "已还待确认" not in ana.get("/counter/keys/").text


@pytest.mark.rule("KEY-8")
def test_an_old_page_never_takes_back_what_somebody_else_lent_since(ana, post, cast, pump):
    stale = lent(cast, pump)
    lending.give_back(pump, by=cast.chen)
    lending.lend(pump, to=lending.staff_holder(people.Staff.get_by_id(cast.lu.id)), by=cast.chen)
    assert post(ana, f"/counter/keys/{pump.id}/return", loan=stale.id).status_code == 422
    assert post(ana, f"/counter/keys/{pump.id}/take").status_code == 422
    there = loan.open_of(KIND, pump.id)
    assert there.holder == "鲁工"
    assert post(ana, f"/counter/keys/{pump.id}/return", loan=there.id).status_code == 200


def test_a_return_names_a_loan_of_that_key(ana, post, cast, pump):
    """A form that names another key's loan, or none there is, takes nothing back."""
    other = register.add(name="配电房", hook="A08", by=cast.mia)
    lent(cast, pump)
    theirs = lent(cast, other)
    for named in (theirs.id, 0, 999):
        answer = post(ana, f"/counter/keys/{pump.id}/return", loan=str(named))
        assert answer.status_code == 422
    assert loan.open_of(KIND, pump.id)
    assert loan.open_of(KIND, other.id)


def test_a_new_key_is_entered_and_its_label_printed(ana, post, now, cast, books):
    done = post(ana, "/counter/keys/add", name="配电房", hook="A08", pieces="3", spare="1")
    key = Key.get()
    assert done.headers["HX-Redirect"] == f"/counter/keys/{key.id}"
    assert (key.pieces, key.spare) == (3, True)
    assert "配电房" in ana.get(f"/counter/keys/{key.id}").text


def test_one_key_is_moved_labelled_lost_found_and_retired(desk, ana, post, cast, pump):
    mia, at = desk.client(cast.mia), f"/counter/keys/{pump.id}"
    assert post(ana, f"{at}/move", hook="B02").status_code == 200
    old = register.label_of(pump)
    post(ana, f"{at}/duplicate")
    assert register.label_of(pump) == ""
    post(ana, f"{at}/label")
    assert register.label_of(pump) not in ("", old)
    post(ana, f"{at}/lost", remark="未见")
    assert "遗失" in ana.get(at).text
    post(ana, f"{at}/found")
    assert Key.get_by_id(pump.id).lost is None
    assert post(ana, f"{at}/retire", remark="换锁").status_code == 422
    assert post(mia, f"{at}/retire", remark="换锁").status_code == 200
    assert Key.get_by_id(pump.id).retired
    assert "已停用" in mia.get(at).text


def test_the_supervisor_issues_for_long_on_the_keys_page(desk, ana, post, cast, pump):
    form = {"staff": cast.wang.id, "until": "2027-01-31", "purpose": "夜班值守"}
    assert post(ana, f"/counter/keys/{pump.id}/long", **form).status_code == 422
    assert post(desk.client(cast.mia), f"/counter/keys/{pump.id}/long", **form).status_code == 200
    assert loan.open_of(KIND, pump.id).terms == "long"


def test_the_seal_of_the_night_is_looked_at(now, ana, post, cast):
    spare = register.add(name="备用", hook="A30", spare=True, by=cast.mia)
    post(ana, f"/counter/keys/{spare.id}/seal", unbroken="1")
    assert post(ana, f"/counter/keys/{spare.id}/seal").status_code == 422


def test_the_box_finds_a_key_by_label_and_a_custody_by_its_letter(ana, cast, home, pump):
    at = f"/counter/keys/?q={register.label_of(pump)}"
    assert ana.get(at).headers["Location"] == f"/counter/keys/{pump.id}"
    held = entrust(cast, home)
    assert ana.get(f"/counter/keys/?q={held.number}").headers["Location"] == f"/counter/custody/{held.id}"
    assert ana.get("/counter/keys/?q=TG-2026-000077").status_code == 404


@pytest.mark.parametrize(
    ("q", "found"), [("水泵", True), ("K0001", True), ("A07", True), ("k9", False), ("3-2", False)]
)
def test_a_key_is_found_by_number_name_and_hook(ana, pump, q, found):
    assert ("水泵房" in ana.get("/counter/keys/", query_string={"q": q}).text) == found


def test_what_is_not_there_is_not_found(ana, pump):
    for at in ("/counter/keys/99", "/counter/custody/99", "/counter/key_counts/99", "/counter/custody/new?unit=99"):
        assert ana.get(at).status_code == 404


# ---- entrusted keys ----


def entrust(cast, home) -> Custody:
    return custody.accept(
        unit=home.unit, owner=home.owner, kind="rectification", reason="阳台渗水", no_trouble=True, seal="F1",
        review=MONDAY + timedelta(days=14), keys=[("入户门", "E14", 1)], signed=True, by=cast.ana,
    )  # fmt: skip


def test_a_key_is_taken_into_custody_on_its_page(now, ana, post, cast, home):
    assert "李伟" in ana.get(f"/counter/custody/new?unit={home.unit.id}").text
    assert ana.get("/counter/custody/?room=3-2-1101").headers["Location"].endswith(f"?unit={home.unit.id}")
    form = {
        "unit": home.unit.id, "owner": home.owner.id, "kind": "hardship", "reason": "长期在外地工作",
        "name_1": "入户门", "hook_1": "E14", "pieces_1": "2", "name_2": "储藏室", "hook_2": "E15", "pieces_2": "1",
        "signed": "1",
    }  # fmt: skip
    no = post(ana, "/counter/custody/accept", on="/counter/custody/new", **form)
    assert (no.status_code, "EKEY-1" in no.text) == (422, True)
    done = post(ana, "/counter/custody/accept", on="/counter/custody/new", **form, no_trouble="1")
    held = Custody.get()
    assert done.headers["HX-Redirect"] == f"/counter/custody/{held.id}"
    assert [key.pieces for key in custody.keys(held)] == [2, 1]
    assert held.number in ana.get("/counter/custody/").text
    assert ana.get(f"/counter/custody/?unit={home.unit.id}").text.count("K000") == 2


def test_without_javascript_a_refused_form_comes_back_with_what_was_typed(now, ana, desk, cast, home):
    form = {"unit": home.unit.id, "owner": home.owner.id, "kind": "hardship", "reason": "懒", "_key": desk.key()}
    page = ana.post("/counter/custody/accept", data=form)
    assert page.status_code == 422
    assert 'value="懒"' in page.text


def test_consent_is_recorded_used_and_taken_back(now, ana, post, cast, home):
    held = entrust(cast, home)
    key, at = Key.get(), f"/counter/custody/{held.id}"
    no = post(ana, "/counter/keys/scan", code=key.number)
    assert (no.status_code, "EKEY-3" in no.text) == (422, True)
    assert "登记同意" in ana.get("/counter/keys/").text
    form = {"agreed_by": "李伟", "how": "phone", "phone": "13812341234", "scope": "维修队查看阳台"}
    post(ana, f"{at}/consent", on=at, **form)
    html = ana.get(at).text
    assert "138****1234" in html
    assert "13812341234" not in html
    given = consent.permissions(held)[0]
    post(ana, f"{at}/revoke", on=at, permission=given.id)
    assert consent.permission(held, clock.now()) is None
    post(ana, f"{at}/consent", on=at, **form, until="2026-12-31")
    assert consent.permission(held, clock.now()).standing


def test_the_owner_borrows_his_own_key_against_his_paper(now, ana, post, cast, home):
    held = entrust(cast, home)
    consent.give(held, agreed_by="李伟", how="in person", scope="本人取用", by=cast.ana)
    html = post(ana, "/counter/keys/scan", code=Key.get().number).text
    assert f'<option value="{home.owner.id}">李伟</option>' in html
    assert post(ana, "/counter/keys/hand", owner=home.owner.id).status_code == 422
    post(ana, "/counter/keys/hand", owner=home.owner.id, checked="身份证 1230")
    there = loan.open_of(KIND, Key.get().id)
    assert (there.holder, there.holder_of, there.person_id, there.signed) == ("李伟", "业主", home.owner.id, "paper")


def test_an_english_page_names_the_department_in_english_and_the_slip_in_chinese(now, desk, post, cast, pump):
    slipped = lending.lend(
        pump, to=loan.Holder(name="王海", of="工程部", checked="工牌 7"), signed="paper", by=cast.ana
    )
    printed = outbox.Job.get(outbox.Job.paper == "key_slip").facts
    assert (slipped.holder_of, printed["holder"]) == ("工程部", "王海 工程部")
    ana = desk.client(cast.ana)
    assert "王海 <small>工程部</small>" in ana.get("/counter/keys/").text
    assert re.search(r"王海\s*<small>\s*工程部\s*·", ana.get(f"/counter/keys/{pump.id}").text)
    ana.post("/running/sign_in/language", data={"language": "en", "next": "/counter/keys/"})
    assert "王海 <small>Engineering department</small>" in ana.get("/counter/keys/").text
    one = ana.get(f"/counter/keys/{pump.id}").text
    assert re.search(r"王海\s*<small>\s*Engineering department\s*·", one)
    assert "工程部" not in one
    lending.give_back(pump, meant=slipped.id, by=cast.ana)
    now.shift(10)
    assert "王海 · Engineer</option>" in post(ana, "/counter/keys/scan", code="K0001").text


def test_a_firm_that_had_keys_before_is_offered_again(now, ana, post, cast, pump):
    made = lending.lend(
        pump, to=loan.Holder(name="赵红", of="洁净公司", checked="身份证 1234"), signed="paper", by=cast.ana
    )
    lending.give_back(pump, meant=made.id, by=cast.ana)
    now.shift(10)
    html = post(ana, "/counter/keys/scan", code="K0001").text
    assert '<option value="洁净公司">' in html


def test_an_instruction_about_the_keys_is_read_before_one_is_lent(now, ana, post, cast, home):
    held = entrust(cast, home)
    consent.give(held, agreed_by="李伟", how="in person", scope="维修", by=cast.ana)
    told = instructions.give(home.unit, "key", "进门换鞋套", by=cast.mia)
    people.Staff.update(badge=BADGE).where(people.Staff.id == cast.wang.id).execute()
    html = post(ana, "/counter/keys/scan", code=Key.get().number).text
    assert "进门换鞋套" in html
    assert post(ana, "/counter/scan/read", code=BADGE).status_code == 422
    read = f"/homes/households/{home.unit.id}/read/{told.id}"
    assert read in html
    assert post(ana, read, back="/counter/keys/").headers["HX-Redirect"] == "/counter/keys/"
    assert read not in ana.get("/counter/keys/").text
    assert post(ana, "/counter/scan/read", code=BADGE).status_code == 200


def test_a_rectification_is_reviewed_and_its_key_collected(now, ana, post, cast, home):
    held = entrust(cast, home)
    at = f"/counter/custody/{held.id}"
    post(ana, f"{at}/review", on=at, again="2026-12-20")
    assert Custody.get().review == date(2026, 12, 20)
    post(ana, f"{at}/review", on=at, done="1")
    post(ana, f"{at}/collect", on=at, received_by="李伟", checked="身份证", signed="1")
    assert Custody.get().ended
    assert "已结束" in ana.get(at).text


# ---- counting ----


def test_a_box_is_counted_compared_explained_and_signed(now, ana, post, cast, pump):
    register.add(name="配电房", hook="A08", by=cast.mia)
    ana.get("/counter/key_counts/")
    begun = post(ana, "/counter/key_counts/begin", store="internal", shift="morning")
    count = Count.get()
    at = f"/counter/key_counts/{count.id}"
    assert begun.headers["HX-Redirect"] == at
    post(ana, "/counter/scan/read", on=at, code=register.label_of(pump))
    assert "清点中" in ana.get("/counter/keys/").text
    html = post(ana, f"{at}/scan", on=at, code="K0001").text
    assert "水泵房" in html
    assert "应有" not in html.split("<table>")[0]
    compared = ana.get(f"{at}/compare").text
    assert 'name="missing-2"' in compared
    assert post(ana, f"{at}/sign", on=at).status_code == 422
    post(ana, f"{at}/sign", on=at, **{"missing-2": "在值班室"})
    assert Difference.get().remark == "在值班室"
    assert "在值班室" in ana.get("/counter/key_counts/").text
    assert "在值班室" in ana.get(at).text


def test_the_evening_check_tells_and_the_supervisor_reads(now, desk, post, cast, pump):
    lent(cast, pump)
    now.move_to(clock.at(MONDAY, 19, 0))
    ana = desk.client(cast.ana)
    post(ana, "/counter/key_counts/begin", store="internal", shift="evening")
    at = f"/counter/key_counts/{Count.get().id}"
    assert "请逐一通知" in ana.get(at).text
    assert "王海 <small>工程部</small>" in ana.get(at).text
    assert post(ana, f"{at}/sign", on=at).status_code == 422
    post(ana, f"{at}/tell", on=at, loan=loan.open_of(KIND, pump.id).id)
    counts_unknown = numbering.code(30, 2026, 99)
    post(ana, f"{at}/scan", on=at, code=counts_unknown)
    html = ana.get(f"{at}/compare").text
    slug = html.split('name="unknown-')[1].split('"')[0]
    post(ana, f"{at}/sign", on=at, **{f"unknown-{slug}": "旧标签"})
    mia = desk.client(cast.mia)
    assert "已阅不符说明" in mia.get("/counter/key_counts/").text
    post(mia, "/counter/key_counts/read", store="internal")
    assert not [row for row in due.open_list() if row.slug == "differs"]


def test_a_count_is_dropped(now, ana, post, cast, pump):
    post(ana, "/counter/key_counts/begin", store="entrusted", shift="morning")
    post(ana, f"/counter/key_counts/{Count.get().id}/drop")
    assert Count.get().outcome == "dropped"
    assert "已放弃" in ana.get(f"/counter/key_counts/{Count.get().id}").text


# ---- who may, and what it costs ----


def test_engineers_see_the_keys_and_lend_none(desk, post, cast, pump):
    wang = desk.client(cast.wang)
    assert wang.get("/counter/keys/").status_code == 200
    assert post(wang, "/counter/keys/scan", code="K0001").status_code == 422
    assert post(wang, "/counter/scan/read", code=register.label_of(pump)).status_code == 422
    assert loan.open_of(KIND, pump.id) is None


def test_promises_about_keys_lead_to_their_pages(now, desk, cast, pump, home):
    entrust(cast, home)
    lent(cast, pump)
    html = desk.client(cast.mia).get("/running/today/").text
    assert f'href="/counter/keys/{pump.id}"' in html
    assert 'href="/counter/key_counts/"' in html


def test_the_board_costs_the_same_with_many_loans_behind_it(ana, cast, pump):
    def cost() -> int:
        before = db.statements()
        ana.get("/counter/keys/")
        return db.statements() - before

    cost()
    few = cost()
    with db.write():
        for _ in range(40):
            lent(cast, pump)
            lending.give_back(pump, by=cast.ana)
    assert cost() <= few + 2
