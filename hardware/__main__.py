"""`python -m hardware probe --printer URL --card-reader URL --key-scanner URL`: what answers, and a self-test slip.

Only what is named is asked. The exit status is 1 when something that was named did not answer.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from hardware import devices
from hardware.ports import DeviceError, Outcome
from hardware.receipt import render

# Widths to measure with a ruler, characters of every kind, both codes, and the three ways a line is aligned.
SLIP = """^^^自检单
{width:*}
|QIANTAI self-test
---
|简体：收据 放行条 水卡 钥匙
|繁體：鑰匙 號碼 單據
|生僻：𠮷 喆 頔 珺 堃
|符号：￥（）、。《》①②③ ㎡
|ASCII: 0123456789 ABCxyz !@#$%&
---
{width:*,10}
合计 | ^￥767.82
金额 | 0.01
{width:auto}
左 |
中
| 右
---
RULER
{code:10202600041327; option:code128,2,64,hri}
{code:http://desk.lan/g/20202600023145; option:qrcode,4,m}
"""


def probe(args: argparse.Namespace) -> int:
    """Ask each named device who it is; print the slip on the printer."""
    asked = [("printer", args.printer, _printer), ("card reader", args.card_reader, _reader)]
    asked.append(("key scanner", args.key_scanner, lambda url: _scanner(url, args.wait)))
    wrong = 0
    for name, url, ask in asked:
        if url:
            wrong += not _asked(name, url, ask)
    if not any(url for _, url, _ in asked):
        print("name at least one device; see --help")
        return 2
    return 1 if wrong else 0


def _asked(name: str, url: str, ask: Callable[[str], str]) -> bool:
    try:
        print(f"{name:12} {url}: {ask(url)}", flush=True)
    except (DeviceError, ValueError) as no:
        print(f"{name:12} {url}: NO ANSWER. {no}", flush=True)
        return False
    return True


def _printer(url: str) -> str:
    printer = devices.printer(url)
    try:
        status = printer.status()
        said = f"answers; paper {status.paper}, cover {'open' if status.cover_open else 'closed'}"
        ruler = "1234567890" * 5
        paper = render(SLIP.replace("RULER", ruler[: printer.columns]), printer.columns)
        outcome = printer.send(paper.job(always_raster=printer.raster))
        fence = {
            Outcome.PRINTED: "the fence was answered (prints are confirmed)",
            Outcome.UNKNOWN: "the fence was not answered: try fence=H, or fence=none and confirm prints by eye",
            Outcome.NOT_SENT: "nothing was sent",
        }[outcome]
        if outcome is not Outcome.PRINTED:
            raise DeviceError(
                "{said}; self-test slip: {fence}. {why}", said=said, fence=fence, why=printer.problem or ""
            )
        return f"{said}; self-test slip of {printer.columns} columns printed, {fence}"
    finally:
        printer.close()


def _reader(url: str) -> str:
    reader = devices.card_reader(url)
    try:
        cards = [uid.hex().upper() for uid in reader.look()]
        version = getattr(reader, "version", "a card reader")
        return f"{version}; {'cards ' + ' '.join(cards) if cards else 'no card in the field'}"
    finally:
        reader.close()


def _scanner(url: str, wait: float) -> str:
    scanner = devices.key_scanner(url)
    try:
        print(f"{'':12} the line is open: scan a label within {wait:g} s", flush=True)
        label = scanner.read(wait)
        return f"line open; scanned {label}" if label else "line open; nothing was scanned (a scanner cannot be asked)"
    finally:
        scanner.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m hardware", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    what = verbs.add_parser("probe", help="ask devices who they are, print a self-test slip")
    what.add_argument("--printer", metavar="URL", help="tcp://host:9100, serial:///dev/receipt-printer, sim://printer")
    what.add_argument("--card-reader", metavar="URL", help="serial:///dev/water-card, sim://card-reader")
    what.add_argument("--key-scanner", metavar="URL", help="serial:///dev/key-scanner, sim://key-scanner")
    what.add_argument("--wait", type=float, default=10, help="seconds to wait for a scan")
    what.set_defaults(run=probe)
    args = parser.parse_args()
    try:
        return int(args.run(args))
    finally:
        devices.close_simulators()


if __name__ == "__main__":
    sys.exit(main())
