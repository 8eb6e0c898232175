"""Files that were looked at and wait for the clerk's word. In memory: personal data leaves no copy on the disk."""

from __future__ import annotations

import threading
from collections import OrderedDict

from app.base.refusal import Refused
from app.procedures.running.imports.files import Book

MOST = 3  # more than that many at once is nobody's habit, and each may take some megabytes
_books: OrderedDict[str, Book] = OrderedDict()
_lock = threading.Lock()


def keep(book: Book) -> None:
    """Remember a checked file; the oldest one gives way."""
    with _lock:
        _books[book.sha256] = book
        _books.move_to_end(book.sha256)
        while len(_books) > MOST:
            _books.popitem(last=False)


def take(sha256: str) -> Book:
    """The file that was checked (it stays until `forget`); refused where it is gone."""
    with _lock:
        if sha256 not in _books:
            raise Refused("This file is no longer waiting. Choose it and check it again.")
        return _books[sha256]


def forget(sha256: str) -> None:
    with _lock:
        _books.pop(sha256, None)
