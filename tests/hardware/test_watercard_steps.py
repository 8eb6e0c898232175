"""What the card says now decides: every case of recovery, by its name, for both kinds of layout."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.simulators.mifare import Card
from hardware.watercard.record import (
    Identity,
    MeterNote,
    Purchase,
    RawCard,
    decode_card,
    encode_identity,
    encode_meter_note,
    encode_purchase,
)
from hardware.watercard.session import CardSession
from hardware.watercard.steps import Known, Step, Write, next_step, sale_writes, void_writes
from tests.hardware.water_bench import LAYOUTS, METER, SECRET, START, Bench, bench

both = pytest.mark.parametrize("layout", sorted(LAYOUTS))
Writes = Callable[..., tuple[Write, ...]]
OTHER = bytes.fromhex("0badcafe")


def issued(layout: str, **how: int) -> Bench:
    b = bench(layout, **how)
    b.issue()
    return b


def again(b: Bench, known: Known, writes: Writes = sale_writes) -> None:
    """Read, write the same bytes, until it is proven: a doubtful bit may fall differently between two readings."""
    for _ in range(30):
        seen = b.session.read()
        if b.session.write(seen, writes(b.layout, SECRET, known, seen)).outcome == "verified":
            return
    raise AssertionError


@both
def test_a_sale_is_ten_commands_from_enter_to_verified(layout: str) -> None:
    b = issued(layout)
    known, seen = b.intend()
    before = b.driver.commands
    assert b.sell(known, seen).outcome == "verified"
    assert b.driver.commands - before == {"ping-pong": 10, "mirror": 13}[b.layout.policy]


def test_a_sale_takes_less_than_89_ms_of_line_and_chip_at_115200_baud() -> None:
    b = bench(baud=115200)
    b.issue()
    b.reader.answer_delay = 0.005
    known, seen = b.intend()
    began = b.wire.now()
    assert b.sell(known, seen).outcome == "verified"
    assert b.wire.now() - began <= 0.089  # on the wire's own clock: bytes and pauses, nothing of this machine


def test_a_sale_writes_exactly_one_block_and_never_the_current_one_nor_a_trailer() -> None:
    b = issued("waterdesk-1")
    old = START
    for n in range(1, 5):
        known, seen = b.intend(100 * n, old)
        before, writes = b.card.dump(), b.card.writes
        assert b.sell(known, seen).outcome == "verified"
        changed = {i // 16 for i in range(1024) if before[i] != b.card.dump()[i]}
        assert changed == {known.block} != {seen.current_block}
        assert b.card.writes == writes + 1
        assert known.new is not None
        old = known.new


@both
@pytest.mark.parametrize("rest", ["old", "erased", "random", "weak"])
def test_a_cut_write_is_never_lost_whatever_byte_it_was_cut_at(layout: str, rest: str) -> None:
    for after, k in itertools.product(range({"ping-pong": 1, "mirror": 2}[LAYOUTS[layout].policy]), range(17)):
        b = issued(layout, seed=k)
        meter = b.meter()
        known, seen = b.intend()
        b.reader.fault("tear", k=k, rest=rest, after=after)
        sold = b.sell(known, seen)
        assert sold.outcome != "verified"  # whatever it reads like: the reader reported trouble
        step = b.step(known)
        assert step.action in {"write", "confirm"}, step
        again(b, known)
        assert known.new is not None
        assert b.step(b.known(old=known.new)) == Step("use", "in_order")
        assert meter.insert(b.card) == "credited"
        assert meter.state.remaining == 1500


def test_rewriting_the_current_block_in_place_would_lose_records() -> None:
    """Why there are two slots: the same cuts, written over the current record."""
    lost = 0
    for k in range(17):
        b = issued("waterdesk-1")
        known, seen = b.intend()
        b.reader.fault("tear", k=k, rest="erased")
        b.sell(replace(known, block=seen.current_block), seen)
        lost += b.step(known).action == "reissue"
    assert lost >= 10


@both
def test_new_there_is_confirmed_with_the_same_bytes(layout: str) -> None:
    b = issued(layout)
    known, seen = b.intend()
    b.reader.fault("lost_answer")
    b.reader.fault("card_gone", at="select", after=1)
    assert b.sell(known, seen).outcome == "unknown"
    b.reader.lay(b.card)
    if b.layout.policy == "ping-pong":
        before = b.card.dump()
        assert b.step(known) == Step("confirm", "new_there")
        assert b.sell(known, b.session.read()).outcome == "verified"
        assert b.card.dump() == before
    else:
        assert b.step(known) == Step("confirm", "new_there")
        assert b.sell(known, b.session.read()).outcome == "verified"


@both
def test_old_there_is_written_or_voided_and_a_voided_sale_never_appears(layout: str) -> None:
    for k, rest in itertools.product(range(0, 17, 4), ["old", "erased", "weak"]):
        b = issued(layout, seed=k)
        known, seen = b.intend()
        b.reader.fault("tear", k=k, rest=rest)
        b.sell(known, seen)
        seen = b.session.read()
        if next_step(known, seen).action != "write":
            continue
        again(b, known, void_writes)
        for _ in range(8):
            assert b.step(b.known()) == Step("use", "in_order")
        assert b.meter().insert(b.card) == "nothing new"


@pytest.mark.parametrize("name", ["silent", "cached", "fail"])
@both
def test_a_write_that_was_not_kept_is_not_verified(layout: str, name: str) -> None:
    b = issued(layout)
    known, seen = b.intend()
    b.reader.fault(name, times=2)
    sold = b.sell(known, seen)
    assert sold.outcome == "differs"
    assert sold.record != known.new
    assert b.step(known).action == "write"


def test_bits_that_did_not_settle_are_not_verified() -> None:
    for seed in range(8):
        b = bench(seed=seed)
        b.issue()
        known, seen = b.intend()
        b.reader.fault("tear", k=0, rest="weak")
        sold = b.sell(known, seen)
        assert sold.outcome != "verified"


def test_a_card_that_changed_since_it_was_read_is_not_written() -> None:
    for block, record in ((8, None), (9, Purchase(1, 9000, 9000)), (8, Purchase(0, 5, 5))):
        b = issued("waterdesk-1")
        known, seen = b.intend()
        uid = b.card.uid
        b.card.store(block, encode_purchase(b.layout, SECRET, uid, block, record) if record else bytes([7]) * 16)
        writes = b.card.writes
        assert b.sell(known, seen).outcome == "untouched"
        assert b.card.writes == writes


def test_a_card_swapped_between_reading_and_writing_is_not_written() -> None:
    b = issued("waterdesk-1")
    known, seen = b.intend()
    other = issued("waterdesk-1", uid=OTHER)  # type: ignore[arg-type]
    writes = other.card.writes
    b.reader.fault("card_swapped", at="select", card=other.card)
    assert b.sell(known, seen).outcome == "untouched"
    assert other.card.writes == writes


@both
def test_a_restored_image_is_rolled_back(layout: str) -> None:
    b = issued(layout)
    image = b.card.dump()
    known, seen = b.intend()
    b.sell(known, seen)
    b.card.restore(image)
    assert known.new is not None
    assert b.step(b.known(old=known.new)) == Step("block", "rolled_back")
    assert b.step(b.known(old=known.new, new=Purchase(2, 100, 1600), block=8)) == Step("block", "rolled_back")


@both
def test_an_image_from_before_the_meter_took_the_sale_is_rolled_back(layout: str) -> None:
    b = issued(layout)
    known, seen = b.intend()
    b.sell(known, seen)
    image = b.card.dump()
    meter = b.meter()
    meter.insert(b.card)
    assert known.new is not None
    now = replace(b.known(old=known.new), mseq=meter.state.mseq)
    assert b.step(now) == Step("use", "in_order")
    b.card.restore(image)
    assert b.step(now) == Step("block", "rolled_back")
    assert meter.insert(b.card) == "nothing new"  # and the meter's own counter stops it


def test_a_sale_older_than_what_the_meter_has_taken_is_rolled_back() -> None:
    b = issued("waterdesk-1")
    b.card.store(12, encode_meter_note(b.layout, SECRET, b.card.uid, 12, MeterNote(3, 1, 700)))
    assert b.step(b.known()) == Step("block", "rolled_back")


def test_a_pending_sale_that_the_meter_read_once_from_doubtful_bits_is_confirmed_not_paid_back() -> None:
    b = issued("waterdesk-1")
    known, _ = b.intend()
    b.card.store(9, b"\x5a" * 16)
    b.card.store(12, encode_meter_note(b.layout, SECRET, b.card.uid, 12, MeterNote(1, 1, 1500)))
    assert b.step(known) == Step("confirm", "taken")
    again(b, known)
    assert b.step(b.known(old=known.new or START)) == Step("use", "in_order")


def test_a_copy_on_another_card_is_named_a_copy_when_its_owner_is_known() -> None:
    b = issued("waterdesk-1")
    clone = Card.blank(OTHER)
    clone.memory[16:] = b.card.memory[16:]  # data, keys and all
    b.reader.lay(clone)
    seen = b.session.read(suspects=[b.card.uid])
    assert next_step(b.known(), seen) == Step("block", "copied")
    assert next_step(b.known(), b.session.read()) == Step("block", "foreign")
    assert b.meter().insert(clone) == "unreadable"


def test_a_copy_is_found_by_its_uid_where_the_makers_keys_do_not_bind_it() -> None:
    b = issued("bluewell-m2")
    clone = Card.blank(OTHER)
    clone.memory[16:] = b.card.memory[16:]
    b.reader.lay(clone)
    assert b.step(b.known()) == Step("block", "copied")
    assert b.step(replace(b.known(), issue=2)) == Step("block", "superseded")
    assert b.step(replace(b.known(), account=4)) == Step("block", "other_card")


def test_cards_of_other_estates_and_makers_are_foreign() -> None:
    b = issued("waterdesk-1")
    elsewhere = CardSession(b.driver, b.layout, bytes(32))
    assert next_step(b.known(), elsewhere.read()) == Step("block", "foreign")
    coded = issued("bluewell-m2")
    assert coded.step(replace(coded.known(), estate=77)) == Step("block", "other_estate")


def test_blank_half_issued_none_and_two_cards_are_told_apart() -> None:
    b = bench()
    assert b.step(b.known()) == Step("issue", "blank")
    b.reader.fault("card_gone", after=5)
    with pytest.raises(Exception, match=r"may or may not|not on the reader"):
        b.issue()
    b.reader.lay(b.card)
    assert b.step(b.known()) == Step("issue", "unfinished")
    b.issue()
    assert b.step(b.known()) == Step("use", "in_order")
    b.reader.lay(b.card, Card.blank(OTHER))
    assert b.step(b.known()) == Step("wait", "two_cards")
    b.reader.take_off()
    assert b.step(b.known()) == Step("wait", "no_card")


@both
def test_a_card_without_a_valid_slot_or_identity_is_damaged_and_re_issued(layout: str) -> None:
    for area in ("purchase", "card"):
        b = issued(layout)
        for block in getattr(b.layout, area).blocks:
            b.card.store(block, bytes(15) + b"\x01")
        assert b.step(b.known()) == Step("reissue", "damaged")
        b.issue(issue=2, first=Purchase(4, 100, 900))
        seen = b.session.read()
        assert seen.current == Purchase(4, 100, 900)
        assert seen.identity is not None
        assert seen.identity.issue == 2
    b.reader.lay(stranger := issued(layout, uid=OTHER).card)  # type: ignore[arg-type]
    for block in b.layout.card.blocks:
        stranger.store(block, bytes(15) + b"\x01")
    assert b.step(b.known()) == Step("block", "foreign")


def test_one_damaged_copy_of_the_identity_is_survived() -> None:
    b = issued("waterdesk-1")
    b.card.store(4, bytes(16))
    assert b.step(b.known()) == Step("use", "in_order")


@both
def test_another_record_at_the_same_or_a_higher_number_is_foreign(layout: str) -> None:
    b = issued(layout)
    for record in (Purchase(1, 900, 900), Purchase(2, 1500, 1500)):
        for block in b.layout.purchase.slots:
            b.card.store(block, encode_purchase(b.layout, SECRET, b.card.uid, block, record))
        known = b.known(new=Purchase(1, 1500, 1500), block=b.layout.purchase.slots[1])
        assert b.step(known) == Step("block", "other_record")
        assert b.step(b.known()) == Step("block", "other_record")


def test_the_pending_record_in_the_wrong_slot_is_not_ours() -> None:
    b = issued("waterdesk-1")
    b.card.store(9, encode_purchase(b.layout, SECRET, b.card.uid, 9, Purchase(1, 1500, 1500)))
    assert b.step(b.known(new=Purchase(1, 1500, 1500), block=8)) == Step("block", "other_record")
    b = issued("waterdesk-1")
    assert b.step(b.known(new=Purchase(1, 1500, 1500), block=8)) == Step("block", "other_record")


def test_an_identity_that_differs_from_the_books_is_refused() -> None:
    b = issued("waterdesk-1")
    assert b.step(replace(b.known(), meter="00000001")) == Step("block", "other_record")
    assert b.step(replace(b.known(), issue=2)) == Step("block", "rolled_back")


def test_a_stranger_is_not_issued() -> None:
    b = issued("waterdesk-1")
    elsewhere = CardSession(b.driver, b.layout, bytes(32))
    with pytest.raises(Exception, match="neither blank nor ours"):
        elsewhere.issue(b.card.uid, Identity(1, METER, 1), START)


def test_an_issue_cut_anywhere_can_be_repeated_until_it_stands() -> None:
    total = bench()
    total.issue()
    for after in range(total.reader.log.count("write")):
        for name in ("card_gone", "silent", "lost_answer"):
            b = bench()
            b.reader.fault(name, after=after)
            try:
                b.issue()
            except Exception:
                b.reader.lay(b.card)
                b.issue()
            assert b.step(b.known()) == Step("use", "in_order")


PLAIN = st.integers(0, 255)


@both
@given(seq=st.integers(0, 9999), amount=st.integers(0, 9999), cumulative=st.integers(0, 10**6), issue=PLAIN)
def test_records_come_back_as_they_were_written(
    layout: str, seq: int, amount: int, cumulative: int, issue: int
) -> None:
    form = LAYOUTS[layout]
    step = form.volume_step
    sale = Purchase(seq, amount * step, cumulative * step)
    note = MeterNote(seq, issue, -amount * step, amount * step, issue)
    identity = Identity(seq, METER, issue, alarm=amount * step)
    uid = OTHER
    blocks = encode_identity(form, SECRET, uid, identity)
    blocks |= {b: encode_purchase(form, SECRET, uid, b, sale) for b in form.purchase.slots}
    blocks |= {b: encode_meter_note(form, SECRET, uid, b, note) for b in form.meter.slots}
    seen = decode_card(form, SECRET, RawCard(uid, {a.sector: "ours" for a in form.areas}, blocks))
    assert (seen.identity, seen.current, seen.meter) == (identity, sale, note)
    if form.scheme == "per-card":
        moved = decode_card(form, SECRET, RawCard(UID2, {a.sector: "ours" for a in form.areas}, blocks))
        assert (moved.identity, moved.current, moved.meter) == (None, None, None)


UID2 = bytes.fromhex("deadbeef")


@pytest.mark.parametrize(
    "bad", [Purchase(70_000, 0, 0), Purchase(1, -1, 0), Purchase(1, 2**24, 0), Purchase(1, 0, 2**32)]
)
def test_what_does_not_fit_is_refused_not_cut(bad: Purchase) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        encode_purchase(LAYOUTS["waterdesk-1"], SECRET, OTHER, 8, bad)
    with pytest.raises(ValueError, match=r"does not fit|steps"):
        encode_purchase(LAYOUTS["bluewell-m2"], SECRET, OTHER, 20, bad)


def test_a_volume_between_the_cards_steps_is_refused() -> None:
    with pytest.raises(ValueError, match=r"steps of 0\.1 m3"):
        encode_purchase(LAYOUTS["bluewell-m2"], SECRET, OTHER, 20, Purchase(1, 15, 15))


def test_voiding_a_ping_pong_sale_destroys_its_slot() -> None:
    b = issued("waterdesk-1")
    known, seen = b.intend()
    assert void_writes(b.layout, SECRET, known, seen) == (Write(9, bytes(16)),)
