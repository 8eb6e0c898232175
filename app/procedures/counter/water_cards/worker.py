"""The one who holds the card reader: takes commands in order, looks what lies on it, and asks the card what is true.

Web threads only queue a command and read what was seen; they never wait for the device (promise P18).
States: unknown -> ready -> busy -> lost. A command that could not be run at once is forgotten, never replayed: its
top-up stays pending in the books until the card is laid on again or somebody decides.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.base import db, faults, live
from app.base.refusal import N_, Refused
from app.desk.who import people
from app.desk.who.people import Actor
from app.procedures.counter.water_cards import cards, closing, replacing, site, topups
from app.procedures.counter.water_cards.judging import WORDS, Laid, judge
from app.procedures.counter.water_cards.tables import Card, TopUp, card_in_use, known_of
from hardware.ports import CardGone, CardReader, DeviceError
from hardware.watercard.record import NO_CARD, CardState, Purchase
from hardware.watercard.session import CardSession, ReadBack
from hardware.watercard.steps import sale_writes, void_writes

LOOK = 0.4  # seconds between two looks
AFRESH = 5  # every so many looks a card that stays there is read again: it may have been away in between
REOPEN = 5.0
STALE = 10.0  # a command older than this is forgotten
STRIKES = 3  # time-outs in a row: lost
SAID = {
    "untouched": N_("Nothing was written: the card is not on the reader any more, or has changed."),
    "unknown": N_("The card could not be read after writing. Lay it on again: it is checked by itself."),
    "differs": N_("The check reading does not show the sale. Leave the card on the reader and write again."),
}
ON_CARD = N_("The sale is on the card and cannot be paid back.")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Command:
    """write | void a top-up, or issue a card (`id`). `by` = the clerk, without the form it came from.

    `first`: of a sale made just now, no byte of which can be anywhere yet. `meter_seq` = the last sale that the
    meter shows, where somebody has looked.
    """

    kind: str
    id: int
    by: Actor
    at: float
    reason: str = ""
    signed: str = ""
    first: bool = False
    meter_seq: int | None = None


MAY = {"write": "water.sell", "void": "water.decide", "issue": "water.issue"}  # command -> its act


class ReaderWorker:
    """`connect` opens the reader (DeviceError where it is not there)."""

    def __init__(
        self, connect: Callable[[], CardReader], now: Callable[[], float] = time.monotonic, *, address: str = ""
    ) -> None:
        self.state, self.address = "unknown", address
        self.problem: DeviceError | None = None
        self.seen: CardState = NO_CARD
        self._connect, self._now = connect, now
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._session: CardSession | None = None
        self._uids: tuple[bytes, ...] | None = None
        self._stayed: set[int] = set()  # sales whose card lies here since before they were first written
        self._strikes, self._looks, self._reopen_at = 0, 0, 0.0
        self._stop, self._wake = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="card-reader", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread:
            self._thread.join(timeout=5)

    def wake(self) -> None:
        self._wake.set()

    def stayed(self, id: int) -> bool:
        """Whether a sale's card was never off the reader since the sale was first written. Unknown counts as no."""
        return id in self._stayed

    def submit(
        self,
        kind: str,
        id: int,
        *,
        by: Actor,
        reason: str = "",
        signed: str = "",
        first: bool = False,
        meter_seq: int | None = None,
    ) -> None:
        """Queue a command; returns at once. DeviceError where no reader is there to do it.

        Whether `by` may is asked here and not again: once a card is written, the books must be able to say so.
        """
        by = people.require(by, MAY[kind], rule="WATER-7")
        if self.state not in {"ready", "busy"}:
            raise DeviceError("The card reader is not connected. Check its cable; nothing was written.")
        clerk = replace(by, key=None, digest=None, remembered={}, cleared=True)
        self._commands.put(Command(kind, id, clerk, self._now(), reason, signed, first, meter_seq))
        self.wake()

    def _run(self) -> None:
        db.connect()
        while not self._stop.is_set():
            self._wake.clear()
            self.tick()
            if self._commands.empty():
                self._wake.wait(LOOK)
        self._drop()
        db.close()

    def tick(self) -> None:
        """One step: open, or one command, or one look. Never raises."""
        try:
            if self._session is None:
                self._open()
            elif not self._commands.empty():
                self._obey(self._commands.get())
            else:
                self._look()
            self._strikes = 0
        except CardGone:
            self._show(NO_CARD, ())
        except DeviceError as trouble:
            self._strike(trouble)
        except Refused as no:
            log.warning("card reader: %s", no)
        except Exception:
            log.exception("card reader")

    def _open(self) -> None:
        if self._now() < self._reopen_at:
            return
        try:
            secret = site.secret()
            reader = self._connect()
        except DeviceError as trouble:
            self._lose(trouble)
            return
        self._session = CardSession(reader, site.layout(), secret)
        self._uids = None
        self._become("ready", None)

    def _strike(self, trouble: DeviceError) -> None:
        self._strikes += 1
        self._uids = None
        self._stayed.clear()
        if self._strikes >= STRIKES:
            self._lose(trouble)

    def _lose(self, trouble: DeviceError) -> None:
        if self._session is not None:
            try:
                self._session.reader.close()
            except (DeviceError, OSError):
                log.info("card reader: closing failed")
        self._session, self._strikes = None, 0
        self._reopen_at = self._now() + REOPEN
        while not self._commands.empty():  # nothing is replayed when it comes back
            self._commands.get()
        self._show(NO_CARD, None)
        self._become("lost", trouble)

    def _drop(self) -> None:
        if self._session is not None:
            self._session.reader.close()
            self._session = None

    def _become(self, state: str, problem: DeviceError | None) -> None:
        if (self.state, str(self.problem)) != (state, str(problem)):
            self.state, self.problem = state, problem
            live.bump("water", "devices")

    def _show(self, seen: CardState, uids: tuple[bytes, ...] | None) -> None:
        self._uids = uids
        if seen.uid != self.seen.uid:
            self._stayed.clear()
        if seen != self.seen:
            self.seen = seen
            live.bump("water")

    # looking

    def _look(self) -> None:
        assert self._session is not None
        uids = self._session.look()
        self._looks += 1
        if uids != self._uids or (uids and self._looks % AFRESH == 0):
            self._read_again()
            self._uids = uids
        self._become("ready", None)

    def _read_again(self) -> Laid:
        """Read what lies there, remember the meter's newest note, close a sale that turns out to be on the card."""
        assert self._session is not None
        laid = judge(self._session.read(_suspects()))
        card, note = laid.card, laid.state.meter
        if card and note and note.mseq > card.mseq and laid.step.action in {"use", "write", "confirm"}:
            cards.seen_meter(card, note.mseq, by=people.DESK)
        if laid.step.action == "confirm" and laid.pending is not None:
            self._write(laid.pending, laid, by=replace(people.actor(laid.pending.staff), cleared=True))
            laid = judge(self._session.read())
        self._show(laid.state, (laid.state.uid,) if laid.state.uid else self._uids)
        return laid

    # commands

    def _obey(self, command: Command) -> None:
        assert self._session is not None
        if self._now() - command.at > STALE:
            return
        self._become("busy", None)
        try:
            laid = judge(self._session.read(_suspects()))
            if command.kind == "issue":
                self._issue(Card.get_by_id(command.id), laid, command.by)
            else:
                self._settle(TopUp.get_by_id(command.id), laid, command)
            self._read_again()
            self._become("ready", None)
        finally:
            live.bump("water")

    def _settle(self, row: TopUp, laid: Laid, command: Command) -> None:
        if row.state != "pending":
            return
        if command.kind == "write":
            if command.first and row.attempts == 0 and laid.card is not None and laid.card.id == row.card_id:
                self._stayed.add(row.id)
            self._write(row, laid, by=command.by)
        else:
            self._void(row, laid, command)

    def _write(self, row: TopUp, laid: Laid, *, by: Actor) -> None:
        """Write the sale (or the same bytes again) and prove it."""
        assert self._session is not None
        if laid.card is None or laid.card.id != row.card_id or laid.step.action not in {"write", "confirm"}:
            topups.tried(row, said=WORDS.get(_not_now(row, laid), ""), reading=None, by=by)
            return
        known = known_of(laid.card, row)
        back = self._session.write(laid.state, sale_writes(self._session.layout, site.secret(), known, laid.state))
        faults.at("topup.written")
        if back.outcome == "verified" and back.record is not None:
            closing.finish(row, back.record, by=by)
        else:
            topups.tried(row, said=SAID[back.outcome], reading=_reading(back, known.old), by=by)

    def _void(self, row: TopUp, laid: Laid, command: Command) -> None:
        """Make sure that the sale can never appear on the card, prove it, and pay the money back."""
        assert self._session is not None
        if laid.card is None or laid.card.id != row.card_id or laid.step.action != "write":
            said = ON_CARD if laid.step.action == "confirm" else WORDS.get(_not_now(row, laid), "")
            topups.tried(row, said=said, reading=None, by=command.by)
            return
        try:
            closing.check_not_taken(row, command.meter_seq, stayed=self.stayed(row.id))
        except Refused as no:  # the card was taken off after the page had asked
            topups.tried(row, said=no.msgid, reading=None, by=command.by)
            return
        known = known_of(laid.card, row)
        back = self._session.write(laid.state, void_writes(self._session.layout, site.secret(), known, laid.state))
        faults.at("topup.voided")
        if back.outcome == "verified" and self._holds_only(laid, known.old):
            closing.refunded(
                row, reason=command.reason, signed=command.signed, meter_seq=command.meter_seq, by=command.by
            )
        else:
            topups.tried(
                row, said=SAID["unknown" if back.outcome == "verified" else back.outcome], reading=0, by=command.by
            )

    def _holds_only(self, laid: Laid, old: Purchase) -> bool:
        assert self._session is not None
        return self._session.read_card(laid.state.uid).current == old

    def _issue(self, card: Card, laid: Laid, by: Actor) -> None:
        assert self._session is not None
        if card.state != "issuing" or laid.uid != card.uid:
            return
        self._session.issue(bytes.fromhex(card.uid), cards.identity_of(card), card.record)
        faults.at("card.written")
        state = self._session.read_card(bytes.fromhex(card.uid))
        replacing.issued(card, replace(laid, state=state), by=by)
        carried = TopUp.get_or_none(TopUp.card == card, TopUp.state == "pending", TopUp.kind == "carry")
        if carried is not None:
            self._write(carried, judge(state), by=by)


def _suspects() -> list[bytes]:
    """UIDs whose keys are tried on a card that does not open: those of sales that are pending now."""
    waiting = Card.select(Card.uid).join(TopUp, on=TopUp.card == Card.id).where(TopUp.state == "pending")
    return [bytes.fromhex(row.uid) for row in waiting.order_by(TopUp.id).limit(4)]


def _not_now(row: TopUp, laid: Laid) -> str:
    if laid.card is not None and laid.card.id != row.card_id:
        return "other_record" if card_in_use(row.account_id) == laid.card else "superseded"
    return laid.reason


def _reading(back: ReadBack, old: Purchase) -> int | None:
    """What the check reading showed: 0 where the sale is not there, None where nothing could be read."""
    if back.outcome != "differs":
        return None
    return 0 if back.record is None or back.record == old else closing.reading_of(back.record)
