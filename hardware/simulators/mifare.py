"""A MIFARE Classic 1K card (NXP MF1S50YYX) without its cipher: keys, access bits, states, and worn-out writes.

The cipher only hides what is said; who may do what is the same with or without it.
"""

import random
from pathlib import Path

from hardware.watercard.access import DATA, TRAILER, conditions

SIZE, BLOCK = 1024, 16
TRANSPORT_TRAILER = bytes.fromhex("FFFFFFFFFFFFFF078069FFFFFFFFFFFF")


class Refused(Exception):
    """The card answers NAK."""


class Card:
    """One card. With a path it lives in that file (a dump of 1024 bytes) and every write is kept there."""

    def __init__(self, dump: bytes, path: Path | None = None, seed: int = 0) -> None:
        if len(dump) != SIZE:
            raise ValueError(f"a MIFARE Classic 1K dump is {SIZE} bytes, not {len(dump)}")
        self.memory = bytearray(dump)
        self.path = path
        self.weak: dict[int, tuple[bytes, bytes]] = {}  # block -> the two values its unsettled bits wander between
        self.selected = False
        self.writes = 0
        self._open: tuple[int, str] | None = None  # sector and key of the running session
        self._chance = random.Random(seed)

    @classmethod
    def blank(cls, uid: bytes, path: Path | None = None) -> "Card":
        """As the maker delivers it: block 0 with the UID and its BCC, transport keys everywhere."""
        first = uid + bytes([uid[0] ^ uid[1] ^ uid[2] ^ uid[3]]) + bytes.fromhex("0804006263646566676869")
        sector = bytes(3 * BLOCK) + TRANSPORT_TRAILER
        return cls((first[:BLOCK] + sector[BLOCK:]) + sector * 15, path)

    @classmethod
    def from_file(cls, path: Path) -> "Card":
        return cls(path.read_bytes(), path)

    @property
    def uid(self) -> bytes:
        return bytes(self.memory[:4])

    def dump(self) -> bytes:
        return bytes(self.memory)

    def restore(self, dump: bytes) -> None:
        """What a thief does with a special card or a bought reader: every byte as it was (the UID stays)."""
        self.memory[BLOCK:] = dump[BLOCK:]
        self.weak.clear()
        self._save()

    def select(self) -> None:
        self.selected, self._open = True, None

    def halt(self) -> None:
        self.selected, self._open = False, None

    def authenticate(self, block: int, kind: str, key: bytes) -> bool:
        """A wrong key halts the card (MF1S50YYX 8.6): it must be selected again."""
        if not self.selected or not 0 <= block < 64:
            return False
        trailer = self._at(block | 3)
        readable_b = bool(TRAILER[self._conditions(block)[3]][3])
        if key != (trailer[:6] if kind == "A" else trailer[10:]):
            self.halt()
            return False
        # A key B that anyone can read opens the sector but reads and writes nothing (note under table 8).
        self._open = (block // 4, "none" if kind == "B" and readable_b else kind)
        return True

    def read(self, block: int) -> bytes:
        key, conditions_ = self._session(block)
        if block % 4 == 3:
            access = TRAILER[conditions_[3]]
            data = self._at(block)
            return bytes(6) + data[6:10] + (data[10:] if key in access[3] else bytes(6))
        if key not in DATA[conditions_[block % 4]][0]:
            raise Refused
        return self._settle(block)

    def may_write(self, block: int) -> bool:
        key, conditions_ = self._session(block)
        if block == 0:
            return False
        if block % 4 == 3:
            keys, access, _, _ = TRAILER[conditions_[3]]
            return key in keys and key in access  # all sixteen bytes are written at once
        return key in DATA[conditions_[block % 4]][1]

    def write(self, block: int, data: bytes) -> None:
        if not self.may_write(block):
            raise Refused
        self.store(block, data)

    def store(self, block: int, data: bytes) -> None:
        """What the memory then holds, whoever wrote it."""
        self.memory[block * BLOCK : (block + 1) * BLOCK] = data
        self.weak.pop(block, None)
        self.writes += 1
        self._save()

    def _session(self, block: int) -> tuple[str, tuple[int, int, int, int]]:
        if not self.selected or self._open is None or self._open[0] != block // 4:
            raise Refused
        return self._open[1], self._conditions(block)

    def _conditions(self, block: int) -> tuple[int, int, int, int]:
        try:
            return conditions(self._at(block | 3)[6:9])
        except ValueError:
            return (0b111,) * 4  # access bits that contradict each other lock the sector for ever

    def _at(self, block: int) -> bytes:
        return bytes(self.memory[block * BLOCK : (block + 1) * BLOCK])

    def _settle(self, block: int) -> bytes:
        if block not in self.weak:
            return self._at(block)
        one, other = self.weak[block]
        whole = self._chance.randrange(3)  # often all the doubtful bits fall the same way: the nastiest case
        if whole < 2:
            return (one, other)[whole]
        mask = self._chance.getrandbits(BLOCK * 8).to_bytes(BLOCK, "big")
        return bytes((a & m) | (b & ~m & 0xFF) for a, b, m in zip(one, other, mask, strict=True))

    def _save(self) -> None:
        if self.path:
            part = self.path.with_suffix(".part")
            part.write_bytes(self.memory)
            part.replace(self.path)
