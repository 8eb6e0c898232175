"""A driver on a simulated printer with a clock that nobody waits for."""

from dataclasses import dataclass

from hardware.drivers.escpos_printer import EscposPrinter
from hardware.drivers.wires import WireLost
from hardware.receipt import render
from hardware.simulators.printer import MemoryWire
from hardware.simulators.printer_model import PrinterModel

RECEIPT = "^^^收 据\n{width:8,*}\n编号 |SJ-2026-000413\n{width:*,12}\n现金 | 500.00\n{code:10202600041327; option:code128,2,64,hri}"
JOB = render(RECEIPT).native()


class Clock:
    """Sleeping moves it; nothing else does."""

    def __init__(self) -> None:
        self.at = 1000.0
        self.naps = 0

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.naps += 1
        self.at += seconds


@dataclass
class Bench:
    clock: Clock
    model: PrinterModel
    printer: EscposPrinter
    wires: list[MemoryWire]
    plugged: bool = True

    @property
    def wire(self) -> MemoryWire:
        return self.wires[-1]

    def unplug_after(self, count: int) -> None:
        """The cable goes when so many more bytes have been written."""
        self.wire.cut_at = self.wire.written + count

    @property
    def papers(self) -> list[list[str]]:
        return [paper.lines() for paper in self.model.finished]

    def receipts(self) -> int:
        """How many complete receipts are on paper."""
        return sum(
            "编号     SJ-2026-000413" in lines and any("code128" in line for line in lines) for lines in self.papers
        )


def bench(columns: int = 32, fence: str = "r", **model: object) -> Bench:
    clock = Clock()
    machine = PrinterModel(columns, now=clock, **model)
    wires: list[MemoryWire] = []
    made: Bench

    def connect() -> MemoryWire:
        if not made.plugged:
            raise WireLost("no such port")
        wires.append(MemoryWire(machine, sleep=clock.sleep))
        return wires[-1]

    printer = EscposPrinter(connect, address="tcp://printer", columns=columns, fence=fence, now=clock)
    made = Bench(clock, machine, printer, wires)
    return made
