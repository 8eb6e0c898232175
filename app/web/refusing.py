"""The one place where a no is shown: the rules', a device's, the disk's, the browser's. With what can be done next."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, g, make_response, render_template, request
from flask_login import current_user
from werkzeug.exceptions import HTTPException, NotFound, SecurityError

from app import web
from app.base import db
from app.base.refusal import N_, Conflict, Refused
from app.desk.record import manual
from app.desk.who import people
from hardware.ports import DeviceError

# Field names whose values never come back into a page.
_SECRET = {"_pin", "_approver", "_override", "_granted", "password", "pin", "csrf_token"}
_HTTP = {
    400: N_("This page is no longer valid. Open it anew and do it again; nothing was changed."),
    404: N_("There is no such page or row. Go back, or look it up in the box at the top."),
    405: N_("This address is for forms only. Go back to the page it came from."),
    413: N_("That is too large: at most 6 MB at a time."),
    500: N_("The program made a mistake. Look whether it was done before doing it again; the log says more."),
}


def refused(no: Refused) -> Response:
    """422 (or 409 where somebody else was first), with the rule and the keys to answer it."""
    return _show(web.t(no.msgid, **no.values), 409 if isinstance(no, Conflict) else 422, no=no)


def device_failed(no: DeviceError) -> Response:
    """503: the device did not do it, try again."""
    return _show(web.t(no.msgid, **no.values), 503, title=N_("Device"))


def books_failed(error: Exception) -> Response:
    """The database could not: nothing was written (promise P16). Anything that is no trouble of the medium is a fault."""
    trouble = db.trouble(error)
    if trouble is None:
        raise error
    current_app.logger.error("%s", error)
    return _show(web.t(trouble), 503, title=N_("Storage"))


def no_such_row(_error: db.OutOfRange) -> Response | HTTPException:
    """404: a number that no row can have."""
    return broken(NotFound())


def broken(error: HTTPException) -> Response | HTTPException:
    """What the web server refuses before a screen is asked."""
    if error.code not in _HTTP or isinstance(error, SecurityError):  # a host name that is not ours gets no page of ours
        return error
    text = web.t(_HTTP[error.code])
    if web.wants_fragment() or error.code == 404:
        return _show(text, error.code)
    return make_response(render_template("shared/alone.html", text=text), error.code)  # the form may be unreadable


def _show(text: str, status: int, *, no: Refused | None = None, title: str = N_("Stop")) -> Response:
    notice = render_template(
        "shared/notice.html",
        text=text,
        title=web.t(title),
        rule=manual.rules().get(no.rule) if no and no.rule else None,
        code=no.rule if no else None,
        field=no.field if no else None,
        **_answers(no),
    )
    if web.wants_fragment():
        answer = make_response(notice, status)
        answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#notice", "innerHTML"
        return answer
    again = getattr(current_app.view_functions.get(request.endpoint or ""), "again", None)
    if (
        again and "notice" not in g and status != 404
    ):  # without JavaScript: the same page with what was typed, the refusal on top
        g.notice, g.refused_field = notice, no.field if no else None
        try:
            return make_response(current_app.view_functions[again](**_of(again)), status)
        except (Refused, HTTPException, db.OutOfRange):
            pass  # nor can that page be shown: the refusal by itself
    return make_response(render_template("shared/refused.html", notice=notice), status)


def _of(endpoint: str) -> dict[str, Any]:
    """Those of this address's arguments that the other one has too."""
    wanted = {name for rule in current_app.url_map.iter_rules(endpoint) for name in rule.arguments}
    return {name: value for name, value in (request.view_args or {}).items() if name in wanted}


def _answers(no: Refused | None) -> dict[str, Any]:
    """How a refusal can be overridden in place: the same form again, with an answer (counter.md 7)."""
    if no is None or not no.override or not no.rule or request.method != "POST" or not current_user.is_authenticated:
        return {"form": None}
    by = web.me()
    grants = [web.keys().grant(rule, name, by.key) for rule, name in by.overrides.items()]
    kept = [(name, value) for name, value in request.form.items(multi=True) if name not in _SECRET]
    return {
        "form": [*kept, *(("_granted", grant) for grant in grants)],
        "own": people.may(by, no.override),
        "who": sorted(people.ACTS.get(no.override, frozenset())),
        "url": request.full_path.rstrip("?"),
        "target": f"#{request.headers['HX-Target']}" if request.headers.get("HX-Target") else "",
        "swap": request.headers.get("Desk-Swap", "outerHTML"),
    }
