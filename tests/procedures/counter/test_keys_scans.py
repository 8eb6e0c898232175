"""What a scanned label does (KEY-8, design.md 9), at the counter and at the cabinet's own scanner."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import time_machine

from app.base import clock, live
from app.base.refusal import Refused
from app.desk.record import journal, numbering
from app.desk.who import people, sessions
from app.desk.who.people import Staff
from app.desk.work import due, loan
from app.procedures.counter.keys import consent, custody, lending, register, scans, schedule
from app.procedures.counter.keys.register import KIND, Key
from app.procedures.counter.keys.scans import Scan
from app.procedures.counter.keys.worker import ScanWorker
from hardware.drivers.scanner import SerialScanner
from hardware.simulators.scanner import SimulatedScanner

MONDAY = date(2026, 11, 23)


@pytest.fixture
def now():
    with time_machine.travel(clock.at(MONDAY, 10, 5), tick=False) as traveller:
        yield traveller


@pytest.fixture
def pump(now, cast) -> Key:
    return register.add(name="水泵房", hook="A07", by=cast.mia)


def badge_of(who: people.Actor, n: int = 7) -> str:
    code = numbering.code(40, 2026, n)
    Staff.update(badge=code).where(Staff.id == who.id).execute()
    return code


def hear(label: str, by: people.Actor, source: str = "serial") -> Scan:
    return scans.hear(label, source=source, by=by)


def label(key: Key) -> str:
    return register.label_of(key)


@pytest.mark.rule("KEY-8")
def test_scan_the_key_scan_the_badge_and_it_is_lent(cast, pump):
    first = hear(label(pump), cast.ana)
    assert (first.kind, first.msgid) == ("note", "{key}: scan the badge of who takes it.")
    assert loan.open_of(KIND, pump.id) is None
    second = hear(badge_of(cast.wang), cast.ana)
    there = loan.open_of(KIND, pump.id)
    assert (second.kind, second.loan) == ("ok", there)
    assert (there.holder, there.signed, there.lent_by_id) == ("王海", "badge", cast.ana.id)
    assert there.until == clock.at(MONDAY, 18, 30)
    assert scans.in_hand("1") is None


@pytest.mark.rule("KEY-8")
def test_scanning_a_key_that_is_out_returns_it_and_says_the_hook(now, cast, pump):
    lending.lend(pump, to=lending.staff_holder(Staff.get_by_id(cast.wang.id)), by=cast.ana)
    now.shift(600)
    heard = hear(label(pump), cast.chen)
    assert (heard.kind, heard.facts["hook"], heard.facts["holder"]) == ("ok", "A07", "王海")
    assert loan.open_of(KIND, pump.id) is None


def test_a_trigger_that_bounces_is_one_scan(now, cast, pump):
    lending.lend(pump, to=lending.staff_holder(Staff.get_by_id(cast.wang.id)), by=cast.ana)
    now.shift(600)
    hear(label(pump), cast.ana)
    now.shift(1)
    assert hear(label(pump), cast.ana).kind == "note"
    assert scans.in_hand("1") is None
    now.shift(4)
    hear(label(pump), cast.ana)
    assert scans.in_hand("1").key == pump


def test_a_key_just_lent_is_not_returned_by_the_same_pull_of_the_trigger(now, cast, pump):
    hear(label(pump), cast.ana)
    hear(badge_of(cast.wang), cast.ana)
    now.shift(1)
    assert hear(label(pump), cast.ana).kind == "note"
    assert loan.open_of(KIND, pump.id)


def test_returning_another_key_does_not_disturb_the_one_in_hand(now, cast, pump):
    other = register.add(name="配电房", hook="A08", by=cast.mia)
    lending.lend(other, to=lending.staff_holder(Staff.get_by_id(cast.lu.id)), by=cast.ana)
    now.shift(60)
    hear(label(pump), cast.ana)
    assert hear(label(other), cast.ana).facts["hook"] == "A08"
    hear(badge_of(cast.wang), cast.ana)
    assert loan.open_of(KIND, pump.id).holder == "王海"


def test_two_stations_cannot_lend_the_same_key(now, cast, pump):
    chen = replace(cast.chen, station="2")
    hear(label(pump), cast.ana)
    hear(label(pump), chen)
    code = badge_of(cast.wang)
    assert hear(code, cast.ana).kind == "ok"
    refused = hear(code, chen)
    assert (refused.kind, refused.rule) == ("stop", "KEY-8")


def test_a_lending_nobody_finishes_is_forgotten(now, cast, pump):
    hear(label(pump), cast.ana)
    now.shift(301)
    heard = hear(badge_of(cast.wang), cast.ana)
    assert heard.msgid.startswith("Badge of {name}")
    assert loan.open_of(KIND, pump.id) is None


def test_esc_puts_the_key_down(cast, pump):
    hear(label(pump), cast.ana)
    scans.put_down(by=cast.ana)
    assert scans.in_hand("1") is None


def test_what_would_be_refused_later_is_refused_when_the_key_is_scanned(cast, home, now):
    held = custody.accept(
        unit=home.unit, owner=home.owner, kind="hardship", reason="长期在外地工作", no_trouble=True,
        keys=[("入户门", "E14", 1)], signed=True, by=cast.ana,
    )  # fmt: skip
    key = Key.get(Key.custody == held)
    assert hear(label(key), cast.ana).rule == "EKEY-3"
    assert scans.in_hand("1") is None
    consent.give(held, agreed_by="李伟", how="in person", scope="保洁", by=cast.ana)
    assert hear(label(key), cast.ana).kind == "note"


def test_a_page_that_scanned_gets_the_refusal_and_the_line_is_kept_too(cast, pump):
    with pytest.raises(Refused, match="no key of this desk"):
        hear("30202600999936", cast.ana, source="wedge")
    assert Scan.get().kind == "stop"


@pytest.mark.parametrize("noise", ["12345678901234", "3020260002314530202600023145", "hello", "10202600041327"])
def test_noise_glued_codes_and_foreign_labels_change_nothing(cast, pump, noise):
    before = loan.Loan.select().count()
    assert hear(noise, cast.ana).kind == "stop"
    assert (loan.Loan.select().count(), scans.in_hand("1")) == (before, None)


def test_a_lost_key_that_is_scanned_is_found(now, cast, pump):
    register.lose(pump, remark="清点未见", by=cast.ana)
    now.shift(60)
    assert hear(label(pump), cast.ana).msgid == "{key} is found. Hang it on {hook}."
    assert Key.get_by_id(pump.id).lost is None


def test_a_badge_of_nobody_is_refused(cast, pump):
    hear(label(pump), cast.ana)
    assert hear(numbering.code(40, 2026, 99), cast.ana).kind == "stop"
    left = badge_of(cast.wang)
    Staff.update(active=False).where(Staff.id == cast.wang.id).execute()
    assert hear(left, cast.ana).kind == "stop"
    assert loan.open_of(KIND, pump.id) is None


def test_the_same_form_sent_twice_is_one_scan(now, cast, pump):
    lending.lend(pump, to=lending.staff_holder(Staff.get_by_id(cast.wang.id)), by=cast.ana)
    now.shift(600)
    clerk = replace(cast.ana, key="form-1", digest="d")
    first = hear(label(pump), clerk, source="wedge")
    now.shift(10)
    again = hear(label(pump), clerk, source="wedge")
    assert first.id == again.id
    assert scans.in_hand("1") is None


def test_the_cabinets_scanner_is_credited_to_who_is_signed_in_at_its_station(cast, pump):
    sessions.Station.create(name="1")
    sessions.Station.create(name="2", scanner=False)
    assert (scans.at_counter().id, scans.at_counter().station) == (0, "1")
    sessions.begin(Staff.get_by_id(cast.ana.id), station="1")
    token = sessions.begin(Staff.get_by_id(cast.chen.id), station="1")
    sessions.begin(Staff.get_by_id(cast.mia.id), station="2")
    assert scans.at_counter().id == cast.chen.id
    sessions.end(token)
    assert scans.at_counter().id == cast.ana.id


@pytest.mark.rule("KEY-4")
def test_with_nobody_signed_in_a_return_is_kept_and_nothing_is_lent(now, cast, pump):
    lending.lend(pump, to=lending.staff_holder(Staff.get_by_id(cast.wang.id)), by=cast.ana)
    now.shift(600)
    box = replace(people.DESK, station="1")
    assert hear(label(pump), box).kind == "ok"
    assert [row.slug for row in due.open_list() if row.kind == register.DUE] == ["confirm"]
    now.shift(10)
    refused = hear(label(pump), box)
    assert (refused.kind, refused.rule) == ("stop", "KEY-4")
    assert scans.in_hand("1") is None


def test_a_colleague_without_a_badge_is_picked_and_signs_the_slip(cast, pump):
    hear(label(pump), cast.ana)
    kept = scans.hand_over(
        to=lending.staff_holder(Staff.get_by_id(cast.wang.id)), purpose="巡检", until=clock.at(MONDAY, 12, 0), seal="",
        by=cast.ana,
    )  # fmt: skip
    assert (kept.loan.signed, kept.loan.purpose, kept.loan.until) == ("paper", "巡检", clock.at(MONDAY, 12, 0))


def test_the_spare_set_goes_to_the_guard_whose_badge_is_scanned_with_the_seal_written_down(now, cast):
    now.move_to(clock.at(MONDAY, 22, 1))
    spare = register.add(name="备用", hook="A30", spare=True, by=cast.mia)
    hear(label(spare), cast.ana)
    guard = badge_of(cast.gao)
    assert hear(guard, cast.ana).kind == "stop"
    scans.prepare(purpose="", until=None, seal="F0042", by=cast.ana)
    assert hear(guard, cast.ana).kind == "ok"
    assert loan.open_of(KIND, spare.id).terms == "night"


def test_every_scan_moves_the_pages_that_show_keys(cast, pump):
    before, _ = live.since(0)
    hear(label(pump), cast.ana)
    after, topics = live.since(before)
    assert after > before
    assert topics == ["keys"]


def test_after_midnight_the_business_day_is_still_yesterdays(now, cast, pump):
    now.move_to(clock.at(date(2026, 11, 24), 0, 30))
    assert schedule.default_until(clock.now()) == clock.at(date(2026, 11, 24), 1, 30)


def test_the_pull_of_the_trigger_that_found_a_key_does_not_lend_it(now, cast, pump):
    register.lose(pump, remark="未见", by=cast.ana)
    now.shift(60)
    hear(label(pump), cast.ana)
    now.shift(1)
    assert hear(label(pump), cast.ana).msgid == "{key} was scanned twice. Scan it once more to lend it."
    assert scans.in_hand("1") is None


def test_a_label_that_means_two_keys_is_kept_as_refused(cast, pump):
    code = label(pump)
    register.report_duplicate(pump, by=cast.ana)
    refused = hear(code, cast.ana)
    assert (refused.kind, refused.rule, refused.key) == ("stop", "KEY-8", None)


def test_with_no_key_in_hand_there_is_nothing_to_prepare_or_to_hand_over(cast, pump):
    with pytest.raises(Refused, match="No key is in hand"):
        scans.prepare(purpose="巡检", until=None, seal="", by=cast.ana)
    with pytest.raises(Refused, match="No key is in hand"):
        scans.finish("1", to=lending.staff_holder(Staff.get_by_id(cast.wang.id)), signed="badge", by=cast.ana)


# ---- the worker on a real line; real time ----


def until(holds) -> bool:
    import time

    end = time.monotonic() + 60  # only how long a broken run takes
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(holds())


def test_a_key_is_returned_with_no_page_open(cast, tmp_path):
    key = register.add(name="水泵房", hook="A07", by=cast.mia)
    made = lending.lend(key, to=lending.staff_holder(Staff.get_by_id(cast.wang.id)), by=cast.ana)
    # Lent a while ago: seconds after the lending a scan would be taken for the same pull of the trigger.
    loan.Loan.update(since=made.since - scans.AGAIN * 2).execute()
    with SimulatedScanner(tmp_path / "key-scanner") as far_end:
        worker = ScanWorker(lambda: SerialScanner(far_end.path))
        worker.start()
        assert until(lambda: worker.state == "ready")
        far_end.scan(label(key))
        assert until(lambda: Scan.select().exists())
        worker.stop()
    ended = loan.Loan.get_by_id(made.id)
    assert (ended.outcome, ended.taken_by_id) == ("returned", None)
    assert journal.Line.get(journal.Line.verb == "key.returned").staff_id is None


def test_a_scanner_that_is_pulled_out_is_lost_and_heard_again_when_it_is_back(cast, tmp_path):
    register.add(name="水泵房", hook="A07", by=cast.mia)
    with SimulatedScanner(tmp_path / "key-scanner") as far_end:
        worker = ScanWorker(lambda: SerialScanner(str(tmp_path / "key-scanner")), again_after=600)
        worker.start()
        assert until(lambda: worker.state == "ready")
        far_end.unplug()
        assert until(lambda: worker.state == "lost")
        assert worker.problem is not None
        far_end.plug()
        worker.wake()
        assert until(lambda: worker.state == "ready")
        far_end.garbage()
        far_end.scan("12345678901234")
        assert until(lambda: Scan.select().exists())
        worker.stop()
    assert Scan.get().kind == "stop"


def test_a_scan_that_cannot_be_kept_does_not_deafen_the_desk(cast, tmp_path, monkeypatch, caplog):
    key = register.add(name="水泵房", hook="A07", by=cast.mia)
    real, failed = scans.hear, []

    def full_disk_once(*args, **kwargs):
        if not failed:
            failed.append(1)
            raise OSError("database or disk is full")
        return real(*args, **kwargs)

    monkeypatch.setattr(scans, "hear", full_disk_once)
    with SimulatedScanner(tmp_path / "key-scanner") as far_end:
        worker = ScanWorker(lambda: SerialScanner(far_end.path))
        worker.start()
        assert until(lambda: worker.state == "ready")
        far_end.scan(label(key))
        assert until(lambda: failed)
        far_end.scan(label(key))
        assert until(lambda: Scan.select().exists())
        worker.stop()
    assert "could not be kept" in caplog.text
