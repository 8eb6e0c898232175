"""`python -m hardware.simulators pn532`: a card reader at a path, a card's memory in a file, faults by name."""

import argparse
import signal
import threading
import zlib
from pathlib import Path

from hardware.simulators.mifare import Card
from hardware.simulators.pn532_chip import FAULTS, SimulatedReader
from hardware.simulators.pn532_wire import PtyWire


def load_card(path: Path) -> Card:
    """The card in that file; a file that is not there yet becomes a blank card with a UID made from its name."""
    if not path.exists():
        uid = zlib.crc32(path.name.encode()).to_bytes(4, "big")
        path.write_bytes(Card.blank(uid).dump())
    return Card.from_file(path)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m hardware.simulators pn532`."""
    parser.add_argument("--link", type=Path, required=True, help="path at which the reader appears")
    parser.add_argument("--card", type=Path, action="append", default=[], help="dump of a card that lies on the reader")
    parser.add_argument("--baud", type=int, help="pace the line as at this speed")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds the chip takes for one command")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[:KEY=VALUE,...]",
                        help=f"one of {', '.join(FAULTS)}; keys: at, after, times, k, rest, done, seconds")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM. SIGUSR1 takes the cards off, SIGUSR2 lays them on again."""
    cards = [load_card(path) for path in args.card]
    reader = SimulatedReader(cards)
    reader.answer_delay = args.delay
    for text in args.fault:
        name, _, rest = text.partition(":")
        reader.fault(name, **dict(_option(part) for part in rest.split(",") if part))
    wire = PtyWire(reader, args.link, baud=args.baud)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    signal.signal(signal.SIGUSR1, lambda *_: reader.take_off())
    signal.signal(signal.SIGUSR2, lambda *_: reader.lay(*cards))
    print(f"pn532 on {args.link}, cards: {' '.join(c.uid.hex() for c in cards) or 'none'}", flush=True)
    while not stop.wait(0.5):
        pass
    wire.close()
    return 0


def _option(text: str) -> tuple[str, object]:
    key, _, value = text.partition("=")
    if key == "done":
        return key, value not in {"0", "no", "false"}
    return key, float(value) if key == "seconds" else value if key in {"at", "rest"} else int(value)
