"""A disk that remembers every write, and what a power cut may leave of them.

Between two syncs a real disk keeps any of the writes it was given: all, none, the first few, or loose sectors of them.
`Recorder` is a SQLite VFS that logs; `Disk` plays the log forward and answers `cut(how)` with the files as found at boot.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512
HOWS = ("kept", "dropped", "prefix", "sectors")
Event = tuple[Any, ...]  # (kind, file name, ...)


class _File(apsw.VFSFile):
    def __init__(self, log: list[Event], name: Any, flags: list[int]) -> None:
        self.log, self.name = log, Path(name.filename() if isinstance(name, apsw.URIFilename) else name).name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's names
        self.log.append(("write", self.name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self.log.append(("truncate", self.name, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self.log.append(("sync", self.name))
        super().xSync(flags)


class Recorder(apsw.VFS):
    """Registered as `name`; `log` also takes the workload's own ("done", ...) marks."""

    def __init__(self, name: str) -> None:
        self.log: list[Event] = []
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802
        return _File(self.log, name, flags)

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: N802
        self.log.append(("delete", Path(name).name))
        super().xDelete(name, sync)


@dataclass
class Disk:
    """Files as the platters have them (`safe`) and what was written since their last sync (`loose`)."""

    safe: dict[str, bytearray] = field(default_factory=dict)
    loose: dict[str, list[Event]] = field(default_factory=dict)

    def play(self, event: Event) -> None:
        kind, name, *_ = event
        if kind == "delete":
            self.safe.pop(name, None)
            self.loose.pop(name, None)
        elif kind == "sync":
            content = self.safe.setdefault(name, bytearray())
            for each in self.loose.pop(name, []):
                _apply(content, each)
        elif kind in ("write", "truncate"):
            self.loose.setdefault(name, []).append(event)

    def cut(self, how: str, dice: random.Random) -> dict[str, bytearray]:
        """The files after the power went now (to look at: those without loose writes are the platters themselves)."""
        found = dict(self.safe)
        for name, events in self.loose.items():
            content = found[name] = bytearray(self.safe.get(name, b""))
            for event in _survivors(events, how, dice):
                _apply(content, event)
        return found


def _survivors(events: list[Event], how: str, dice: random.Random) -> list[Event]:
    if how == "kept":
        return events
    if how == "dropped":
        return []
    if how == "prefix":
        return events[: dice.randrange(len(events) + 1)]
    return [part for event in events for part in _sectors(event) if dice.random() < 0.5]


def _sectors(event: Event) -> list[Event]:
    if event[0] != "write":
        return [event]
    _, name, offset, data = event
    return [("write", name, offset + at, data[at : at + SECTOR]) for at in range(0, len(data), SECTOR)]


def _apply(content: bytearray, event: Event) -> None:
    if event[0] == "truncate":
        del content[event[2] :]
        return
    _, _, offset, data = event
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data
