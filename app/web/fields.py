"""The fields of a form, each refused in words that name it, and the key that makes sending it twice harmless."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import date
from typing import Any

from flask import request
from itsdangerous import BadSignature, Signer
from werkzeug.datastructures import MultiDict

from app.base import money
from app.base.refusal import Refused


def _is_number(text: str) -> bool:
    """Digits that a row's id or an amount can have: a longer one is nobody's (and would not fit into the books)."""
    return text.isascii() and text.isdigit() and len(text) <= 18


class Form:
    """The fields of the request, each refused in words that name it."""

    def __init__(self, values: MultiDict[str, str]) -> None:
        self.values = values

    def text(self, name: str, *, most: int = 64, need: bool = True) -> str:
        """One line (or a remark with most=500), trimmed, without control characters."""
        raw = self.values.get(name, "")
        spaced = "".join(" " if c == "\t" or unicodedata.category(c) == "Zs" else c for c in raw.strip())
        value = "".join(c for c in spaced if c == "\n" or c.isprintable() or c == "\u200d")
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
        if not _is_number(raw) or not least <= int(raw) <= most:
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
        return [int(value) for value in self.values.getlist(name) if _is_number(value)]


def form() -> Form:
    return Form(request.form)


class FormKeys:
    """Form keys are random and signed, not stored: a GET leaves no trace (promise P14)."""

    def __init__(self, secret: str) -> None:
        self._signer = Signer(secret, salt="form-key")
        self._grants = Signer(secret, salt="override")

    def make(self) -> str:
        return self._signer.sign(secrets.token_urlsafe(12)).decode()

    def read(self, text: str) -> str | None:
        """The key if it is ours. A page has one key for all its scans: `key~1`, `key~2` ..."""
        signed, _, n = text.partition("~")
        if n and not (n.isascii() and n.isdigit() and len(n) <= 6):
            return None
        try:
            key = self._signer.unsign(signed).decode()
        except BadSignature:
            return None
        return f"{key}~{n}" if n else key

    def grant(self, rule: str, name: str, key: str | None) -> str:
        """An override that was verified, for this form only."""
        return self._grants.sign(f"{key}|{rule}|{name}").decode()

    def granted(self, text: str, key: str | None) -> tuple[str, str] | None:
        try:
            for_key, rule, name = self._grants.unsign(text).decode().split("|", 2)
        except (BadSignature, ValueError):
            return None
        return (rule, name) if key and for_key == key else None
