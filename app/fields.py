"""The fields of a form, each refused in words that name it."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from app.base import money
from app.base.refusal import Refused


class Form:
    """The fields of the request, each refused in words that name it."""

    def __init__(self, values: MultiDict[str, str]) -> None:
        self.values = values

    def text(self, name: str, *, most: int = 64, need: bool = True) -> str:
        """One line (or a remark with most=500), trimmed, without control characters."""
        raw = self.values.get(name, "")
        value = "".join(c for c in raw.strip() if c == "\n" or c.isprintable() or c == "\u200d")
        if need and not value:
            raise Refused("Please fill in the marked field.", field=name)
        if len(value) > most:
            raise Refused(
                "The marked field is too long: {length} characters, at most {most}.",
                field=name,
                length=len(value),
                most=most,
            )
        return value

    def fen(self, name: str, *, need: bool = True) -> int:
        """An amount in fen; an empty optional field is 0."""
        raw = self.values.get(name, "").strip()
        return 0 if not raw and not need else money.parse(raw, field=name)

    def whole(self, name: str, *, least: int = 0, most: int = 999_999, need: bool = True) -> int:
        raw = self.values.get(name, "").strip().translate(money._FULL_WIDTH)
        if not raw and not need:
            return 0
        if not (raw.isascii() and raw.isdigit()) or not least <= int(raw) <= most:
            raise Refused(
                "“{text}” is not a whole number from {least} to {most}.", field=name, text=raw, least=least, most=most
            )
        return int(raw)

    def day(self, name: str, *, need: bool = True) -> date | None:
        raw = self.values.get(name, "").strip()
        if not raw and not need:
            return None
        try:
            return date.fromisoformat(raw)
        except ValueError:
            raise Refused("“{text}” is not a date such as 2026-11-22.", field=name, text=raw) from None

    def flag(self, name: str) -> bool:
        return self.values.get(name, "") not in ("", "0", "off")

    def choice(self, name: str, among: Any) -> str:
        value = self.values.get(name, "")
        if value not in among:
            raise Refused("Choose one of the offered values in the marked field.", field=name)
        return value

    def ids(self, name: str) -> list[int]:
        """All ticked boxes of that name."""
        return [int(value) for value in self.values.getlist(name) if value.isascii() and value.isdigit()]


def form() -> Form:
    return Form(request.form)
