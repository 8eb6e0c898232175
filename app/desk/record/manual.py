"""The manual's rules this program holds (app/manual/, one file a section): their words for notices and their own page.

A file says how many rules its section has (592 in all). A rule stands in it once the software holds it and a test shows it:

    kind       G guard, T timer, C computed, D document, R record, N notify, V shown as text
    seed       which source says so; empty where it was worked out from the others
    override   the act (app.desk.who.people) of those who may do it anyway, in place and with their name in the journal
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "manual"


@dataclass(frozen=True)
class Section:
    """One section of the manual; `rules` is how many it has, held or not."""

    code: str
    number: str
    rules: int
    zh: str
    en: str


@dataclass(frozen=True)
class Rule:
    """One rule. `override` is the act of those who may do it anyway in place; None = nobody."""

    code: str
    zh: str
    en: str
    kind: str
    seed: str
    override: str | None = None

    @property
    def section(self) -> str:
        return self.code.rpartition("-")[0]


@cache
def _read() -> dict[str, dict[str, Any]]:
    """Section code -> what its file holds, in the manual's order."""
    found = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.toml")}
    return dict(sorted(found.items(), key=lambda each: [int(part) for part in each[1]["number"].split(".")]))


@cache
def sections() -> list[Section]:
    """In the manual's order."""
    return [
        Section(code, file["number"], file["rules"], zh=file["zh"], en=file["en"]) for code, file in _read().items()
    ]


@cache
def rules() -> dict[str, Rule]:
    """Code -> rule, in the manual's order."""
    return {
        code: Rule(code=code, **facts)
        for file in _read().values()
        for code, facts in file.items()
        if isinstance(facts, dict)
    }
