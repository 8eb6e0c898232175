"""The guards at the door: which host, whose page, who, and for how long. Nothing here knows a procedure."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.exceptions import BadRequest

from app import web
from app.base import db, live
from app.desk.who import sessions
from app.procedures.running import sign_in as signing

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# What a session that nobody used for half an hour may still ask for.
_WHILE_LOCKED = {"running_sign_in.pin", "running_sign_in.unlock", "running_sign_in.sign_out", "running_sign_in.switch",
                 "running_sign_in.badge", "running_sign_in.sign_in", "running_sign_in.sign_in_page"}  # fmt: skip


def post(desk: Flask) -> None:
    """Set the guards up: in this order before a request, then the headers after it."""
    desk.before_request(_ours)
    desk.before_request(_signed_in)
    desk.after_request(_remember)
    desk.after_request(_headers)


def _ours() -> None:
    """A request that changes something comes from one of our own pages: plain http sends no Sec-Fetch-Site, but Origin."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    sent = request.headers.get("Origin") or request.headers.get("Referer", "")
    came = urlsplit(sent)
    if came.scheme not in ("http", "https") or came.netloc.casefold() != request.host.casefold():
        raise BadRequest


def _signed_in() -> Any:
    """Nobody unsigned gets past; a locked session asks for the PIN and keeps the form that was typed."""
    db.connect()
    g.live_version = live.since(0)[0]  # what the page will show is at least as new as this
    if request.endpoint in (None, "static", "home"):
        return None
    view = current_app.view_functions[request.endpoint]
    if not current_user.is_authenticated:
        return None if getattr(view, "act", "") is None else _sign_in_first()
    if request.endpoint == "live":  # polling is nobody
        return None
    session = current_user.session
    if sessions.locked(session):
        if request.form.get("_pin") and "_override" not in request.form:
            signing.unlock(session, request.form["_pin"], device=signing.device_of(request.cookies))
        elif request.endpoint not in _WHILE_LOCKED and getattr(view, "act", "") is not None:
            return _pin_first()
        else:
            return None
    sessions.touch(session)
    return None


def _sign_in_first() -> Response:
    if web.wants_fragment():  # the page and what was typed into it stay
        return _dialog(render_template("running/sign_in_dialog.html", kind="password", name=""), 401)
    back = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("running_sign_in.sign_in_page", next=back))  # type: ignore[return-value]


def _pin_first() -> Response:
    if web.wants_fragment():
        return _dialog(
            render_template("running/sign_in_dialog.html", kind="pin", name=current_user.session.staff.name), 401
        )
    kept = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    page = render_template("running/locked.html", kept=kept, url=request.full_path.rstrip("?"), method=request.method)
    return make_response(page, 401)


def _dialog(html: str, status: int = 200) -> Response:
    answer = make_response(html, status)
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#dialog", "innerHTML"
    return answer


def _remember(answer: Response) -> Response:
    """Overrides that were given with a deed that then was done hold for this household."""
    actor = g.get("actor")
    if actor is not None and actor.overrides and request.method == "POST" and answer.status_code < 400:
        sessions.remember(current_user.session, dict(actor.overrides))
    return answer


def _headers(answer: Response) -> Response:
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    if request.endpoint != "static":
        answer.headers["Cache-Control"] = "no-store"
    return answer
