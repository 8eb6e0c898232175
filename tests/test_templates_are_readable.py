"""Pages are read by people as often as a rule is."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

TEMPLATES = Path(__file__).parent.parent / "templates"
COLUMNS = 120


def sources(*endings: str) -> dict[str, str]:
    found = {
        str(path.relative_to(TEMPLATES)): path.read_text("utf-8")
        for path in sorted(TEMPLATES.rglob("*"))
        if path.suffix in endings
    }
    assert len(found) > 5
    return found


def too_long(name: str, source: str) -> list[str]:
    return [f"{name}:{n}" for n, line in enumerate(source.splitlines(), 1) if len(line) > COLUMNS]


def used_once(pages: dict[str, str]) -> dict[str, int]:
    """Macro -> how many calls of it there are, for those with fewer than two; a macro's own file may call it, too."""
    bare = {name: re.sub(r"{#.*?#}", "", source, flags=re.S) for name, source in pages.items()}
    macros = [name for source in bare.values() for name in re.findall(r"{%-? macro (\w+)\(", source)]
    code = " ".join(part for source in bare.values() for part in re.findall(r"{[{%].*?[%}]}", source, re.S))
    calls = Counter(re.findall(r"(?<!macro )(?<![\w.])(\w+)\(", code))
    return {name: calls[name] for name in macros if calls[name] < 2}


def uncommented(source: str) -> list[str]:
    """Macros without a comment in front that begins with their name."""
    return [
        name
        for name in re.findall(r"{%-? macro (\w+)\(", source)
        if not re.search(r"{# (?:call )?" + name + r"\((?:(?!#}).)*#}\s*{%-? macro " + name + r"\(", source, re.S)
    ]


def test_no_line_is_longer_than_120_columns() -> None:
    pages = sources(".html", ".receipt", ".part")
    assert [line for name, source in pages.items() for line in too_long(name, source)] == []


def test_every_macro_has_at_least_two_users() -> None:
    assert used_once(sources(".html")) == {}


def test_every_macro_says_what_it_is_for() -> None:
    assert {name: missing for name, source in sources(".html").items() if (missing := uncommented(source))} == {}


def test_a_long_line_a_lonely_macro_and_a_silent_one_are_noticed() -> None:
    assert too_long("page.html", "short\n" + "字" * (COLUMNS + 1)) == ["page.html:2"]
    page = {
        "page.html": "{# once(x): said. #}\n{% macro once(x) -%}{{ x }}{%- endmacro %}\n<p>once(1)</p>{{ once(2) }}"
    }
    assert used_once(page) == {"once": 1}
    assert uncommented(page["page.html"]) == []
    assert uncommented("{# twice(x) #}\n<p>\n{% macro once(x) -%}{%- endmacro %}") == ["once"]
