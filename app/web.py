"""Flask's edge: screens, who acts, pages and fragments. A route is parse, deed, show.

Fields of a form are in app.fields, refusals in app.refusing, the guards at the door in app.guards.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask_babel import get_translations
from flask_login import UserMixin, current_user
from jinja2_fragments.flask import render_block
from werkzeug.datastructures import MultiDict

from app.base.refusal import N_
from app.desk import manual, people, sessions
from app.desk.people import Actor
from app.fields import Form as Form  # noqa: PLC0414 - screens take their fields from here
from app.fields import FormKeys
from app.fields import form as form  # noqa: PLC0414
from app.procedures.running import sign_in as signing

Answer: TypeAlias = Any  # str | Response: what Flask takes from a view
View = Callable[..., Answer]

# The chapters of the menu, in order; a screen says to which it belongs.
CHAPTERS = {
    "counter": N_("Counter"),
    "books": N_("Books"),
    "money": N_("Money"),
    "homes": N_("Homes"),
    "around": N_("Services"),
    "running": N_("Running the desk"),
}


def t(msgid: str, **values: Any) -> str:
    """The text in the reader's language. Values that are msgids themselves are translated by the caller."""
    if "texts" not in g:  # a page asks a hundred times; the language is the request's
        g.texts = get_translations()
    text: str = g.texts.ugettext(msgid)
    return text.format(**values) if values else text


@dataclass
class Clerk(UserMixin):  # type: ignore[misc]
    """The signed-in person as flask-login wants them."""

    session: sessions.Session
    token: str

    def get_id(self) -> str:
        return self.token


@dataclass(frozen=True)
class Scanned:
    """A code of ours that was read somewhere on a page: `kind` as in numbering.KINDS, its year and number, its 14 digits."""

    kind: str
    year: int
    n: int
    code: str


class Screen(Blueprint):
    """One page of the menu with its routes, found by file name: `app/screens/<chapter>/<noun>.py` has a `screen`."""

    def __init__(
        self, name: str, *, title: str, key: str = "", menu: bool = True, act: str = "desk.see", order: int = 50
    ) -> None:
        """`name` is `chapter/noun` (also the URL), `title` an English msgid, `key` its function key, `act` who sees it."""
        self.chapter, self.noun = name.split("/")
        super().__init__(name.replace("/", "_"), __name__, url_prefix=f"/{name}")
        self.title, self.key, self.menu, self.act, self.order = title, key, menu, act, order
        self.badge: Callable[[], int] | None = None
        self.scanners: dict[str, tuple[str, Callable[[Scanned], Answer | None]]] = {}
        self.due_url: Callable[[int], str] | None = None
        self.keys: list[tuple[str, str, str]] = []  # further function keys: (key, title msgid, endpoint)
        self.finds = ""  # set to an endpoint (`homes_lookup.find`) by the screen behind the box: GET with ?q=

    def counts(self, count: Callable[[], int]) -> Callable[[], int]:
        """`@screen.counts`: the live number behind this page's name in the menu (one indexed count; 0 shows nothing)."""
        self.badge = count
        return count

    def scans(self, *kinds: str, act: str | None = None) -> Callable[[View], View]:
        """`@screen.scans("key", act="keys.lend")`: what a scan of that kind does, whatever page it was heard on.

        The function takes a Scanned and gives an Answer: its own board where `here(screen)`; a `go(...)` to show another
        page; or anything with `say(...)`: on other pages only the notice is shown and a half-typed form stays.
        None = not mine now: the next screen, or the desk's own habit (a badge switches the user), has it.
        """

        def wrap(view: View) -> View:
            self.scanners.update(dict.fromkeys(kinds, (act or self.act, view)))
            return view

        return wrap

    def shows_due(self, url: Callable[[int], str]) -> Callable[[int], str]:
        """`@screen.shows_due`: the address where the promise about that row is dealt with (default: the page, ?due=ID)."""
        self.due_url = url
        return url

    @property
    def home(self) -> str:
        return f"{self.url_prefix}/"

    def reads(self, rule: str = "/", *, act: str | None = None, anybody: bool = False) -> Callable[[View], View]:
        """A GET route: shows, changes nothing (promise P14)."""
        return self._route(rule, "GET", act or self.act, anybody=anybody, again=None)

    def does(self, rule: str, *, act: str, anybody: bool = False, again: str | None = None) -> Callable[[View], View]:
        """A POST route: one deed. `again` = the view to show anew, with what was typed, when it is refused without htmx."""
        return self._route(rule, "POST", act, anybody=anybody, again=again)

    def _route(self, rule: str, method: str, act: str, *, anybody: bool, again: str | None) -> Callable[[View], View]:
        def wrap(view: View) -> View:
            @functools.wraps(view)
            def run(*args: Any, **kwargs: Any) -> Answer:
                if not anybody:
                    g.actor = people.require(me(), act)
                return view(*args, **kwargs)

            run.act, run.again = (None if anybody else act), again  # type: ignore[attr-defined]
            self.add_url_rule(rule, endpoint=view.__name__, view_func=run, methods=[method])
            return run

        return wrap


def me() -> Actor:
    """Who acts in this request, at which station, with which form (its key makes a repeat harmless)."""
    if "actor" not in g:
        session = current_user.session
        key = form_key() if request.method == "POST" else None
        memory = sessions.memory(session)
        g.actor = Actor(
            id=session.staff.id,
            name=session.staff.name,
            roles=frozenset(session.staff.roles),
            station=session.station,
            key=key,
            digest=_digest(request.form) if key else None,
            overrides={},
            customer=memory.customer,
            remembered=dict(memory.overrides),
        )
        if request.method == "POST":
            g.actor.overrides.update(_overridden(g.actor))
    return g.actor  # type: ignore[no-any-return]


def _overridden(by: Actor) -> dict[str, str]:
    """Rules that are overridden in place with this form (counter.md 7): rule -> name of who allowed it.

    Earlier answers to the same form come back as signed grants; the new one is verified here.
    """
    granted = dict(filter(None, (keys().granted(text, by.key) for text in request.form.getlist("_granted"))))
    rule = request.form.get("_override", "")
    known = manual.rules().get(rule)
    if known is None or known.override is None:
        return granted
    approver = request.form.get("_approver", "").strip()
    if approver:
        granted[rule] = signing.vouch(
            approver,
            request.form.get("_pin", ""),
            act=known.override,
            rule=rule,
            device=signing.device_of(request.cookies),
        )
    elif people.may(by, known.override):
        granted[rule] = by.name
    return granted


def customer(unit_id: int) -> None:
    """This household is now at the counter: screens that open one say so. Overrides for the one before end (counter.md 7)."""
    sessions.opened(current_user.session, unit_id)


def may(act: str) -> bool:
    """Whether the person of this request may; a page asks dozens of times, the deputy's question is asked once."""
    roles = people.ACTS.get(act, frozenset())
    if me().roles & roles:
        return True
    if "deputy" not in g:
        g.deputy = people.is_deputy(me())
    return bool(g.deputy and "supervisor" in roles)


def here(screen: Screen) -> bool:
    """Whether the page that asks is one of that screen."""
    return urlsplit(request.headers.get("HX-Current-URL", "")).path.startswith(screen.home)


_NOT_CONTENT = {"csrf_token", "_key", "_override", "_approver", "_pin", "_granted"}


def _digest(form: MultiDict[str, str]) -> str:
    content = sorted((name, value) for name, value in form.items(multi=True) if name not in _NOT_CONTENT)
    return hashlib.sha256(json.dumps([request.path, content], ensure_ascii=False).encode()).hexdigest()


def form_key() -> str | None:
    """The key the server put into this form (`{{ key() }}` in the template), if its signature holds."""
    return keys().read(request.form.get("_key", ""))


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


def part(name: str, **context: Any) -> Response:
    """`counter/cashier.html#sum`: that block alone, for a route that only ever fills a place on a page."""
    template, _, block = name.partition("#")
    return make_response(render_block(template, block, **context))


def go(endpoint: str, **values: Any) -> Response:
    """After a deed: show another page (303, or HX-Redirect for htmx)."""
    url = url_for(endpoint, **values)
    if wants_fragment():
        answer = make_response("", 200)
        answer.headers["HX-Redirect"] = url
        return answer
    return redirect(url, code=303)  # type: ignore[return-value]


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
