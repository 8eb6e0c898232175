"""Once an hour while the desk runs: a backup, then thinning out. Its age stands in the header, red after 48 hours."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from pathlib import Path

from app.base import clock, db, live
from app.procedures.running.backups import keep

EVERY = timedelta(hours=1)
OLD = timedelta(hours=48)
log = logging.getLogger(__name__)


class Timer:
    """`start()` and `stop()`; `age()` of the newest good backup; `now()` asks for one; `making` while one is made."""

    def __init__(self, into: Path, *, public_key: str = "") -> None:
        self.into, self.public_key = into, public_key
        self.trouble = ""  # why the last one failed, in its own words
        self.making = False
        self._last = keep.newest(into)
        self._wake, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="backups", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def now(self) -> None:
        """One at once, made beside the desk's work (500 MB on a card take longer than a page waits)."""
        if not self._thread.is_alive():
            self.once()
        elif not self.making:
            self.making = True
            self._wake.set()

    def age(self) -> timedelta | None:
        """Since the newest whole backup; None = there is none."""
        return clock.now() - self._last.moment if self._last else None

    def is_old(self) -> bool:
        age = self.age()
        return age is None or age > OLD

    def once(self) -> None:
        """Make one and thin out; what goes wrong is kept in `trouble`, shown, and tried again in an hour."""
        self.making = True
        live.bump("backups")
        try:
            self._last = keep.make(self.into, public_key=self.public_key)
            keep.prune(self.into)
            self.trouble = ""
        except Exception as error:  # a full stick must not end the timer
            self.trouble = f"{type(error).__name__}: {error}"
            log.exception("backup failed")
        finally:
            self.making = False
            live.bump("backups")

    def _run(self) -> None:
        db.connect()
        while not self._ended.is_set():
            age = self.age()
            if age is None or age >= EVERY or self._wake.is_set():
                self._wake.clear()
                self.once()
                age = timedelta(0) if not self.trouble else EVERY / 2
            self._wake.wait(max((EVERY - age).total_seconds(), 60))
        db.close()
