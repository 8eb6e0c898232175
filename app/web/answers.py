"""What a route answers: a page or the block of it that changed, another page, a notice; in the reader's language."""

from __future__ import annotations

import functools
import json
from typing import Any, TypeAlias

from flask import Response, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import get_translations
from jinja2_fragments.flask import render_block

from app.base import refusal

Answer: TypeAlias = Any  # str | Response: what Flask takes from a view


def language() -> str:
    """`zh_CN`, or `en` where the reader has chosen it."""
    return "en" if request.cookies.get("language", "").startswith("en") else "zh_CN"


@functools.cache
def _texts(_language: str) -> Any:
    """The catalogue of that language, which flask-babel finds for the request: once, not for every page."""
    return get_translations()


def t(msgid: str, **values: Any) -> str:
    """The text in the reader's language, with the values that are a `word` in it too."""
    return refusal.fill(msgid, values, _translate)


def worded(value: Any) -> Any:
    """A fact by itself: a `word` in the reader's language, anything else as it stands."""
    return refusal.worded(value, _translate)


def _translate(msgid: str) -> str:
    if "texts" not in g:  # a page asks a hundred times; the language is the request's
        g.texts = _texts(language())
    text: str = g.texts.ugettext(msgid)
    return text


def wants_fragment() -> bool:
    return "HX-Request" in request.headers and "HX-Boosted" not in request.headers


def page(name: str, **context: Any) -> Response:
    """`counter/keys.html#board`: the block for htmx, the whole page for everyone else."""
    template, _, block = name.partition("#")
    html = (
        render_block(template, block, **context) if block and wants_fragment() else render_template(template, **context)
    )
    answer = make_response(html)
    answer.vary.add("HX-Request")
    return answer


def part(name: str, **context: Any) -> Response:
    """`counter/cashier.html#sum`: that block alone, for a route that only ever fills a place on a page."""
    template, _, block = name.partition("#")
    return make_response(render_block(template, block, **context))


def go(endpoint: str, **values: Any) -> Response:
    """After a deed: show another page (303, or HX-Redirect for htmx)."""
    return _to(url_for(endpoint, **values))


def _to(url: str) -> Response:
    if wants_fragment():
        answer = make_response("", 200)
        answer.headers["HX-Redirect"] = url
        return answer
    return redirect(url, code=303)  # type: ignore[return-value]


def local(url: str) -> str:
    """An address of this desk, or nothing: never another host's."""
    return url if url.startswith("/") and not url.startswith(("//", "/\\")) else ""


def back(endpoint: str, **values: Any) -> Response:
    """After a deed that several pages ask for: the page that the form names in `back`, else this one."""
    return _to(local(request.form.get("back", "")) or url_for(endpoint, **values))


def say(answer: Response, msgid: str, *, kind: str = "ok", **values: Any) -> Response:
    """Add a notice: `kind` ok | note | stop (its sound, colour and word). After a `go` the next page shows it."""
    text = t(msgid, **values)
    if "HX-Redirect" in answer.headers or answer.status_code == 303:
        flash(text, kind)
    else:
        trigger(answer, "desk:notice", {"kind": kind, "text": text})
    return answer


def trigger(answer: Response, event: str, detail: Any = None) -> Response:
    """Let desk.js hear an event with this answer."""
    events = json.loads(answer.headers.get("HX-Trigger", "{}"))
    answer.headers["HX-Trigger"] = json.dumps({**events, event: detail})  # ASCII: header-safe
    return answer


def typed(name: str, default: str = "") -> str:
    """In templates: what was typed into that field before it was refused (and only then)."""
    return request.form.get(name, default) if "notice" in g else default
