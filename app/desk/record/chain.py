"""The chain of the books: HMAC-SHA256 over the hash before and canonical JSON, so that tampering shows (promise P9).

The key lies beside the database (0600) and is named in the notes of a backup: without it nobody can forge or check.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.base import db, keyfile

KEY_FILE = "books.key"
_BACK = "copy it back from where it is kept apart from the backups."


def link(previous: str, facts: Any) -> str:
    """The hash of `facts` (JSON values) after `previous` (empty for the first)."""
    return linker()(previous, canonical(facts))


def linker() -> Callable[[str, str], str]:
    """As link() for many, of texts that are canonical already: the key is read once."""
    start = hmac.new(_key(), digestmod=hashlib.sha256)

    def link_text(previous: str, text: str) -> str:
        one = start.copy()
        one.update(f"{previous}\n{text}".encode())
        return one.hexdigest()

    return link_text


def _sum(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()


_encoder = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_sum)


def canonical(facts: Any) -> str:
    """Sorted keys, no spaces, as is (no escapes), pictures by their SHA-256: the same text on every machine."""
    return _encoder.encode(facts)


def check_key() -> None:
    """At every start: Damaged where the key the books were written with is gone, or something else lies there."""
    _kept()


def _place() -> Path:
    return Path(db.database.database).parent / KEY_FILE


def _kept() -> bytes | None:
    """The key beside the books; None where they are new."""
    try:
        key = keyfile.read(_place())
    except ValueError:
        raise db.Damaged(f"{KEY_FILE} is no key of the desk: {_BACK}") from None
    if key is None and db.database.execute_sql("SELECT 1 FROM journal WHERE hash IS NOT NULL LIMIT 1").fetchone():
        raise db.Damaged(f"{KEY_FILE} is missing beside the database: {_BACK}")
    return key


def _key() -> bytes:
    """The key, made when books are new, never again."""
    return _kept() or keyfile.make(_place())
