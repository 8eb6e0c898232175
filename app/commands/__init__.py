"""The verbs of the command line, one file each, found by name: `python -m app export-journal` is export_journal.py.

A verb is `command(arguments, *, open_books, t)`: it opens the books of the directory it was told, `t` gives a text in the
language of whoever typed it, and the number it gives back is the exit status.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from types import ModuleType

from app.base import db
from app.commands import terminal


def verbs() -> dict[str, ModuleType]:
    """Name as it is typed -> module. `import` is a word of Python's own, so its file has a line behind it."""
    found = (importlib.import_module(each.name) for each in pkgutil.iter_modules(__path__, f"{__name__}."))
    return {_typed(module): module for module in found if hasattr(module, "command")}


def _typed(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2].rstrip("_").replace("_", "-")


def run(name: str, arguments: list[str]) -> int:
    """Do one verb; what went wrong is said in words, never as a traceback."""
    known = verbs()
    if name not in known:
        print(f"no such verb: {name}. Known: {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    verb = known[name]
    books = terminal.make_books if getattr(verb, "BEGINS_BOOKS", False) else terminal.open_books
    try:
        return int(verb.command(arguments, open_books=books, t=terminal.spoken))
    except terminal.SAID as no:
        print(f"qiantai {name}: {terminal.in_words(no)}", file=sys.stderr)
        return 1
    finally:
        db.close()
