"""The scanner on the key cabinet: heard all day, whether a page is open or not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from app.base import db, live
from app.procedures.counter.keys import scans
from hardware.ports import DeviceError, Scanner

log = logging.getLogger(__name__)
AGAIN_AFTER = 5.0  # seconds until a lost scanner is looked for again (hardware.md 4)
LISTEN = 0.5  # how long one read waits, and so how long stop() may take


class ScanWorker:
    """Owns the scanner. `state`: unknown | ready | lost. Nothing on the web ever waits for it."""

    def __init__(self, connect: Callable[[], Scanner], *, address: str = "", again_after: float = AGAIN_AFTER) -> None:
        self.state, self.address = "unknown", address
        self.problem: DeviceError | None = None
        self._connect, self._again_after = connect, again_after
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name="key scanner", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def wake(self) -> None:
        """Look for a lost scanner now."""
        self._woken.set()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    self._listen()
                except DeviceError as no:
                    self._turn("lost", no)
                    self._woken.wait(self._again_after)
                    self._woken.clear()
        finally:
            db.close()

    def _listen(self) -> None:
        scanner = self._connect()
        try:
            self._turn("ready")
            while not self._stopping.is_set():
                if label := scanner.read(LISTEN):
                    self._hear(label)
        finally:
            scanner.close()

    def _hear(self, label: str) -> None:
        db.connect()
        try:
            scans.hear(label, source="serial", by=scans.at_counter())
        except Exception:  # a full disk must not deafen the desk: it is logged, and the key can be scanned again
            log.exception("a scanned label could not be kept")
            live.bump("devices")

    def _turn(self, state: str, problem: DeviceError | None = None) -> None:
        changed, self.state, self.problem = state != self.state, state, problem
        if changed:
            live.bump("devices")
