"""What a workbook is, by its headers, and everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.refusal import N_
from app.procedures.running.imports import estate, lists
from app.procedures.running.imports.cells import Table, find_header
from app.procedures.running.imports.files import Book, Sheet
from app.procedures.running.imports.forms import Contents, Known, Problem

FORMS = estate.SHEETS | {"资产信息": lists.ASSETS, "欠费": lists.ARREARS}


@dataclass(frozen=True)
class Report:
    """What a file would do. Nothing may be written while `problems` holds one.

    `left_out`: (sheet, column heading or "") that is not read, so that nothing is dropped silently.
    """

    book: Book
    contents: Contents
    problems: tuple[Problem, ...]
    left_out: tuple[tuple[str, str], ...]


def check(book: Book, known: Known, *, check_rooms: bool = True) -> Report:
    """Read every sheet that is known by its headers and collect each cell that is wrong."""
    tables: dict[str, Table] = {}
    problems: list[Problem] = []
    left_out: list[tuple[str, str]] = []
    for sheet in book.sheets:
        form, header = _form(sheet)
        if form is None:
            if sheet.name in FORMS and sheet.rows:
                missing = " ".join(sorted(FORMS[sheet.name][0]))
                problems.append(Problem(sheet.name, min(sheet.rows), 1, _NO_HEADER, {"titles": missing}))
            elif sheet.rows:
                left_out.append((sheet.name, ""))
        elif form in tables:
            problems.append(
                Problem(
                    sheet.name,
                    header,
                    1,
                    N_("The sheet {other} has the same headers. Keep one."),
                    {"other": tables[form].sheet.name},
                )
            )
        else:
            tables[form] = Table(sheet, header, FORMS[form][1])
            left_out += [(sheet.name, title) for title in tables[form].unread]
    contents = _contents(tables, known, check_rooms=check_rooms)
    if contents is None:
        first = book.sheets[0].name if book.sheets else "?"
        msgid = _SEVERAL if tables else _NOTHING
        problems = problems or [Problem(first, 1, 1, msgid)]
        contents = Contents("unknown")
    order = {sheet.name: place for place, sheet in enumerate(book.sheets)}
    problems += [problem for table in tables.values() for problem in table.problems]
    problems.sort(key=lambda found: (order.get(found.sheet, -1), found.row, found.column))
    return Report(book, contents, tuple(problems), tuple(left_out))


_PAID = frozenset({"实缴金额", "缴费时间"})  # a list of payments made looks like arrears otherwise
_NO_HEADER = N_("The headers {titles} are not all here. Put them into one row above the data.")
_NOTHING = N_("No sheet has headers this desk knows. Take the workbook's own template.")
_SEVERAL = N_("Different kinds of lists are in one file. Import each by itself.")


def _form(sheet: Sheet) -> tuple[str | None, int]:
    for form, (needed, _) in FORMS.items():
        header = find_header(sheet, needed, _PAID if form == "欠费" else frozenset())
        if header is not None:
            return form, header
    return None, 0


def _contents(tables: dict[str, Table], known: Known, *, check_rooms: bool) -> Contents | None:
    kinds = set(tables)
    if kinds and kinds <= set(estate.SHEETS):
        return estate.read(tables, known)
    if kinds == {"资产信息"}:
        return lists.read_assets(tables["资产信息"], known)
    if kinds == {"欠费"}:
        return lists.read_arrears(tables["欠费"], known, check_rooms=check_rooms)
    return None
