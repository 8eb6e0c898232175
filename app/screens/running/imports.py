"""Lists from Excel: choose a file, see every cell that is wrong, then put all of it into the books."""

from __future__ import annotations

from flask import request

from app.base.refusal import N_, Refused
from app.procedures.running import imports
from app.procedures.running.imports import waiting
from app.web import Answer, Screen, form, me, page, say

screen = Screen("running/imports", title=N_("Import lists"), act="imports.run", order=60)

SHOWN_MOST = 300
KINDS = {"estate": N_("Migration workbook"), "assets": N_("Asset list"), "arrears": N_("Arrears list")}


def _board(report: imports.Report | None = None) -> Answer:
    return page(
        "running/imports.html#board",
        report=report,
        problems=report.problems[:SHOWN_MOST] if report else (),
        counts=imports.counts(report.contents) if report else {},
        counted=imports.COUNTED,
        kinds=KINDS,
        earlier=imports.earlier(),
    )


@screen.reads()
def board() -> Answer:
    return _board()


@screen.does("/check", act="imports.run", again="running_imports.board")
def check() -> Answer:
    """Look at a file; nothing is written."""
    chosen = request.files.get("file")
    if chosen is None or not chosen.filename:
        raise Refused("Choose a file first.", field="file")
    book = imports.read(chosen.read(), chosen.filename)
    report = imports.check(book)
    if not report.problems:
        waiting.keep(book)
    return _board(report)


@screen.does("/write", act="imports.run", again="running_imports.board")
def write() -> Answer:
    """Put a checked file into the books, all of it."""
    sha256 = form().text("sha256", most=64)
    # A second click finds the file in the books: the answer is the same, nothing is done.
    done = imports.in_books(sha256) or imports.write(waiting.take(sha256), by=me())
    waiting.forget(sha256)
    return say(_board(), N_("{name} is in the books."), name=done.name)
