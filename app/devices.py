"""The desk's devices: a worker for each one that the settings name. Only here is an address turned into a device."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.procedures.counter.keys.worker import ScanWorker
from app.procedures.counter.water_cards import ReaderWorker
from app.procedures.running.backups import Timer
from app.procedures.running.day_turn import DayTurn
from app.procedures.running.printing import PrintWorker
from app.settings import Settings, WrongSetting
from hardware import devices

if TYPE_CHECKING:
    from hardware.simulators.water_bench import WaterBench


@dataclass
class Devices:
    """What screens see; None = not set up. `water_bench`: the demo's cards and meters."""

    printer: PrintWorker | None = None
    slip_printer: PrintWorker | None = None
    reader: ReaderWorker | None = None
    scanner: ScanWorker | None = None
    water_bench: WaterBench | None = None
    backups: Timer | None = None
    day_turn: DayTurn = field(default_factory=DayTurn)
    _workers: list[PrintWorker | ReaderWorker | ScanWorker | Timer | DayTurn] = field(default_factory=list)

    def start(self) -> None:
        found = (self.printer, self.slip_printer, self.reader, self.scanner, self.backups, self.day_turn)
        self._workers = [worker for worker in found if worker is not None]
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Let each finish what it is in the middle of; nothing new is begun."""
        for worker in self._workers:
            worker.stop()
        devices.close_simulators()


def check(chosen: Settings) -> None:
    """WrongSetting names the key whose address is none; opens nothing."""
    for key in ("printer", "slip_printer", "card_reader", "key_scanner"):
        try:
            devices.check(getattr(chosen, key))
        except ValueError as error:
            raise WrongSetting(f"{key}: {error}") from error


def of(chosen: Settings) -> Devices:
    """Workers for the addresses in the settings, not started yet."""
    check(chosen)
    made = Devices(backups=Timer(chosen.backup_place, public_key=chosen.backup_key))
    if chosen.printer:
        both = frozenset({"receipt"} if chosen.slip_printer else {"receipt", "slip"})
        made.printer = _printer(chosen.printer, both)
    if chosen.slip_printer:
        made.slip_printer = _printer(chosen.slip_printer, frozenset({"slip"}))
    if chosen.card_reader:
        made.reader = ReaderWorker(lambda: devices.card_reader(chosen.card_reader), address=chosen.card_reader)
    if chosen.key_scanner:
        made.scanner = ScanWorker(lambda: devices.key_scanner(chosen.key_scanner), address=chosen.key_scanner)
    if chosen.demo and chosen.card_reader.startswith("sim:"):
        made.water_bench = devices.water_bench(chosen.card_reader, chosen.data / "water-bench")
    return made


def _printer(url: str, printers: frozenset[str]) -> PrintWorker:
    far_end = devices.simulated_printer(url) if url.startswith("sim:") else None
    return PrintWorker(devices.printer(url), printers, address=url, far_end=far_end)
