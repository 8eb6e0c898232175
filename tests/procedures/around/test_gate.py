"""At the gate: what is left of a slip, exits until it is used up, copies that come back (GOODS-5, GOODS-8, C34)."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine

from app.base import clock, db
from app.base.refusal import Refused
from app.desk.homes import instructions
from app.desk.homes.households import Relation
from app.desk.record import numbering
from app.desk.who import people
from app.desk.work import due
from app.desk.work.due import Due
from app.procedures.counter import release_slips as slips
from app.procedures.counter.release_slips.tables import Exit, ExitLine, Return, Slip
from tests.procedures.counter.slip_forms import shown

NOON = datetime(2026, 11, 22, 11, 5, tzinfo=clock.ZONE)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def slip(cast, home) -> Slip:
    """One fridge and six boxes, valid today."""
    return slips.make(
        home.unit,
        applicant=slips.Applicant(relation_id=Relation.get(Relation.unit == home.unit).id),
        consent=slips.Consent(),
        lines=[slips.Line("双开门冰箱", 1, "台"), slips.Line("纸箱（衣物）", 6, "箱")],
        base_url="http://desk.lan",
        by=cast.ana,
    )


def left(slip) -> list[int]:
    return [rest for _, rest in slips.left_of([slip.id])[slip.id]]


def ids(slip) -> list[int]:
    return [item.id for item, _ in slips.left_of([slip.id])[slip.id]]


@pytest.mark.rule("GOODS-5")
def test_goods_leave_in_several_exits_until_the_slip_is_used_up(cast, slip) -> None:
    fridge, boxes = ids(slip)
    slips.let_out(slip, {fridge: 1, boxes: 2}, plate="粤a·12345", by=cast.gao)
    assert left(slip) == [0, 4]
    assert slips.sheet(slip.id, by=cast.gao).row.state == "part"
    slips.let_out(slip, {boxes: 4}, by=cast.gao)
    sheet = slips.sheet(slip.id, by=cast.gao)
    assert (sheet.row.state, sheet.left) == ("used", 0)
    assert [(each.plate, each.guard, each.what) for each in sheet.passages] == [
        ("", "高门", "纸箱（衣物） 4箱"),
        ("粤A12345", "高门", "双开门冰箱 1台，纸箱（衣物） 2箱"),
    ]
    with pytest.raises(Refused, match="USED UP"):
        slips.let_out(slip, {boxes: 1}, by=cast.gao)


@pytest.mark.rule("GOODS-5")
@pytest.mark.parametrize("count", [7, -1, 10**9])
def test_never_more_than_is_left(cast, slip, count) -> None:
    with pytest.raises(Refused, match="only 6 箱"):
        slips.let_out(slip, {ids(slip)[1]: count}, by=cast.gao)
    assert Exit.select().count() == 0


@pytest.mark.rule("GOODS-5")
def test_an_item_of_another_slip_does_not_leave_on_this_one(cast, home, slip) -> None:
    with pytest.raises(Refused, match="only 0"):
        slips.let_out(slip, {ids(slip)[1] + 100: 1}, by=cast.gao)


def test_an_exit_of_nothing_is_refused(cast, slip) -> None:
    for nothing in ({}, {ids(slip)[0]: 0}):
        with pytest.raises(Refused, match="how many"):
            slips.let_out(slip, nothing, by=cast.gao)


@pytest.mark.rule("GOODS-5")
def test_two_guards_at_once_never_let_out_the_same_thing(cast, slip) -> None:
    boxes, refused, together = ids(slip)[1], [], threading.Barrier(4)

    def guard() -> None:
        together.wait()
        for _ in range(3):
            try:
                slips.let_out(Slip.get_by_id(slip.id), {boxes: 1}, by=cast.gao)
            except Refused as no:
                refused.append(no)
        db.close()

    guards = [threading.Thread(target=guard) for _ in range(4)]
    for each in guards:
        each.start()
    for each in guards:
        each.join()
    assert (left(slip), len(refused)) == ([1, 0], 6)
    assert sum(line.quantity for line in ExitLine.select()) == 6


@pytest.mark.rule("GOODS-8")
def test_a_lapsed_slip_lets_nothing_out(cast, slip, noon) -> None:
    noon.move_to(clock.at(NOON.date(), 23, 59))
    slips.let_out(slip, {ids(slip)[1]: 1}, by=cast.gao)
    noon.move_to(clock.at(NOON.date() + timedelta(days=1)))
    with pytest.raises(Refused, match="LAPSED") as no:
        slips.let_out(slip, {ids(slip)[1]: 1}, by=cast.gao)
    assert no.value.rule == "GOODS-8"
    assert slips.sheet(slip.id, by=cast.gao).verdict == "lapsed"


@pytest.mark.rule("GOODS-5")
def test_a_cancelled_slip_lets_nothing_out(cast, slip) -> None:
    slips.cancel(slip, reason="业主改期", by=cast.ana)
    with pytest.raises(Refused, match="CANCELLED"):
        slips.let_out(slip, {ids(slip)[0]: 1}, by=cast.gao)


def test_an_instruction_given_after_the_issue_stops_the_goods_at_the_gate(cast, home, slip, noon) -> None:
    noon.shift(60)
    instructions.give(home.unit, "release", "不得放行", blocks=True, by=cast.ana)
    assert slips.sheet(slip.id, by=cast.gao).verdict == "forbidden"
    with pytest.raises(Refused, match="FORBIDDEN"):
        slips.let_out(slip, {ids(slip)[0]: 1}, by=cast.gao)


@pytest.mark.rule("GOODS-5")
def test_only_the_gate_lets_goods_out(cast, slip) -> None:
    for other in (cast.ana, cast.mia, cast.lu):
        with pytest.raises(Refused):
            slips.let_out(slip, {ids(slip)[0]: 1}, by=other)


@pytest.mark.rule("GOODS-5")
def test_a_slip_is_found_by_its_qr_its_code_and_its_number(cast, slip) -> None:
    ways = [
        slip.code,
        f"http://desk.lan/g/{slip.code}",
        f"HTTP://DESK.LAN/G/{slip.code}\r",
        "FX-2026-000001",
        "1",
        "００１",
        "fx-1",
    ]
    for typed in ways:
        assert slips.find(typed).id == slip.id, typed


@pytest.mark.rule("GOODS-5")
def test_what_is_no_slip_of_this_desk_says_so(cast, slip) -> None:
    receipt = numbering.code(10, 2026, 1)
    foreign = numbering.code(20, 2026, 999)
    slipped = slip.code[:5] + str((int(slip.code[5]) + 1) % 10) + slip.code[6:]
    for typed in (receipt, foreign, slipped, "", "abc", "2", "http://elsewhere/x", "FX-2025-000001", "9" * 15):
        assert slips.find(typed) is None, typed


def test_the_due_row_is_met_when_the_slip_is_used_up(cast, slip) -> None:
    fridge, boxes = ids(slip)
    slips.let_out(slip, {fridge: 1}, by=cast.gao)
    assert due.count(slips.KIND) == 1
    slips.let_out(slip, {boxes: 6}, by=cast.gao)
    assert due.count(slips.KIND) == 0


def test_a_guard_undoes_a_slip_of_the_finger_within_a_minute(cast, slip, noon) -> None:
    fridge, boxes = ids(slip)
    passage = slips.let_out(slip, {fridge: 1, boxes: 6}, by=cast.gao)
    assert slips.sheet(slip.id, by=cast.gao).passages[0].undo
    noon.shift(59)
    slips.undo(passage, by=cast.gao)
    assert left(slip) == [1, 6]
    assert due.count(slips.KIND) == 1
    shown = slips.sheet(slip.id, by=cast.gao)
    assert (shown.row.state, [each.undone for each in shown.passages]) == ("valid", [True])
    with pytest.raises(Refused, match="no longer"):
        slips.undo(passage, by=cast.gao)


def test_an_exit_is_not_undone_late_by_another_or_after_something_followed(cast, slip, noon) -> None:
    fridge, boxes = ids(slip)
    first = slips.let_out(slip, {fridge: 1}, by=cast.gao)
    with pytest.raises(Refused, match="may not do this"):
        slips.undo(first, by=cast.ana)
    other = people.actor(people.Staff.create(name="高二", roles=["gate"]), station="1")
    with pytest.raises(Refused, match="Only the guard"):
        slips.undo(first, by=other)
    second = slips.let_out(slip, {boxes: 1}, by=cast.gao)
    with pytest.raises(Refused, match="followed"):
        slips.undo(first, by=cast.gao)
    noon.shift(61)
    with pytest.raises(Refused, match="60 seconds"):
        slips.undo(second, by=cast.gao)
    assert left(slip) == [0, 5]


def test_the_gates_paper_copy_is_recorded_the_next_day_and_closes_the_slip(cast, slip, noon) -> None:
    noon.shift(timedelta(days=1))
    fridge, boxes = ids(slip)
    ret = slips.take_back_copy(slip, {fridge: 1, boxes: 4}, guard="高门", plate="粤A12345", by=cast.ana)
    assert not ret.differs
    assert due.count(slips.KIND) == 0
    sheet = slips.sheet(slip.id, by=cast.ana)
    assert (sheet.row.state, [thing.back for thing in sheet.things]) == ("back", [1, 4])
    with pytest.raises(Refused, match="back already"):
        slips.take_back_copy(slip, {}, guard="高门", by=cast.ana)


@pytest.mark.parametrize("wrote", [-1, 100_000])
def test_what_the_guard_wrote_is_a_count(cast, slip, wrote) -> None:
    with pytest.raises(Refused, match="not a whole number from 0 to 99999"):
        slips.take_back_copy(slip, {ids(slip)[0]: wrote}, guard="高门", remark="字迹不清", by=cast.ana)
    assert Return.select().count() == 0


@pytest.mark.parametrize("wrote", [(1, 7), (0, 6)], ids=["more than the slip", "less than the gate booked"])
def test_a_difference_needs_a_remark_and_is_kept(cast, slip, wrote) -> None:
    fridge, boxes = ids(slip)
    slips.let_out(slip, {fridge: 1}, by=cast.gao)
    count = dict(zip((fridge, boxes), wrote, strict=True))
    with pytest.raises(Refused, match="differs"):
        slips.take_back_copy(slip, count, guard="高门", by=cast.ana)
    assert Return.select().count() == 0
    slips.take_back_copy(slip, count, guard="高门", remark="门岗多放一箱，已通知主管", by=cast.ana)
    assert slips.sheet(slip.id, by=cast.ana).row.state == "differs"
    assert shown("today")[0].state == "differs"


def test_nothing_leaves_after_the_copy_came_back(cast, slip) -> None:
    slips.take_back_copy(slip, {ids(slip)[0]: 1}, guard="高门", by=cast.ana)
    with pytest.raises(Refused, match="USED UP"):
        slips.let_out(slip, {ids(slip)[1]: 1}, by=cast.gao)
    with pytest.raises(Refused, match="closed already"):
        slips.cancel(slip, reason="late", by=cast.ana)


def test_a_double_tap_books_one_exit(cast, slip) -> None:
    by = replace(cast.gao, key="k", digest="d")
    again = [slips.let_out(slip, {ids(slip)[1]: 1}, by=by).id for _ in range(2)]
    assert again[0] == again[1]
    assert left(slip) == [1, 5]


def test_an_unconfirmed_slip_is_overdue_after_ten_in_the_evening(cast, slip, noon) -> None:
    noon.move_to(clock.at(NOON.date(), 22, 1))
    assert [row.about for row in due.open_list(before=clock.now())] == [slip.id]
    assert Due.get().text == "Release slip {number} ({unit}) is not confirmed by the gate"
