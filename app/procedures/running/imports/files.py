"""An Excel file as plain sheets, whatever is wrong with it: sizes are looked at before it is opened, and another
process opens it (child.py), with a limit on memory and time.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.base.refusal import Refused

FILE_MOST = 5 * 2**20
UNZIPPED_MOST = 400 * 2**20  # a million rows that hold nothing but a format come to about 300 MB
MEMBERS_MOST = 2000
ROWS_MOST = 60_000
SECONDS_MOST = 60
MEMORY_MOST = 1536 * 2**20
_CHILD = Path(__file__).with_name("child.py")
_TOO_MANY_ROWS = 3
_one_at_a_time = threading.Lock()  # a Pi has memory for one reader
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # how a protected .xlsx names its only stream
_OLE, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"


class Broken:
    """What a cell with an Excel error (#N/A, #REF! ...) holds."""


BROKEN = Broken()
Cell = str | float | bool | date | Broken


@dataclass(frozen=True)
class Sheet:
    """Rows that hold something by their number in Excel (from 1), cells from column A.

    `merged`: ranges as (top, left, bottom, right), rows and columns from 1.
    """

    name: str
    rows: dict[int, list[Cell]]
    merged: list[tuple[int, int, int, int]]


@dataclass(frozen=True)
class Book:
    name: str
    sha256: str
    sheets: list[Sheet]


def read(content: bytes, name: str) -> Book:
    """The sheets of an .xlsx or .xls file (told by what it is, not by its name).

    Raises Refused, with what to do, for everything that is no readable workbook or goes past the limits above.
    """
    _look_at(content)
    command = [sys.executable, "-I", str(_CHILD), str(MEMORY_MOST), str(ROWS_MOST)]
    try:
        with _one_at_a_time:
            done = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS_MOST, check=False)  # noqa: S603 - our own program
    except subprocess.TimeoutExpired:
        raise Refused("Reading the file took too long. Delete empty rows and formats, save, try again.") from None
    if done.returncode == _TOO_MANY_ROWS:
        raise Refused("A sheet has more than {n} rows with something in them. Divide the file.", n=ROWS_MOST)
    if done.returncode:
        raise Refused(
            "What is inside this file is damaged, protected or too big. Open it in Excel or WPS and save it again."
        )
    return Book(name, hashlib.sha256(content).hexdigest(), [_sheet(line) for line in done.stdout.splitlines()])


def _look_at(content: bytes) -> None:
    if not content:
        raise Refused("The file is empty. Choose the right one.")
    if len(content) > FILE_MOST:
        raise Refused("The file is bigger than {n} MB. Divide it, or delete pictures in it.", n=FILE_MOST // 2**20)
    if content.startswith(_OLE):
        if _ENCRYPTED in content:
            raise Refused("The file is protected by a password. Save it without one.")
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            inside = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        if content.startswith(_ZIP):
            raise Refused("The file is cut off or damaged. Copy it again from where it came.") from None
        inside = []
    if not any(member.filename == "xl/workbook.xml" for member in inside):
        raise Refused("This is no Excel workbook (CSV and web pages are not taken). Open it in Excel, save as .xlsx.")
    if len(inside) > MEMBERS_MOST or sum(member.file_size for member in inside) > UNZIPPED_MOST:
        raise Refused("Unpacked, the file is too big. Delete empty rows and formats, save, try again.")


def _sheet(line: bytes) -> Sheet:
    found = json.loads(line)
    rows = {number: [_cell(cell) for cell in cells] for number, cells in found["rows"]}
    return Sheet(found["name"], rows, [tuple(span) for span in found["merged"]])


def _cell(cell: Any) -> Cell:
    if isinstance(cell, dict):
        return date.fromisoformat(cell["day"]) if "day" in cell else BROKEN
    return "" if cell is None else cell
