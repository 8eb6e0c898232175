"""A query stays quick when the books grow: SQLite says how it would read, and it reads no growing table whole.

Without ANALYZE (which only an import runs) SQLite plans by its rules and the indexes, never by how many rows there are: new
books give the plan of ten years.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from playhouse.apsw_ext import APSWDatabase

from app import schema
from tests.asked import Asked

# Tables that are as long in ten years as in the first: reading one whole is the quickest way.
STAY = {
    "demo", "entrance", "fee_rule", "fence", "hook", "imported", "loss", "price_item", "receipt_book", "second_mark",
    "series", "setting", "skipped", "staff", "station", "water_knows",
}  # fmt: skip
# Indexes that hold, or lead to, only what is going on now; a key that is not retired has a hook of its own.
FEW = {
    "count_going_on", "key_retired_store_id", "label_in_use", "loan_in_one_hand", "water_topup_pending",
    "water_topup_waiting",
}  # fmt: skip
# Functions (and folders, with a slash) that may read a table whole or sort many of its rows, and why.
EXCEPTIONS = {
    "charge.check": "the proof of the books, beside the work",
    "counts.latest": "nearly all have ended: the newest are met first",
    "demo/": "scenes of a demo's few weeks",
    "imports/": "a list is compared with all there is",
    "journal.head": "nearly all lines are sealed: the newest are met first",
    "chain_export.lines": "an export is of everything",
    "journal_export.lines": "an export is of everything",
    "ledger.check": "the proof of the books, beside the work",
    "ledger.totals": "the proof of the books, beside the work",
    "loan.open_list": "what is out now, by its hour; its index leads to nothing else",
    "lookup._people": "part of a name, by its middle: no index can help; 20,000 names are read in milliseconds",
    "lookup._plates": "part of a plate, by its middle: a few thousand are read in a millisecond",
    "lookup._units": "one room number in every entrance",
    "outbox.expire": "papers that are not printed yet; its index leads to nothing else",
    "outbox.next_job": "papers that are not printed yet; its index leads to nothing else",
    "outbox.open_questions": "papers that somebody has to say something about; its index leads to nothing else",
    "outbox.waiting": "papers that are not printed yet; its index leads to nothing else",
    "people.present": "who has signed in today and not out; its index leads to nothing else",
    "register.add": "the keys of a box, once for each new key",
}
# A key that a growing number of rows share.
_WIDE = {"staff_id"}


def complaints(asked: Iterable[Asked]) -> list[str]:
    """Queries that get slower with every year, each with where it came from."""
    books = APSWDatabase(":memory:")
    with books.bind_ctx(schema.TABLES):
        books.create_tables(schema.TABLES)
    said = []
    for each in asked:
        plan = [row[3] for row in books.connection().execute(f"EXPLAIN QUERY PLAN {each.here[0]}", each.here[1])]
        why = "" if _excepted(each.origin) else _slow(each.here[0], plan)
        if why:
            said.append(f"{each.origin}: SQLite\n    {each.here[0]}\n    {why}: {'; '.join(plan)}")
    books.close()
    return sorted(said)


def _excepted(origin: str) -> bool:
    """app/desk/receipt/__init__.py:143 pay -> `receipt.pay`, or one of the folders it is in."""
    *folders, module = re.sub(r"(/__init__)?\.py:\d+ ", ".", origin).split("/")
    return module in EXCEPTIONS or any(f"{folder}/" in EXCEPTIONS for folder in folders)


def _slow(sql: str, plan: list[str]) -> str:
    """What is wrong with a plan; empty where nothing is."""
    if "(0 = 1)" in sql:
        return ""  # asks for one of none: nothing is read
    names = {alias: table for table, alias in re.findall(r'"(\w+)" AS "(t\d+)"', sql)}
    growing = {table._meta.table_name for table in schema.TABLES} - STAY
    sorts = any("USE TEMP B-TREE" in step for step in plan)
    newest = " WHERE " not in sql and " LIMIT " in sql and not sorts
    for step in plan:
        if "AUTOMATIC" in step:
            return "makes an index each time"
        loop = re.match(r"(SCAN|SEARCH) (\w+)(?:.* INDEX (\w+))?", step)
        if loop is None or names.get(loop[2], loop[2]) not in growing or loop[3] in FEW:
            continue
        if loop[1] == "SCAN" and not newest:
            return f"reads all of {names.get(loop[2], loop[2])}"
        if sorts and not _narrow(step):
            return f"sorts many rows of {names.get(loop[2], loop[2])}"
    return ""


def _narrow(step: str) -> bool:
    """Whether a step finds the rows of one thing (a household's, a slip's), by a key that names it."""
    columns: list[Any] = re.findall(r"(\w+)=\?", step)
    return any(column in ("rowid", "about") or (column.endswith("_id") and column not in _WIDE) for column in columns)
