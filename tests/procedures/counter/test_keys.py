"""Internal keys: KEY-1 to KEY-8."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import peewee
import pytest
import time_machine

from app.base import clock, db
from app.base.refusal import Refused
from app.desk.papers import outbox
from app.desk.record import options
from app.desk.who import people
from app.desk.work import due, loan
from app.desk.work.loan import Holder
from app.procedures.counter.keys import after, lending, register, schedule
from app.procedures.counter.keys.register import DUE, KIND, Key, Label

MONDAY = date(2026, 11, 23)


def at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    return clock.at(day, hour, minute)


@pytest.fixture
def now():
    """10:05 on a working day; `now.move_to(at(...))` lets time pass."""
    with time_machine.travel(at(10, 5), tick=False) as traveller:
        yield traveller


@pytest.fixture
def pump(now, cast) -> Key:
    return register.add(name="水泵房", hook="A07", by=cast.mia)


def badge(who: people.Actor) -> Holder:
    return lending.staff_holder(people.Staff.get_by_id(who.id))


CLEANER = Holder(name="赵红", of="洁净保洁公司", checked="身份证 尾号 1234")


def open_dues(role: str | None = None) -> list[str]:
    return [f"{row.slug}" for row in due.open_list() if row.kind == DUE and row.role == role]


@pytest.mark.rule("KEY-1")
def test_a_hook_belongs_to_one_box_and_holds_one_tag(cast, pump):
    with pytest.raises(Refused) as no:
        register.add(name="配电房", hook="a07", by=cast.mia)
    assert no.value.rule == "KEY-1"
    assert "K0001" in str(no.value)
    register.Hook.create(label="E14", store="entrusted")
    with pytest.raises(Refused, match="other box"):
        register.add(name="配电房", hook="E14", by=cast.mia)
    assert Key.select().count() == 1


@pytest.mark.rule("KEY-1")
def test_the_database_itself_keeps_the_stores_apart(pump):
    with pytest.raises(peewee.IntegrityError), db.write():
        Key.update(store="entrusted").where(Key.id == pump.id).execute()
    with pytest.raises(peewee.IntegrityError), db.write():
        Key.update(store="drawer").where(Key.id == pump.id).execute()


@pytest.mark.rule("KEY-8")
def test_a_label_carries_a_check_digit_and_never_says_what_the_key_opens(cast, pump):
    code = register.label_of(pump)
    assert len(code) == 14
    assert register.find(code) == pump
    wrong = code[:7] + str((int(code[7]) + 1) % 10) + code[8:]
    with pytest.raises(Refused, match="no key of this desk"):
        register.find(wrong)
    facts = outbox.Job.get(outbox.Job.paper == "key_label").facts
    assert facts["code"] == code
    assert facts["number"] == "K0001"
    assert not [value for value in facts.values() if "水泵" in str(value)]


def test_a_key_is_found_by_its_number_as_people_type_it(pump):
    for typed in ("K0001", "k1", "Ｋ０００１", " K 0001 "):
        assert register.find(typed) == pump
    with pytest.raises(Refused):
        register.find("K0002")


@pytest.mark.rule("KEY-8")
def test_a_key_that_is_out_is_refused_to_a_second_borrower(cast, pump):
    lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    with pytest.raises(Refused) as no:
        lending.lend(pump, to=badge(cast.lu), by=cast.ana)
    assert no.value.rule == "KEY-8"
    assert "王海" in str(no.value)
    assert loan.open_of(KIND, pump.id).holder == "王海"


@pytest.mark.rule("KEY-8")
def test_a_key_that_is_in_cannot_be_returned(cast, pump):
    with pytest.raises(Refused) as no:
        lending.give_back(pump, by=cast.ana)
    assert no.value.rule == "KEY-8"
    assert "A07" in str(no.value)


def test_a_return_ends_the_loan_whoever_brings_it_and_says_the_hook(cast, pump):
    made = lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    ended = lending.give_back(pump, by=cast.chen)
    assert (ended.id, ended.outcome, ended.taken_by_id) == (made.id, "returned", cast.chen.id)
    assert loan.open_of(KIND, pump.id) is None
    assert open_dues() == []


@pytest.mark.rule("KEY-2")
@pytest.mark.parametrize(
    ("lent", "back"), [((8, 30), (18, 30)), ((18, 29), (18, 30)), ((18, 30), (21, 30)), ((21, 45), (22, 0))]
)
def test_an_internal_key_is_due_the_same_day(now, cast, pump, lent, back):
    now.move_to(at(*lent))
    assert lending.lend(pump, to=badge(cast.wang), by=cast.ana).until == at(*back)


@pytest.mark.rule("KEY-3")
def test_an_internal_key_is_never_lent_overnight(cast, pump):
    for until in (at(22, 1), at(8, 0, MONDAY + timedelta(days=1))):
        with pytest.raises(Refused) as no:
            lending.lend(pump, to=badge(cast.wang), until=until, by=cast.ana)
        assert no.value.rule == "KEY-3"
    assert lending.lend(pump, to=badge(cast.wang), until=at(22), by=cast.ana).until == at(22)


@pytest.mark.rule("KEY-3")
def test_after_closing_a_key_is_lent_for_an_hour_at_most(now, cast, pump):
    now.move_to(at(23, 30))
    assert lending.lend(pump, to=badge(cast.wang), by=cast.ana).until == at(0, 30, MONDAY + timedelta(days=1))


def test_a_due_time_that_is_over_is_refused(cast, pump):
    with pytest.raises(Refused, match="over already"):
        lending.lend(pump, to=badge(cast.wang), until=at(10, 5), by=cast.ana)


@pytest.mark.rule("KEY-4")
def test_an_outsider_shows_a_paper_and_signs_the_slip(cast, pump):
    stranger = Holder(name="赵红", of="洁净保洁公司")
    with pytest.raises(Refused) as no:
        lending.lend(pump, to=stranger, signed="paper", by=cast.ana)
    assert (no.value.rule, no.value.field) == ("KEY-4", "checked")
    with pytest.raises(Refused) as no:
        lending.lend(pump, to=CLEANER, signed="badge", by=cast.ana)
    assert no.value.rule == "KEY-4"
    made = lending.lend(pump, to=CLEANER, signed="paper", purpose="清洗水箱", by=cast.ana)
    slip = outbox.Job.get(outbox.Job.paper == "key_slip")
    assert slip.facts["key"] == "K0001 水泵房（挂钩 A07）"
    assert (slip.facts["holder"], slip.facts["purpose"]) == ("赵红 洁净保洁公司", "清洗水箱")
    assert (made.lent_by_id, made.signed) == (cast.ana.id, "paper")


@pytest.mark.rule("KEY-4")
def test_a_badge_is_a_signature_so_no_slip_is_printed(cast, pump):
    made = lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    assert (made.signed, made.staff_id, made.lent_by_id) == ("badge", cast.wang.id, cast.ana.id)
    assert not outbox.Job.select().where(outbox.Job.paper == "key_slip").exists()


@pytest.mark.rule("KEY-4")
def test_nobody_hands_a_key_to_himself_unless_the_supervisor_signs_beside(cast, pump):
    with pytest.raises(Refused) as no:
        lending.lend(pump, to=badge(cast.ana), by=cast.ana)
    assert (no.value.rule, no.value.override) == ("KEY-4", "keys.issue_long")
    from dataclasses import replace

    lending.lend(pump, to=badge(cast.ana), by=replace(cast.ana, overrides={"KEY-4": cast.mia.name}))


def test_who_left_gets_no_key(cast, pump):
    people.Staff.update(active=False).where(people.Staff.id == cast.wang.id).execute()
    with pytest.raises(Refused, match="does not work here"):
        badge(cast.wang)


@pytest.mark.rule("KEY-7")
def test_an_overdue_key_is_on_the_desks_list_and_the_supervisors(now, cast, pump):
    made = lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    assert not made.is_late(clock.now())
    now.move_to(at(18, 31))
    late = [row for row in due.open_list(before=clock.now()) if row.kind == DUE]
    assert {(row.slug, row.role) for row in late} == {("back", None), ("overdue", "supervisor")}
    assert loan.open_of(KIND, pump.id).is_late(clock.now())
    lending.give_back(pump, by=cast.ana)
    assert open_dues() == open_dues("supervisor") == []


@pytest.mark.rule("KEY-3")
def test_a_long_issue_is_the_supervisors_and_has_an_end(cast, pump):
    until = MONDAY + timedelta(days=90)
    with pytest.raises(Refused):
        lending.issue_long(pump, to=badge(cast.wang), until=until, purpose="夜班", by=cast.ana)
    with pytest.raises(Refused, match="issued for"):
        lending.issue_long(pump, to=badge(cast.wang), until=until, purpose=" ", by=cast.mia)
    with pytest.raises(Refused, match="within one year"):
        lending.issue_long(pump, to=badge(cast.wang), until=MONDAY + timedelta(days=400), purpose="夜班", by=cast.mia)
    made = lending.issue_long(pump, to=badge(cast.wang), until=until, purpose="夜班", by=cast.mia)
    assert (made.terms, made.until) == ("long", at(18, 30, until))


@pytest.mark.rule("KEY-3")
def test_the_deputy_issues_for_long_only_while_the_supervisor_is_away(cast, pump):
    from app.desk.record import journal

    people.Presence.create(staff=cast.mia.id, since=clock.now())
    with pytest.raises(Refused):
        lending.issue_long(pump, to=badge(cast.wang), until=MONDAY + timedelta(days=9), purpose="夜班", by=cast.ben)
    people.Presence.update(until=clock.now()).execute()
    lending.issue_long(pump, to=badge(cast.wang), until=MONDAY + timedelta(days=9), purpose="夜班", by=cast.ben)
    assert journal.Line.get(journal.Line.verb == "key.issued").staff_id == cast.ben.id


@pytest.mark.rule("KEY-3")
def test_the_sealed_spare_set_goes_to_security_after_ten_and_to_nobody_else(now, cast):
    spare = register.add(name="备用钥匙（封存）", hook="A30", pieces=12, spare=True, by=cast.mia)
    with pytest.raises(Refused, match="security keeps it"):
        lending.lend(spare, to=badge(cast.wang), by=cast.ana)
    with pytest.raises(Refused, match="from 22:00"):
        lending.keep_at_night(spare, to=badge(cast.gao), seal="F0042", by=cast.ana)
    now.move_to(at(22, 3))
    with pytest.raises(Refused, match="Only security"):
        lending.keep_at_night(spare, to=badge(cast.wang), seal="F0042", by=cast.ana)
    with pytest.raises(Refused) as no:
        lending.keep_at_night(spare, to=badge(cast.gao), seal=" ", by=cast.ana)
    assert no.value.field == "seal"
    made = lending.keep_at_night(spare, to=badge(cast.gao), seal="F0042", by=cast.ana)
    assert (made.terms, made.until) == ("night", at(8, 15, MONDAY + timedelta(days=1)))


@pytest.mark.rule("KEY-3")
def test_no_other_key_stays_out_overnight_with_security(now, cast, pump):
    now.move_to(at(22, 3))
    with pytest.raises(Refused) as no:
        lending.keep_at_night(pump, to=badge(cast.gao), seal="F0042", by=cast.ana)
    assert no.value.rule == "KEY-3"


def test_in_the_morning_the_seal_is_looked_at_and_a_broken_one_explained(now, cast):
    spare = register.add(name="备用钥匙（封存）", hook="A30", spare=True, by=cast.mia)
    now.move_to(at(22, 3))
    lending.keep_at_night(spare, to=badge(cast.gao), seal="F0042", by=cast.ana)
    now.move_to(at(8, 10, MONDAY + timedelta(days=1)))
    lending.give_back(spare, by=cast.ana)
    assert open_dues() == ["seal"]
    with pytest.raises(Refused, match="explanation"):
        after.check_seal(spare, unbroken=False, by=cast.ana)
    after.check_seal(spare, unbroken=False, remark="凌晨停电，取配电房钥匙", by=cast.ana)
    assert (open_dues(), open_dues("supervisor")) == ([], ["seal"])


def test_a_return_at_the_box_with_nobody_signed_in_waits_for_a_clerk(cast, pump):
    lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    ended = lending.give_back(pump, by=people.DESK)
    assert (ended.outcome, ended.taken_by_id) == ("returned", None)
    assert open_dues() == ["confirm"]
    assert lending.confirm(pump, by=cast.chen).taken_by_id == cast.chen.id
    assert open_dues() == []
    with pytest.raises(Refused, match="no return"):
        lending.confirm(pump, by=cast.chen)


def test_handing_it_out_again_confirms_that_it_was_there(cast, pump):
    first = lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    lending.give_back(pump, by=people.DESK)
    lending.lend(pump, to=badge(cast.lu), by=cast.chen)
    assert loan.Loan.get_by_id(first.id).taken_by_id == cast.chen.id
    assert "confirm" not in open_dues()


def test_a_lending_is_undone_within_a_minute_by_the_same_clerk(now, cast, pump):
    made = lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    with pytest.raises(Refused, match="who did it"):
        after.undo(made, by=cast.chen)
    now.shift(59)
    assert after.undo(made, by=cast.ana).outcome == "undone"
    assert loan.open_of(KIND, pump.id) is None
    assert open_dues() == []


def test_a_return_is_undone_and_the_key_is_out_again(now, cast, pump):
    made = lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    now.shift(600)
    ended = lending.give_back(pump, by=cast.ana)
    again = after.undo(ended, by=cast.ana)
    assert (again.id, again.ended, again.until) == (made.id, None, at(18, 30))
    assert open_dues() == ["back"]


def test_after_a_minute_nothing_is_undone(now, cast, pump):
    made = lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    now.shift(61)
    with pytest.raises(Refused, match="60 seconds"):
        after.undo(made, by=cast.ana)


def test_a_return_that_something_followed_is_not_undone(cast, pump):
    lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    ended = lending.give_back(pump, by=cast.ana)
    lending.lend(pump, to=badge(cast.lu), by=cast.ana)
    with pytest.raises(Refused, match="went on to"):
        after.undo(ended, by=cast.ana)
    assert loan.open_of(KIND, pump.id).holder == "鲁工"


def test_a_lost_key_is_in_nobodys_hands_and_the_supervisor_is_told(cast, pump):
    lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    register.lose(pump, remark="巡检时掉入集水井", by=cast.ana)
    assert loan.open_of(KIND, pump.id) is None
    assert loan.last_of(KIND, pump.id).outcome == "lost"
    assert (open_dues(), open_dues("supervisor")) == ([], ["lost"])
    with pytest.raises(Refused, match="lost since"):
        lending.lend(Key.get_by_id(pump.id), to=badge(cast.lu), by=cast.ana)
    register.found(Key.get_by_id(pump.id), by=cast.ana)
    assert open_dues("supervisor") == []
    lending.lend(Key.get_by_id(pump.id), to=badge(cast.lu), by=cast.ana)


@pytest.mark.rule("KEY-8")
def test_the_old_label_of_a_relabelled_key_is_dead(cast, pump):
    old = register.label_of(pump)
    register.relabel(pump, by=cast.ana)
    new = register.label_of(pump)
    assert register.find(new) == pump
    with pytest.raises(Refused, match="taken off K0001"):
        register.find(old)


@pytest.mark.rule("KEY-8")
def test_a_label_found_on_two_keys_means_neither_until_they_are_labelled_anew(cast, pump):
    old = register.label_of(pump)
    register.report_duplicate(pump, by=cast.ana)
    with pytest.raises(Refused, match="Two keys carry this label"):
        register.find(old)
    with pytest.raises(Refused, match="no label of its own"):
        lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    assert open_dues() == ["label"]
    register.relabel(pump, by=cast.ana)
    assert open_dues() == []
    lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    with pytest.raises(Refused, match="Two keys carry this label"):
        register.find(old)


@pytest.mark.rule("KEY-8")
def test_the_database_refuses_a_second_key_with_the_same_label(cast, pump):
    other = register.add(name="配电房", hook="A08", by=cast.mia)
    with pytest.raises(peewee.IntegrityError), db.write():
        Label.create(code=register.label_of(pump), key=other, since=clock.now(), ended=clock.now())
    with pytest.raises(peewee.IntegrityError), db.write():
        Label.create(code="30202600009999", key=pump, since=clock.now())
    with pytest.raises(peewee.IntegrityError), db.write():
        Key.create(store="internal", name="无处可挂", hook=pump.hook)


def test_a_retired_key_frees_its_hook_and_its_label_is_nobodys(cast, pump):
    code = register.label_of(pump)
    lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    with pytest.raises(Refused, match="Take it back first"):
        register.retire(pump, remark="换锁", by=cast.mia)
    lending.give_back(pump, by=cast.ana)
    register.retire(pump, remark="换锁", by=cast.mia)
    with pytest.raises(Refused, match="retired"):
        lending.lend(register.find(code), to=badge(cast.wang), by=cast.ana)
    assert register.add(name="新水泵房", hook="A07", by=cast.mia).hook.label == "A07"


def test_a_key_moves_to_a_free_hook_of_its_own_box(cast, pump):
    register.Hook.create(label="E01", store="entrusted")
    with pytest.raises(Refused, match="other box"):
        register.move(pump, hook="E01", by=cast.mia)
    assert register.move(pump, hook="b3", by=cast.mia).hook.label == "B3"


def test_hooks_are_a_letter_and_a_number(cast, pump):
    with pytest.raises(Refused) as no:
        register.add(name="配电房", hook="左边第三个", by=cast.mia)
    assert no.value.field == "hook"


def test_the_times_of_the_day_are_the_manuals():
    assert (options.get("keys.morning_count"), schedule.BACK_BY.isoformat()) == ("08:15", "18:30:00")


def test_what_was_lost_is_lost_once_and_only_what_was_lost_is_found(cast, pump):
    with pytest.raises(Refused, match="is not lost"):
        register.found(pump, by=cast.ana)
    register.lose(pump, remark="未见", by=cast.ana)
    with pytest.raises(Refused, match="reported lost since"):
        register.lose(Key.get_by_id(pump.id), remark="未见", by=cast.ana)


@pytest.mark.rule("KEY-6")
def test_who_has_brought_the_key_back_is_not_told_any_more(cast, pump):
    made = lending.lend(pump, to=badge(cast.wang), by=cast.ana)
    assert after.tell(made, by=cast.ana).told == clock.now()
    lending.give_back(pump, by=cast.ana)
    with pytest.raises(Refused, match="was closed at"):
        after.tell(loan.last_of(KIND, pump.id), by=cast.ana)
