"""Refusals: the rules say no. Shown in one place (templates/shared/notice.html) with what to do next."""

from __future__ import annotations

from typing import Any


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
        return self.msgid.format(**self.values)


class Conflict(Refused):
    """Somebody else was first: the same form key with other content, or a stale version of a row (HTTP 409)."""


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name for "extract this, translate it later"
    """Mark an English text for the catalogue; the edge translates it when it is shown."""
    return msgid
