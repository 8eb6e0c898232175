"""Writes a workbook of one sheet row by row: the memory it takes does not depend on its length.

Also a program, for long lists, so that the desk stays quick meanwhile: a JSON line of the head and one a row on stdin, the
workbook on stdout. Imports nothing of the app.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import IO, Any

import xlsxwriter

_AS_TYPED = {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
_FORMATS = {"fen": "#,##0.00", "moment": "yyyy-mm-dd hh:mm", "day": "yyyy-mm-dd"}
_WIDTHS = {"fen": 14, "moment": 17, "day": 12}


def write(out: IO[bytes], titles: list[str], kinds: list[str], rows: Iterable[list[Any]]) -> None:
    """`kinds` of the columns: text, fen (whole fen), moment or day (ISO); None is an empty cell. A text that looks like
    a formula stays a text.
    """
    book = xlsxwriter.Workbook(out, {"constant_memory": True, **_AS_TYPED})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    formats = {kind: book.add_format({"num_format": how}) for kind, how in _FORMATS.items()}
    for n, (title, kind) in enumerate(zip(titles, kinds, strict=True)):
        sheet.set_column(n, n, _WIDTHS.get(kind, 22))
        sheet.write_string(0, n, title, bold)
    sheet.freeze_panes(1, 0)
    for line, row in enumerate(rows, 1):
        for n, (value, kind) in enumerate(zip(row, kinds, strict=True)):
            if value is None:
                continue
            if kind == "fen":
                sheet.write_number(line, n, value / 100, formats[kind])
            elif kind in ("moment", "day"):
                sheet.write_datetime(line, n, datetime.fromisoformat(value), formats[kind])
            else:
                sheet.write_string(line, n, value)
    book.close()


def main(lines: IO[str], out: IO[bytes]) -> None:
    head = json.loads(next(lines))
    write(out, head["titles"], head["kinds"], (json.loads(line) for line in lines))


if __name__ == "__main__":  # pragma: no cover - run as a program by app.desk.work.listing
    main(sys.stdin, sys.stdout.buffer)
