"""The forms of a page as a browser reads them, and the words that a reader sees of it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import html5lib


@dataclass(frozen=True)
class Input:
    """One field of a form. `kind`: its type, or "select" / "textarea". `options` of a select or of radio buttons."""

    name: str
    kind: str
    value: str
    options: tuple[str, ...] = ()
    need: bool = False


@dataclass(frozen=True)
class Form:
    """A form as it stands on the page at `page`."""

    page: str
    method: str
    action: str
    inputs: tuple[Input, ...]

    def filled(self, **typed: str) -> dict[str, str]:
        """What a browser would send, with these fields typed over."""
        sent = {each.name: each.value for each in self.inputs if each.value or each.kind != "checkbox"}
        return sent | typed

    def texts(self) -> list[Input]:
        return [each for each in self.inputs if each.kind in _TYPED]

    def one(self, name: str) -> Input | None:
        return next((each for each in self.inputs if each.name == name), None)


TEXTS = {"text", "tel", "textarea", "search", "number"}
_TYPED = {"text", "search", "tel", "textarea", "number", "date", "time", "password", "email", "url"}


@functools.lru_cache(maxsize=8)
def tree(markup: str) -> Any:
    """As a browser reads it: one page is asked for its forms, words and elements in turn."""
    return html5lib.parse(markup, namespaceHTMLElements=False)


def forms(page: str, markup: str) -> list[Form]:
    """Every form of a page, with the fields that stand elsewhere on it (`form="id"`)."""
    whole = tree(markup)
    elsewhere = [node for node in whole.iter() if node.get("form") is not None]
    return [
        Form(
            page,
            form.get("method", "get").lower(),
            form.get("action") or page,
            tuple(_inputs([*form.iter(), *(node for node in elsewhere if node.get("form") == form.get("id"))])),
        )
        for form in whole.iter("form")
    ]


def _inputs(nodes: list[Any]) -> Iterator[Input]:
    for node in nodes:
        name = node.get("name")
        if not name or node.tag not in ("input", "select", "textarea"):
            continue
        if node.tag == "select":
            options = [_code(each) for each in node.iter("option")]
            chosen = [_code(each) for each in node.iter("option") if each.get("selected") is not None]
            yield Input(name, "select", (chosen or options or [""])[0], tuple(options))
        elif node.tag == "textarea":
            yield Input(name, "textarea", "".join(node.itertext()), need=node.get("required") is not None)
        else:
            kind = node.get("type", "text").lower()
            on = kind not in ("checkbox", "radio") or node.get("checked") is not None
            options, need = (node.get("value", "on"),), node.get("required") is not None
            yield Input(name, kind, node.get("value", "") if on else "", options, need)


def _code(option: Any) -> str:
    return option.get("value") if option.get("value") is not None else "".join(option.itertext()).strip()


def words(markup: str) -> str:
    """Everything a reader can see of a page: text, values of fields, titles; blanks made one."""
    seen = []
    for node in tree(markup).iter():
        if not isinstance(node.tag, str):
            continue
        seen += [node.text or "", node.tail or ""]
        seen += [node.get(name) or "" for name in ("value", "placeholder", "title", "alt", "aria-label")]
    return re.sub(r"\s+", " ", " ".join(seen))


def plain_of(action: str) -> str:
    return re.sub(r"[0-9]+", "1", action)
