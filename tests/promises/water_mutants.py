"""Bugs that have been made elsewhere, planted here one at a time: the state machine must find each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.desk.record.journal import deed
from app.procedures.counter.water_cards import cards, closing, judging, replacing, topups, worker
from app.procedures.counter.water_cards.tables import TopUp, known_of
from app.procedures.counter.water_cards.worker import ReaderWorker
from hardware.drivers.pn532 import PN532
from hardware.ports import DeviceError
from hardware.watercard import steps
from hardware.watercard.record import Purchase, decode_purchase
from hardware.watercard.session import CardSession, ReadBack
from hardware.watercard.steps import Step

Plant = Callable[[pytest.MonkeyPatch], None]
MUTANTS: dict[str, tuple[Plant, dict[str, Any]]] = {}
WEAK = {"name": "tear", "k": 5, "rest": "weak"}


def mutant(**favours: Any) -> Callable[[Plant], Plant]:
    """`fault`, `elsewhere`: what goes wrong wherever something goes wrong; `twice`: every click is a double click;
    `pulled`: the card is pulled out of the meter at once, always.
    So the bug shows within few examples."""

    def keep(plant: Plant) -> Plant:
        MUTANTS[plant.__name__] = (plant, favours)
        return plant

    return keep


@mutant()
def database_first(patch: pytest.MonkeyPatch) -> None:
    """The sale is closed, then written."""
    real = ReaderWorker._write

    def write(self: ReaderWorker, row: TopUp, laid: Any, *, by: Any) -> None:
        if laid.step.action == "write":
            closing.finish(row, row.record, by=by)
            session = self._session
            assert session is not None
            session.write(
                laid.state,
                worker.sale_writes(session.layout, worker.site.secret(), known_of_new(row, laid), laid.state),
            )
            return
        real(self, row, laid, by=by)

    patch.setattr(ReaderWorker, "_write", write)


def known_of_new(row: TopUp, laid: Any) -> Any:
    return steps.Known(laid.state.uid, 0, "", 0, Purchase(0, 0, 0), new=row.record, block=row.block)


@mutant()
def card_first(patch: pytest.MonkeyPatch) -> None:
    """The card is written before the money is in the books (the machine's desk does it at the intent)."""
    from tests.promises.water_machine import WaterMachine

    def plant(machine: WaterMachine) -> None:
        real = topups._pending

        def pending(*args: Any, **kwargs: Any) -> TopUp:
            session, laid = machine.desk.worker._session, args[1]
            card, bought = args[0], args[3]
            old = card.record
            new = Purchase(old.seq + 1, bought.volume, old.cumulative + bought.volume, 1)
            if session is not None:
                known = steps.Known(
                    laid.state.uid, 0, "", 0, old, new=new, block=topups.slot_for_sale(args[2], laid.state)
                )
                session.write(laid.state, steps.sale_writes(session.layout, worker.site.secret(), known, laid.state))
            return real(*args, **kwargs)

        patch.setattr(topups, "_pending", pending)

    patch.setattr(WaterMachine, "plant", staticmethod(plant))


@mutant(fault={"name": "silent"})
def new_number_on_retry(patch: pytest.MonkeyPatch) -> None:
    """Every attempt writes a record with a number of its own."""
    patch.setattr(
        TopUp,
        "record",
        property(lambda row: Purchase(row.seq + row.attempts, row.volume, row.cumulative + row.attempts, 0)),
    )


@mutant(fault={"name": "cached"})
def read_back_in_the_same_session(patch: pytest.MonkeyPatch) -> None:
    """The field is not switched off and the card not selected again: it answers from its buffer."""

    def read_back(self: CardSession, uid: bytes, writes: Any, trouble: Any) -> ReadBack:
        try:
            readings = [self.reader.read(write.block) for write in writes for _ in range(2)]
        except DeviceError as error:
            return ReadBack("unknown", trouble=error)
        record = decode_purchase(self.layout, self._secret, uid, writes[-1].block, readings[-1])
        wanted = [write.data for write in writes for _ in range(2)]
        return ReadBack("verified" if readings == wanted else "differs", record, trouble)

    patch.setattr(CardSession, "_read_back", read_back)


@mutant(fault={"name": "silent"})
def the_readers_ok_is_believed(patch: pytest.MonkeyPatch) -> None:
    """No read-back at all: no error means written."""

    def read_back(self: CardSession, uid: bytes, writes: Any, trouble: Any) -> ReadBack:
        record = decode_purchase(self.layout, self._secret, uid, writes[-1].block, writes[-1].data)
        return ReadBack("unknown" if trouble else "verified", record, trouble)

    patch.setattr(CardSession, "_read_back", read_back)


@mutant(fault=WEAK)
def right_once_is_right(patch: pytest.MonkeyPatch) -> None:
    """One reading, and what the reader reported is not heeded: bits that have not settled look right by luck."""
    real = CardSession._read_back

    def read_back(self: CardSession, uid: bytes, writes: Any, trouble: Any) -> ReadBack:
        found = real(self, uid, writes, None)
        wanted = decode_purchase(self.layout, self._secret, uid, writes[-1].block, writes[-1].data)
        return ReadBack("verified", found.record) if found.record == wanted is not None else found

    patch.setattr(CardSession, "_read_back", read_back)


@mutant(fault={"name": "lost_answer"})
def an_error_means_not_written(patch: pytest.MonkeyPatch) -> None:
    """A writing that reported an error is paid back at once."""
    real = topups.tried

    def tried(row: TopUp, *, said: str, reading: int | None, by: Any) -> TopUp:
        row = real(row, said=said, reading=reading, by=by)
        if said == worker.SAID["unknown"] and row.state == "pending":
            boss = worker.people.actor(worker.people.Staff.get(worker.people.Staff.name == "米娅"))
            return closing.refunded(row, reason="写卡失败", signed="", by=boss)
        return row

    patch.setattr(topups, "tried", tried)


@mutant(fault={"name": "tear", "k": 5})
def written_in_place(patch: pytest.MonkeyPatch) -> None:
    """The current record is overwritten, as cards with one slot do."""
    patch.setattr(topups, "slot_for_sale", lambda _layout, seen: seen.current_block)
    real = steps._record

    def record(known: Any, seen: Any) -> Step:
        if seen.current == known.old and known.new is not None:
            return Step("write", "old_there")
        return real(known, seen)

    patch.setattr(steps, "_record", record)


@mutant()
def older_states_are_taken(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks whether the card is older than the books: what it says goes."""

    def record(known: Any, seen: Any) -> Step:
        if seen.current is None:
            return Step("reissue", "damaged")
        return Step("use", "in_order") if known.new is None else Step("write", "old_there")

    patch.setattr(steps, "_since_when", lambda _known, _seen: None)
    patch.setattr(steps, "_record", record)


@mutant(fault=WEAK)
def paid_back_without_destroying_the_slot(patch: pytest.MonkeyPatch) -> None:
    """The supervisor pays back what the card does not show now; a weak record shows up later."""

    def void(self: ReaderWorker, row: TopUp, laid: Any, command: Any) -> None:
        if laid.card is not None and laid.card.id == row.card_id and laid.step.action == "write":
            closing.refunded(row, reason=command.reason, signed=command.signed, by=command.by)

    patch.setattr(ReaderWorker, "_void", void)


@mutant(fault={"name": "lost_answer"})
def paid_back_although_it_is_on_the_card(patch: pytest.MonkeyPatch) -> None:
    def void(self: ReaderWorker, row: TopUp, laid: Any, command: Any) -> None:
        closing.refunded(row, reason=command.reason, signed=command.signed, by=command.by)

    real = ReaderWorker._read_again

    def read_again(self: ReaderWorker) -> Any:  # and a card that comes back is not checked by itself
        assert self._session is not None
        laid = judging.judge(self._session.read())
        self._show(laid.state, (laid.state.uid,) if laid.state.uid else self._uids)
        return laid

    assert real
    patch.setattr(ReaderWorker, "_void", void)
    patch.setattr(ReaderWorker, "_read_again", read_again)


@mutant(fault=WEAK)
def confirmed_from_one_look(patch: pytest.MonkeyPatch) -> None:
    """A record that is seen on the card is closed without writing the same bytes again."""
    real = ReaderWorker._write

    def write(self: ReaderWorker, row: TopUp, laid: Any, *, by: Any) -> None:
        if laid.step.action == "confirm" and laid.card is not None and laid.card.id == row.card_id:
            closing.finish(row, row.record, by=by)
            return
        real(self, row, laid, by=by)

    patch.setattr(ReaderWorker, "_write", write)


@mutant(elsewhere={"name": "card_swapped", "at": "select", "after": 2})
def any_card_is_selected(patch: pytest.MonkeyPatch) -> None:
    """Selected without the UID and opened with whatever is there: the neighbour's card gets the sale."""
    real = PN532.select

    def select(self: PN532, uid: bytes) -> None:
        answer = self._call(0x4A, b"\x01\x00")
        if answer and answer[0]:
            self._target, self._uid4 = answer[1], answer[6:10]
            return
        real(self, uid)

    def write(self: CardSession, seen: Any, writes: Any) -> ReadBack:
        uids = self.reader.look()
        uid = uids[0] if uids else seen.uid
        try:
            self.reader.select(uid)
            self._authenticate(uid, self.layout.purchase)
            for each in writes:
                self.reader.write(each.block, each.data)
        except DeviceError as trouble:
            return ReadBack("unknown", trouble=trouble)
        return self._read_back(uid, writes, None)

    patch.setattr(PN532, "select", select)
    patch.setattr(CardSession, "write", write)


@deed("topup.done.again", act="desk.see")
def again(row: TopUp, *, by: Any) -> TopUp:
    return closing._receipt(row, by=by)


@mutant(twice={})
def closed_twice(patch: pytest.MonkeyPatch) -> None:
    """A sale that is closed already is closed again by the second click."""

    def settle(self: ReaderWorker, row: TopUp, laid: Any, command: Any) -> None:
        if row.state == "done":
            again(row, by=command.by)
        elif command.kind == "write":
            self._write(row, laid, by=command.by)
        else:
            self._void(row, laid, command)

    patch.setattr(ReaderWorker, "_settle", settle)


@mutant(fault=WEAK)
def refunded_by_its_message_alone(patch: pytest.MonkeyPatch) -> None:
    """The destroying write is not read back."""
    real = ReaderWorker._void

    def void(self: ReaderWorker, row: TopUp, laid: Any, command: Any) -> None:
        if laid.card is None or laid.card.id != row.card_id or laid.step.action != "write":
            real(self, row, laid, command)
            return
        assert self._session is not None
        known = known_of(laid.card, row)
        self._session.write(
            laid.state, worker.void_writes(self._session.layout, worker.site.secret(), known, laid.state)
        )
        closing.refunded(row, reason=command.reason, signed=command.signed, by=command.by)

    patch.setattr(ReaderWorker, "_void", void)


@mutant()
def replaced_from_zero(patch: pytest.MonkeyPatch) -> None:
    """The new card starts to count anew instead of going on from the books."""
    real = cards.order

    def order(card: Any, account: Any, meter: Any, before: Any, **how: Any) -> Any:
        row = real(card, account, meter, before, **how)
        if before is not None:
            type(row).update(seq=0, amount=0, cumulative=0).where(type(row).id == row.id).execute()
        return type(row).get_by_id(row.id)

    patch.setattr(replacing, "order", order)


@mutant(fault={"name": "tear", "k": 0, "rest": "weak"}, pulled=True)
def paid_back_without_a_look_at_the_meter(patch: pytest.MonkeyPatch) -> None:
    """The card decides alone: bits that read right once, in the meter, and a card pulled out before its note."""
    patch.setattr(closing, "check_not_taken", lambda _row, _meter_seq, **_how: None)
