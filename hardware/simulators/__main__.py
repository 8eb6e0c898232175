"""`python -m hardware.simulators pn532|printer|scanner ...`: the far end of a device's wire, for trying the desk without the device."""

from __future__ import annotations

import argparse
import importlib
import sys

SIMULATORS = {
    "pn532": "a PN532 card reader with a MIFARE card on it",
    "printer": "an ESC/POS receipt printer whose paper becomes pictures",
    "scanner": "a key scanner that scans what is typed",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m hardware.simulators", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, what in SIMULATORS.items():
        module = importlib.import_module(f"hardware.simulators.{kind}")
        sub = kinds.add_parser(kind, help=what)
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    args = parser.parse_args()
    return int(args.run(args))


if __name__ == "__main__":
    sys.exit(main())
