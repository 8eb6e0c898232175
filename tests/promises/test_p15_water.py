"""P15: cards are re-learned. After a restore the water that people hold goes on, and nothing else is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.base import clock
from app.base.refusal import Refused
from app.desk.accounts import ledger
from app.desk.record import journal, modes, options, restores
from app.desk.who import people
from app.procedures.counter import water_cards as water
from app.procedures.counter.water_cards import TopUp, changes, relearning
from app.procedures.counter.water_cards.tables import Handling
from app.procedures.running import proof
from hardware.drivers.pn532 import PN532
from hardware.simulators import mifare
from hardware.simulators.meter import Meter
from hardware.simulators.pn532_chip import SimulatedReader
from hardware.simulators.pn532_wire import MemoryWire
from hardware.watercard.record import Identity, Purchase, encode_identity
from hardware.watercard.session import CardSession
from tests.procedures.counter.water_desk import METER, WaterDesk
from tests.procedures.counter.water_restore import LAST_ON_PAPER, Disaster, forge


class World:
    """One household, its card and meter, a neighbour's card, and a stick for backups."""

    def __init__(self, counter: WaterDesk, disaster: Disaster) -> None:
        self.counter, self.disaster = counter, disaster
        self.neighbour = counter.issue("00000007", unit=counter.home.other)
        self.card = counter.issue()
        self.meter: Meter = counter.meter()
        self.first = self.card.dump()

    def sell(self, volume: int) -> TopUp:
        self.counter.lay(self.card)
        row = self.counter.sell(volume)
        assert row.state == "done"
        return row

    def taken(self) -> None:
        self.counter.lay()
        assert self.meter.insert(self.card) == "credited"

    def learn(self, card: mifare.Card | None = None) -> Handling:
        self.counter.lay(card or self.card)
        reason = f"纸质收据 {LAST_ON_PAPER}"
        return water.relearn(self.counter.account, self.counter.laid(), reason=reason, by=self.counter.boss)

    def is_refused(self, card: mifare.Card | None = None) -> None:
        """No card of the estate changes in the books by it."""
        before = cards_in_books()
        with pytest.raises(Refused) as no:
            self.learn(card)
        assert no.value.rule == "WATER-7" or "last paper receipt" in no.value.msgid
        assert cards_in_books() == before
        assert Handling.select().where(Handling.kind == "learned").count() <= 1


def cards_in_books() -> list[tuple[Any, ...]]:
    return list(water.Card.select(water.Card.uid, water.Card.seq, water.Card.cumulative).tuples())


@pytest.fixture
def world(cast: SimpleNamespace, home: SimpleNamespace, books: Path, tmp_path: Path) -> Iterator[World]:
    disaster = Disaster(books, tmp_path / "stick", cast.mia)
    yield World(WaterDesk(home, cast.chen, cast.mia), disaster)
    disaster.over()


def lose(world: World, volume: int = 1500) -> None:
    """A sale in the meter, a backup, another sale, and the books are the backup's again."""
    world.sell(1000)
    world.taken()
    world.disaster.back_up()
    world.sell(volume)
    world.disaster.bring_back()


@pytest.mark.parametrize("layout", ["waterdesk-1", "bluewell-m2"])
@pytest.mark.parametrize("volumes", [[1500], [300, 700], [100, 200, 300], [400, 100, 900, 200]], ids=len)
def test_what_was_paid_before_and_after_the_backup_arrives_in_the_meter(
    cast: SimpleNamespace, home: SimpleNamespace, books: Path, tmp_path: Path, volumes: list[int], layout: str
) -> None:
    """Sale, backup, more sales, restore, the number named, the card laid on, learned, sold to again, taken."""
    options.change("water.layout", layout, since=clock.today(), by=cast.mia)
    world = World(WaterDesk(home, cast.chen, cast.mia), Disaster(books, tmp_path / "stick", cast.mia))
    world.sell(1000)
    world.taken()
    world.disaster.back_up()
    for volume in volumes:
        world.sell(volume)
        if volume != volumes[-1]:
            world.taken()
    world.disaster.bring_back(opened=False)
    world.is_refused()  # first the numbers, then the cards
    world.disaster.open()
    world.counter.lay(world.card)
    assert world.counter.laid().reason == "other_record"
    assert world.learn().facts["volume"] == sum(volumes)
    world.taken()
    row = world.sell(500)
    assert (row.seq, row.cumulative) == (2 + len(volumes), 1500 + sum(volumes))
    assert row.receipt.number > LAST_ON_PAPER
    world.taken()
    assert world.meter.state.taken == 1500 + sum(volumes)
    assert list(proof.problems()) == []
    assert list(journal.verify()) == []
    world.disaster.over()


def test_a_card_that_lost_nothing_and_one_of_another_household_go_on_as_before(world: World) -> None:
    lose(world)
    world.counter.lay(world.neighbour)
    assert world.counter.laid().step.action == "use"
    world.learn()
    assert world.counter.lay(world.neighbour).step.action == "use"


# What is not a lost sale, whoever brings it.


def older(world: World) -> None:
    """An image of the card from before the sales that the books know."""
    lose(world)
    world.card.restore(world.first)
    world.is_refused()


def divergent(world: World) -> None:
    """The same number as the books', another sale."""
    world.sell(1000)
    world.disaster.back_up()
    world.disaster.bring_back()
    state = world.counter.lay(world.card).state
    forge(world.counter, world.card, Purchase(1, 1000, 1000, tag=99))
    world.card.store(state.current_block, bytes(16))
    world.is_refused()


def another_first_sale(world: World) -> None:
    """Ahead of the books, but the sale that they know is another one on the card."""
    world.sell(1000)
    world.disaster.back_up()
    world.disaster.bring_back()
    forge(world.counter, world.card, Purchase(2, 1500, 2500))
    forge(world.counter, world.card, Purchase(1, 1000, 1000, tag=99))
    world.is_refused()


def totals(world: World) -> None:
    """More sold in all than the books and the last sale explain."""
    world.sell(1000)
    world.disaster.back_up()
    world.disaster.bring_back()
    forge(world.counter, world.card, Purchase(2, 1500, 9900))
    world.is_refused()


def neighbours(world: World) -> None:
    """Another account's card, with a lost sale of its own."""
    world.disaster.back_up()
    world.disaster.bring_back()
    forge(world.counter, world.neighbour, Purchase(1, 1500, 1500))
    world.is_refused(world.neighbour)


def another_uid(world: World) -> None:
    """The account's own data under our keys, on a card with another UID."""
    lose(world)
    twin = mifare.Card.blank(b"\x0b\xad\xca\xfe")
    wire = MemoryWire(SimulatedReader([twin]))
    session = CardSession(PN532(wire, now=wire.now), water.layout(), water.secret())
    session.issue(twin.uid, Identity(world.counter.account.id, METER, 1), Purchase(2, 1500, 2500, 2))
    assert world.counter.lay(twin).state.presence == "ours"
    world.is_refused(twin)


def another_issue(world: World) -> None:
    """The card says that it was issued once more than the books know."""
    lose(world)
    identity = Identity(world.counter.account.id, METER, issue=2)
    for block, data in encode_identity(water.layout(), water.secret(), world.card.uid, identity).items():
        world.card.store(block, data)
    world.is_refused()


def no_restore(world: World) -> None:
    """These books were never behind."""
    world.sell(1000)
    forge(world.counter, world.card, Purchase(2, 1500, 2500))
    world.is_refused()


def still_fenced(world: World) -> None:
    """The last number on paper is not named yet."""
    world.sell(1000)
    world.disaster.back_up()
    world.taken()
    world.sell(1500)
    world.disaster.bring_back(opened=False)
    world.is_refused()


def learned_twice(world: World) -> None:
    """A second lesson, after the books and the card agreed."""
    lose(world)
    world.learn()
    forge(world.counter, world.card, Purchase(3, 1500, 4000))
    world.is_refused()


def sold_since(world: World) -> None:
    """Sold to after the restore: what is ahead then was not lost by it."""
    world.sell(1000)
    world.taken()
    world.disaster.back_up()
    world.disaster.bring_back()
    world.sell(1500)
    forge(world.counter, world.card, Purchase(3, 1500, 4000))
    world.is_refused()


def by_a_clerk(world: World) -> None:
    lose(world)
    world.counter.boss = world.counter.clerk
    try:
        world.is_refused()
    finally:
        world.counter.boss = world.disaster.boss


def lost_card(world: World) -> None:
    """Reported lost before the backup: it counts no more, whatever is on it."""
    world.sell(1000)
    water.lost(world.counter.card_row(world.card), reason="丢失", signed="李伟", by=world.counter.clerk)
    world.disaster.back_up()
    world.disaster.bring_back()
    forge(world.counter, world.card, Purchase(2, 1500, 2500))
    world.is_refused()


NOT_LOST: dict[str, Callable[[World], None]] = {
    each.__name__: each
    for each in (
        older, divergent, another_first_sale, totals, neighbours, another_uid, another_issue, no_restore, still_fenced,
        learned_twice, sold_since, by_a_clerk, lost_card,
    )
}  # fmt: skip


@pytest.mark.rule("WATER-7")
@pytest.mark.parametrize("what", sorted(NOT_LOST))
def test_nothing_else_is_learned(world: World, what: str) -> None:
    NOT_LOST[what](world)


def money_and_meter(world: World) -> None:
    """No money comes into the books by it, and an exchanged meter carries what it had not taken."""
    lose(world)
    world.learn()
    assert ledger.balance("income.water") == -sum(row.fen for row in TopUp.select())
    assert water.without_money()
    how = {"left": 300, "meter_seq": 1, "reason": "坏表", "signed": "李伟", "by": world.counter.boss}
    assert water.exchange_meter(world.counter.account, "00900001", **how).facts["carry"] == 1800


def goes_on(world: World) -> None:
    """The next sale goes on from the card, and the meter takes all of it."""
    lose(world)
    world.learn()
    world.taken()
    world.sell(500)
    world.taken()
    assert world.meter.state.taken == 3000


# Bugs planted one at a time: the situation named beside each must show it.

Plant = Callable[[pytest.MonkeyPatch], None]
real_lesson, real_relearn, real_newest = relearning.lesson, water.relearn, restores.newest


def as_if(**how: Any) -> Plant:
    return lambda patch: [patch.setattr(relearning, name, value) for name, value in how.items()] and None


def any_order(known: Purchase, records: Any) -> list[tuple[int, int]]:
    return [(record.seq, record.amount) for record in records][-1:]


def believed(laid: Any) -> Any:
    """Whatever the next step says about the card, it is taken for one that is ahead."""
    return real_lesson(replace(laid, reason="other_record"))


def its_uid_is_not_looked_at(laid: Any) -> Any:
    card = laid.card or water.card_in_use(laid.state.identity.account)
    state = replace(laid.state, uid=bytes.fromhex(card.uid))
    return real_lesson(replace(laid, card=card, account=card.its_account, state=state, reason="other_record"))


def always_restored() -> restores.Fence:
    return real_newest() or restores.Fence(at="2026-01-01T00:00:00+08:00", file="", closed=clock.now() + timedelta(1))


def without_asking_whose(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(water, "relearn", lambda _, laid, **how: real_relearn(laid.account, laid, **how))


def fence_is_no_matter(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(modes, "require_money", lambda: None)
    patch.setattr(restores, "newest", always_restored)


def anybody_may(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(people, "ACTS", people.ACTS | {"water.relearn": frozenset(people.ROLES)})


def nothing_is_kept(patch: pytest.MonkeyPatch) -> None:
    """The lesson is listed, but the card's row stays where the books were."""

    def relearn(account: Any, laid: Any, **how: Any) -> Handling:
        row = real_relearn(account, laid, **how)
        water.Card.update(seq=1, amount=1000, cumulative=1000).where(water.Card.id == laid.card.id).execute()
        return row

    patch.setattr(water, "relearn", relearn)


MUTANTS: dict[str, tuple[Plant, Callable[[World], None]]] = {
    "an older record is accepted": (as_if(lesson=believed, _sales=any_order), older),
    "another sale of the same number is accepted": (as_if(_sales=any_order), divergent),
    "the slot beside it is not looked at": (as_if(lesson=lambda laid: real_lesson(newest_alone(laid))), another_first_sale),
    "totals are not looked at": (as_if(_sales=any_order), totals),
    "whose card it is is not asked": (without_asking_whose, neighbours),
    "the UID is not looked at": (as_if(lesson=its_uid_is_not_looked_at), another_uid),
    "the issue number is not looked at": (as_if(_as_issued=lambda *_: True), another_issue),
    "without a restore": (lambda patch: patch.setattr(restores, "newest", always_restored), no_restore),
    "before the last number is named": (fence_is_no_matter, still_fenced),
    "again and again": (as_if(_agreed_since=lambda *_: False), learned_twice),
    "although it was sold to since": (as_if(_agreed_since=lambda *_: False), sold_since),
    "by anybody": (anybody_may, by_a_clerk),
    "a card that counts no more": (as_if(lesson=believed), lost_card),
    "the exchanged meter forgets it": (lambda patch: patch.setattr(changes.relearning, "learned_after", lambda *_: 0), money_and_meter),
    "the money is nobody's": (lambda patch: patch.setattr(relearning.due, "expect", lambda *_, **__: None), money_and_meter),
    "the card's row stays": (nothing_is_kept, goes_on),
}  # fmt: skip


def newest_alone(laid: Any) -> Any:
    current = laid.state.current
    return replace(laid, state=replace(laid.state, slots=tuple(s for s in laid.state.slots if s.record == current)))


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_each_planted_bug_is_caught(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, shows = MUTANTS[name]
    plant(monkeypatch)
    with pytest.raises((AssertionError, Refused, pytest.fail.Exception)):
        shows(world)


@pytest.mark.parametrize("shows", [money_and_meter, goes_on], ids=lambda each: each.__name__)
def test_the_situations_that_show_them_are_in_order(world: World, shows: Callable[[World], None]) -> None:
    shows(world)
