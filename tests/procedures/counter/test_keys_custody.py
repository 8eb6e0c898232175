"""Entrusted keys: EKEY-1 to EKEY-9."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from app.base import clock
from app.base.refusal import Refused
from app.desk.homes import households, instructions
from app.desk.papers import outbox
from app.desk.record import journal
from app.desk.who import people
from app.desk.work import due, loan
from app.desk.work.loan import Holder
from app.procedures.counter.keys import after, consent, custody, lending, register
from app.procedures.counter.keys.register import KIND, Custody, Key

MONDAY = date(2026, 11, 23)
CLEANER = Holder(name="赵红", of="洁净保洁公司", checked="身份证 尾号 1234")


@pytest.fixture
def now():
    with time_machine.travel(clock.at(MONDAY, 10, 5), tick=False) as traveller:
        yield traveller


def accept(cast, home, **changed) -> Custody:
    facts = {
        "unit": home.unit, "owner": home.owner, "kind": "hardship", "reason": "独居，腿脚不便，需邻居送药",
        "no_trouble": True, "keys": [("入户门", "E14", 2)], "signed": True,
    }  # fmt: skip
    return custody.accept(**(facts | changed), by=cast.ana)


@pytest.fixture
def held(now, cast, home) -> Custody:
    return accept(cast, home)


@pytest.fixture
def key(held) -> Key:
    return Key.get(Key.custody == held)


def agree(held, cast, **changed):
    facts = {"agreed_by": "李伟", "how": "phone", "phone": "138 1234 1234", "scope": "保洁 赵红 打扫"}
    return consent.give(held, **(facts | changed), by=cast.ana)


def lend(key, cast, **changed):
    return lending.lend(key, to=CLEANER, signed="paper", by=cast.ana, **changed)


def dues(kind=custody.DUE) -> list[str]:
    return [row.slug for row in due.open_list() if row.kind == kind]


@pytest.mark.rule("EKEY-1")
@pytest.mark.parametrize("changed", [{"reason": ""}, {"reason": "懒"}, {"no_trouble": False}])
def test_custody_needs_a_real_difficulty_and_no_extra_trouble(now, cast, home, changed):
    with pytest.raises(Refused) as no:
        accept(cast, home, **changed)
    assert no.value.rule == "EKEY-1"
    assert not Custody.select().exists()


@pytest.mark.rule("EKEY-1")
def test_only_the_owner_can_entrust_a_key(now, cast, home):
    for unit, person in ((home.other, home.tenant), (home.unit, home.tenant)):
        with pytest.raises(Refused) as no:
            accept(cast, home, unit=unit, owner=person)
        assert no.value.rule == "EKEY-1"


def test_who_sold_the_home_is_its_owner_no_more(now, cast, home):
    yesterday = MONDAY - timedelta(days=1)
    households.Relation.update(until=yesterday).where(households.Relation.person == home.owner).execute()
    with pytest.raises(Refused, match="not an owner"):
        accept(cast, home)


@pytest.mark.rule("EKEY-2")
def test_acceptance_is_recorded_in_detail_and_the_letter_printed_twice(held, key, cast, home):
    assert held.number == "TG-2026-000001"
    assert (held.unit, held.owner, held.handler_id, held.since) == (home.unit, home.owner, cast.ana.id, clock.now())
    letters = list(outbox.Job.select().where(outbox.Job.paper == "custody_letter"))
    assert [letter.copy for letter in letters] == ["业主联", "存根联"]
    facts = letters[0].facts
    assert (facts["unit"], facts["owner"], facts["phone"]) == ("3-2-1101", "李伟", "138****1234")
    assert facts["keys"] == [["K0001", "入户门", "2 把"]]
    assert (key.pieces, key.hook.label, key.store) == (2, "E14", "entrusted")
    line = journal.Line.get(journal.Line.verb == "custody.accepted")
    assert (line.unit_id, line.detail["reason"]) == (home.unit.id, "独居，腿脚不便，需邻居送药")


@pytest.mark.rule("EKEY-2")
def test_custody_without_a_key_is_nothing(now, cast, home):
    with pytest.raises(Refused) as no:
        accept(cast, home, keys=[])
    assert no.value.rule == "EKEY-2"


@pytest.mark.rule("EKEY-4")
def test_custody_is_signed_by_both(now, cast, home):
    with pytest.raises(Refused) as no:
        accept(cast, home, signed=False)
    assert no.value.rule == "EKEY-4"


@pytest.mark.rule("EKEY-3")
def test_an_entrusted_key_is_never_lent_without_the_owners_consent(held, key, cast):
    from dataclasses import replace

    bold = replace(cast.mia, overrides={"EKEY-3": cast.mia.name})
    for clerk in (cast.ana, bold):
        with pytest.raises(Refused) as no:
            lending.lend(key, to=CLEANER, signed="paper", by=clerk)
        assert (no.value.rule, no.value.override) == ("EKEY-3", None)
    assert loan.open_of(KIND, key.id) is None


@pytest.mark.rule("EKEY-3")
def test_a_consent_for_one_use_is_used_up_by_one_loan(held, key, cast):
    agree(held, cast)
    made = lend(key, cast)
    assert consent.permissions(held)[0].used == made
    lending.give_back(key, by=cast.ana)
    with pytest.raises(Refused) as no:
        lend(key, cast)
    assert no.value.rule == "EKEY-3"


@pytest.mark.rule("EKEY-3")
def test_an_undone_lending_gives_the_consent_back(held, key, cast):
    agree(held, cast)
    after.undo(lend(key, cast), by=cast.ana)
    assert consent.permissions(held)[0].used is None
    lend(key, cast)


@pytest.mark.rule("EKEY-3")
def test_a_consent_for_one_use_is_for_that_day(now, held, key, cast):
    agree(held, cast)
    now.shift(timedelta(hours=25))
    with pytest.raises(Refused) as no:
        lend(key, cast)
    assert no.value.rule == "EKEY-3"


@pytest.mark.rule("EKEY-3")
def test_a_standing_permission_holds_until_its_day_and_then_the_owner_is_asked_again(now, held, key, cast):
    agree(held, cast, how="letter", phone="", until=MONDAY + timedelta(days=3))
    for _ in range(2):
        lend(key, cast)
        lending.give_back(key, by=cast.ana)
    now.shift(timedelta(days=4))
    with pytest.raises(Refused, match="ended on 11-26"):
        lend(key, cast)


@pytest.mark.rule("EKEY-3")
def test_a_permission_taken_back_opens_nothing(held, key, cast):
    consent.revoke(agree(held, cast, until=MONDAY + timedelta(days=3)), by=cast.ana)
    with pytest.raises(Refused) as no:
        lend(key, cast)
    assert no.value.rule == "EKEY-3"


@pytest.mark.rule("EKEY-3")
def test_a_loan_ends_no_later_than_the_consent(held, key, cast):
    agree(held, cast)
    with pytest.raises(Refused, match="agreed until"):
        lend(key, cast, until=clock.at(MONDAY + timedelta(days=1), 18, 0))


@pytest.mark.rule("EKEY-3")
@pytest.mark.parametrize(
    ("changed", "field"), [({"agreed_by": "张敏"}, "agreed_by"), ({"phone": "138"}, "phone"), ({"how": "dream"}, "how")]
)
def test_a_consent_says_who_agreed_and_how(held, cast, changed, field):
    with pytest.raises(Refused) as no:
        agree(held, cast, **changed)
    assert no.value.field == field


@pytest.mark.rule("EKEY-5")
def test_entrusted_keys_hang_apart_from_internal_ones(now, cast, home):
    register.add(name="水泵房", hook="A07", by=cast.mia)
    register.Hook.create(label="A08", store="internal")
    with pytest.raises(Refused) as no:
        accept(cast, home, keys=[("入户门", "A08", 1)])
    assert no.value.rule == "EKEY-5"
    with pytest.raises(Refused):
        register.add(name="备用", hook="E20", store="entrusted", by=cast.mia)


@pytest.mark.rule("EKEY-6")
@pytest.mark.rule("EKEY-9")
def test_a_rectification_key_is_sealed_and_reviewed(now, cast, home):
    for changed, rule in (({"review": None, "seal": "F1"}, "EKEY-9"), ({"seal": " "}, "EKEY-6")):
        with pytest.raises(Refused) as no:
            accept(cast, home, kind="rectification", **({"review": MONDAY + timedelta(days=14)} | changed))
        assert no.value.rule == rule
    held = accept(cast, home, kind="rectification", reason="阳台渗水", seal="F0107", review=MONDAY + timedelta(days=14))
    assert dues() == ["review"]
    assert (held.seal, held.reason) == ("F0107", "阳台渗水")


@pytest.mark.rule("EKEY-9")
def test_the_review_either_sends_the_key_home_or_is_set_again(now, cast, home):
    review = MONDAY + timedelta(days=14)
    held = accept(cast, home, kind="rectification", reason="阳台渗水", seal="F0107", review=review)
    now.move_to(clock.at(review, 17, 0))
    with pytest.raises(Refused) as no:
        custody.review(held, done=False, again=review, by=cast.ana)
    assert no.value.rule == "EKEY-9"
    custody.review(held, done=False, again=review + timedelta(days=7), by=cast.ana)
    assert dues() == ["review"]
    custody.review(held, done=True, by=cast.ana)
    assert dues() == ["collect"]


@pytest.mark.rule("EKEY-7")
def test_after_a_lock_change_the_owners_key_waits_for_him(now, cast, home):
    accept(cast, home, kind="lock_change", reason="租户换锁")
    assert dues() == ["collect"]


@pytest.mark.rule("EKEY-4")
@pytest.mark.parametrize(
    ("changed", "field"),
    [({"received_by": "张敏"}, "received_by"), ({"checked": ""}, "checked"), ({"signed": False}, "signed")],
)
def test_collection_needs_the_owner_his_paper_and_both_signatures(held, cast, changed, field):
    facts = {"received_by": "李伟", "checked": "身份证", "signed": True}
    with pytest.raises(Refused) as no:
        custody.hand_back(held, **(facts | changed), by=cast.ana)
    assert (no.value.rule, no.value.field) == ("EKEY-4", field)


@pytest.mark.rule("EKEY-4")
def test_a_collected_key_leaves_the_register_and_frees_its_hook(held, key, cast, home):
    agree(held, cast)
    lend(key, cast)
    with pytest.raises(Refused, match="Take it back first"):
        custody.hand_back(held, received_by="李伟", checked="身份证", signed=True, by=cast.ana)
    lending.give_back(key, by=cast.ana)
    ended = custody.hand_back(held, received_by="李伟", checked="身份证", signed=True, by=cast.ana)
    assert (ended.ended, ended.received_by) == (clock.now(), "李伟 身份证")
    assert Key.get_by_id(key.id).retired
    assert custody.open_list() == []
    with pytest.raises(Refused, match="ended on"):
        agree(ended, cast)
    accept(cast, home)  # the hook is free again


@pytest.mark.rule("EKEY-8")
def test_a_lost_entrusted_key_is_the_supervisors_matter_and_the_custody_stays_open(held, key, cast):
    register.lose(key, remark="清点未见", by=cast.ana)
    row = next(row for row in due.open_list() if row.kind == register.DUE)
    assert (row.role, row.unit_id) == ("supervisor", held.unit_id)
    with pytest.raises(Refused) as no:
        custody.hand_back(held, received_by="李伟", checked="身份证", signed=True, by=cast.ana)
    assert no.value.rule == "EKEY-8"


@pytest.mark.rule("EKEY-8")
def test_a_households_instruction_about_its_keys_comes_back_when_one_is_lent(held, key, cast, home):
    from dataclasses import replace

    agree(held, cast, until=MONDAY + timedelta(days=30))
    told = instructions.give(home.unit, "key", "未满月婴儿在家，来访先打电话", by=cast.mia)
    with pytest.raises(Refused, match="Acknowledge it first"):
        lend(key, cast)
    instructions.acknowledge(told, by=cast.ana)
    lend(key, cast)
    lending.give_back(key, by=cast.ana)
    stop = instructions.give(home.unit, "key", "十二月前一律不借", blocks=True, by=cast.mia)
    instructions.acknowledge(stop, by=cast.ana)
    with pytest.raises(Refused) as no:
        lend(key, cast)
    assert (no.value.rule, no.value.override) == ("EKEY-8", "keys.issue_long")
    lending.lend(key, to=CLEANER, signed="paper", by=replace(cast.ana, overrides={"EKEY-8": cast.mia.name}))


def test_an_entrusted_key_is_never_issued_for_long(held, key, cast):
    agree(held, cast, until=MONDAY + timedelta(days=30))
    worker = lending.staff_holder(people.Staff.get_by_id(cast.wang.id))
    with pytest.raises(Refused) as no:
        lending.issue_long(key, to=worker, until=MONDAY + timedelta(days=20), purpose="打扫", by=cast.mia)
    assert no.value.rule == "EKEY-3"


@pytest.mark.rule("EKEY-5")
def test_an_entrusted_key_never_joins_the_spare_set(held, cast):
    with pytest.raises(Refused) as no:
        register.add(name="备用", hook="E20", store="entrusted", spare=True, custody=held, by=cast.ana)
    assert no.value.rule == "EKEY-5"


@pytest.mark.rule("EKEY-1")
def test_custody_for_no_reason_we_know_is_refused(now, cast, home):
    with pytest.raises(Refused) as no:
        accept(cast, home, kind="storage")
    assert no.value.rule == "EKEY-1"


@pytest.mark.rule("EKEY-3")
def test_a_standing_permission_cannot_have_ended_already(held, cast):
    with pytest.raises(Refused) as no:
        agree(held, cast, until=MONDAY - timedelta(days=1))
    assert (no.value.rule, no.value.field) == ("EKEY-3", "until")


@pytest.mark.rule("EKEY-1")
def test_a_key_is_entrusted_by_somebody_the_books_know(home):
    assert custody.somebody(home.owner.id) == home.owner
    with pytest.raises(Refused, match="Choose the owner") as no:
        custody.somebody(0)
    assert (no.value.rule, no.value.field) == ("EKEY-1", "owner")
