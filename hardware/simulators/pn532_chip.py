"""A simulated PN532 card reader: the far end of a serial line, with cards in its field and faults to switch on.

Speaks the frames and commands of UM0701-02 that our driver and libnfc use. Says ACK before it does the work.
"""

import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hardware.simulators.mifare import Card, Refused

ACK = bytes.fromhex("0000FF00FF00")
ERROR_FRAME = bytes.fromhex("0000FF01FF7F8100")
OK, NO_ANSWER, DENIED, WRONG_KEY, NO_TARGET = 0x00, 0x01, 0x13, 0x14, 0x27
MIFARE_NAMES = {0x60: "auth", 0x61: "auth", 0x30: "read", 0xA0: "write"}
AT_WRITE = ("fail", "tear", "silent", "cached")
FAULTS = (
    *AT_WRITE, "lost_answer", "bad_dcs", "error_frame", "garbage", "junk_before", "no_ack", "card_gone",
    "card_swapped", "wrong_key", "two_cards", "unplugged", "delay", "one_byte_a_second",
)  # fmt: skip


@dataclass
class Fault:
    """One thing that goes wrong, at the `after`-th next command of the kind `at` (any, select, auth, read, write...).

    `k` bytes of a torn write are stored; the `rest` is old, erased, random or weak (wanders between old and new).
    `done`: whether the command is carried out although its answer is lost. `card`: the one swapped in or added.
    """

    name: str
    at: str = "write"
    after: int = 0
    times: int = 1
    k: int = 8
    rest: str = "erased"
    done: bool = True
    seconds: float = 2.0
    card: Card | None = None

    def __post_init__(self) -> None:
        if self.name not in FAULTS:
            raise ValueError(f"unknown fault {self.name}")
        if self.name == "wrong_key" and self.at == "write":
            self.at = "auth"


class SimulatedReader:
    """The chip and its field. A wire (memory or pty) calls `feed` and is handed answers through `emit`."""

    def __init__(self, cards: Iterable[Card] = (), seed: int = 0) -> None:
        self.lock = threading.RLock()
        self.cards: list[Card] = list(cards)
        self.faults: list[Fault] = []
        self.log: list[str] = []  # every command by name, for tests that count
        self.plugged = True
        self.answer_delay = 0.0  # seconds the chip takes for one command
        self.byte_delay = 0.0
        self.emit: Callable[[bytes, float], None] = lambda _data, _after: None
        self.abort: Callable[[], None] = lambda: None  # the host stops a command: what is not said yet is not said
        self._buffer = bytearray()
        self._last = b""
        self._registers: dict[bytes, int] = {}
        self._targets: list[Card] = []
        self._halted: list[Card] = []  # told to be silent until the field goes off
        self._cached: dict[int, bytes] = {}
        self._chance = random.Random(seed)

    # what a person does at the desk

    def lay(self, *cards: Card) -> None:
        """Put these cards on the reader instead of what lies there."""
        with self.lock:
            self.take_off()
            self.cards = list(cards)

    def take_off(self) -> None:
        with self.lock:
            for card in self.cards:
                card.halt()
            self.cards, self._targets = [], []

    def fault(self, name: str, **how: object) -> Fault:
        """Switch a fault on; it goes off by itself after `times` commands."""
        fault = Fault(name, **how)  # type: ignore[arg-type]
        with self.lock:
            self.faults.append(fault)
        return fault

    def mend(self) -> None:
        """Every fault off, the plug back in."""
        with self.lock:
            self.faults.clear()
            self.plugged, self.byte_delay = True, 0.0

    # the line

    def feed(self, data: bytes) -> None:
        """Bytes from the host. Raises OSError when the reader is unplugged."""
        with self.lock:
            if not self.plugged:
                raise OSError("no such device")
            self._buffer += data
            while (frame := self._next_frame()) is not None:
                if frame == b"ack":
                    self._last = b""
                    self.abort()
                elif frame == b"nack":
                    self._say(self._last)
                elif frame[:1] == b"\xd4" and len(frame) > 1:
                    self._command(frame[1], frame[2:])
                else:
                    self._say(ERROR_FRAME)

    def _next_frame(self) -> bytes | None:
        start = self._buffer.find(b"\x00\xff")
        if start < 0:
            del self._buffer[:-1]
            return None
        del self._buffer[:start]
        head = bytes(self._buffer[2:4])
        if len(head) < 2:
            return None
        if head in {b"\x00\xff", b"\xff\x00"}:
            del self._buffer[:4]
            return b"ack" if head == b"\x00\xff" else b"nack"
        size, begin = head[0], 4
        if head == b"\xff\xff":
            if len(self._buffer) < 7:
                return None
            size, begin = self._buffer[4] << 8 | self._buffer[5], 7
        elif sum(head) & 0xFF:
            del self._buffer[:2]
            return b""
        if len(self._buffer) < begin + size + 1:
            return None
        data = bytes(self._buffer[begin : begin + size + 1])
        del self._buffer[: begin + size + 1]
        return data[:-1] if sum(data) & 0xFF == 0 else b""

    def _say(self, data: bytes, after: float = 0.0) -> None:
        if not self.byte_delay:
            self.emit(data, after)
            return
        for byte in data:
            self.emit(bytes([byte]), self.byte_delay)

    def _answer(self, code: int, data: bytes, fault: Fault | None) -> None:
        body = bytes([0xD5, code + 1]) + data
        size = bytes([len(body), -len(body) & 0xFF])
        frame = b"\x00\x00\xff" + size + body + bytes([-sum(body) & 0xFF, 0])
        name = fault.name if fault else ""
        if name == "lost_answer":
            return
        if name == "bad_dcs":
            frame = frame[:-2] + bytes([frame[-2] ^ 0x55, 0])
        elif name == "error_frame":
            frame = ERROR_FRAME
        elif name == "garbage":
            frame = self._chance.randbytes(len(frame))
        elif name == "junk_before":
            frame = b"\x00\x55\xaa\x00" + frame
        self._last = frame
        delay = self.answer_delay + (fault.seconds if fault and name == "delay" else 0)
        self._say(frame, delay)

    # commands

    def _command(self, code: int, data: bytes) -> None:
        kind = {0x4A: "select", 0x32: "rf", 0x40: MIFARE_NAMES.get(data[1] if len(data) > 1 else 0, "card")}
        name = kind.get(code, "other")
        self.log.append(name)
        fault = self._due(name)
        what = fault.name if fault else ""
        if fault and what == "one_byte_a_second":
            self.byte_delay = 1.0
        if fault and what == "unplugged":
            if fault.done:
                self._do(code, data, None)
            self.plugged = False
            raise OSError("no such device")
        if what == "no_ack":
            if fault and fault.done:
                self._do(code, data, None)
            return
        self._say(ACK)
        if fault and what in {"card_gone", "card_swapped", "two_cards"}:
            keep = self.cards if what == "two_cards" else []
            extra = [fault.card] if fault.card else []
            if what != "two_cards":
                self.take_off()
            self.cards = [*keep, *extra]
        carried_out = fault.done or what in AT_WRITE if fault else True
        answer = self._do(code, data, fault) if carried_out else bytes([NO_ANSWER])
        if answer is None:
            self._say(ERROR_FRAME)
        else:
            self._answer(code, answer, fault)

    def _due(self, name: str) -> Fault | None:
        for fault in self.faults:
            if fault.at in {name, "any"}:
                if fault.after:
                    fault.after -= 1
                    continue
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def _do(self, code: int, data: bytes, fault: Fault | None) -> bytes | None:
        """The answer's data, or None for a command the chip does not know."""
        if code == 0x00:  # Diagnose; test 0 is the line test and echoes
            return data if data[:1] == b"\0" else b"\0"
        if code == 0x02:
            return bytes.fromhex("32010607")
        if code == 0x04:  # GetGeneralStatus
            return bytes([0, 0, len(self._targets), *(b for n in range(len(self._targets)) for b in (n + 1, 0, 0, 0))])
        if code == 0x06:  # ReadRegister: two bytes of address each
            return bytes(self._registers.get(data[n : n + 2], 0) for n in range(0, len(data), 2))
        if code == 0x08:
            self._registers |= {data[n : n + 2]: data[n + 2] for n in range(0, len(data) - 2, 3)}
            return b""
        if code in {0x12, 0x14}:  # SetParameters, SAMConfiguration
            return b""
        if code == 0x16:  # PowerDown
            return b"\0"
        if code == 0x32:
            if data == b"\x01\x00":
                self._field_off()
            return b""
        if code == 0x4A:
            return self._list_targets(data)
        if code in {0x44, 0x52, 0x54}:  # InDeselect, InRelease, InSelect
            self._halted += self._targets if code == 0x44 else []
            return b"\0"
        if code == 0x42:  # InCommunicateThru: a Classic card answers neither RATS nor the "magic" unlock
            return bytes([NO_ANSWER])
        if code == 0x40:
            return self._exchange(data, fault)
        return None

    def _field_off(self) -> None:
        for card in self.cards:
            card.halt()
        self._targets.clear()
        self._halted.clear()
        self._cached.clear()

    def _list_targets(self, data: bytes) -> bytes:
        if data[1:2] != b"\0":  # other modulations: no such card here
            return b"\0"
        wanted, self._targets = data[2:], []
        self._cached.clear()
        for card in self.cards:
            if card not in self._halted and wanted in {b"", card.uid} and len(self._targets) < data[0]:
                self._targets.append(card)
        out = bytes([len(self._targets)])
        for number, card in enumerate(self._targets, 1):
            card.select()
            out += bytes([number, 0x00, 0x04, 0x08, len(card.uid)]) + card.uid
        return out

    def _exchange(self, data: bytes, fault: Fault | None) -> bytes:
        if not 1 <= data[0] <= len(self._targets):
            return bytes([NO_TARGET if self.cards else NO_ANSWER])
        card, command, block = self._targets[data[0] - 1], data[1], data[2] if len(data) > 2 else 0
        if command in {0x60, 0x61}:
            right = data[9:13] == card.uid and card.authenticate(block, "AB"[command - 0x60], data[3:9])
            return bytes([WRONG_KEY if (fault and fault.name == "wrong_key") or not right else OK])
        try:
            if command == 0x30:
                stored = card.read(block)
                return bytes([OK]) + self._cached.get(block, stored)
            if command == 0xA0 and len(data) == 19:
                return bytes([self._write(card, block, data[3:], fault)])
        except Refused:
            card.halt()
        return bytes([DENIED])

    def _write(self, card: Card, block: int, data: bytes, fault: Fault | None) -> int:
        if not card.may_write(block):
            raise Refused
        name = fault.name if fault else ""
        if name == "fail":
            return DENIED
        if name == "tear" and fault:
            self._tear(card, block, data, fault)
            return NO_ANSWER
        if name == "cached":
            self._cached[block] = data
        elif name != "silent":
            card.write(block, data)
        return OK

    def _tear(self, card: Card, block: int, data: bytes, fault: Fault) -> None:
        """Power was lost while the memory was being written."""
        old, k = bytes(card.memory[block * 16 : block * 16 + 16]), fault.k
        rest = {
            "old": old[k:],
            "erased": bytes(16 - k),
            "random": self._chance.randbytes(16 - k),
            "weak": old[k:],
        }[fault.rest]
        card.store(block, data[:k] + rest)
        if fault.rest == "weak":
            card.weak[block] = (data[:k] + old[k:], data)
        card.halt()
