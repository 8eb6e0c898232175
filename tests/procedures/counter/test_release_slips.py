"""Goods release slips: no goods leave without the owner's will (GOODS-1..9, C34, C40)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from app.base import clock
from app.base.refusal import Refused
from app.desk.accounts import charge
from app.desk.homes.households import Relation
from app.desk.papers.outbox import Job
from app.desk.record import options
from app.desk.work import signatures
from app.desk.work.due import Due
from app.procedures.counter import release_slips as slips
from app.procedures.counter.release_slips import issue as issue_module
from app.procedures.counter.release_slips.tables import Item, Signing, Slip
from tests.procedures.counter.slip_forms import CREW, NOON, call, make, png, relation, shown
from tests.within import within

pytestmark = pytest.mark.usefixtures("noon")


@pytest.mark.rule("GOODS-1")
def test_a_tenant_is_released_only_with_the_owners_call_and_its_number_time_and_caller_are_kept(cast, home) -> None:
    slip = make(home, cast.ana, unit=home.other, consent=call())
    assert (slip.applicant_kind, slip.call_number, slip.call_at, slip.caller) == (
        "tenant", "13912346677", NOON - timedelta(minutes=3), "安娜",
    )  # fmt: skip


@pytest.mark.rule("GOODS-1")
@pytest.mark.parametrize(
    "given",
    [{"number": ""}, {"number": "1391234667"}, {"at": None}, {"at": NOON + timedelta(minutes=1)}, {"at": NOON - timedelta(days=1)}, {"caller": "nobody"}],
    ids=["no number", "half a number", "no time", "later than now", "yesterday", "an unknown caller"],
)  # fmt: skip
def test_a_call_that_is_not_told_in_full_is_no_consent(cast, home, given) -> None:
    with pytest.raises(Refused) as no:
        make(home, cast.ana, unit=home.other, consent=call(**given))
    assert no.value.rule == "GOODS-1" or no.value.field == "call_number"
    assert Slip.select().count() == 0


@pytest.mark.rule("GOODS-1")
def test_nobody_becomes_the_owner_by_saying_so(cast, home) -> None:
    with pytest.raises(Refused, match="books have as owner"):
        make(home, cast.ana, applicant=slips.Applicant(kind="owner", name="李伟"))


@pytest.mark.rule("GOODS-1")
def test_a_former_owner_and_another_units_owner_are_no_owners_here(cast, home) -> None:
    with pytest.raises(Refused, match="no longer belongs"):
        make(home, cast.ana, unit=home.other, applicant=slips.Applicant(relation_id=relation(home.unit)))
    Relation.update(until=NOON.date() - timedelta(days=1)).execute()
    with pytest.raises(Refused, match="no longer belongs"):
        make(home, cast.ana)


@pytest.mark.rule("GOODS-1")
def test_the_books_phone_of_the_owner_is_the_one_that_was_called_where_no_other_is_given(cast, home) -> None:
    helper = slips.Applicant(kind="resident", name="何叔")
    slip = make(home, cast.ana, applicant=helper, consent=call(number=""))
    assert (slip.owner_name, slip.call_number) == ("李伟", "13812341234")


@pytest.mark.rule("GOODS-2")
@pytest.mark.parametrize(
    "name",
    ["若干", "家具若干", "一批书", "一些衣服", "冰箱等", "桌子、椅子等物", "沙发等3件", "杂物", "杂 物", "几箱书", "数箱", "其他", "物品", "家具",
     "装修材料", "东西", "some items", "misc. stuff", "books etc", "various", "一堆瓷砖", "大量木板", "???", "…", "全部家当", "ｓｏｍｅ boxes"],
)  # fmt: skip
def test_vague_words_name_no_item(name) -> None:
    with pytest.raises(Refused) as no:
        slips.read([(name, "1", "件", "furniture")])
    assert no.value.rule == "GOODS-2"


@pytest.mark.rule("GOODS-2")
@pytest.mark.parametrize(
    "name",
    [
        "等离子电视",
        "双开门冰箱",
        "纸箱（衣物）",
        "Sofa (grey)",
        "iPhone 15",
        "行李箱",
        "二手头等舱座椅",
        "工具箱",
        "数码相机",
        "𠮷他",
        "handsome chair",
    ],
)
def test_things_with_a_name_are_taken(name) -> None:
    assert slips.read([(name, "1", "件", "furniture")])[0].name == name


@pytest.mark.rule("GOODS-2")
def test_a_name_has_room_on_its_line(cast, home) -> None:
    most = slips.items.NAME_MOST
    assert slips.read([("椅" * most, "1", "把", "furniture")])[0].name == "椅" * most
    with pytest.raises(Refused, match="too long"):
        slips.read([("椅" * (most + 1), "1", "把", "furniture")])


@pytest.mark.rule("GOODS-2")
@pytest.mark.parametrize("quantity", ["", "0", "-1", "1.5", "一", "②", "٥", "1e3", "1,000", "10000", "若干", "1_0"])
def test_a_quantity_is_a_whole_number_from_one(quantity) -> None:
    with pytest.raises(Refused) as no:
        slips.read([("冰箱", quantity, "台", "appliance")])
    assert no.value.field == "item_quantity_1"


@pytest.mark.rule("GOODS-2")
def test_full_width_digits_count() -> None:
    assert slips.read([("冰箱", "１２", "台", "appliance")])[0].quantity == 12


@pytest.mark.rule("GOODS-2")
@pytest.mark.parametrize("unit", ["", "批", "堆", "些", "车", "3", "台2", "?", "若干", "九个字的单位太长了吧"])
def test_a_quantity_has_a_unit_to_count_in(unit) -> None:
    with pytest.raises(Refused) as no:
        slips.read([("冰箱", "1", unit, "appliance")])
    assert no.value.field == "item_unit_1"


@pytest.mark.rule("GOODS-2")
def test_a_slip_without_items_is_refused(cast, home) -> None:
    for attempt in (lambda: slips.read([("", "", "件", "furniture")]), lambda: make(home, cast.ana, lines=())):
        with pytest.raises(Refused, match="at least one item"):
            attempt()


def test_empty_rows_between_items_are_skipped_and_the_refusal_names_the_typed_row() -> None:
    rows = [("冰箱", "1", "台", "appliance"), ("", "", "件", "furniture"), ("餐椅", "x", "把", "furniture")]
    with pytest.raises(Refused) as no:
        slips.read(rows)
    assert no.value.values["row"] == 3
    with pytest.raises(Refused, match="30 items"):
        slips.read([("餐椅", "1", "把", "furniture")] * 31)


@pytest.mark.rule("GOODS-3")
def test_the_handler_signs_by_session_and_the_owner_on_paper_or_pad(cast, home) -> None:
    slip = make(home, cast.ana)
    assert {row.who: row.how for row in Signing.select()} == {"handler": "session", "owner": "paper"}
    pad = make(home, cast.ana, consent=slips.Consent(how="pad", png=png()))
    assert signatures.image(signatures.of(slips.KIND, pad.id)["owner"].id) == png()
    assert slip.number == "FX-2026-000001"


@pytest.mark.rule("GOODS-3")
def test_an_untouched_pad_is_no_signature_and_leaves_no_slip(cast, home) -> None:
    with pytest.raises(Refused, match="pad"):
        make(home, cast.ana, consent=slips.Consent(how="pad"))
    with pytest.raises(Refused, match="pad or on the paper"):
        make(home, cast.ana, consent=slips.Consent(how="session"))
    assert Slip.select().count() == 0


@pytest.mark.rule("GOODS-3")
def test_an_owner_who_is_here_signs_and_is_not_called(cast, home) -> None:
    with pytest.raises(Refused, match="let the owner sign"):
        make(home, cast.ana, consent=call())


@pytest.mark.rule("GOODS-3")
def test_the_owners_signature_stays_pending_after_a_call_until_the_owner_signs(cast, home) -> None:
    slip = make(home, cast.ana, unit=home.other, consent=call())
    assert shown("unsigned")[0].unsigned
    assert Due.get(Due.slug == "owner").at == clock.at(NOON.date() + timedelta(days=7), 18)
    slips.owner_signed(slip, how="pad", png=png(), by=cast.ben)
    assert shown("unsigned") == []
    assert not slips.sheet(slip.id, by=cast.ana).row.unsigned
    with pytest.raises(Refused, match="No owner's signature is pending"):
        slips.owner_signed(slip, how="paper", by=cast.ben)


@pytest.mark.rule("GOODS-4")
def test_a_crews_slip_has_no_number_and_no_paper_until_engineering_seals_it(cast, home) -> None:
    slip = make(home, cast.ana, applicant=CREW)
    assert (slip.number, Job.select().count(), shown("waiting")[0].state) == (None, 0, "waiting")
    slips.seal(slip, base_url="http://desk.lan", by=cast.lu)
    assert (Slip.get_by_id(slip.id).number, Job.select().count()) == ("FX-2026-000001", 2)
    assert Job.get().facts["seal"] == "鲁工 已核准"


@pytest.mark.rule("GOODS-4")
def test_only_the_engineering_supervisor_seals_once_and_only_a_crews_slip(cast, home) -> None:
    slip = make(home, cast.ana, applicant=CREW)
    for other in (cast.ana, cast.mia, cast.wang, cast.gao):
        with pytest.raises(Refused) as no:
            slips.seal(slip, base_url="http://desk.lan", by=other)
        assert no.value.rule == "GOODS-4"
    slips.seal(slip, base_url="http://desk.lan", by=cast.lu)
    for wrong in (Slip.get_by_id(slip.id), make(home, cast.ana)):
        with pytest.raises(Refused, match="does not wait"):
            slips.seal(wrong, base_url="http://desk.lan", by=cast.lu)


@pytest.mark.rule("GOODS-3")
def test_a_slip_that_nobody_has_signed_is_not_issued(cast, home) -> None:
    fields = make(home, cast.ana).__data__ | {"id": None, "number": None, "code": None, "issued": None}
    with pytest.raises(Refused, match="handler and the owner sign"):
        within(issue_module.issue, Slip.create(**fields), base_url="http://desk.lan", by=cast.ana)


def test_a_slip_that_is_not_in_the_books_is_said_to_be_none(cast, home, desk) -> None:
    answer = desk.client(cast.ana).get("/counter/release_slips/4711")
    assert answer.status_code == 404
    with pytest.raises(Refused, match="not in the books"):
        slips.sheet(4711, by=cast.ana)


@pytest.mark.rule("GOODS-4")
def test_a_crews_slip_cannot_be_issued_past_the_seal(cast, home) -> None:
    slip = make(home, cast.ana, applicant=CREW)
    with pytest.raises(Refused, match="engineering's seal first"):
        within(issue_module.issue, slip, base_url="http://desk.lan", by=cast.ana)


@pytest.mark.rule("GOODS-4")
def test_a_crew_names_its_firm_and_needs_the_owners_will_too(cast, home) -> None:
    with pytest.raises(Refused) as no:
        make(home, cast.ana, applicant=replace(CREW, firm=""))
    assert no.value.field == "firm"
    with pytest.raises(Refused) as no:
        make(home, cast.ana, applicant=CREW, consent=call(at=None))
    assert no.value.rule == "GOODS-1"


@pytest.mark.rule("GOODS-6")
def test_every_item_has_one_of_the_gates_kinds_of_goods(cast, home) -> None:
    make(home, cast.ana)
    assert [item.category for item in Item.select()] == ["appliance", "furniture", "furniture"]
    with pytest.raises(Refused) as no:
        slips.read([("冰箱", "1", "台", "food")])
    assert no.value.rule == "GOODS-6"


@pytest.mark.rule("GOODS-7")
def test_customer_service_alone_issues_slips(cast, home) -> None:
    for other in (cast.lu, cast.wang, cast.gao, cast.fei):
        with pytest.raises(Refused) as no:
            make(home, other)
        assert no.value.rule == "GOODS-7"
    for clerk in (cast.ana, cast.ben, cast.mia, cast.chen):
        assert make(home, clerk).number


@pytest.mark.rule("GOODS-8")
def test_a_slip_is_valid_on_its_day_of_issue_or_for_the_days_chosen(cast, home, noon) -> None:
    today, longer = make(home, cast.ana), make(home, cast.ana, days=2)
    noon.shift(timedelta(days=1))
    states = {row.id: row.state for row in shown("open")}
    assert (states[today.id], states[longer.id]) == ("lapsed", "valid")
    assert longer.until == NOON.date() + timedelta(days=2)


@pytest.mark.rule("GOODS-8")
def test_the_longest_validity_is_an_option(cast, home) -> None:
    with pytest.raises(Refused, match="at most 7 days"):
        make(home, cast.ana, days=8)
    options.change("slips.valid_days_most", 10, since=NOON.date(), by=cast.mia)
    assert make(home, cast.ana, days=8).days == 8


@pytest.mark.rule("GOODS-8")
def test_a_crews_slip_counts_its_days_from_the_seal(cast, home, noon) -> None:
    slip = make(home, cast.ana, applicant=CREW)
    noon.shift(timedelta(days=1))
    assert slips.seal(slip, base_url="", by=cast.lu).until == NOON.date() + timedelta(days=1)


@pytest.mark.rule("GOODS-9")
def test_arrears_never_stop_a_slip(cast, home) -> None:
    within(
        charge.add,
        unit=home.unit,
        item="service",
        text="物业服务费",
        fen=9_999_900,
        due=NOON.date() - timedelta(days=400),
        by=cast.ana,
    )
    assert make(home, cast.ana).number
