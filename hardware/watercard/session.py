"""What is done with a card on a reader: read it whole, write a sale and prove it, issue it.

Whether a write happened is decided by bytes read from the card alone: after the field was off, the card was
selected by its UID and opened afresh, and more than once (bits that did not settle change between two readings).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from hardware.ports import CardGone, CardReader, DeviceError
from hardware.watercard.keys import TRANSPORT_KEY, card_key
from hardware.watercard.layout import BLOCK, Area, Layout
from hardware.watercard.record import (
    NO_CARD,
    TWO_CARDS,
    CardState,
    Identity,
    Purchase,
    RawCard,
    decode_card,
    decode_purchase,
    encode_identity,
    encode_purchase,
)
from hardware.watercard.steps import Write

OTHER_KEY: dict[str, Literal["A", "B"]] = {"A": "B", "B": "A"}


@dataclass(frozen=True)
class ReadBack:
    """What the fresh reading said. verified: the reader reported no trouble and every block holds the bytes asked
    for. differs: it holds others, or reads differently each time. unknown: it could not be read, or reads right
    after a write that reported trouble (bits that did not settle can look right twice: write the same bytes again).
    untouched: nothing was sent to be written.

    `record` is the sale on the card now (None where the block holds none); `trouble` what the reader complained of.
    """

    outcome: Literal["verified", "differs", "unknown", "untouched"]
    record: Purchase | None = None
    trouble: DeviceError | None = None


class CardSession:
    """A reader, the estate's layout and its secret."""

    def __init__(self, reader: CardReader, layout: Layout, secret: bytes) -> None:
        self.reader, self.layout, self._secret = reader, layout, secret

    def look(self) -> tuple[bytes, ...]:
        return self.reader.look()

    def read(self, suspects: Iterable[bytes] = ()) -> CardState:
        """Everything the card says. `suspects`: UIDs whose keys are tried too, to name a copy a copy."""
        uids = self.reader.look()
        if not uids:
            return NO_CARD
        if len(uids) > 1:
            return TWO_CARDS
        return self.read_card(uids[0], suspects)

    def read_card(self, uid: bytes, suspects: Iterable[bytes] = ()) -> CardState:
        self.reader.select(uid)
        opened: dict[int, str] = {}
        blocks: dict[int, bytes] = {}
        for area in self.layout.areas:
            opened[area.sector] = way = self._open(uid, area, suspects)
            if way == "none":
                break  # a stranger's card: nothing more to learn
            if way == "ours":
                blocks |= {block: self.reader.read(block) for block in area.blocks}
        return decode_card(self.layout, self._secret, RawCard(uid, opened, blocks))

    def _open(self, uid: bytes, area: Area, suspects: Iterable[bytes]) -> str:
        """Whose key opens the sector. The card is halted by each wrong key, so it is selected again."""
        if self._authenticate(uid, area):
            return "ours"
        self.reader.select(uid)
        if self.reader.authenticate(area.trailer, "A", TRANSPORT_KEY):
            return "transport"
        for other in suspects:
            self.reader.select(uid)
            if self._authenticate(other, area):
                return "copied"
        return "none"

    def _authenticate(self, uid: bytes, area: Area, kind: str | None = None) -> bool:
        kind = kind or self.layout.desk_key
        key = card_key(self.layout, self._secret, kind, uid, area.sector)
        return self.reader.authenticate(area.trailer, "A" if kind == "A" else "B", key)

    def write(self, seen: CardState, writes: Sequence[Write]) -> ReadBack:
        """Write these blocks of the sale's sector onto the card that was seen, if it still is as it was seen.

        With one block: ten commands. Never raises DeviceError: the outcome says what is known.
        """
        area = self.layout.purchase
        try:
            self.reader.select(seen.uid)
            if not self._authenticate(seen.uid, area):
                raise CardGone("Another card lies on the reader.")
            if not self._as_seen(seen, writes):
                raise CardGone("The card has changed since it was read.")
        except DeviceError as trouble:
            return ReadBack("untouched", trouble=trouble)
        complaint = None
        try:
            for write in writes:
                self.reader.write(write.block, write.data)
        except DeviceError as error:
            complaint = error
        return self._read_back(seen.uid, writes, complaint)

    def _as_seen(self, seen: CardState, writes: Sequence[Write]) -> bool:
        """Is it still the card that was judged? A block that is not written reads the very same bytes. One that is
        may hold bits that never settled: any record in it must be one that was seen or is being written.
        """
        new = {w.block: decode_purchase(self.layout, self._secret, seen.uid, w.block, w.data) for w in writes}
        familiar = {None, *(slot.record for slot in seen.slots), *new.values()}
        standing = set()
        for slot in seen.slots:
            data = self.reader.read(slot.block)
            record = decode_purchase(self.layout, self._secret, seen.uid, slot.block, data)
            older = bool(record and seen.current and record.seq < seen.current.seq)
            if (slot.block not in new and data != slot.raw) or not (older or record in familiar):
                return False
            standing.add(record)
        return bool(standing & ({seen.current, *new.values()} - {None}))

    def _read_back(self, uid: bytes, writes: Sequence[Write], trouble: DeviceError | None) -> ReadBack:
        area = self.layout.purchase
        readings: list[bytes] = []
        try:
            self.reader.field_off()
            self.reader.select(uid)
            if not self._authenticate(uid, area):
                raise CardGone("Another card lies on the reader.")
            for write in writes:
                readings += [self.reader.read(write.block), self.reader.read(write.block)]
        except DeviceError as error:
            return ReadBack("unknown", trouble=trouble or error)
        wanted = [write.data for write in writes for _ in range(2)]
        record = decode_purchase(self.layout, self._secret, uid, writes[-1].block, readings[-1])
        if readings == wanted:
            return ReadBack("unknown" if trouble else "verified", record, trouble)
        settled = readings[0::2] == readings[1::2]
        return ReadBack("differs", record if settled else None, trouble)

    def issue(self, uid: bytes, identity: Identity, first: Purchase) -> None:
        """Make a blank, half-issued or own card this account's card, and prove it. Raises DeviceError; can be
        repeated with the same arguments until it succeeds.

        The identity comes last: before it the card is nobody's, or still the old account's with no sale on it
        that a meter has not had. Keys are set once the sector's data stands.
        """
        contents = self._contents(uid, identity, first)
        self.reader.select(uid)
        order = (self.layout.purchase, self.layout.meter, self.layout.card)
        for area in order:
            way = self._open(uid, area, ())
            if way == "none":
                raise DeviceError("The card is neither blank nor ours and cannot be issued.")
            for block in area.blocks:
                self.reader.write(block, contents[block])
            if way == "transport":
                self.reader.write_trailer(area.trailer, self._trailer(uid, area))
        self._prove(uid, contents)

    def _prove(self, uid: bytes, contents: dict[int, bytes]) -> None:
        self.reader.field_off()
        self.reader.select(uid)
        for area in self.layout.areas:
            for kind in (OTHER_KEY[self.layout.desk_key], self.layout.desk_key):
                if not self._authenticate(uid, area, kind):
                    raise DeviceError("The card did not keep its keys; take another blank card.")
            for block in area.blocks * 2:
                if self.reader.read(block) != contents[block]:
                    raise DeviceError("The card did not keep what was written; take another blank card.")

    def _contents(self, uid: bytes, identity: Identity, first: Purchase) -> dict[int, bytes]:
        """Every block of an issued card: the first record in one slot (in both of a mirror), the rest empty."""
        contents = {block: bytes(BLOCK) for area in self.layout.areas for block in area.blocks}
        contents |= encode_identity(self.layout, self._secret, uid, identity)
        slots = self.layout.purchase.slots if self.layout.policy == "mirror" else self.layout.purchase.slots[:1]
        return contents | {b: encode_purchase(self.layout, self._secret, uid, b, first) for b in slots}

    def _trailer(self, uid: bytes, area: Area) -> bytes:
        keys = [card_key(self.layout, self._secret, kind, uid, area.sector) for kind in "AB"]
        return keys[0] + area.access + bytes([self.layout.key_version]) + keys[1]
