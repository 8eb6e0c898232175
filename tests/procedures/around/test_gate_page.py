"""The guard's page: what may leave, in big words; nothing of a person beyond what the slip shows."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from app.base import clock
from app.desk.homes.households import Person, Relation
from app.desk.work import due
from app.procedures.counter import release_slips as slips
from app.procedures.counter.release_slips.tables import Exit, Slip

NOON = datetime(2026, 11, 22, 11, 5, tzinfo=clock.ZONE)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def slip(cast, home) -> Slip:
    Person.update(id_number="440106199001011234").where(Person.id == home.tenant.id).execute()
    return slips.make(
        home.other,
        applicant=slips.Applicant(relation_id=Relation.get(Relation.unit == home.other).id),
        consent=slips.Consent(how="call", owner_name="周明", number="13812346677", at=NOON),
        lines=[slips.Line("双开门冰箱", 1, "台"), slips.Line("纸箱（衣物）", 6, "箱")],
        base_url="http://desk.lan",
        by=cast.ana,
    )


def things(slip, cast) -> list[slips.Sheet]:
    return slips.sheet(slip.id, by=cast.gao).things


@pytest.mark.rule("GOODS-5")
@pytest.mark.rule("GATE-6")
def test_the_qr_opens_what_may_leave(desk, cast, slip) -> None:
    answer = desk.client(cast.gao).get(f"/g/{slip.code}")
    assert answer.status_code == 200
    for shown in ("可以放行", "FX-2026-000001", "5-1-302", "双开门冰箱", "搬家家具", "2026-11-22"):
        assert shown in answer.text


def test_the_gate_sees_no_phone_no_id_and_no_owner(desk, cast, slip) -> None:
    page = desk.client(cast.gao).get(f"/g/{slip.code}").text
    for hidden in ("1381234", "138****", "4401061990", "4****", "周明", "13912346677", "6677"):
        assert hidden not in page


def test_nobody_unsigned_sees_a_slip(desk, slip) -> None:
    answer = desk.app.test_client().get(f"/g/{slip.code}", headers={"Host": "desk.lan"})
    assert answer.status_code == 302
    assert "/running/sign_in" in answer.location


@pytest.mark.rule("GOODS-5")
@pytest.mark.parametrize("typed", ["FX-2026-000001", "1", "http://desk.lan/g/{code}", "{code}"])
def test_a_typed_or_scanned_slip_is_opened(desk, cast, slip, typed) -> None:
    answer = desk.client(cast.gao).get("/around/gate/", query_string={"q": typed.format(code=slip.code)})
    assert answer.location.endswith(f"/around/gate/slip/{slip.code}")


@pytest.mark.rule("GOODS-5")
@pytest.mark.parametrize("url", ["/g/20202600000999", "/around/gate/?q=SJ-2026-000001", "/around/gate/?q=99"])
def test_a_foreign_paper_stops(desk, cast, slip, url) -> None:
    page = desk.client(cast.gao).get(url)
    assert page.status_code == 200
    assert "不是本处放行条" in page.text
    assert "请拦下物品并请示上级" in page.text


@pytest.mark.rule("GOODS-5")
def test_a_guard_lets_out_a_part_and_then_all_the_rest(desk, cast, slip) -> None:
    fridge, boxes = things(slip, cast)
    client, url = desk.client(cast.gao), f"/around/gate/slip/{slip.code}/out"
    part = {"_key": desk.key(), f"out_{boxes.id}": "２", f"left_{boxes.id}": "6", "plate": "粤A12345", "all": ""}
    answer = client.post(url, data=part)
    assert answer.status_code == 200
    assert "剩余可放行" in answer.text
    assert "粤A12345" in answer.text
    rest = {"_key": desk.key(), f"left_{fridge.id}": "1", f"left_{boxes.id}": "4", "all": "1"}
    assert "已用完" in client.post(url, data=rest).text
    assert [each.left for each in things(slip, cast)] == [0, 0]
    assert due.count(slips.KIND) == 1  # only the owner's signature


@pytest.mark.rule("GOODS-5")
def test_all_that_was_shown_is_not_more_than_is_left(desk, cast, slip) -> None:
    """Another guard let boxes out while this page was open."""
    boxes = things(slip, cast)[1]
    slips.let_out(slip, {boxes.id: 5}, by=cast.gao)
    stale = {"_key": desk.key(), f"left_{boxes.id}": "6", "all": "1"}
    answer = desk.client(cast.gao).post(f"/around/gate/slip/{slip.code}/out", data=stale)
    assert answer.status_code == 422
    assert "只剩 1 箱" in answer.text
    assert Exit.select().count() == 1


@pytest.mark.parametrize("typed", ["x", "-1", "1.5", "99999"])
def test_what_is_no_number_lets_nothing_out(desk, cast, slip, typed) -> None:
    data = {"_key": desk.key(), f"out_{things(slip, cast)[0].id}": typed, "all": ""}
    assert desk.client(cast.gao).post(f"/around/gate/slip/{slip.code}/out", data=data).status_code == 422
    assert Exit.select().count() == 0


def test_an_undo_within_the_minute(desk, cast, slip) -> None:
    client = desk.client(cast.gao)
    passage = slips.let_out(slip, {things(slip, cast)[0].id: 1}, by=cast.gao)
    assert "/undo" in client.get(f"/g/{slip.code}").text
    answer = client.post(f"/around/gate/slip/{slip.code}/undo", data={"_key": desk.key(), "passage": str(passage.id)})
    assert answer.status_code == 200
    assert "已撤销" in answer.text


@pytest.mark.rule("GOODS-8")
def test_a_lapsed_slip_shows_no_buttons(desk, cast, slip, noon) -> None:
    noon.shift(timedelta(days=1))
    page = desk.client(cast.gao).get(f"/g/{slip.code}").text
    assert "已过期" in page
    assert f"{slip.code}/out" not in page
    assert 'name="out_' not in page


def test_the_desk_looks_but_lets_nothing_out(desk, cast, slip) -> None:
    client = desk.client(cast.ana)
    assert 'name="plate"' not in client.get(f"/g/{slip.code}").text
    data = {"_key": desk.key(), f"out_{things(slip, cast)[0].id}": "1", "all": ""}
    assert client.post(f"/around/gate/slip/{slip.code}/out", data=data).status_code == 422
    assert desk.client(cast.wang).get(f"/g/{slip.code}").status_code == 422
