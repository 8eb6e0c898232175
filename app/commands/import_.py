"""python -m app import FILE.xlsx [--check] --data DIR"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from app.base import money
from app.base.refusal import Refused
from app.desk.who import people
from app.procedures.running import imports
from app.procedures.running.imports import files, writing

BEGINS_BOOKS = True
WIDTH = 40
Say = Callable[..., str]  # msgid and values -> text in the clerk's language


def command(arguments: list[str], *, open_books: Callable[[Path], None], t: Say) -> int:
    """Check a list, then write it. Exit 1 and nothing written where the check finds a problem; each by sheet!cell."""
    parser = argparse.ArgumentParser(prog="python -m app import", description=__doc__)
    parser.add_argument("file", type=Path, help="an .xlsx or .xls list")
    parser.add_argument("--check", action="store_true", help="only say what is wrong; write nothing")
    parser.add_argument("--data", type=Path, default=Path("data"), help="directory of the books")
    chosen = parser.parse_args(arguments)
    try:
        book = files.read(chosen.file.read_bytes(), chosen.file.name)
        open_books(chosen.data)
        return _import(book, only_check=chosen.check, t=t)
    except OSError as error:
        sys.stderr.write(f"{chosen.file.name}: {error.strerror}" + "\n")
    except Refused as no:
        sys.stderr.write(f"{chosen.file.name}: {t(no.msgid, **no.values)}" + "\n")
    return 1


def _import(book: files.Book, *, only_check: bool, t: Say) -> int:
    report = writing.check(book)
    for sheet, title in report.left_out:
        sys.stdout.write(t("Not read: {what}", what="!".join(part for part in (sheet, title) if part)) + "\n")
    for problem in report.problems:
        sys.stdout.write(f"{problem.sheet}!{problem.cell}: {t(problem.msgid, **problem.values)}" + "\n")
    if report.problems:
        sys.stdout.write(t("{n} problems; nothing was written.", n=len(report.problems)) + "\n")
        return 1
    if not only_check:
        writing.write(book, by=people.DESK, progress=_bar)
    for name, count in writing.counts(report.contents).items():
        sys.stdout.write(f"{t(imports.COUNTED[name])}: {money.show(count) if name == 'fen' else count}\n")
    end = t("No problems found; nothing was written.") if only_check else t("Everything is in the books.")
    sys.stdout.write(end + "\n")
    return 0


def _bar(done: int, whole: int) -> None:
    full = done * WIDTH // whole
    sys.stderr.write(f"\r[{'#' * full}{'.' * (WIDTH - full)}] {done * 100 // whole:3d} %" + "\n" * (done == whole))
    sys.stderr.flush()
