"""Styles and scripts are read by people: short lines, no sheet that no page draws with, no rule for what no page has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static").glob("*.js"))
COLUMNS, LINES = 120, 400


def test_no_line_of_a_style_sheet_or_script_is_longer_than_120_columns() -> None:
    assert len(SHEETS) > 4
    assert len(SCRIPTS) > 1
    for path in (*SHEETS, *SCRIPTS):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            assert len(line) <= COLUMNS, f"{path.name}:{number} has {len(line)} columns"


def test_a_style_sheet_is_read_in_one_go() -> None:
    for path in SHEETS:
        assert path.read_text("utf-8").count("\n") <= LINES, path.name


def test_every_style_sheet_is_linked_by_a_page_and_every_link_leads_to_one() -> None:
    pages = "".join(path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html"))
    linked = set(re.findall(r"filename=['\"]([^'\"]+\.css)['\"]", pages))
    assert linked == {f"css/{path.name}" for path in SHEETS}


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.stem)
def test_every_class_that_is_styled_is_given_to_something(path: Path) -> None:
    """By a template, the script or, where a template writes `class="{{ kind }}"`, a word of the code."""
    sources = [*(ROOT / "templates").rglob("*.html"), *SCRIPTS, *(ROOT / "app").rglob("*.py")]
    words = set(re.findall(r"[\w-]+", " ".join(source.read_text("utf-8") for source in sources)))
    styles = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.S)
    selectors = " ".join(re.findall(r"([^{}]+)\{", styles))
    for name in re.findall(r"[.#]([a-zA-Z][\w-]*)", selectors):
        assert name in words, f"{path.name}: nothing is ever .{name}"
