"""The turn of the day: what recurs is promised anew, at the start and when the business day has changed."""

from __future__ import annotations

import logging
import threading
from datetime import date

from app.base import clock, db, live
from app.desk.work import recurring

LOOK = 30.0  # seconds between two looks at the calendar: a clock that was put right is noticed too
log = logging.getLogger(__name__)


class DayTurn:
    """`start()` and `stop()`, like the devices' workers."""

    def __init__(self) -> None:
        self._day: date | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="turn of the day", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def once(self) -> None:
        """Arm what recurs where a new day has begun; what goes wrong is tried again at the next look."""
        today = clock.business_day(clock.now())
        if today == self._day:
            return
        try:
            recurring.arm()
            self._day = today
            live.bump("today")
        except Exception:  # a full disk must not end the calendar
            log.exception("what recurs could not be promised")

    def _run(self) -> None:
        db.connect()
        self.once()
        while not self._ended.wait(LOOK):
            self.once()
        db.close()
