"""Reads a workbook apart from the desk: run as a program with limits on memory and time, so that no file can fill or
stop the server. Takes the file on stdin, answers JSON lines of sheets on stdout. Imports nothing of the app.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO
from xml.etree import ElementTree as ET

from python_calamine import CalamineWorkbook

TOO_MANY_ROWS = 3
_ERROR_CELL = re.compile(rb'<c (?=[^<>]*\bt="e")[^<>]*\br="([A-Z]{1,3})([0-9]{1,7})"')
_PIECE = 1 << 20


class TooManyRows(Exception):
    pass


def sheets(content: bytes, rows_most: int) -> Iterator[dict[str, Any]]:
    """Each sheet: `name`, `rows` [[number from 1, cells from column A]], `merged` [[top, left, bottom, right]].

    Only rows that hold something. A date is {"day": ISO}; an Excel error (#N/A ...) is {"error": true}: the reader
    would show it as an empty cell, and an import must not take "broken" for "not given". (.xls keeps them empty.)
    """
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    broken = _error_cells(content) if content.startswith(b"PK") else {}
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        left = (sheet.start or (0, 0))[1]
        rows = {}
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            if any(cell not in ("", None) for cell in cells):
                rows[number] = [""] * left + [_wire(cell) for cell in cells]
                if len(rows) > rows_most:
                    raise TooManyRows
        for number, column in broken.get(name, ()):
            row = rows.setdefault(number, [])
            row.extend([""] * (column - len(row)))
            row[column - 1] = {"error": True}
        merged = [[top + 1, start + 1, low + 1, end + 1] for (top, start), (low, end) in sheet.merged_cell_ranges or ()]
        yield {"name": name, "rows": sorted(rows.items()), "merged": merged}


def _wire(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return {"day": cell.date().isoformat()} if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, date):
        return {"day": cell.isoformat()}
    return str(cell) if isinstance(cell, time | timedelta) else cell


def _error_cells(content: bytes) -> dict[str, list[tuple[int, int]]]:
    """Sheet name -> (row, column) of its cells that show an Excel error."""
    found: dict[str, list[tuple[int, int]]] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = {
            relation.get("Id"): (relation.get("Target") or "")
            for relation in ET.fromstring(packed.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - limits above
        }
        workbook = ET.fromstring(packed.read("xl/workbook.xml"))  # noqa: S314 - limits above
        for sheet in workbook.findall(".//{*}sheet"):
            target = next(
                (parts[value] for name, value in sheet.items() if name.endswith("}id") and value in parts), ""
            )
            path = target.lstrip("/") if target.startswith("/") else "xl/" + target
            if path in packed.namelist():
                with packed.open(path) as part:
                    found[sheet.get("name") or ""] = list(_error_cells_of(part))
    return found


def _error_cells_of(part: Any) -> Iterator[tuple[int, int]]:
    kept = b""
    while piece := part.read(_PIECE):
        text = kept + piece
        end = text.rfind(b"<") if len(piece) == _PIECE else len(text)
        for letters, row in _ERROR_CELL.findall(text[:end]):
            column = 0
            for letter in letters:
                column = column * 26 + letter - 64
            yield int(row), column
        kept = text[end:]


def main(stdin: BinaryIO, memory_most: int, rows_most: int) -> int:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_most, memory_most))
    try:
        for sheet in sheets(stdin.read(), rows_most):
            sys.stdout.write(json.dumps(sheet) + "\n")
    except TooManyRows:
        return TOO_MANY_ROWS
    return 0


if __name__ == "__main__":  # pragma: no cover - the line above is shown by every import
    sys.exit(main(sys.stdin.buffer, int(sys.argv[1]), int(sys.argv[2])))
