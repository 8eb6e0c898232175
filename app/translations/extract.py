"""Which English texts the program shows, and where: found in the source, not by running it."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jinja2 import Environment, nodes

from app.translations.nouns import ROOT, noun_of

# Which argument of a call is an English text.
_CALLS = {"t": 0, "N_": 0, "word": 0, "spoken": 0, "say": 1, "Option": 1}
_CALLS |= dict.fromkeys(("Refused", "Conflict", "DeviceError", "CardGone", "OutcomeUnknown"), 0)


@dataclass(frozen=True)
class Use:
    """A text at the place that says it."""

    text: str
    path: str
    line: int

    @property
    def noun(self) -> str:
        return noun_of(self.path)

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


@functools.cache
def uses() -> tuple[Use, ...]:
    """Every text of app/, hardware/ and templates/; one that is Chinese already is shown as it is."""
    found = [*_of(("app", "hardware"), "*.py", _python), *_of(("templates",), "*.html", _template)]
    return tuple(each for each in found if re.search(r"[A-Za-z]", each.text))


def _of(folders: tuple[str, ...], pattern: str, texts: Callable[[str], Iterator[tuple[str, int]]]) -> Iterator[Use]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(pattern)):
            for text, line in texts(path.read_text("utf-8")):
                yield Use(text, path.relative_to(ROOT).as_posix(), line)


def _python(source: str) -> Iterator[tuple[str, int]]:
    tree = ast.parse(source)
    # Drivers keep sentences in constants: SENTENCE = "...", raised below as DeviceError(SENTENCE).
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            at = _CALLS.get(name)
            if at is not None and len(node.args) > at:
                yield from _said(node.args[at], constants)


def _said(node: ast.expr, constants: dict[str, ast.Constant]) -> Iterator[tuple[str, int]]:
    """The texts that an argument may be: a text, either arm of an `if`, the values of a table that is looked up."""
    match node:
        case ast.Constant(value=str(text)):
            yield text, node.lineno
        case ast.Name(id=name) if name in constants:
            yield from _said(constants[name], {})
        case ast.IfExp():
            yield from _said(node.body, constants)
            yield from _said(node.orelse, constants)
        case ast.Subscript(value=ast.Dict(values=values)) | ast.BoolOp(values=values):
            for each in values:
                yield from _said(each, constants)


def _template(source: str) -> Iterator[tuple[str, int]]:
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t" and call.args:
            yield from _shown(call.args[0])


def _shown(node: nodes.Node) -> Iterator[tuple[str, int]]:
    match node:
        case nodes.Const(value=str(text)):
            yield text, node.lineno
        case nodes.CondExpr(expr1=yes, expr2=no):
            yield from _shown(yes)
            if no is not None:
                yield from _shown(no)
        case nodes.Getitem(node=nodes.Dict(items=items)):
            for pair in items:
                yield from _shown(pair.value)
        case nodes.Or(left=left, right=right):
            yield from _shown(left)
            yield from _shown(right)
