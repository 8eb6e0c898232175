"""Which English texts the program shows, and which of them have no Chinese yet: `scripts/texts`, and a test."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract

from app import translations

ROOT = Path(__file__).parent.parent.parent
# Which argument of a call is an English text.
_CALLS = {"t": (1,), "N_": None, "say": (2,), "Option": (2,)}
_REFUSALS = {"Refused", "Conflict", "DeviceError", "CardGone", "OutcomeUnknown"}
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def wanted() -> dict[str, str]:
    """English text -> one place that shows it."""
    found: dict[str, str] = {}
    for where, text in (*_python(), *_templates()):
        if re.search(r"[A-Za-z]", text):  # a text that is Chinese already is shown as it is
            found.setdefault(text, where)
    return found


def missing() -> dict[str, str]:
    """The wanted texts that have no translation, or only a fuzzy one."""
    catalogue = translations.merged()
    good = {message.id for message in catalogue if message.id and message.string and not message.fuzzy}
    return {text: where for text, where in wanted().items() if text not in good}


def _python() -> Iterator[tuple[str, str]]:
    keywords = {**_CALLS, **dict.fromkeys(_REFUSALS)}
    for folder in ("app", "hardware"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            with path.open("rb") as file:
                for line, text, _comments, _context in extract("python", file, keywords=keywords):
                    yield f"{path.relative_to(ROOT)}:{line}", text if isinstance(text, str) else text[0]
            if folder == "hardware":
                yield from _own_errors(path)


def _own_errors(path: Path) -> Iterator[tuple[str, str]]:
    """Drivers keep sentences in constants: `GONE = DeviceError("...")` is found above, `SENTENCE = "..."` raised later here."""
    tree = ast.parse(path.read_text("utf-8"))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _REFUSALS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Name) and first.id in constants:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", constants[first.id]


def _templates() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        with path.open("rb") as file:
            for line, text, _comments, _context in extract(
                "jinja2.ext:babel_extract", file, keywords={"t": None}, options={"trimmed": "false"}
            ):
                yield f"{path.relative_to(ROOT)}:{line}", text if isinstance(text, str) else text[0]
