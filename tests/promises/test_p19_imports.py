"""P19: an import is all or nothing and changes nothing silently."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from app import schema
from app.base import db
from app.base import text as texts
from app.base.refusal import Refused
from app.desk.who import people
from app.procedures.running import imports
from app.procedures.running.imports import cells, checking, files, writing

sys.path.insert(0, str(Path(__file__).parents[1] / "procedures" / "running"))
import sheets

BAD = {bad.name: bad for bad in sheets.bad_files()}


def rows() -> dict[str, int]:
    """How many rows each table of the books holds."""
    return {table._meta.table_name: table.select().count() for table in schema.TABLES}


@pytest.fixture
def estate(books) -> None:
    """The small estate is in the books: what arrears need."""
    imports.write(imports.read(sheets.book(sheets.ESTATE), "estate.xlsx"), by=people.DESK)


@cache
def opened(name: str) -> files.Book | None:
    """The file as the reader gives it (read once), or None where the file itself is refused."""
    try:
        return imports.read(BAD[name].content, name)
    except Refused:
        return None


def attempt(bad: sheets.Bad) -> frozenset[str] | None:
    """What the desk says to a bad file: the cells it names, or None where it refuses the file itself."""
    book = opened(bad.name)
    if book is None:
        return None
    report = imports.check(book)
    with pytest.raises(Refused):
        imports.write(book, by=people.DESK)
    return frozenset(f"{problem.sheet}!{problem.cell}" for problem in report.problems)


def test_there_are_at_least_forty_bad_files():
    assert len(BAD) >= 40
    assert sum(bool(bad.cells) for bad in BAD.values()) >= 40


def test_a_bad_file_writes_nothing_and_every_bad_cell_is_named(books):
    before = rows()
    for bad in BAD.values():
        if not bad.name.startswith("arrears"):
            assert attempt(bad) == (bad.cells or None), bad.name
            assert rows() == before, bad.name


def test_bad_arrears_write_nothing_and_every_bad_cell_is_named(estate):
    before = rows()
    for bad in BAD.values():
        if bad.name.startswith("arrears"):
            assert attempt(bad) == bad.cells, bad.name
            assert rows() == before, bad.name


def test_no_message_shows_a_phone_or_an_id(books):
    for bad in BAD.values():
        book = opened(bad.name)
        for problem in imports.check(book).problems if book else ():
            assert not any(part.isdigit() and len(part) >= 7 for part in str(problem).replace("/", " ").split())


def test_a_power_cut_at_any_statement_of_an_import_leaves_nothing(books, monkeypatch):
    book = imports.read(sheets.book(sheets.ESTATE), "estate.xlsx")
    before = rows()
    statements = 0
    real = type(db.database).execute_sql

    def counted(self: Any, sql: str, *args: Any, **kwargs: Any) -> Any:
        nonlocal statements
        statements += 1
        return real(self, sql, *args, **kwargs)

    monkeypatch.setattr(type(db.database), "execute_sql", counted)
    with pytest.raises(RuntimeError), db.write():
        imports.write(book, by=people.DESK)
        raise RuntimeError("rolled back, to count")
    assert statements > 20

    for stop_at in range(3, statements, 4):
        left = stop_at

        def dying(self: Any, sql: str, *args: Any, **kwargs: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise OSError("power")
            return real(self, sql, *args, **kwargs)

        monkeypatch.setattr(type(db.database), "execute_sql", dying)
        with pytest.raises(OSError, match="power"):
            imports.write(book, by=people.DESK)
        monkeypatch.setattr(type(db.database), "execute_sql", real)
        assert rows() == before, f"stopped at statement {stop_at}"
    imports.write(book, by=people.DESK)


def test_the_same_file_twice_is_refused_whatever_its_name(books):
    content = sheets.book(sheets.ESTATE)
    imports.write(imports.read(content, "estate.xlsx"), by=people.DESK)
    before = rows()
    for act in (imports.check, lambda book: imports.write(book, by=people.DESK)):
        with pytest.raises(Refused, match="very file"):
            act(imports.read(content, "other name.xlsx"))
    assert rows() == before


def test_the_check_itself_writes_nothing(books):
    before = rows()
    assert not imports.check(imports.read(sheets.book(sheets.ESTATE), "estate.xlsx")).problems
    assert rows() == before


def test_what_another_clerk_imported_in_between_is_seen_inside_the_transaction(estate):
    """Two checked lists with the same charge: the second finds it in the books, whatever its check said."""
    first = imports.read(sheets.book(sheets.ARREARS), "a.xlsx")
    second = imports.read(sheets.book(sheets.changed(sheets.ARREARS, 欠费_G2="另一份")), "b.xlsx")
    assert not imports.check(first).problems
    assert not imports.check(second).problems
    imports.write(first, by=people.DESK)
    before = rows()
    with pytest.raises(Refused, match="3 problems"):
        imports.write(second, by=people.DESK)
    assert rows() == before


# --- mutants: each guard turned off must be seen by the forty files ---


def _answers(**off: Any) -> Callable[[pytest.MonkeyPatch], None]:
    """Replace functions of app.base.text by ones that take everything."""

    def turn_off(monkeypatch: pytest.MonkeyPatch) -> None:
        for name, answer in off.items():
            monkeypatch.setattr(texts, name, answer)

    return turn_off


def _row(name: str, answer: Any) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda monkeypatch: monkeypatch.setattr(cells.Row, name, answer)


def _takes_any_number(row: cells.Row, title: str, places: int) -> int | None:
    found = row.cell(title)
    return round(float(found) * 10**places) if isinstance(found, int | float) else None


MUTANTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "every phone passes": _answers(phone=lambda text, **_: text),
    "every ID passes": _answers(identity=lambda text, **_: text),
    "no check digit": _answers(id_check=lambda number: number[-1]),
    "every plate passes": _answers(plate=lambda text, **_: text),
    "an ID typed as a number is a value": _row("identity", lambda row, title: row.take(title, texts.identity)),
    "amounts are rounded": _row("scaled", _takes_any_number),
    "names of any length": lambda mp: (
        mp.setattr(texts, "NAME_MOST", 10**6)
        or mp.setattr(cells.Row.text, "__kwdefaults__", {"most": 10**6, "missing": None})
    ),
    "unknown codes are taken": _row("code", lambda row, title, codes, _msgid: codes.get(row.text(title))),
    "merged cells are nothing": lambda mp: mp.setattr(cells.Table, "_touches", lambda *_: False),
    "the second of two columns wins": lambda mp: mp.setattr(cells.Table, "wrong", _silent(cells.Table.wrong, "twice")),
    "a room twice is nothing": lambda mp: mp.setattr(
        "app.procedures.running.imports.estate.Seen.twice", lambda *_: None
    ),
}


def _silent(wrong: Callable[..., None], word: str) -> Callable[..., None]:
    return lambda self, row, column, msgid, /, **values: (
        None if word in msgid else wrong(self, row, column, msgid, **values)
    )


def _wrongly_judged(reader: Callable[[str], files.Book | None]) -> str | None:
    """The first bad file whose cells are not exactly those that must be named."""
    for bad in BAD.values():
        if bad.name.startswith("arrears"):
            continue
        try:
            book = reader(bad.name)
            report = checking.check(book, checking.Known()) if book else None
        except Exception:  # a guard turned off lets something in that breaks what comes after it
            return bad.name
        found = {f"{problem.sheet}!{problem.cell}" for problem in report.problems} if report else set()
        if found != bad.cells:
            return bad.name
    return None


def test_no_guard_turned_off_nothing_is_judged_wrongly():
    assert _wrongly_judged(opened) is None


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_guard_turned_off_is_seen(mutant, monkeypatch):
    MUTANTS[mutant](monkeypatch)
    assert _wrongly_judged(opened)


def test_an_excel_error_taken_for_an_empty_cell_is_seen(monkeypatch):
    monkeypatch.setattr(files, "BROKEN", "")
    assert _wrongly_judged(opened.__wrapped__) == "phone from a broken formula"


def test_without_limits_on_size_the_reader_still_dies_alone(monkeypatch):
    monkeypatch.setattr(files, "UNZIPPED_MOST", 2**60)
    with pytest.raises(Refused, match="damaged, protected or too big"):
        imports.read(BAD["a zip bomb"].content, "bomb.xlsx")


def test_a_write_that_does_not_look_again_is_seen(estate, monkeypatch):
    """The mutant that trusts an earlier report doubles the charges."""
    imports.write(imports.read(sheets.book(sheets.ARREARS), "a.xlsx"), by=people.DESK)
    before = rows()
    trusting = lambda book: checking.check(book, checking.Known(), check_rooms=False)  # noqa: E731
    monkeypatch.setattr(writing, "check", trusting)
    imports.write(imports.read(sheets.book(sheets.changed(sheets.ARREARS, 欠费_G2="x")), "b.xlsx"), by=people.DESK)
    assert rows() != before


def test_a_commit_in_the_middle_is_seen(books, monkeypatch):
    """The mutant that writes in two transactions leaves a part: the same count of rows sees it."""

    def two_halves(self: Any) -> None:
        db.database.execute_sql("COMMIT")
        db.database.execute_sql("BEGIN IMMEDIATE")
        raise OSError("power")

    before = rows()
    monkeypatch.setattr(writing._Writing, "_spaces", two_halves)
    with pytest.raises(OSError, match="power"):
        imports.write(imports.read(sheets.book(sheets.ESTATE), "estate.xlsx"), by=people.DESK)
    assert rows() != before
