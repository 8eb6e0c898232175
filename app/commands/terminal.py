"""What somebody at a terminal is told, in their language, and the books that a command opens."""

from __future__ import annotations

import gettext
import json
import os
from pathlib import Path

import apsw
import peewee

from app import factory, settings, start, translations
from app.base import db
from app.base.refusal import fill
from app.procedures.running import second_journal

_WORDS = (settings.WrongSetting, start.WrongPlace, db.Damaged)  # their words are meant for whoever typed the command
SAID = (*_WORDS, OSError, peewee.DatabaseError, apsw.Error, json.JSONDecodeError, UnicodeDecodeError)


def in_words(error: Exception) -> str:
    """What is wrong and what to do."""
    if isinstance(error, _WORDS):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    if known := db.trouble(error):
        return spoken(known)
    return f"the books cannot be read ({error}). Restore the newest backup: python -m app restore FILE --data DIR"


def open_books(data: Path) -> None:
    """For a verb that works on books that are there."""
    if not settings.load(data).database.exists():
        raise db.Damaged(spoken("There is no desk in {place}.", place=data))
    make_books(data)


def make_books(data: Path) -> None:
    """For a verb that may begin new ones: the books, and the second journal where the settings name one."""
    chosen = settings.load(data)
    factory.open_books(chosen)
    if chosen.second_journal:
        second_journal.at_boot(Path(chosen.second_journal))


def spoken(msgid: str, **values: object) -> str:
    """A text in Chinese, or in English where LANG says so."""
    translations.compile_if_stale()
    language = "en" if os.environ.get("LANG", "").startswith("en") else translations.COMPILED.parents[1].name
    known = gettext.translation("messages", translations.HERE, [language], fallback=True)
    return fill(msgid, values, known.gettext)
