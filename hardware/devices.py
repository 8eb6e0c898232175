"""Devices by their URLs. The only place that picks drivers and simulators.

    serial:///dev/receipt-printer     a serial line, or a name that udev gives (printer: ?baud=19200&columns=48 ...)
    tcp://192.168.1.50:9100           a network printer, or a serial line behind a network converter
    socket://, spy://, loop://        whatever else pyserial opens (scanner and reader)
    sim://printer  sim://card-reader  sim://key-scanner
                                      a simulated device at the far end of a real wire; a name of its own may follow:
                                      sim://printer/slips?columns=48&out=DIR

A URL with something wrong in it is a ValueError, at once; a device that does not answer is a DeviceError.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, urlsplit

from hardware.ports import DeviceError

if TYPE_CHECKING:
    from hardware.drivers.pn532 import Wire
    from hardware.ports import CardReader, Printer, Scanner
    from hardware.simulators.pn532_wire import PtyWire
    from hardware.simulators.printer import SimulatedPrinter
    from hardware.simulators.scanner import SimulatedScanner
    from hardware.simulators.water_bench import WaterBench

_SIMULATED = ("printer", "card-reader", "key-scanner")
_PYSERIAL = ("socket", "spy", "loop", "rfc2217")
_lock = threading.Lock()
_far_ends: dict[str, SimulatedPrinter | PtyWire | SimulatedScanner] = {}  # by URL: a device opened again finds its own


def check(url: str) -> None:
    """ValueError for what cannot be a device's address; opens nothing. Empty = no device."""
    parts = urlsplit(url)
    if parts.scheme == "serial":
        _path(parts)
    elif parts.scheme == "sim":
        if parts.netloc not in _SIMULATED:
            raise ValueError(f"{url}: simulated devices are {', '.join(f'sim://{name}' for name in _SIMULATED)}")
    elif url:
        _for_pyserial(parts)


def printer(url: str) -> Printer:
    """A driver; it opens its line when it is first needed."""
    from hardware.drivers import escpos_printer

    if urlsplit(url).scheme == "sim":
        simulated = simulated_printer(url)
        return escpos_printer.from_url(f"tcp://127.0.0.1:{simulated.port}?columns={simulated.model.dots // 12}")
    return escpos_printer.from_url(url)


def card_reader(url: str) -> CardReader:
    """Opens the line and asks the chip who it is."""
    from hardware.drivers.pn532 import PN532

    return PN532(_reader_wire(url))


def _reader_wire(url: str) -> Wire:
    import serial

    from hardware.drivers.pn532 import SLICE, open_serial

    parts = urlsplit(url)
    if parts.scheme == "sim":
        return open_serial(simulated_reader(url).path)
    _options(parts)
    if parts.scheme == "serial":
        return open_serial(_path(parts))
    try:
        wire: Wire = serial.serial_for_url(_for_pyserial(parts), 115200, timeout=SLICE, write_timeout=1)
    except OSError as error:
        raise DeviceError("The card reader at {path} cannot be opened.", path=url) from error
    return wire


def key_scanner(url: str) -> Scanner:
    """Opens the line; `?baud=9600&prefix=KB1` where the scanner is set up so."""
    from hardware.drivers.scanner import SerialScanner

    parts = urlsplit(url)
    if parts.scheme == "sim":
        return SerialScanner(simulated_scanner(url).path)
    options = _options(parts, "baud", "prefix")
    where = _path(parts) if parts.scheme == "serial" else _for_pyserial(parts)
    return SerialScanner(where, baud=int(options.get("baud", "9600")), prefix=options.get("prefix", ""))


def simulated_printer(url: str) -> SimulatedPrinter:
    """The far end of `sim://printer...`: its papers, its faults. `out` = directory for pictures of the papers."""
    from hardware.simulators.printer import SimulatedPrinter
    from hardware.simulators.printer_model import PrinterModel

    options = _simulator(url, "printer", "columns", "out")
    with _lock:
        if url not in _far_ends:
            out = Path(options["out"]) if "out" in options else None
            model = PrinterModel(int(options.get("columns", "32")))
            _far_ends[url] = SimulatedPrinter(model, tcp=0, out=out).start()
        found = _far_ends[url]
    assert isinstance(found, SimulatedPrinter)
    return found


def simulated_reader(url: str) -> PtyWire:
    """The far end of `sim://card-reader`: `.reader.lay(card)`, `.reader.fault(...)`, `.unplug()`."""
    from hardware.simulators.pn532_chip import SimulatedReader
    from hardware.simulators.pn532_wire import PtyWire

    _simulator(url, "card-reader")
    with _lock:
        if url not in _far_ends:
            _far_ends[url] = PtyWire(SimulatedReader())
        found = _far_ends[url]
    assert isinstance(found, PtyWire)
    return found


def simulated_scanner(url: str) -> SimulatedScanner:
    """The far end of `sim://key-scanner`: `.scan(label)`, `.garbage()`, `.unplug()`."""
    from hardware.simulators.scanner import SimulatedScanner

    _simulator(url, "key-scanner")
    with _lock:
        if url not in _far_ends:
            _far_ends[url] = SimulatedScanner()
        found = _far_ends[url]
    assert isinstance(found, SimulatedScanner)
    return found


def water_bench(url: str, folder: Path) -> WaterBench:
    """Cards and meters in a folder, and hands that lay the cards on the simulated reader of that URL."""
    from hardware.simulators.water_bench import WaterBench

    return WaterBench(simulated_reader(url).reader, folder)


def close_simulators() -> None:
    """Take down every simulated device this process opened."""
    from hardware.simulators.printer import SimulatedPrinter as _Printer

    with _lock:
        for far_end in _far_ends.values():
            (far_end.stop if isinstance(far_end, _Printer) else far_end.close)()
        _far_ends.clear()


def _simulator(url: str, name: str, *known: str) -> dict[str, str]:
    parts = urlsplit(url)
    if parts.scheme != "sim" or parts.netloc != name:
        raise ValueError(f"not the address of a simulated {name}: {url}")
    return _options(parts, *known)


def _options(parts: SplitResult, *known: str) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    if wrong := set(options) - set(known):
        raise ValueError(f"{parts.geturl()}: no such option: {', '.join(sorted(wrong))}")
    return options


def _path(parts: SplitResult) -> str:
    if parts.netloc or not parts.path.startswith("/"):
        raise ValueError(f"{parts.geturl()}: a serial line is written serial:///dev/NAME, with three slashes")
    return parts.path


def _for_pyserial(parts: SplitResult) -> str:
    if parts.scheme == "tcp" and parts.hostname and parts.port:
        return f"socket://{parts.hostname}:{parts.port}"
    if parts.scheme in _PYSERIAL:
        return parts._replace(query="").geturl()
    raise ValueError(f"{parts.geturl()}: not an address of a device (serial:///dev/..., tcp://host:port, sim://...)")
