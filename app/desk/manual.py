"""The manual's rules this program holds (app/manual.toml): their words for notices and for the page that lists them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "manual.toml"


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
def _read() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


@cache
def sections() -> list[Section]:
    """In the manual's order."""
    return [Section(code=code, **facts) for code, facts in _read()["sections"].items()]


@cache
def rules() -> dict[str, Rule]:
    """Code -> rule, in the manual's order."""
    return {code: Rule(code=code, **facts) for code, facts in _read()["rules"].items()}
