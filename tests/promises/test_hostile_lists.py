"""The hostile strings in every column and header of every list: named by cell, or in the books as they were typed."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Iterator
from typing import Any

from app import schema
from app.base import db
from app.base import text as texts
from app.desk.homes.households import Unit
from app.procedures.running import imports
from tests.procedures.running import sheets
from tests.promises.everywhere import FRAGMENT, Everywhere, undone
from tests.promises.forms import words
from tests.promises.hostile import HOSTILE, SEED, Ours, cleaned, raw

# ---- lists from Excel

# Columns that take any text: (sheet, row, column).
FREE = (
    ("业主信息", 2, 1), ("业主信息", 4, 1), ("房屋信息", 1, 4), ("房屋信息", 4, 4), ("费用设置", 1, 2), ("车位信息", 2, 2), ("车位信息", 3, 6),
    ("车位信息", 3, 8),
)  # fmt: skip
LISTS = {"estate": sheets.ESTATE, "assets": sheets.ASSETS, "arrears": sheets.ARREARS}


def as_a_cell(text: str) -> str:
    """What a workbook can hold: no control characters, at most 32,767."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]", "", text)[:32_000]


def strings() -> Iterator[str]:
    """All of them in a shuffled order, again and again."""
    shuffled = random.Random(SEED)
    while True:
        yield from map(as_a_cell, shuffled.sample(HOSTILE, len(HOSTILE)))


def checked(made: Everywhere, content: bytes) -> Any:
    return made.client("mia").post(
        "/running/imports/check",
        data={"_key": made.desk.key(), "file": (io.BytesIO(content), "<b>list</b>.xlsx")},
        headers=FRAGMENT,
    )


def test_every_column_of_a_list_takes_or_names_every_string(made: Everywhere, times: int) -> None:
    """A string in every cell of a row at a time: the report names cells, shows strings as they are, and is never 500."""
    tried, following, ours = 0, strings(), Ours()
    for whole in LISTS.values():
        for round_ in range(len(HOSTILE) if times > 1 else 8):
            book: dict[str, list[list[Any]]] = {name: [list(row) for row in rows] for name, rows in whole.items()}
            for rows in book.values():
                row = 1 + round_ % (len(rows) - 1)
                rows[row] = [next(following) for _ in rows[0]]
                tried += len(rows[0])
            answer = checked(made, sheets.book(book))
            assert answer.status_code == 200
            assert ours.escaped(answer.text) == []
            assert raw(answer.text) == []
            assert any(f"{name}!" in answer.text for name in book), "no cell is named"
    assert tried > 500


def test_a_header_of_a_list_takes_every_string(made: Everywhere) -> None:
    following, ours = strings(), Ours()
    for _ in range(8):
        book = {name: [list(row) for row in rows] for name, rows in sheets.ESTATE.items()}
        for rows in book.values():
            rows[0] = [*rows[0], next(following)]
        book |= {"提示": [[next(following) for _ in range(5)]]}
        answer = checked(made, sheets.book(book))
        assert answer.status_code == 200
        assert ours.escaped(answer.text) + raw(answer.text) == []


def test_what_a_list_brings_is_in_the_books_and_on_pages_as_it_was_typed(made: Everywhere, times: int) -> None:
    following, kept, shown, client = strings(), 0, 0, made.client("mia")
    for _ in range(40 if times > 1 else 8):
        book = {name: [list(row) for row in rows] for name, rows in sheets.ESTATE.items()}
        put = {(sheet, row, column): next(following) for sheet, row, column in FREE}
        for (sheet, row, column), text in put.items():
            book[sheet][row][column] = text
        for problem in imports.check(imports.read(sheets.book(book), "list.xlsx")).problems:
            at = (problem.sheet, problem.row - 1, problem.column - 1)
            assert put.pop(at, None) is not None, f"{at} is named for another cell's string"
            book[at[0]][at[1]][at[2]] = sheets.ESTATE[at[0]][at[1]][at[2]]
        with undone():
            imports.write(imports.read(sheets.book(book), "list.xlsx"), by=made.cast.mia)
            pages = [client.get(f"/homes/households/{unit.id}", headers=FRAGMENT).text for unit in Unit.select()]
            seen = [words(page) for page in pages]
            for (sheet, _, column), text in put.items():
                if wanted := cleaned(text):
                    assert in_the_books(wanted) or in_the_books(texts.clean(text)), (
                        f"{sheet} {column}: {text[:30]!r} is kept otherwise"
                    )
                    kept += 1
                    shown += any(wanted in each for each in seen)
            for (sheet, _, _), text in put.items():
                if sheet == "业主信息" and cleaned(text):
                    assert any(cleaned(text) in each for each in seen), f"{text[:30]!r} is nobody's name"
            assert [each for page in pages for each in raw(page)] == []
    assert kept > 40
    assert shown > 20


def in_the_books(text: str) -> bool:
    for table in schema.TABLES:
        names = [name for name, each in table._meta.columns.items() if each.field_type == "TEXT"]
        where = " OR ".join(f'"{name}" = ?' for name in names)
        sql = f'SELECT 1 FROM "{table._meta.table_name}" WHERE {where} LIMIT 1'
        if names and db.database.execute_sql(sql, [text] * len(names)).fetchone():
            return True
    return False
