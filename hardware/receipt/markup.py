"""ReceiptLine, read line by line. Source: the Grammar section of the public specification (npm ``receiptline``).

Only what our papers use: text with its marks, columns, width, border, align, text, code with option, rules, cut.
Anything else is a MarkupError, so a mistake in a paper shows in its test and not at the counter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .model import MarkupError, clean

KEYS = {"a": "align", "b": "border", "c": "code", "o": "option", "t": "text", "w": "width", "_": "comment"}
SPECIAL = frozenset('\\|{}~_"^`')


@dataclass(frozen=True)
class Mark:
    """A switch between two runs of text: one of _ " ` newline, or a number of ^."""

    sign: str


@dataclass(frozen=True)
class Column:
    content: tuple[str | Mark, ...]
    align: int  # 0 left, 1 centre, 2 right


@dataclass(frozen=True)
class TextLine:
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Properties:
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Divider:
    """A line of - (rule) or = (cut)."""

    sign: str


Line = TextLine | Properties | Divider


def escape(text: object) -> str:
    """What somebody typed, so that it prints as typed: no mark-up, no control characters, no second line."""
    shown = clean(re.sub(r"\s", " ", str(text)))
    core = shown.strip(" ")
    if not core:
        return "~" * len(shown)
    lead, trail = shown.index(core), len(shown) - len(core) - shown.index(core)
    safe = "".join("\\" + char if char in SPECIAL else char for char in core)
    if set(core) in ({"-"}, {"="}):  # alone on a line they would be a rule or a cut
        safe = "\\" + safe
    return "~" * lead + safe + "~" * trail


def read(document: str) -> list[Line]:
    return [read_line(line) for line in re.split(r"\r\n|\n|\r", document.removeprefix("\ufeff"))]


def read_line(line: str) -> Line:
    raw = _split(line.strip(" \t"))
    left_pipe, right_pipe = len(raw) > 1 and not raw[0], len(raw) > 1 and not raw[-1]
    inner = raw[1 if left_pipe else 0 : -1 if right_pipe else None] or [""]
    if len(inner) == 1:
        only = inner[0].strip(" \t")
        if only.startswith("{") and only.endswith("}"):
            return Properties(_properties(only[1:-1]))
        if only and set(only) in ({"-"}, {"="}):
            return Divider(only[0])
    last = len(inner) - 1
    return TextLine(
        tuple(
            Column(_content(text), _align(text, left=index > 0 or left_pipe, right=index < last or right_pipe))
            for index, text in enumerate(inner)
        )
    )


def _split(line: str) -> list[str]:
    """At every pipe that is not escaped."""
    parts, start, at = [], 0, 0
    while at < len(line):
        if line[at] == "\\":
            at += 2
            continue
        if line[at] == "|":
            parts.append(line[start:at])
            start = at + 1
        at += 1
    return [*parts, line[start:]]


def _align(text: str, *, left: bool, right: bool) -> int:
    """A column is drawn to the pipe it touches, like to a magnet; to both or neither: centre."""
    space_before, space_after = text[:1] in (" ", "\t"), text[-1:] in (" ", "\t")
    if left and right:
        return 1 + space_before - space_after
    if right:
        return 0 if space_after else 2
    if left:
        return 2 if space_before else 0
    return 1


def _content(text: str) -> tuple[str | Mark, ...]:
    text = text.strip(" \t")
    parts: list[str | Mark] = []
    run: list[str] = []

    def mark(sign: str) -> None:
        parts.append(clean("".join(run)))
        parts.append(Mark(sign))
        run.clear()

    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            taken, at = _escaped(text, at)
            if taken == "\n":
                mark("\n")
            else:
                run.append(taken)
            continue
        if char in "{}":
            raise MarkupError(f"braces in a text: {text!r}")
        if char == "^":
            signs = re.match(r"\^+", text[at:]).group()  # type: ignore[union-attr]
            mark(signs)
            at += len(signs)
            continue
        if char in '_"`':
            mark(char)
        else:
            run.append(" " if char == "~" else char)
        at += 1
    parts.append(clean("".join(run)))
    return tuple(part for part in parts if part != "")


def _escaped(text: str, at: int) -> tuple[str, int]:
    """What the escape at this place stands for, and where the text goes on."""
    sign = text[at + 1 : at + 2]
    if sign == "n":
        return "\n", at + 2
    if sign == "x" and re.fullmatch(r"[\dA-Fa-f]{2}", text[at + 2 : at + 4]):
        code = int(text[at + 2 : at + 4], 16)
        return (chr(code) if 32 <= code != 127 else ""), at + 4
    return (sign if sign and sign in '\\|{}-=~_"`^' else ""), at + 2


def _properties(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for member in re.split(r"(?<!\\);", text):
        if not member.strip():
            continue
        key, colon, value = member.strip().partition(":")
        name = KEYS.get(key.strip(), key.strip())
        if not colon or name not in KEYS.values() or not value.strip():
            raise MarkupError(f"not a property of our papers: {member.strip()!r}")
        values[name] = re.sub(r"\\([\\|{};])", r"\1", value.strip())
    return values
