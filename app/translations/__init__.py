"""The Chinese catalogue: one .po a chapter under zh_CN/, merged into the messages.mo that flask-babel reads."""

from __future__ import annotations

import os
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

HERE = Path(__file__).parent
PARTS = HERE / "zh_CN"
COMPILED = HERE / "zh_Hans_CN" / "LC_MESSAGES" / "messages.mo"  # the name babel gives zh_CN


def merged(*, strict: bool = True) -> Catalog:
    """All parts in one catalogue; the same msgid with two translations is a mistake (not one to stop a desk for)."""
    whole = Catalog(locale="zh_CN")
    for part in sorted(PARTS.glob("*.po")):
        with part.open("rb") as file:
            for message in read_po(file, locale="zh_CN"):
                if not message.id:
                    continue
                before = whole.get(message.id)
                if strict and before and before.string != message.string:
                    raise ValueError(f"{part.name}: {message.id!r} is translated differently elsewhere")
                whole[message.id] = message
    return whole


def compile_if_stale() -> None:
    """Write messages.mo when a part is newer than it (a clone has none)."""
    newest = max(part.stat().st_mtime for part in [*PARTS.glob("*.po")])
    if COMPILED.exists() and COMPILED.stat().st_mtime >= newest:
        return
    COMPILED.parent.mkdir(parents=True, exist_ok=True)
    scratch = COMPILED.with_suffix(f".{os.getpid()}")  # two starts at once do not share it
    with scratch.open("wb") as file:
        write_mo(file, merged(strict=False))
    scratch.replace(COMPILED)
