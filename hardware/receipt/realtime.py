"""The printer acts on three byte pairs the moment they arrive, wherever they stand: even inside a picture.

``DLE EOT`` (status), ``DLE ENQ`` (recover), ``DLE DC4`` (drawer pulse, power off, clear the buffer).
1.3 % of random receipts in dots hold one.
"""

from __future__ import annotations

import re

COMMAND = re.compile(rb"\x10(?=[\x04\x05\x14])")


def holds_command(data: bytes) -> bool:
    return COMMAND.search(data) is not None


def broken(data: bytes) -> bytes:
    """Picture data with one white dot more (or less) wherever it would have been a command."""
    return COMMAND.sub(b"\x11", data)
