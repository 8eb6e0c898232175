"""PN532 on a serial line, MIFARE Classic 1K (NXP UM0701-02, PN532 user manual; MF1S50YYX).

One command, one ACK, one answer; nothing is ever sent again. Whatever goes wrong on the line, the chip is told to
stop (an ACK frame aborts), the line is drained, and the caller learns that the outcome is not known.
"""

import time
from collections.abc import Callable
from typing import Literal, Protocol

from hardware.ports import CardGone, DeviceError, OutcomeUnknown

ACK = bytes.fromhex("0000FF00FF00")
WAKE = b"\x55\x55" + bytes(14)
ACK_LIMIT = 0.1  # seconds; UM0701-02 6.2.1 gives 15 ms, a USB bridge adds its own
FIRST_ACK_LIMIT = 1.5  # a chip on a USB bridge that has just been opened
ANSWER_LIMIT = 1.0
SLICE = 0.02  # how long one read of the line waits
MIFARE_AUTH = {"A": 0x60, "B": 0x61}
MIFARE_READ, MIFARE_WRITE = 0x30, 0xA0


class Wire(Protocol):
    """The part of serial.Serial the driver uses; `timeout` is fixed when the line is opened."""

    @property
    def in_waiting(self) -> int: ...
    def read(self, size: int = 1, /) -> bytes: ...
    def write(self, data: bytes, /) -> int | None: ...
    def close(self) -> None: ...


class LineTrouble(DeviceError):
    """No acknowledgement, no answer, or an answer that is not one."""


def open_serial(path: str) -> Wire:
    """Open the reader's port for this process alone. DTR and RTS stay as they are (a pty has none)."""
    import serial

    try:
        wire: Wire = serial.Serial(path, 115200, timeout=SLICE, write_timeout=1, exclusive=True)
    except (OSError, serial.SerialException) as error:
        raise DeviceError("The card reader at {path} cannot be opened.", path=path) from error
    return wire


class PN532:
    """Satisfies hardware.ports.CardReader."""

    def __init__(self, wire: Wire, now: Callable[[], float] = time.monotonic) -> None:
        self.commands = 0  # sent since opening; how many a top-up needs is asserted by count
        self._wire = wire
        self._now = now
        self._buffer = bytearray()
        self._target, self._uid4 = 1, b""
        self.version = self._set_up()

    def _set_up(self) -> str:
        self._send(WAKE)
        self._call(0x14, b"\x01\x14\x01", ack_limit=FIRST_ACK_LIMIT)  # SAMConfiguration: normal mode
        answer = self._call(0x02)  # GetFirmwareVersion: IC, version, revision, support
        if len(answer) != 4 or answer[0] != 0x32:
            raise DeviceError("What answers on the card reader's line is not a PN532.")
        self._call(0x32, b"\x05\xff\x01\x02")  # RFConfiguration, MaxRetries: give up looking for a card soon
        return f"PN532 {answer[1]}.{answer[2]}"

    def look(self) -> tuple[bytes, ...]:
        self.field_off()
        answer = self._call(0x4A, b"\x02\x00")
        uids, place = [], 1
        for _ in range(answer[0] if answer else 0):
            # target no., SENS_RES (2), SEL_RES, length of the UID, the UID, and from an ISO 14443-4 card its ATS
            length = answer[place + 4] if len(answer) > place + 4 else 0
            uid = answer[place + 5 : place + 5 + length]
            if not length or len(uid) != length:
                raise LineTrouble("The card reader's answer cannot be understood.")
            uids.append(uid)
            with_ats, place = answer[place + 3] & 0x20, place + 5 + length
            place += answer[place] if with_ats and place < len(answer) else 0
        return tuple(uids)

    def select(self, uid: bytes) -> None:
        answer = self._call(0x4A, b"\x01\x00" + uid)
        if not answer or answer[0] == 0:
            raise CardGone("The card is not on the reader any more.")
        if answer[6 : 6 + answer[5]] != uid:
            raise CardGone("Another card lies on the reader.")
        self._target, self._uid4 = answer[1], uid[-4:]

    def authenticate(self, block: int, kind: Literal["A", "B"], key: bytes) -> bool:
        status, _ = self._exchange(bytes([MIFARE_AUTH[kind], block]) + key + self._uid4)
        if status == 0x14:
            return False
        _accept(status)
        return True

    def read(self, block: int) -> bytes:
        status, data = self._exchange(bytes([MIFARE_READ, block]))
        _accept(status)
        if len(data) != 16:
            raise LineTrouble("The card reader's answer cannot be understood.")
        return data

    def write(self, block: int, data: bytes) -> None:
        if block == 0 or block % 4 == 3:
            raise ValueError(f"block {block} is never written at a sale")
        self._write(block, data)

    def write_trailer(self, block: int, data: bytes) -> None:
        if block % 4 != 3:
            raise ValueError(f"block {block} is not a sector trailer")
        self._write(block, data)

    def field_off(self) -> None:
        self._call(0x32, b"\x01\x00")

    def close(self) -> None:
        self._wire.close()

    def _write(self, block: int, data: bytes) -> None:
        if len(data) != 16:
            raise ValueError("a block is 16 bytes")
        try:
            status, _ = self._exchange(bytes([MIFARE_WRITE, block]) + data)
            _accept(status)
        except DeviceError as error:
            # An error after the card had stored the block looks exactly like one before it.
            raise OutcomeUnknown("The card may or may not have been written.") from error

    def _exchange(self, command: bytes) -> tuple[int, bytes]:
        answer = self._call(0x40, bytes([self._target]) + command)
        if not answer:
            raise LineTrouble("The card reader's answer cannot be understood.")
        return answer[0] & 0x3F, answer[1:]

    def _call(self, code: int, data: bytes = b"", *, ack_limit: float = ACK_LIMIT) -> bytes:
        """One command and its answer without the command's own byte. Raises LineTrouble after aborting."""
        self.commands += 1
        self._buffer.clear()
        try:
            self._drain()
            self._send(frame(bytes([0xD4, code]) + data))
            self._expect_ack(ack_limit)
            return self._expect_answer(code)
        except LineTrouble:
            self._abort()
            raise

    def _expect_answer(self, code: int) -> bytes:
        answer = self._receive(ANSWER_LIMIT)
        if answer[:2] != bytes([0xD5, code + 1]):
            raise LineTrouble("The card reader's answer cannot be understood.")
        return answer[2:]

    def _expect_ack(self, limit: float) -> None:
        if self._receive(limit) != b"":
            raise LineTrouble("The card reader did not take the command.")

    def _receive(self, limit: float) -> bytes:
        """The next frame's data; b"" is an ACK. Bytes before a start code are junk and passed over."""
        end = self._now() + limit
        while True:
            got = parse(self._buffer)
            if got is not None:
                return got
            if self._now() >= end:
                raise LineTrouble("The card reader does not answer.")
            self._buffer += self._read()

    def _abort(self) -> None:
        """Stop whatever the chip is doing and forget what it still says. Trouble here is no news."""
        try:
            self._send(ACK)
            self._drain()
        except LineTrouble:
            pass
        self._buffer.clear()

    def _drain(self) -> None:
        for _ in range(64):  # a line that never falls silent is found out by the next answer's time limit
            if not self._in_waiting():
                return
            self._read()

    def _in_waiting(self) -> int:
        try:
            return self._wire.in_waiting
        except (OSError, TypeError) as error:
            raise LineTrouble("The card reader is unplugged.") from error

    def _read(self) -> bytes:
        waiting = self._in_waiting()
        try:
            return self._wire.read(waiting or 1)
        except (OSError, TypeError) as error:
            raise LineTrouble("The card reader is unplugged.") from error

    def _send(self, data: bytes) -> None:
        try:
            self._wire.write(data)
        except (OSError, TypeError) as error:  # SerialException is an OSError; a closed port gives TypeError
            raise LineTrouble("The card reader is unplugged.") from error


def _accept(status: int) -> None:
    if status == 0x01:
        raise CardGone("The card is not on the reader any more.")
    if status:
        raise DeviceError("The card did not do it (status {status}).", status=f"{status:02X}")


def frame(data: bytes) -> bytes:
    """A normal information frame, or an extended one beyond 255 bytes (UM0701-02 6.2.1.1, 6.2.1.2)."""
    if len(data) < 256:
        head = bytes([len(data), -len(data) & 0xFF])
    else:
        high, low = divmod(len(data), 256)
        head = bytes([0xFF, 0xFF, high, low, -(high + low) & 0xFF])
    return b"\x00\x00\xff" + head + data + bytes([-sum(data) & 0xFF, 0])


def parse(buffer: bytearray) -> bytes | None:
    """Take the first whole frame out of the buffer: its data, b"" for an ACK, None where more bytes are needed.

    Raises LineTrouble for an error frame (7F), a NACK or a wrong length or data checksum.
    """
    start = buffer.find(b"\x00\xff")
    if start < 0:
        del buffer[: max(0, len(buffer) - 1)]
        return None
    del buffer[:start]
    if len(buffer) < 4:
        return None
    if buffer[2:4] == b"\x00\xff":
        del buffer[:4]
        return b""
    if buffer[2:4] == b"\xff\x00":
        raise LineTrouble("The card reader did not take the command.")
    length, body = buffer[2], 4
    ok = (buffer[2] + buffer[3]) & 0xFF == 0
    if buffer[2:4] == b"\xff\xff":
        if len(buffer) < 7:
            return None
        length, body = buffer[4] * 256 + buffer[5], 7
        ok = sum(buffer[4:7]) & 0xFF == 0
    if not ok or length > 265:
        raise LineTrouble("The card reader's answer cannot be understood.")
    if len(buffer) < body + length + 1:
        return None
    data, checksum = bytes(buffer[body : body + length]), buffer[body + length]
    del buffer[: body + length + 1]
    if (sum(data) + checksum) & 0xFF or data == b"\x7f":
        raise LineTrouble("The card reader's answer cannot be understood.")
    return data
