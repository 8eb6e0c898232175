"""Counting the key boxes: KEY-5, KEY-6, KEY-9."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine

from app.base import clock
from app.base.refusal import Refused
from app.desk.who.people import Staff
from app.desk.work import due
from app.procedures.counter.keys import after, counts, custody, lending, register, scans, schedule
from app.procedures.counter.keys.counts import Count, Difference
from app.procedures.counter.keys.register import Key

MONDAY = date(2026, 11, 23)
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
def now():
    with time_machine.travel(clock.at(MONDAY, 7, 0), tick=False) as traveller:
        yield traveller


@pytest.fixture
def box(now, cast) -> list[Key]:
    """Three internal keys on A01 to A03."""
    return [register.add(name=f"机房 {n}", hook=f"A0{n}", by=cast.mia) for n in (1, 2, 3)]


def count_all(cast, keys, *, store="internal", shift="morning") -> Count:
    count = counts.begin(store, shift=shift, by=cast.ana)
    for key in keys:
        counts.scan(count, register.label_of(key), by=cast.ana)
    return count


def found(count) -> list[tuple[str, str]]:
    return [(one.what, one.key.number if one.key else one.code) for one in counts.differences(count)[1]]


def promised() -> dict[tuple[int, str], str]:
    rows = [row for row in due.open_list() if row.kind == schedule.COUNT_DUE]
    return {(row.about, row.slug): f"{row.at:%d %H:%M}" for row in rows}


def wang(cast):
    return lending.staff_holder(Staff.get_by_id(cast.wang.id))


@pytest.mark.rule("KEY-5")
def test_the_box_is_due_to_be_counted_at_8_15_and_checked_until_21_30(now, cast, box):
    assert promised() == {(0, "morning"): "23 08:15", (0, "evening"): "23 21:30"}
    now.move_to(clock.at(MONDAY, 8, 20))
    counts.sign_off(count_all(cast, box), remarks={}, by=cast.ana)
    assert promised() == {(0, "morning"): "24 08:15", (0, "evening"): "23 21:30"}
    now.move_to(clock.at(MONDAY, 21, 0))
    counts.sign_off(count_all(cast, box, shift="evening"), remarks={}, by=cast.ana)
    assert promised() == {(0, "morning"): "24 08:15", (0, "evening"): "24 21:30"}


@pytest.mark.rule("KEY-9")
def test_counted_is_expected_minus_out(cast, box):
    lending.lend(box[0], to=wang(cast), by=cast.ana)
    count = count_all(cast, box[1:])
    assert counts.differences(count) == (2, [])
    signed = counts.sign_off(count, remarks={}, by=cast.ana)
    assert (signed.expected, signed.counted, signed.outcome) == (2, 2, "signed")


@pytest.mark.rule("KEY-9")
def test_a_missing_key_is_not_signed_off_without_an_explanation(cast, box):
    count = count_all(cast, box[:2])
    assert found(count) == [("missing", "K0003")]
    for remarks in ({}, {"missing-3": "  "}, {"missing-1": "看错了"}):
        with pytest.raises(Refused) as no:
            counts.sign_off(count, remarks=remarks, by=cast.ana)
        assert (no.value.rule, no.value.field) == ("KEY-9", "missing-3")
    counts.sign_off(count, remarks={"missing-3": "挂在值班室，已取回"}, by=cast.ana)
    row = Difference.get()
    assert (row.what, row.key, row.remark) == ("missing", box[2], "挂在值班室，已取回")


@pytest.mark.rule("KEY-5")
def test_differences_are_reported_to_the_supervisor_until_read(cast, box):
    counts.sign_off(count_all(cast, box[:2]), remarks={"missing-3": "未见"}, by=cast.ana)
    row = next(row for row in due.open_list() if row.slug == "differs")
    assert (row.role, row.facts["n"]) == ("supervisor", 1)
    assert counts.unread() == ["internal"]
    counts.differences_read("internal", by=cast.mia)
    assert counts.unread() == []


@pytest.mark.rule("KEY-9")
def test_a_key_that_should_be_out_is_unexpected_in_the_box(now, cast, box):
    lending.lend(box[0], to=wang(cast), by=cast.ana)
    register.lose(box[1], remark="未见", by=cast.ana)
    now.shift(60)
    assert found(count_all(cast, box)) == [("unexpected", "K0001"), ("unexpected", "K0002")]


@pytest.mark.rule("KEY-9")
def test_an_entrusted_key_in_the_internal_box_is_in_the_wrong_box(cast, box, home):
    held = custody.accept(
        unit=home.unit, owner=home.owner, kind="hardship", reason="长期在外地工作", no_trouble=True,
        keys=[("入户门", "E14", 1)], signed=True, by=cast.ana,
    )  # fmt: skip
    key = Key.get(Key.custody == held)
    assert found(count_all(cast, [*box, key])) == [("wrong store", "K0004")]


@pytest.mark.rule("KEY-9")
def test_labels_nobody_knows_and_labels_scanned_twice_are_differences(now, cast, box):
    count = count_all(cast, box)
    counts.scan(count, register.label_of(box[0]), by=cast.ana)  # the same pull of the trigger
    assert found(count) == []
    now.shift(30)
    counts.scan(count, register.label_of(box[0]), by=cast.ana)
    counts.scan(count, "30202600999936", by=cast.ana)
    assert found(count) == [("twice", "K0001"), ("unknown", "30202600999936")]


@pytest.mark.rule("KEY-9")
def test_the_old_label_of_a_relabelled_key_in_the_box_is_a_difference(cast, box):
    old = register.label_of(box[0])
    register.relabel(box[0], by=cast.ana)
    count = count_all(cast, box[1:])
    counts.scan(count, old, by=cast.ana)
    assert found(count) == [("missing", "K0001"), ("unknown", old)]


def test_a_key_lent_after_it_was_counted_was_there(now, cast, box):
    count = count_all(cast, box)
    now.shift(60)
    lending.lend(box[0], to=wang(cast), by=cast.ana)
    assert counts.differences(count) == (3, [])


@pytest.mark.rule("KEY-6")
def test_the_evening_check_is_signed_when_everybody_who_still_has_a_key_was_told(now, cast, box):
    now.move_to(clock.at(MONDAY, 17, 0))
    there = lending.lend(box[0], to=wang(cast), by=cast.ana)
    long = lending.issue_long(box[1], to=wang(cast), until=TUESDAY, purpose="夜班", by=cast.mia)
    now.move_to(clock.at(MONDAY, 19, 0))
    count = count_all(cast, box[2:], shift="evening")
    with pytest.raises(Refused) as no:
        counts.sign_off(count, remarks={}, by=cast.ana)
    assert no.value.rule == "KEY-6"
    assert "Engineering department" in str(no.value)
    after.tell(there, by=cast.ana)
    assert counts.sign_off(count, remarks={}, by=cast.ana).ended
    assert long.told is None


def test_while_a_box_is_counted_scans_at_that_station_count_and_lend_nothing(cast, box):
    count = counts.begin("internal", shift="morning", by=cast.ana)
    heard = scans.hear(register.label_of(box[0]), source="serial", by=cast.ana)
    assert (heard.kind, heard.msgid) == ("ok", "Counted: {key}")
    assert scans.hear("garbage", source="serial", by=cast.ana).kind == "note"
    assert scans.in_hand("1") is None
    elsewhere = replace(cast.chen, station="2")
    scans.hear(register.label_of(box[1]), source="serial", by=elsewhere)
    assert scans.in_hand("2").key == box[1]
    assert len(counts.scans(count)) == 2


@pytest.mark.rule("KEY-5")
def test_one_box_is_counted_once_at_a_time(cast, box):
    count = counts.begin("internal", shift="morning", by=cast.ana)
    with pytest.raises(Refused, match="is counting this box"):
        counts.begin("internal", shift="morning", by=replace(cast.chen, station="2"))
    with pytest.raises(Refused, match="at this station"):
        counts.begin("entrusted", shift="morning", by=cast.ana)
    counts.drop(count, by=cast.ana)
    with pytest.raises(Refused, match="was closed"):
        counts.scan(count, "K1", by=cast.ana)
    assert promised()[0, "morning"] == "23 08:15"
    counts.begin("internal", shift="morning", by=cast.ana)


def test_a_count_of_no_box_is_refused(cast, box):
    with pytest.raises(Refused, match="Choose the box"):
        counts.begin("drawer", shift="morning", by=cast.ana)


def test_numbers_typed_by_hand_count_as_well(cast, box):
    count = counts.begin("internal", shift="morning", by=cast.ana)
    for typed in ("K0001", "k2", "Ｋ３"):
        counts.scan(count, typed, by=cast.ana)
    assert counts.differences(count) == (3, [])
