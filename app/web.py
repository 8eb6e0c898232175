"""Flask's edge: screens, pages and fragments, form fields, refusals. A route is parse, deed, show."""

from __future__ import annotations

import functools
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from flask import Blueprint, Response, current_app, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_login import UserMixin, current_user
from itsdangerous import BadSignature, Signer
from jinja2_fragments.flask import render_block
from werkzeug.datastructures import MultiDict

from app.base import money
from app.base.refusal import Conflict, Refused
from app.desk import people, sessions
from app.desk.people import Actor
from hardware.ports import DeviceError

Answer: TypeAlias = Any  # str | Response: what Flask takes from a view
View = Callable[..., Answer]

# The chapters of the menu, in order; a screen says to which it belongs.
CHAPTERS = ("counter", "books", "money", "homes", "around", "running")


def t(msgid: str, **values: Any) -> str:
    """The text in the reader's language. Values that are msgids themselves are translated by the caller."""
    text: str = gettext(msgid)
    return text.format(**values) if values else text


@dataclass
class Clerk(UserMixin):  # type: ignore[misc]
    """The signed-in person as flask-login wants them."""

    session: sessions.Session
    token: str

    def get_id(self) -> str:
        return self.token


class Screen(Blueprint):
    """One page of the menu with its routes, found by file name: `app/screens/<chapter>/<noun>.py` has a `screen`."""

    def __init__(
        self, name: str, *, title: str, key: str = "", menu: bool = True, act: str = "desk.see", order: int = 50
    ) -> None:
        """`name` is `chapter/noun` (also the URL), `title` an English msgid, `key` its function key, `act` who sees it."""
        self.chapter, self.noun = name.split("/")
        super().__init__(name.replace("/", "_"), __name__, url_prefix=f"/{name}")
        self.title, self.key, self.menu, self.act, self.order = title, key, menu, act, order
        self.badge: Callable[[], int] | None = None  # live count in the menu

    def reads(self, rule: str = "/", *, act: str | None = None, anybody: bool = False) -> Callable[[View], View]:
        """A GET route: shows, changes nothing (promise P14)."""
        return self._route(rule, "GET", act or self.act, anybody=anybody, again=None)

    def does(self, rule: str, *, act: str, anybody: bool = False, again: str | None = None) -> Callable[[View], View]:
        """A POST route: one deed. `again` = the view to show anew, with what was typed, when it is refused without htmx."""
        return self._route(rule, "POST", act, anybody=anybody, again=again)

    def _route(self, rule: str, method: str, act: str, *, anybody: bool, again: str | None) -> Callable[[View], View]:
        def wrap(view: View) -> View:
            @functools.wraps(view)
            def run(**kwargs: Any) -> Answer:
                if not anybody:
                    g.actor = people.require(me(), act)
                return view(**kwargs)

            run.act, run.again = (None if anybody else act), again  # type: ignore[attr-defined]
            self.add_url_rule(rule, endpoint=view.__name__, view_func=run, methods=[method])
            return run

        return wrap


def me() -> Actor:
    """Who acts in this request, at which station, with which form (its key makes a repeat harmless)."""
    if "actor" not in g:
        session = current_user.session
        key = form_key() if request.method == "POST" else None
        g.actor = Actor(
            id=session.staff.id,
            name=session.staff.name,
            roles=frozenset(session.staff.roles),
            station=session.station,
            key=key,
            digest=_digest(request.form) if key else None,
            overrides=g.get("overrides", {}),
        )
    return g.actor  # type: ignore[no-any-return]


_NOT_CONTENT = {"csrf_token", "_key", "_override", "_approver", "_pin"}


def _digest(form: MultiDict[str, str]) -> str:
    content = sorted((name, value) for name, value in form.items(multi=True) if name not in _NOT_CONTENT)
    return hashlib.sha256(json.dumps([request.path, content], ensure_ascii=False).encode()).hexdigest()


def form_key() -> str | None:
    """The key the server put into this form (`{{ key() }}` in the template), if its signature holds."""
    return keys().read(request.form.get("_key", ""))


class FormKeys:
    """Form keys are random and signed, not stored: a GET leaves no trace (promise P14)."""

    def __init__(self, secret: str) -> None:
        self._signer = Signer(secret, salt="form-key")

    def make(self) -> str:
        return self._signer.sign(secrets.token_urlsafe(12)).decode()

    def read(self, text: str) -> str | None:
        try:
            return self._signer.unsign(text).decode()
        except BadSignature:
            return None


def keys() -> FormKeys:
    return current_app.extensions["form-keys"]  # type: ignore[no-any-return]


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


def go(endpoint: str, **values: Any) -> Response:
    """After a deed: show another page (303, or HX-Redirect for htmx)."""
    url = url_for(endpoint, **values)
    if wants_fragment():
        answer = make_response("", 200)
        answer.headers["HX-Redirect"] = url
        return answer
    return redirect(url, code=303)  # type: ignore[return-value]


def say(answer: Response, msgid: str, *, kind: str = "ok", **values: Any) -> Response:
    """Add a notice to a fragment: `kind` ok | note | stop (its sound, colour and word)."""
    event = {"desk:notice": {"kind": kind, "text": t(msgid, **values)}}
    answer.headers["HX-Trigger"] = json.dumps(event)  # ASCII: header-safe
    return answer


def refused(no: Refused) -> Response:
    """The one place where a refusal is shown: 422 (or 409), with the rule and what can be done."""
    notice = render_template("shared/notice.html", no=no, text=t(no.msgid, **_worded(no.values)), may=_may_override(no))
    return _no(notice, 409 if isinstance(no, Conflict) else 422)


def device_failed(no: DeviceError) -> Response:
    """The one place where a device's failure is shown (503: try again)."""
    notice = render_template("shared/notice.html", no=None, device=no, text=t(no.msgid, **no.values), may=False)
    return _no(notice, 503)


def _worded(values: dict[str, Any]) -> dict[str, Any]:
    """Roles in a refusal are said in the reader's language."""
    if "roles" in values:
        values = values | {"roles": "、".join(t(people.ROLES[role]) for role in values["roles"])}
    return values


def _may_override(no: Refused) -> bool:
    return bool(no.override and current_user.is_authenticated and people.may(me(), no.override))


def _no(notice: str, status: int) -> Response:
    if wants_fragment():
        answer = make_response(notice, status)
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#notice", "innerHTML"
        return answer
    again = getattr(current_app.view_functions.get(request.endpoint or ""), "again", None)
    if again:  # without JavaScript: the same page with what was typed, the refusal on top
        g.notice = notice
        return make_response(current_app.view_functions[again](**(request.view_args or {})), status)
    return make_response(render_template("shared/refused.html", notice=notice), status)


def typed(name: str, default: str = "") -> str:
    """In templates: what was typed into that field before it was refused."""
    return request.form.get(name, default)


class Form:
    """The fields of the request, each refused in words that name it."""

    def __init__(self, values: MultiDict[str, str]) -> None:
        self.values = values

    def text(self, name: str, *, most: int = 64, need: bool = True) -> str:
        """One line (or a remark with most=500), trimmed, without control characters."""
        raw = self.values.get(name, "")
        value = "".join(c for c in raw.strip() if c in "\n" or c.isprintable() or c == "\u200d")
        if need and not value:
            raise Refused("Please fill in this field: {name}.", field=name, name=name)
        if len(value) > most:
            raise Refused(
                "{name} is too long: {length} characters, at most {most}.",
                field=name,
                name=name,
                length=len(value),
                most=most,
            )
        return value

    def fen(self, name: str, *, need: bool = True) -> int:
        """An amount in fen; an empty optional field is 0."""
        raw = self.values.get(name, "").strip()
        return 0 if not raw and not need else money.parse(raw, field=name)

    def whole(self, name: str, *, least: int = 0, most: int = 999_999, need: bool = True) -> int:
        raw = self.values.get(name, "").strip().translate(money._FULL_WIDTH)  # noqa: SLF001 - one table of full-width forms
        if not raw and not need:
            return 0
        if not (raw.isascii() and raw.isdigit()) or not least <= int(raw) <= most:
            raise Refused(
                "“{text}” is not a whole number from {least} to {most}.", field=name, text=raw, least=least, most=most
            )
        return int(raw)

    def day(self, name: str, *, need: bool = True) -> date | None:
        raw = self.values.get(name, "").strip()
        if not raw and not need:
            return None
        try:
            return date.fromisoformat(raw)
        except ValueError:
            raise Refused("“{text}” is not a date such as 2026-11-22.", field=name, text=raw) from None

    def flag(self, name: str) -> bool:
        return self.values.get(name, "") not in ("", "0", "off")

    def choice(self, name: str, among: Any) -> str:
        value = self.values.get(name, "")
        if value not in among:
            raise Refused("Choose one of the offered values for {name}.", field=name, name=name)
        return value

    def ids(self, name: str) -> list[int]:
        """All ticked boxes of that name."""
        return [int(value) for value in self.values.getlist(name) if value.isascii() and value.isdigit()]


def form() -> Form:
    return Form(request.form)
