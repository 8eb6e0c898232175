"""The Chinese catalogue: a .po a noun under zh_CN/ (and shared.po), merged into the messages.mo that flask-babel reads."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

HERE = Path(__file__).parent
PARTS = HERE / "zh_CN"
COMPILED = HERE / "zh_Hans_CN" / "LC_MESSAGES" / "messages.mo"  # the name babel gives zh_CN


@dataclass(frozen=True)
class Entry:
    """An English text with its Chinese, in the file of `noun` (`counter/keys`, `shared`) at `line`."""

    noun: str
    msgid: str
    string: str
    fuzzy: bool = False
    line: int = 0

    @property
    def place(self) -> str:
        return f"{part(self.noun).relative_to(HERE.parent.parent)}:{self.line}"


def part(noun: str) -> Path:
    """Where a noun's texts stand."""
    return PARTS / f"{noun}.po"


def entries() -> list[Entry]:
    """Everything that stands in the parts."""
    found = []
    for path in sorted(PARTS.rglob("*.po")):
        noun = path.relative_to(PARTS).with_suffix("").as_posix()
        with path.open("rb") as file:
            for each in read_po(file, locale="zh_CN"):
                if each.id:
                    found.append(Entry(noun, str(each.id), str(each.string), each.fuzzy, each.lineno or 0))
    return found


def compile_if_stale() -> None:
    """Write messages.mo when a part, or a folder of them, is newer than it (a clone has none)."""
    newest = max(each.stat().st_mtime for each in PARTS.rglob("*"))
    if COMPILED.exists() and COMPILED.stat().st_mtime >= newest:
        return
    whole = Catalog(locale="zh_CN")
    for each in entries():
        whole.add(each.msgid, each.string, flags=["fuzzy"] if each.fuzzy else [])
    COMPILED.parent.mkdir(parents=True, exist_ok=True)
    scratch = COMPILED.with_suffix(f".{os.getpid()}")  # two starts at once do not share it
    with scratch.open("wb") as file:
        write_mo(file, whole)
    scratch.replace(COMPILED)
