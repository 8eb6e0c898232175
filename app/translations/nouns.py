"""Whose a text is: the noun (`counter/keys`) whose .po it stands in, told from the file that says it.

- A procedure's file says its noun's texts: app/procedures/counter/keys/lending.py those of counter/keys.
- A screen belongs to the procedure of its name; without one, to the procedure of its chapter that it imports
  (counter/custody to counter/keys); else it is a noun itself (running/today).
- A page belongs to the screen of its name, or to the one screen or page of its chapter that names it.
- Everything else (app/base, app/desk, app/web, hardware, templates/shared ...) is `shared`.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SHARED = "shared"


@functools.cache
def noun_of(path: str) -> str:
    """`app/screens/counter/custody.py` (from the root of the tree) -> `counter/keys`."""
    folder, *rest = Path(path).with_suffix("").parts
    if folder == "templates" and len(rest) > 1 and rest[0] != SHARED:
        return _of_page(rest[0], Path(path).relative_to(folder).as_posix())
    if folder == "app" and len(rest) > 2 and rest[2] != "__init__":
        if rest[0] == "procedures":
            return f"{rest[1]}/{rest[2]}"
        if rest[0] == "screens":
            return _of_screen(rest[1], rest[2])
    return SHARED


def _of_screen(chapter: str, name: str) -> str:
    procedures = ROOT / "app" / "procedures" / chapter
    if not any((procedures / each).exists() for each in (name, f"{name}.py")):
        source = (ROOT / "app" / "screens" / chapter / f"{name}.py").read_text("utf-8")
        imported = re.search(rf"^from app\.procedures\.{chapter}(?:\.| import )(\w+)", source, re.MULTILINE)
        if imported:
            return f"{chapter}/{imported[1]}"
    return f"{chapter}/{name}"


def _of_page(chapter: str, page: str) -> str:
    screens, pages = ROOT / "app" / "screens" / chapter, ROOT / "templates" / chapter
    namesake = screens / f"{Path(page).stem}.py"
    if namesake.exists():
        return _of_screen(chapter, namesake.stem)
    naming = [
        each.relative_to(ROOT).as_posix()
        for each in (*screens.glob("*.py"), *pages.rglob("*.html"))
        if each != ROOT / "templates" / page and f'"{page}' in each.read_text("utf-8")
    ]
    nouns = {noun_of(each) for each in naming}
    return nouns.pop() if len(nouns) == 1 else SHARED
