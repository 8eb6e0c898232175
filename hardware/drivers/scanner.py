"""Key scanner on a serial line (USB-COM, 9600 8N1): what it sends becomes whole labels.

Scanners are set up differently: a label may come with an AIM identifier (`]E0`, ISO/IEC 15424), a prefix of the
installer's, in pieces, and end with CR, LF, CRLF, TAB or nothing but silence.
"""

from __future__ import annotations

import re
import time
from collections import deque
from typing import TYPE_CHECKING

import serial

from hardware.ports import DeviceError

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

SILENCE = 0.08  # seconds without a byte that end a label when no terminator is set up
LONGEST = 64  # characters; nothing the desk labels is longer, so more is a jammed trigger or line noise
_ENDS = re.compile(rb"[\r\n\t]")
_AIM = re.compile(r"^\][A-Za-z][0-9A-Za-z]")


class Labels:
    """Cuts a stream of bytes into labels. Pure: whoever feeds it also tells it when the line fell silent."""

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._begun = b""
        self.dropped = 0  # runs of bytes that were no label: too long, or not printable ASCII

    def feed(self, data: bytes) -> list[str]:
        *whole, self._begun = _ENDS.split(self._begun + data)
        # One byte more than allowed is enough to know that it is too long; a jammed scanner must not fill the memory.
        self._begun = self._begun[: LONGEST + len(self._prefix) + 8]
        return [label for run in whole if (label := self._label(run))]

    def silence(self) -> list[str]:
        run, self._begun = self._begun, b""
        label = self._label(run)
        return [label] if label else []

    def _label(self, run: bytes) -> str:
        """The label without what the scanner put around it; empty for an empty or unreadable run."""
        text = run.strip(b"\x00\x02\x03 ").decode("ascii", "replace")  # some frame with STX and ETX
        text = _AIM.sub("", text)
        text = text.removeprefix(self._prefix).strip()
        if len(text) > LONGEST or not (text.isascii() and text.isprintable()):
            self.dropped += 1
            return ""
        return text


class SerialScanner:
    """A scanner at any address pyserial knows: a device path, `socket://host:port`, `spy://`, `loop://`."""

    def __init__(self, url: str, *, baud: int = 9600, prefix: str = "") -> None:
        """Raises DeviceError when nothing can be opened there."""
        self._url = url
        self._labels = Labels(prefix)
        self._ready: deque[str] = deque()
        try:
            self._port = serial.serial_for_url(url, baudrate=baud, timeout=SILENCE, do_not_open=True)
            if "://" not in url:
                self._port.exclusive = True  # two programs on one line would each get half a label
            self._port.open()
        except (OSError, ValueError) as error:  # SerialException is an OSError
            raise DeviceError(
                "The key scanner does not answer at {address}: {reason}", address=url, reason=str(error)
            ) from error

    @property
    def dropped(self) -> int:
        """How many runs of bytes were thrown away because they were no label."""
        return self._labels.dropped

    def read(self, seconds: float) -> str | None:
        """The next label, or None when none was complete within that time. Raises DeviceError when the scanner is gone."""
        until = time.monotonic() + seconds
        while not self._ready:
            if time.monotonic() >= until:
                return None
            try:
                data = self._port.read(self._port.in_waiting or 1)
            except (OSError, TypeError) as error:  # TypeError: pyserial after its file was closed under it
                raise DeviceError("The key scanner at {address} was unplugged.", address=self._url) from error
            self._ready += self._labels.feed(data) if data else self._labels.silence()
        return self._ready.popleft()

    def close(self) -> None:
        self._port.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
