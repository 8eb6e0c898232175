"""P6: only this estate's, this owner's, latest-state card is written; each refusal names its rule and the next step."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.base.refusal import Refused
from app.procedures.counter import water_cards as water
from app.procedures.counter.water_cards import TopUp
from hardware.drivers.pn532 import PN532
from hardware.simulators import mifare
from hardware.simulators.pn532_chip import SimulatedReader
from hardware.simulators.pn532_wire import MemoryWire
from hardware.watercard.record import Identity, Purchase, encode_purchase
from hardware.watercard.session import CardSession
from tests.procedures.counter.water_desk import METER, WaterDesk

# What lies there instead of the household's own card, and the words that say what to do next.
INTRUDERS = {
    "nothing": "Lay the card on it",
    "two cards": "Take one off",
    "a blank card": "Take it into the stock first|Issue it to a household",
    "a copy on another UID": "another maker's|copy",
    "an older image": "call the supervisor",
    "a divergent record": "call the supervisor",
    "another estate's": "give it back",
    "a neighbour's": "Open that household",
    "a damaged card": "Replace it from the books",
    "a lost card": "call the supervisor",
    "a replaced card": "ask for the new card",
}


@pytest.fixture
def counter(cast: SimpleNamespace, home: SimpleNamespace) -> WaterDesk:
    return WaterDesk(home, cast.chen, cast.mia)


def lay(counter: WaterDesk, own: mifare.Card, first: bytes, what: str) -> list[mifare.Card]:
    """Put the intruder on the reader; the cards that must not change by a byte."""
    other = mifare.Card.blank(b"\x0b\xad\xca\xfe")
    cards = {"nothing": [], "two cards": [own, other], "a blank card": [other]}.get(what, [own])
    if what == "a copy on another UID":
        other.memory[16:] = own.memory[16:]
        cards = [other]
    elif what == "an older image":
        own.restore(first)
    elif what == "a divergent record":
        block = counter.laid().state.current_block
        record = Purchase(1, 9999, 9999)
        own.store(block, encode_purchase(water.layout(), water.secret(), own.uid, block, record))
    elif what == "another estate's":
        reader = SimulatedReader([other])
        wire = MemoryWire(reader)
        session = CardSession(PN532(wire, now=wire.now), water.layout(), b"another estate's secret, 32 bytes")
        session.issue(other.uid, Identity(1, METER, 1), Purchase(0, 0, 0))
        cards = [other]
    elif what == "a neighbour's":
        cards = [counter.issue("00000007", unit=counter.home.other)]
    elif what == "a damaged card":
        for block in (8, 9):
            own.store(block, b"\x11" * 16)
    elif what in {"a lost card", "a replaced card"}:
        water.lost(counter.card_row(own), reason="丢失", signed="李伟", by=counter.clerk)
        if what == "a replaced card":
            counter.blank()
            replaced = water.replace(
                counter.account,
                counter.laid(),
                meter_seq=1,
                meter_left=0,
                reason="丢失",
                signed="李伟",
                by=counter.clerk,
            )
            counter.do("issue", replaced.id)
            type(replaced).update(ended_as="damaged").where(type(replaced).uid == own.uid.hex()).execute()
    counter.lay(*cards)
    return [*cards, own]


@pytest.mark.parametrize("what", sorted(INTRUDERS))
def test_no_other_card_is_sold_to_or_written(counter: WaterDesk, what: str) -> None:
    own = counter.issue()
    first = own.dump()
    counter.sell()
    counter.meter().insert(own)
    counter.lay(own)
    cards = lay(counter, own, first, what)
    before = [card.dump() for card in cards]
    with pytest.raises(Refused, match=INTRUDERS[what]) as refused:
        counter.intend()
    assert refused.value.rule == "WATER-7"
    assert [card.dump() for card in cards] == before
    assert TopUp.select().where(TopUp.state == "pending").count() == 0


@pytest.mark.parametrize("what", sorted(set(INTRUDERS) - {"a replaced card", "a lost card"}))
@pytest.mark.parametrize("kind", ["write", "void"])
def test_nor_is_it_written_for_a_sale_that_is_pending(counter: WaterDesk, what: str, kind: str) -> None:
    own = counter.issue()
    first = own.dump()
    counter.sell()
    counter.meter().insert(own)
    counter.lay(own)
    row = counter.intend()
    cards = lay(counter, own, first, what)
    before = [card.dump() for card in cards]
    counter.do(kind, row.id, **({"reason": "x", "signed": "y"} if kind == "void" else {}))
    assert [card.dump() for card in cards] == before
    row = TopUp.get_by_id(row.id)
    assert (row.state, row.reading) == ("pending", None)
    assert row.said


@pytest.mark.parametrize("after", range(4))
def test_a_swap_between_read_and_write_writes_nothing_wrong(counter: WaterDesk, after: int) -> None:
    neighbour = counter.issue("00000007", unit=counter.home.other)
    before = neighbour.dump()
    own = counter.issue()
    row = counter.intend()
    counter.reader.fault("card_swapped", at="select", after=after, card=neighbour)
    counter.do("write", row.id)
    assert neighbour.dump() == before
    assert TopUp.get_by_id(row.id).state == "pending"
    counter.lay(own)
    counter.do("write", row.id)
    assert TopUp.get_by_id(row.id).state == "done"


def test_an_exact_copy_in_the_latest_state_cannot_be_told_and_the_meter_stops_it(counter: WaterDesk) -> None:
    own = counter.issue()
    counter.sell()
    twin = mifare.Card(own.dump())  # the UID copied too: no desk in the world can tell
    counter.lay(twin)
    assert counter.laid().step.action == "use"
    meter = counter.meter()
    assert meter.insert(own) == "credited"
    assert meter.insert(twin) == "nothing new"
