"""What the desk may ask of a device. Drivers and simulators stand behind these; the rules see nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol


class DeviceError(Exception):
    """The device did not do it: an English sentence with {places} for its values, translated where it is shown."""

    def __init__(self, msgid: str, **values: object) -> None:
        super().__init__(msgid, values)
        self.msgid = msgid
        self.values = values

    def __str__(self) -> str:
        return self.msgid.format(**self.values)


class Outcome(StrEnum):
    """What is known of a job that was handed to the printer."""

    PRINTED = "printed"  # the printer answered the fence behind the job
    UNKNOWN = "unknown"  # some of it may be on paper: only a person can tell
    NOT_SENT = "not sent"  # not one byte of it left


@dataclass(frozen=True)
class PrinterStatus:
    """What the printer says of itself; online=False with paper "ok" when it cannot be asked."""

    online: bool
    paper: Literal["ok", "near-end", "out"] = "ok"
    cover_open: bool = False
    drawer_open: bool = False
    fault: bool = False

    @property
    def ready(self) -> bool:
        return self.online and not self.cover_open and not self.fault and self.paper != "out"


class Printer(Protocol):
    """A receipt printer behind one worker. No call takes longer than the driver's limits."""

    columns: int  # half-width characters on a line: 32 on 58 mm paper, 48 on 80 mm
    raster: bool  # papers go out as dots, for a printer without Chinese characters
    problem: DeviceError | None  # why the last job was not printed, or is not known to be

    def status(self) -> PrinterStatus:
        """Ask the printer; DeviceError when nothing (or no printer) answers."""

    def send(self, job: bytes) -> Outcome:
        """Print one job once. Never repeats a byte of it by itself."""

    def kick_drawer(self) -> Outcome:
        """Open the cash drawer, as a job of its own."""

    def close(self) -> None: ...


class Scanner(Protocol):
    """Something that reads labels, behind one worker."""

    def read(self, seconds: float) -> str | None:
        """The next label as printed, or None when none came within that time. DeviceError when it is gone."""

    def close(self) -> None: ...


class CardGone(DeviceError):
    """The card asked for is not in the field (any more)."""


class OutcomeUnknown(DeviceError):
    """The line failed while a card was being written: only the card itself can say what it holds now."""


class CardReader(Protocol):
    """A reader of MIFARE Classic cards behind one worker. Nothing is ever sent twice by itself.

    Blocks are numbered 0..63. Every call may raise DeviceError; no call takes longer than the driver's limits.
    """

    def look(self) -> tuple[bytes, ...]:
        """UIDs of the cards in the field, at most two. The field is switched off and on first."""

    def select(self, uid: bytes) -> None:
        """Wake that card and no other. CardGone where it does not answer."""

    def authenticate(self, block: int, kind: Literal["A", "B"], key: bytes) -> bool:
        """Open the block's sector. False = wrong key; the card must then be selected again."""

    def read(self, block: int) -> bytes:
        """16 bytes."""

    def write(self, block: int, data: bytes) -> None:
        """Write 16 bytes, once. ValueError for block 0 and sector trailers. OutcomeUnknown on any trouble."""

    def write_trailer(self, block: int, data: bytes) -> None:
        """Keys and access bits of a sector, when a card is issued. OutcomeUnknown on any trouble."""

    def field_off(self) -> None: ...

    def close(self) -> None: ...
