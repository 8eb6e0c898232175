"""Goods release slips: no goods leave without the owner's will (GOODS-1..9, C34, C40)."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from PIL import Image

from app.base import clock, db
from app.base.refusal import Refused
from app.desk import charge, due, instructions, options, paper, signatures
from app.desk.due import Due
from app.desk.households import Person, Relation
from app.desk.journal import Line
from app.desk.outbox import Job
from app.procedures.counter import release_slips as slips
from app.procedures.counter.release_slips import issue as issue_module
from app.procedures.counter.release_slips.tables import Item, Signing, Slip

NOON = datetime(2026, 11, 22, 11, 5, tzinfo=clock.ZONE)
FRIDGE = slips.Line("双开门冰箱", 1, "台", "appliance")
CHAIRS = slips.Line("餐椅", 4, "把")
BOXES = slips.Line("纸箱（衣物）", 6, "箱")


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def png() -> bytes:
    image = Image.new("RGBA", (300, 100))
    image.paste("black", (10, 10, 200, 14))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def relation(unit) -> int:
    return Relation.get(Relation.unit == unit).id


def make(home, by, *, unit=None, applicant=None, consent=None, lines=(FRIDGE, CHAIRS, BOXES), days=0):
    """The owner at the desk with three items, unless told otherwise."""
    unit = unit or home.unit
    return slips.make(
        unit,
        applicant=applicant or slips.Applicant(relation_id=relation(unit)),
        consent=consent or slips.Consent(),
        lines=list(lines),
        days=days,
        base_url="http://desk.lan",
        by=by,
    )


def call(**given) -> slips.Consent:
    return slips.Consent(
        **{"how": "call", "owner_name": "周明", "number": "13912346677", "at": NOON - timedelta(minutes=3)} | given
    )


CREW = slips.Applicant(kind="crew", name="赵工", firm="宏达装饰")


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
    assert slips.listing("unsigned")[0].unsigned
    assert Due.get(Due.slug == "owner").at == clock.at(NOON.date() + timedelta(days=7), 18)
    slips.owner_signed(slip, how="pad", png=png(), by=cast.ben)
    assert slips.listing("unsigned") == []
    assert not slips.sheet(slip.id, by=cast.ana).row.unsigned
    with pytest.raises(Refused, match="No owner's signature is pending"):
        slips.owner_signed(slip, how="paper", by=cast.ben)


@pytest.mark.rule("GOODS-4")
def test_a_crews_slip_has_no_number_and_no_paper_until_engineering_seals_it(cast, home) -> None:
    slip = make(home, cast.ana, applicant=CREW)
    assert (slip.number, Job.select().count(), slips.listing("waiting")[0].state) == (None, 0, "waiting")
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
        issue_module.issue(Slip.create(**fields), base_url="http://desk.lan", by=cast.ana)


def test_a_slip_that_is_not_in_the_books_is_said_to_be_none(cast, home, desk) -> None:
    answer = desk.client(cast.ana).get("/counter/release_slips/4711")
    assert answer.status_code == 404
    with pytest.raises(Refused, match="not in the books"):
        slips.sheet(4711, by=cast.ana)


@pytest.mark.rule("GOODS-4")
def test_a_crews_slip_cannot_be_issued_past_the_seal(cast, home) -> None:
    slip = make(home, cast.ana, applicant=CREW)
    with pytest.raises(Refused, match="engineering's seal first"):
        issue_module.issue(slip, base_url="http://desk.lan", by=cast.ana)


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
    states = {row.id: row.state for row in slips.listing("open")}
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
    charge.add(
        unit=home.unit,
        item="service",
        text="物业服务费",
        fen=9_999_900,
        due=NOON.date() - timedelta(days=400),
        by=cast.ana,
    )
    assert make(home, cast.ana).number


@pytest.fixture
def forbidden(cast, home):
    return instructions.give(home.unit, "release", "不得放行，等业主回来。", blocks=True, by=cast.ana)


def test_a_standing_instruction_blocks_until_somebody_who_may_allows_it_in_place(cast, home, forbidden) -> None:
    with pytest.raises(Refused, match="Acknowledge it first"):
        make(home, cast.ana)
    instructions.acknowledge(forbidden, by=cast.ana)
    with pytest.raises(Refused) as no:
        make(home, cast.ana)
    assert (no.value.rule, no.value.override) == ("GOODS-1", "slips.release_against_instruction")
    assert make(home, replace(cast.ana, overrides={"GOODS-1": "米娅"})).number
    assert Line.get(Line.verb == "slip.made").detail["overrides"] == {"GOODS-1": "米娅"}


def test_an_instruction_given_before_the_seal_stops_the_seal(cast, home, noon) -> None:
    slip = make(home, cast.ana, applicant=CREW)
    noon.shift(60)
    instructions.give(home.unit, "release", "装修款有争议", blocks=True, by=cast.ana)
    with pytest.raises(Refused, match="forbidden it meanwhile"):
        slips.seal(slip, base_url="", by=cast.lu)


def test_the_slip_is_printed_for_gate_and_stub_with_masked_numbers_and_the_gates_address(cast, home) -> None:
    Person.update(id_number="440106199001011234").where(Person.id == home.tenant.id).execute()
    slip = make(home, cast.ana, unit=home.other, consent=call())
    jobs = list(Job.select().order_by(Job.id))
    assert [(job.paper, job.copy, job.number, job.printer) for job in jobs] == [
        ("release_slip", copy, "FX-2026-000001", "slip") for copy in ("门岗联", "存根联")
    ]
    facts = jobs[0].facts
    assert facts["link"] == f"http://desk.lan/g/{slip.code}"
    assert facts["consent"] == "电话 139****6677  11:02  安娜拨打"
    assert facts["applicant"] == "张敏（租户）证件 4****************4"
    assert (facts["total"], facts["valid"], facts["owner_pending"]) == ("共 3 项 11 件", "当日有效", True)


def test_the_gate_is_expected_to_confirm_the_same_evening(cast, home, noon) -> None:
    make(home, cast.ana)
    assert Due.get(Due.slug == "gate").at == clock.at(NOON.date(), 22)
    assert due.open_list(before=clock.at(NOON.date(), 23))[0].facts["number"] == "FX-2026-000001"
    noon.move_to(clock.at(NOON.date(), 22, 30))
    late = make(home, cast.ana)
    assert Due.get(Due.slug == "gate", Due.about == late.id).at == clock.at(NOON.date(), 23, 59)


def test_the_same_form_sent_twice_makes_one_slip(cast, home) -> None:
    by = replace(cast.ana, key="k", digest="d")
    assert make(home, by).id == make(home, by).id
    assert (Slip.select().count(), Job.select().count()) == (1, 2)


def test_a_cancelled_slip_says_why_and_awaits_nothing(cast, home) -> None:
    slip = make(home, cast.ana, unit=home.other, consent=call())
    with pytest.raises(Refused, match="why"):
        slips.cancel(slip, reason=" ", by=cast.ana)
    slips.cancel(slip, reason="业主改期", by=cast.ana)
    assert slips.sheet(slip.id, by=cast.ana).row.state == "cancelled"
    assert due.count(slips.KIND) == 0
    with pytest.raises(Refused, match="closed already"):
        slips.cancel(slip, reason="again", by=cast.ana)
    with pytest.raises(Refused):
        slips.owner_signed(slip, how="paper", by=cast.ana)


def test_slips_are_found_by_number_code_and_room(cast, home) -> None:
    slip = make(home, cast.ana)
    for typed in ("1", "FX-2026-000001", "fx-2026-1", slip.code, "3-2-1101", "3栋2单元1101"):
        assert [row.id for row in slips.search(typed)] == [slip.id], typed
    for typed in ("2", "FX-2025-000001", "nothing", ""):
        assert slips.search(typed) == []


def test_a_list_costs_the_same_few_statements_whatever_the_history(cast, home) -> None:
    def cost(show) -> int:
        before = db.statements()
        rows = slips.listing(show)
        assert len(rows) <= 60
        return db.statements() - before

    make(home, cast.ana)
    few = {show: cost(show) for show in slips.SHOWS}
    for _ in range(70):
        make(home, cast.ana)
    assert {show: cost(show) for show in slips.SHOWS} == few
    assert max(few.values()) <= 5


def test_pages_read_slips_by_an_index(books) -> None:
    for query in (
        Slip.select().where(Slip.closed.is_null()).order_by(Slip.id.desc()),
        Slip.select().where(Slip.day == clock.today()).order_by(Slip.id.desc()),
        Slip.select().where(Slip.code == "1"),
        Item.select().where(Item.slip.in_([1])),
    ):
        sql, values = query.sql()
        plan = " ".join(str(row) for row in db.database.execute_sql("EXPLAIN QUERY PLAN " + sql, values))
        assert "USING INDEX" in plan, plan
        assert "SCAN" not in plan, plan


def printed(slip, columns=48) -> str:
    """The gate's copy as it lies in the printer."""
    job = Job.get(Job.about == "release_slip", Job.about_id == slip.id, Job.copy == "门岗联")
    return paper.laid_out(job, columns).text()


@pytest.mark.parametrize("name", ["owner", "tenant", "crew"])
def test_a_printed_slip_reads_as_its_golden(cast, home, name) -> None:
    """The owner signed on the pad; a tenant whose owner agreed by phone; a crew's slip under engineering's seal."""
    if name == "owner":
        slip = make(home, cast.ana, consent=slips.Consent(how="pad", png=png()), days=2)
    elif name == "tenant":
        slip = make(home, cast.ana, unit=home.other, consent=call())
    else:
        waiting = make(home, cast.ana, applicant=CREW, lines=[slips.Line("切割机", 2, "台", "decoration")])
        slip = slips.seal(waiting, base_url="http://desk.lan", by=cast.lu)
    golden = Path(__file__).parents[2] / "golden" / "slips" / f"{name}.txt"
    text = printed(slip)
    if not golden.exists():
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, "utf-8")
        pytest.fail(f"{golden.name} was written: read it, and keep it if it is right")
    assert text == golden.read_text("utf-8")


def let_out(cast, slip, count) -> None:
    slips.let_out(slip, {Item.select().where(Item.slip == slip).get().id: count}, by=cast.gao)


# Guards that are turned off one by one; beside each the attempt that must then go through.
MUTANTS = {
    "GOODS-1 a call in full": (
        "issue._consent",
        lambda *_: {"owner_name": "x", "call_number": "1", "call_at": NOON},
        lambda c, h: make(h, c.ana, unit=h.other, consent=call(at=None)),
    ),
    "GOODS-2 vague words": (
        "items._VAGUE",
        re.compile("(?!)"),
        lambda c, h: slips.read([("若干", "1", "件", "furniture")]),
    ),
    "GOODS-3 an empty pad": (
        "issue.signatures.keep",
        lambda *_, **__: None,
        lambda c, h: make(h, c.ana, consent=slips.Consent(how="pad")),
    ),
    "GOODS-4 the seal": (
        "issue.signoff.of",
        lambda *_: {"seal": SimpleNamespace(staff=SimpleNamespace(name="x"))},
        lambda c, h: issue_module.issue(make(h, c.ana, applicant=CREW), base_url="", by=c.ana),
    ),
    "GOODS-5 what is left": (
        "gate.left_of",
        lambda ids: {ids[0]: [(item, 99) for item in Item.select().where(Item.slip.in_(ids))]},
        lambda c, h: let_out(c, make(h, c.ana), 2),
    ),
    "GOODS-7 who issues": ("issue.people.require", lambda who, *_, **__: who, lambda c, h: make(h, c.lu)),
    "GOODS-8 the lapse": ("gate.must_be_open", lambda *_: None, lambda c, h: let_out(c, yesterdays(c, h), 1)),
    "a standing instruction": ("issue.instructions.blocking", lambda *_: None, lambda c, h: make(h, forbid(c, h))),
}


def yesterdays(cast, home) -> Slip:
    slip = make(home, cast.ana)
    Slip.update(until=NOON.date() - timedelta(days=1)).where(Slip.id == slip.id).execute()
    return slip


def forbid(cast, home):
    row = instructions.give(home.unit, "release", "不得放行", blocks=True, by=cast.ana)
    instructions.acknowledge(row, by=cast.ana)
    return cast.ana


@pytest.mark.parametrize("name", MUTANTS)
def test_every_guard_is_seen_when_it_is_turned_off(cast, home, name, monkeypatch) -> None:
    where, off, attempt = MUTANTS[name]
    with pytest.raises(Refused):
        attempt(cast, home)
    monkeypatch.setattr(f"app.procedures.counter.release_slips.{where}", off)
    attempt(cast, home)  # nothing refuses any more: that guard was the one that did
