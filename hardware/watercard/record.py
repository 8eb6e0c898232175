"""What a water card says: bytes to records and back, for any layout. Volumes in hundredths of a cubic metre."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, NamedTuple

from hardware.watercard.keys import check_bytes, mac_key
from hardware.watercard.layout import BLOCK, Area, Field, Layout

Presence = Literal["none", "several", "blank", "unfinished", "foreign", "copied", "ours"]


@dataclass(frozen=True)
class Identity:
    """The card's own facts, written when it is issued. `meter` is the meter's number as digits."""

    account: int
    meter: str
    issue: int
    alarm: int = 0
    overdraft: int = 0
    hoard: int = 0
    issued_days: int = 0
    estate: int = 0


@dataclass(frozen=True)
class Purchase:
    """One sale: the how-manieth, its volume, everything sold so far, low bits of the top-up's id."""

    seq: int
    amount: int
    cumulative: int
    tag: int = 0


@dataclass(frozen=True)
class MeterNote:
    """What the meter wrote back: its own counter, the last sale it took, what is left in it."""

    mseq: int
    accepted_seq: int
    remaining: int
    used: int = 0
    status: int = 0


@dataclass(frozen=True)
class Slot:
    """One purchase block as it was read. `record` is None where its check fails."""

    block: int
    raw: bytes
    record: Purchase | None


@dataclass(frozen=True)
class RawCard:
    """Blocks as read, and whose key opened each sector: ours, transport, copied (another card's) or none."""

    uid: bytes
    opened: Mapping[int, str]
    blocks: Mapping[int, bytes]


@dataclass(frozen=True)
class CardState:
    """What lies on the reader. Records are None where they are absent or their check fails."""

    presence: Presence
    uid: bytes = b""
    identity: Identity | None = None
    slots: tuple[Slot, ...] = field(default=())
    meter: MeterNote | None = None

    @property
    def current(self) -> Purchase | None:
        """The valid record with the highest number (the first of two equal ones)."""
        valid = [s.record for s in self.slots if s.record]
        return max(valid, key=lambda r: r.seq) if valid else None

    @property
    def current_block(self) -> int | None:
        return next((s.block for s in self.slots if s.record and s.record == self.current), None)


NO_CARD = CardState("none")
TWO_CARDS = CardState("several")


class _Seal(NamedTuple):
    """What the checks of one card are made with."""

    key: bytes
    uid: bytes


def _seal(layout: Layout, secret: bytes, uid: bytes) -> _Seal:
    return _Seal(mac_key(layout, secret, uid), uid)


def decode_card(layout: Layout, secret: bytes, raw: RawCard) -> CardState:
    """Judge every record by its check. Never raises on what a card holds."""
    presence = _presence(layout, raw)
    if presence in {"foreign", "blank", "copied"}:
        return CardState(presence, raw.uid)
    seal = _seal(layout, secret, raw.uid)
    slots = tuple(
        Slot(block, raw.blocks[block], _purchase(layout, seal, block, raw.blocks[block]))
        for block in layout.purchase.slots
        if block in raw.blocks
    )
    notes = [
        MeterNote(**_ours(MeterNote, values))
        for block in layout.meter.slots
        if (values := _slot_values(layout.meter, seal, block, raw.blocks.get(block)))
    ]
    note = max(notes, key=lambda n: n.mseq) if notes else None
    return CardState(presence, raw.uid, _identity(layout, seal, raw), slots, note)


def _presence(layout: Layout, raw: RawCard) -> Presence:
    ways = [raw.opened.get(area.sector, "none") for area in layout.areas]
    if all(way == "ours" for way in ways):
        return "ours"
    if all(way == "transport" for way in ways):
        return "blank"
    if "copied" in ways:
        return "copied"
    return "unfinished" if set(ways) == {"ours", "transport"} else "foreign"


def _identity(layout: Layout, seal: _Seal, raw: RawCard) -> Identity | None:
    area = layout.card
    values: dict[str, int | str] = {}
    copies = dict(area.copies)
    for block in sorted({f.block for f in area.fields}):
        found = None
        for place in (block, copies.get(block)):
            if place is not None and found is None:
                found = _block_values(area, seal, block, place, raw.blocks.get(place))
        if found is None:
            return None
        values |= found
    return Identity(**_ours(Identity, values))


def decode_purchase(layout: Layout, secret: bytes, uid: bytes, block: int, data: bytes) -> Purchase | None:
    """The sale those 16 bytes of that block mean on that card, or None."""
    return _purchase(layout, _seal(layout, secret, uid), block, data)


def _purchase(layout: Layout, seal: _Seal, block: int, data: bytes) -> Purchase | None:
    values = _slot_values(layout.purchase, seal, block, data)
    return Purchase(**_ours(Purchase, values)) if values else None


def _slot_values(area: Area, seal: _Seal, block: int, data: bytes | None) -> dict[str, int | str] | None:
    return _block_values(area, seal, area.slots[0], block, data)


def _block_values(
    area: Area, seal: _Seal, described: int, place: int, data: bytes | None
) -> dict[str, int | str] | None:
    """Values of one block if its check and its constants hold, else None."""
    if data is None or len(data) != BLOCK:
        return None
    check = area.check_of(described)
    if check_bytes(check, seal.key, seal.uid, place, data) != data[check.offset : check.offset + check.length]:
        return None
    values = {f.name: _decode(f, data[f.offset : f.offset + f.length]) for f in area.fields if f.block == described}
    constants = {f.name: f.value for f in area.fields if f.block == described and f.value is not None}
    if None in values.values() or any(values[name] != value for name, value in constants.items()):
        return None
    return {name: value for name, value in values.items() if value is not None}


def _ours(kind: type[Identity | Purchase | MeterNote], values: Mapping[str, int | str]) -> dict[str, Any]:
    names = {f.name for f in fields(kind)}
    return {name: value for name, value in values.items() if name in names}


def encode_purchase(layout: Layout, secret: bytes, uid: bytes, block: int, record: Purchase) -> bytes:
    """The 16 bytes of a sale for one slot. Raises ValueError where the layout cannot hold it."""
    area = layout.purchase
    return _encode_block(area, _seal(layout, secret, uid), area.slots[0], block, asdict(record))


def encode_meter_note(layout: Layout, secret: bytes, uid: bytes, block: int, note: MeterNote) -> bytes:
    area = layout.meter
    return _encode_block(area, _seal(layout, secret, uid), area.slots[0], block, asdict(note))


def encode_identity(layout: Layout, secret: bytes, uid: bytes, identity: Identity) -> dict[int, bytes]:
    """Every block of the card area, copies included: block number -> 16 bytes."""
    seal, values, area = _seal(layout, secret, uid), asdict(identity), layout.card
    out: dict[int, bytes] = {}
    for block in sorted({f.block for f in area.fields}):
        for place in (block, *(to for source, to in area.copies if source == block)):
            out[place] = _encode_block(area, seal, block, place, values)
    return out


def _encode_block(area: Area, seal: _Seal, described: int, place: int, values: Mapping[str, int | str]) -> bytes:
    data = bytearray(BLOCK)
    for f in area.fields:
        if f.block == described:
            data[f.offset : f.offset + f.length] = _encode(f, f.value if f.value is not None else values[f.name])
    check = area.check_of(described)
    data[check.offset : check.offset + check.length] = check_bytes(check, seal.key, seal.uid, place, bytes(data))
    return bytes(data)


def _decode(f: Field, data: bytes) -> int | str | None:
    if f.encoding == "ascii":
        return data.decode("latin-1")
    if f.encoding in {"bcd", "digits"}:
        digits = data.hex()
        if not digits.isdecimal():
            return None
        return digits if f.encoding == "digits" else int(digits) * f.factor
    order: Literal["little", "big"] = "little" if f.endian == "little" else "big"
    return int.from_bytes(data, order, signed=f.encoding == "int") * f.factor


def _encode(f: Field, value: int | str) -> bytes:
    if isinstance(value, str):
        data = value.encode("latin-1") if f.encoding == "ascii" else bytes.fromhex(value)
        if len(data) != f.length or (f.encoding == "digits" and not value.isdecimal()):
            raise ValueError(f"{f.name} {value!r} does not fit in {f.length} bytes")
        return data
    steps, rest = divmod(value, f.factor)
    if rest:
        raise ValueError(f"{f.name}: the card counts in steps of {f.unit}")
    order: Literal["little", "big"] = "little" if f.endian == "little" else "big"
    digits = f"{steps:0{f.length * 2}d}"
    try:
        if f.encoding == "bcd" and len(digits) == f.length * 2:
            return bytes.fromhex(digits)
        if f.encoding != "bcd":
            return steps.to_bytes(f.length, order, signed=f.encoding == "int")
    except (OverflowError, ValueError):
        pass
    raise ValueError(f"{f.name} {value} does not fit in {f.length} bytes")
