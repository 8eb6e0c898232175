"""Refusals: the rules say no, in English texts with values. Shown in one place (templates/shared/notice.html)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Word: TypeAlias = dict[str, Any]  # made by `word`


class Refused(Exception):
    """The rules do not allow it; nothing was changed.

    `msgid` is an English sentence with {placeholders}: what is wrong and what to do next; it is translated at the edge.
    `rule` is the manual's code; `field` the form field it concerns; `override` the act somebody must be allowed
    for it to be done anyway (None = nobody can).
    """

    def __init__(
        self,
        msgid: str,
        *,
        rule: str | None = None,
        field: str | None = None,
        override: str | None = None,
        **values: Any,
    ) -> None:
        super().__init__(msgid)
        self.msgid, self.rule, self.field, self.override, self.values = msgid, rule, field, override, values

    def __str__(self) -> str:
        return fill(self.msgid, self.values)


class Conflict(Refused):
    """Somebody else was first: the same form key with other content, or a stale version of a row (HTTP 409)."""


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name for "extract this, translate it later"
    """Mark an English text for the catalogue; the edge translates it when it is shown."""
    return msgid


def word(msgid: str, /, **values: Any) -> Word:
    """A value that is an English text itself: `due.expect(..., of=word("Finance department"))`, also of Refused and say.

    Plain JSON, so it lies in facts and in the journal's lines as it is, and is translated when it is shown: by `fill`
    inside a text, by `worded` alone. A plain string (names, numbers, rows from before) is shown as it stands.
    """
    return {"t": msgid, **values}


def worded(value: Any, translate: Callable[[str], str] = str) -> Any:
    """A value as it is shown: a `word` in the reader's language, a list of values joined, anything else unchanged."""
    if isinstance(value, dict):
        return fill(value["t"], {name: each for name, each in value.items() if name != "t"}, translate)
    if isinstance(value, list):
        return "、".join(str(worded(each, translate)) for each in value)
    return value


def fill(msgid: str, values: dict[str, Any], translate: Callable[[str], str] = str) -> str:
    """The text in the reader's language with its values in their places."""
    text = translate(msgid)
    return text.format(**{name: worded(value, translate) for name, value in values.items()}) if values else text
