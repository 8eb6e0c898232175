"""The release-slip pages over HTTP: from a household to the printed slip, with what is refused."""

from __future__ import annotations

import base64
import io
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook

from app.base import db
from app.desk.accounts import charge
from app.desk.homes import instructions
from app.desk.homes.households import Relation
from app.desk.papers.outbox import Job
from app.desk.work import signatures
from app.procedures.counter import release_slips as slips
from app.procedures.counter.release_slips.tables import Slip
from tests.procedures.counter.slip_forms import NOON, call, make, png
from tests.within import within

pytestmark = pytest.mark.usefixtures("noon")


def pad() -> str:
    """What the page sends for it."""
    return "data:image/png;base64," + base64.b64encode(png()).decode()


def filled(desk, home, **given) -> dict[str, str]:
    """The form for the owner with one fridge."""
    return {
        "_key": desk.key(), "unit": str(home.unit.id), "who": str(Relation.get(Relation.unit == home.unit).id),
        "consent": "paper", "signs": "paper", "item_name_1": "双开门冰箱", "item_quantity_1": "１", "item_unit_1": "台",
        "item_category_1": "appliance", "days": "0",
    } | given  # fmt: skip


def made(desk, cast, home, **given) -> Slip:
    answer = desk.client(cast.ana).post("/counter/release_slips/make", data=filled(desk, home, **given))
    assert answer.status_code == 303, answer.text
    return Slip.select().order_by(Slip.id.desc()).get()


def test_from_the_household_to_the_printed_slip(desk, cast, home) -> None:
    client = desk.client(cast.ana)
    page = client.get(f"/counter/release_slips/?unit={home.unit.id}")
    assert page.status_code == 200
    assert "李伟（业主）" in page.text
    assert "138****1234" in page.text
    assert "13812341234" not in page.text
    answer = client.post("/counter/release_slips/make", data=filled(desk, home))
    assert answer.status_code == 303
    shown = client.get(answer.location)
    assert "FX-2026-000001" in shown.text
    assert "双开门冰箱" in shown.text
    assert Job.select().count() == 2


@pytest.mark.parametrize("typed", ["3-2-1101", "李伟", "lw", "13812341234"])
def test_a_room_a_name_or_a_phone_leads_to_the_new_slip(desk, cast, home, typed) -> None:
    answer = desk.client(cast.ana).get("/counter/release_slips/", query_string={"room": typed})
    assert answer.location.endswith(f"/counter/release_slips/new?unit={home.unit.id}")


@pytest.mark.rule("GOODS-9")
def test_arrears_are_shown_on_the_form_and_the_slip_is_issued_all_the_same(desk, cast, home) -> None:
    within(charge.add, unit=home.unit, item="service", text="物业服务费", fen=76782, due=NOON.date(), by=cast.ana)
    assert "767.82" in desk.client(cast.ana).get(f"/counter/release_slips/?unit={home.unit.id}").text
    assert made(desk, cast, home).number


@pytest.mark.rule("GOODS-2")
def test_a_refused_form_keeps_what_was_typed_and_its_key(desk, cast, home, htmx) -> None:
    typed = filled(desk, home, item_name_1="一批家具", item_name_2="餐椅", item_quantity_2="4", item_unit_2="把")
    client = desk.client(cast.ana)
    answer = client.post("/counter/release_slips/make", data=typed)
    assert answer.status_code == 422
    for kept in ("一批家具", "餐椅", "GOODS-2", typed["_key"]):
        assert kept in answer.text
    fragment = client.post("/counter/release_slips/make", data=typed, headers=htmx)
    assert fragment.headers["HX-Retarget"] == "#notice"
    assert client.post("/counter/release_slips/make", data=filled(desk, home, _key=typed["_key"])).status_code == 303


def test_a_double_click_makes_one_slip(desk, cast, home) -> None:
    client, typed = desk.client(cast.ana), filled(desk, home)
    first, second = (client.post("/counter/release_slips/make", data=typed) for _ in range(2))
    assert first.location == second.location
    assert (Slip.select().count(), Job.select().count()) == (1, 2)


@pytest.mark.rule("GOODS-1")
def test_the_call_is_typed_in_full_width_and_shown_masked(desk, cast, home) -> None:
    slip = made(
        desk, cast, home, unit=str(home.other.id), who=str(Relation.get(Relation.unit == home.other).id), consent="call",
        owner_name="周明", call_number="１３８ 1234 6677", call_time="１１：０２", caller="本杰",
    )  # fmt: skip
    assert (slip.call_number, slip.caller, slip.call_at) == ("13812346677", "本杰", NOON - timedelta(minutes=3))
    page = desk.client(cast.ana).get(f"/counter/release_slips/{slip.id}").text
    assert "138****6677 11:02 本杰" in page
    assert "待业主补签" in page
    assert "13812346677" not in page


@pytest.mark.parametrize("time", ["25:00", "11:60", "noon", "1", "11022"])
def test_a_time_that_is_none_is_refused(desk, cast, home, time) -> None:
    answer = desk.client(cast.ana).post("/counter/release_slips/make", data=filled(desk, home, call_time=time))
    assert answer.status_code == 422
    assert Slip.select().count() == 0


@pytest.mark.rule("GOODS-3")
def test_the_pads_picture_is_kept_and_shown(desk, cast, home) -> None:
    slip = made(desk, cast, home, consent="pad", owner_pad=pad())
    picture = signatures.of(slips.KIND, slip.id)["owner"]
    client = desk.client(cast.ana)
    assert f"/running/signatures/{picture.id}.png" in client.get(f"/counter/release_slips/{slip.id}").text
    assert client.get(f"/running/signatures/{picture.id}.png").data == base64.b64decode(pad().partition(",")[2])
    assert client.get("/running/signatures/999.png").status_code == 404


@pytest.mark.rule("GOODS-3")
def test_how_the_owner_agrees_must_be_chosen(desk, cast, home) -> None:
    answer = desk.client(cast.ana).post("/counter/release_slips/make", data=filled(desk, home, consent=""))
    assert answer.status_code == 422
    assert "GOODS-3" in answer.text


def test_the_owner_signs_later_on_the_slips_page(desk, cast, home) -> None:
    slip = made(desk, cast, home, who="resident", name="何叔", consent="call", call_time="1102")
    client = desk.client(cast.ben)
    assert slip.number in client.get("/counter/release_slips/?show=unsigned").text
    answer = client.post(
        f"/counter/release_slips/{slip.id}/owner_signed", data={"_key": desk.key(), "owner_pad": pad()}
    )
    assert answer.status_code == 200
    assert slips.sheet(slip.id, by=cast.ben).signed["owner"] == "pad"


@pytest.mark.rule("GOODS-4")
def test_engineering_seals_on_the_slips_page_and_then_it_prints(desk, cast, home) -> None:
    crew = {"who": "crew", "name": "赵工", "firm": "宏达装饰", "consent": "call", "call_time": "1102"}
    slip = made(desk, cast, home, **crew)
    assert slip.number is None
    assert "待工程部盖章" in desk.client(cast.ana).get("/counter/release_slips/?show=waiting").text
    url = f"/counter/release_slips/{slip.id}/seal"
    assert desk.client(cast.ana).post(url, data={"_key": desk.key()}).status_code == 422
    assert desk.client(cast.lu).post(url, data={"_key": desk.key()}).status_code == 200
    assert Slip.get_by_id(slip.id).number == "FX-2026-000001"
    assert Job.select().count() == 2


def test_an_instruction_is_read_then_overridden_by_the_supervisor_in_place(desk, cast, home) -> None:
    instructions.give(home.unit, "release", "不得放行，等业主回来。", blocks=True, by=cast.ana)
    ana, mia = desk.client(cast.ana), desk.client(cast.mia)
    assert "不得放行，等业主回来。" in ana.get(f"/counter/release_slips/?unit={home.unit.id}").text
    assert ana.post("/counter/release_slips/make", data=filled(desk, home)).status_code == 422
    for client in (ana, mia):
        read = client.post(f"/homes/households/{home.unit.id}/read/1", data={"_key": desk.key()})
        assert read.status_code == 303
    no = ana.post("/counter/release_slips/make", data=filled(desk, home))
    assert no.status_code == 422
    assert "GOODS-1" in no.text
    alone = ana.post("/counter/release_slips/make", data=filled(desk, home, _override="GOODS-1"))
    assert alone.status_code == 422
    assert mia.post("/counter/release_slips/make", data=filled(desk, home, _override="GOODS-1")).status_code == 303


def test_a_returned_gate_copy_and_a_cancelled_slip(desk, cast, home) -> None:
    first, second, client = made(desk, cast, home), made(desk, cast, home), desk.client(cast.ana)
    thing = slips.sheet(first.id, by=cast.ana).things[0]
    url = f"/counter/release_slips/{first.id}/returned"
    back = {"_key": desk.key(), f"out_{thing.id}": "2", "guard": "高门"}
    assert client.post(url, data=back).status_code == 422
    answer = client.post(url, data=back | {"remark": "多一台旧冰箱，已问业主"})
    assert answer.status_code == 200
    assert "核销有差异" in answer.text
    answer = client.post(f"/counter/release_slips/{second.id}/cancel", data={"_key": desk.key(), "reason": "业主改期"})
    assert "已作废" in answer.text


def test_lists_searches_and_unknown_slips(desk, cast, home) -> None:
    slip, client = made(desk, cast, home), desk.client(cast.ana)
    for show in (*slips.SHOWS, "nonsense"):
        assert client.get("/counter/release_slips/", query_string={"show": show}).status_code == 200
    assert client.get("/counter/release_slips/", query_string={"q": "FX-2026-000001"}).location.endswith(f"/{slip.id}")
    assert "列表中没有记录" in client.get("/counter/release_slips/", query_string={"q": "FX-2026-000009"}).text
    assert client.get("/counter/release_slips/99").status_code == 404
    assert client.get("/counter/release_slips/new?unit=99").status_code == 404


def test_the_page_costs_the_same_whatever_the_history(desk, cast, home) -> None:
    client = desk.client(cast.ana)

    def cost() -> int:
        before = db.statements()
        assert client.get("/counter/release_slips/").status_code == 200
        return db.statements() - before

    made(desk, cast, home)
    cost()
    few = cost()
    for _ in range(40):
        made(desk, cast, home)
    assert cost() <= few


def test_who_may_not_issue_gets_no_form(desk, cast, home, htmx) -> None:
    for other in (cast.gao, cast.wang, cast.lu, cast.fei):
        client = desk.client(other)
        assert client.get(f"/counter/release_slips/new?unit={home.unit.id}").status_code == 422
        assert client.post("/counter/release_slips/make", data=filled(desk, home), headers=htmx).status_code == 422
    assert Slip.select().count() == 0


def test_a_copy_is_printed_again_and_marked_while_something_may_leave(desk, cast, home) -> None:
    slip, client = made(desk, cast, home), desk.client(cast.ana)
    url = f"/counter/release_slips/{slip.id}/reprint"
    assert client.post(url, data={"_key": desk.key(), "copy": "门岗联"}).status_code == 200
    again = Job.select().order_by(Job.id.desc()).get()
    assert (again.copy, again.reprint, again.printer) == ("门岗联", 1, "slip")
    assert again.facts == Job.get(Job.copy == "门岗联").facts
    assert client.post(url, data={"_key": desk.key(), "copy": "客户联"}).status_code == 422
    slips.cancel(slip, reason="业主改期", by=cast.ana)
    assert client.post(url, data={"_key": desk.key(), "copy": "门岗联"}).status_code == 422
    assert Job.select().count() == 3


def test_the_lists_workbook_and_its_a4_say_what_the_page_says(desk, cast, home) -> None:
    slip, client = made(desk, cast, home), desk.client(cast.ana)
    asked = {"show": "all", "q": "3-2-1101", "since": f"{slip.day}", "until": f"{slip.day}"}
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(client.get("/counter/release_slips/excel", query_string=asked).data)
    )
    head, line = book.get_sheet_by_index(0).to_python()
    assert head[:4] == ["单号", "房号", "申请人", "物品"]
    assert (line[0], line[1], line[6]) == (slip.number, "3-2-1101", "有效")
    on_paper = client.get("/counter/release_slips/a4", query_string=asked).text
    for text in (slip.number, "3-2-1101", line[2].split()[0], "显示 1 条，共 1 条"):
        assert text in on_paper
    assert client.get("/counter/release_slips/excel", query_string=asked | {"until": "2026-01-01"}).status_code == 422


def test_no_phone_and_no_identity_number_leaves_with_a_list(desk, cast, home) -> None:
    slip = make(home, cast.ana, unit=home.other, consent=call())
    assert slip.call_number
    book = desk.client(cast.ana).get("/counter/release_slips/excel").data
    cells = str(CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python())
    assert slip.number in cells
    assert slip.call_number not in cells
    assert slip.call_number not in desk.client(cast.ana).get("/counter/release_slips/a4").text
