"""What becomes of a release slip: blocked, printed, expected at the gate, cancelled, found again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.base import clock, db
from app.base.refusal import Refused
from app.desk.homes import instructions
from app.desk.homes.households import Person
from app.desk.papers import paper
from app.desk.papers.outbox import Job
from app.desk.record.journal import Line
from app.desk.work import due
from app.desk.work.due import Due
from app.procedures.counter import release_slips as slips
from app.procedures.counter.release_slips.tables import Item, Slip
from tests.procedures.counter.slip_forms import CREW, NOON, call, make, png, shown

pytestmark = pytest.mark.usefixtures("noon")


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
        assert [row.id for row in shown("all", typed)] == [slip.id], typed
    for typed in ("2", "FX-2025-000001", "nothing"):
        assert shown("all", typed) == []


def test_a_list_costs_the_same_few_statements_whatever_the_history(cast, home) -> None:
    def cost(show) -> int:
        before = db.statements()
        rows = shown(show)
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
