"""Who asks: the person of the request, at which window, with which form, and what they may."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from flask import current_app, g, request
from flask_login import UserMixin, current_user
from werkzeug.datastructures import MultiDict

from app.desk.homes import lookup
from app.desk.homes.lookup import Whose
from app.desk.record import manual
from app.desk.who import people, sessions
from app.desk.who.people import Actor
from app.procedures.running import sign_in as signing
from app.web.fields import FormKeys


@dataclass
class Clerk(UserMixin):  # type: ignore[misc]
    """The signed-in person as flask-login wants them."""

    session: sessions.Session
    token: str

    def get_id(self) -> str:
        return self.token


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


def whose() -> Whose:
    """Which household `?room=` asks for; the macro of this name shows the field and what was found."""
    return lookup.whose(request.args.get("room", ""))


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


_NOT_CONTENT = {"csrf_token", "_key", "_override", "_approver", "_pin", "_granted"}


def _digest(form: MultiDict[str, str]) -> str:
    content = sorted((name, value) for name, value in form.items(multi=True) if name not in _NOT_CONTENT)
    return hashlib.sha256(json.dumps([request.path, content], ensure_ascii=False).encode()).hexdigest()


def form_key() -> str | None:
    """The key the server put into this form (`{{ key() }}` in the template), if its signature holds."""
    return keys().read(request.form.get("_key", ""))


def keys() -> FormKeys:
    return current_app.extensions["form-keys"]  # type: ignore[no-any-return]
