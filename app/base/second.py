"""The second journal (promise P1b): every committed change set once more, on another path or device, synced.

A card that lies about its syncs, or dies, loses commits without a sign. Each transaction carries a number in the books
(table `second_mark`) and its change set goes to a file elsewhere; at boot the two are compared, and what the books lost
is put back from the file. One line a transaction: number, SHA-256 of the line, the change set (SQLite's session format).
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import apsw
import peewee

from app.base import db

MOST = 64 * 1024 * 1024  # bytes; what a lying card loses is minutes, not months


class SecondMark(db.Table):
    """One row: the number of the last transaction that is in the books."""

    n = peewee.BigIntegerField()


class Second:
    """The open file. `follow()` at boot; then `db` calls `watch` and `append` around every write transaction."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._cut_torn_end()

    def close(self) -> None:
        os.close(self._file)

    def behind(self) -> int:
        """How many transactions of the file the books do not have (0 = none lost)."""
        return max(self.last() - self.mark(), 0)

    def mark(self) -> int:
        row = SecondMark.get_or_none()
        return int(row.n) if row else 0

    def last(self) -> int:
        """The number of the file's last whole line."""
        return max((n for n, _ in self._lines()), default=0)

    def bring_back(self) -> int:
        """Put what the books lost back, in order and whole or not at all; gives how many transactions."""
        mark, done = self.mark(), 0
        connection = db.database.connection()
        with db.database.atomic():
            for n, change in sorted(self._lines()):  # an import beside the desk may append its line a moment late
                if n <= mark:
                    continue
                if n != mark + done + 1:
                    raise db.Damaged(
                        f"{self.path.name}: number {mark + done + 1} is missing: restore the newest backup."
                    )
                apsw.Changeset.apply(change, connection, conflict=_no_conflict)
                done += 1
        return done

    def start_again(self) -> None:
        """Nothing is lost, but the file is long, or its own disk lost lines: go on from here without the older ones."""
        if self.last() != self.mark() or self.path.stat().st_size > MOST:
            os.ftruncate(self._file, 0)
            os.fsync(self._file)

    def watch(self, connection: apsw.Connection) -> apsw.Session:
        """Listen to one transaction; its number is drawn inside it."""
        session = apsw.Session(connection, "main")
        session.attach()
        connection.execute("INSERT INTO second_mark (id, n) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = n + 1")
        return session

    def append(self, n: int, change: bytes) -> None:
        """After the commit: one line, on the disk before the deed is shown as done."""
        os.write(self._file, _line(n, change))
        os.fsync(self._file)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        with self.path.open("rb") as file:
            for line in file:
                found = _read(line)
                if found is None:
                    return
                yield found

    def _cut_torn_end(self) -> None:
        """A line the power cut in half was never acknowledged: it goes, so that the next one starts clean."""
        whole = sum(len(_line(n, change)) for n, change in self._lines())
        os.ftruncate(self._file, whole)


def _line(n: int, change: bytes) -> bytes:
    text = f"{n} {base64.b64encode(change).decode()}"
    return f"{hashlib.sha256(text.encode()).hexdigest()} {text}\n".encode()


def _read(line: bytes) -> tuple[int, bytes] | None:
    try:
        check, n, change = line.decode().rstrip("\n").split(" ")
        if not line.endswith(b"\n") or hashlib.sha256(f"{n} {change}".encode()).hexdigest() != check:
            return None
        return int(n), base64.b64decode(change)
    except ValueError:
        return None


def _no_conflict(_reason: int, _change: apsw.TableChange) -> int:
    return apsw.SQLITE_CHANGESET_ABORT


def keep(path: Path) -> Second:
    """Write every transaction to `path` too, from now on."""
    return use(Second(path))


def use(made: Second) -> Second:
    db.second = made
    return made


def stop() -> None:
    if db.second is not None:
        db.second.close()
        db.second = None
