"""Windows: which browser is which, and which devices serve it."""

from __future__ import annotations

from flask import current_app, request
from flask_login import current_user
from itsdangerous import BadSignature, Signer

from app.base.refusal import N_
from app.desk.papers import outbox
from app.procedures.running import stations
from app.web import Answer, Screen, form, go, me, page, say

screen = Screen("running/stations", title=N_("Windows"), act="stations.see", order=70)


@screen.reads()
def board() -> Answer:
    return page("running/stations.html#board", stations=stations.every(), mine=of_browser(), printers=outbox.PRINTERS)


@screen.does("/keep", act="stations.keep", again="running_stations.board")
def keep() -> Answer:
    fields = form()
    stations.keep(
        fields.text("name", most=16),
        printer=fields.choice("printer", outbox.PRINTERS),
        scanner=fields.flag("scanner"),
        reader=fields.flag("reader"),
        active=fields.flag("active"),
        by=me(),
    )
    return say(board(), "The window is kept.")


@screen.does("/take/<int:station>", act="stations.keep", again="running_stations.board")
def take(station: int) -> Answer:
    """This browser is that window from now on, whoever signs in."""
    taken = stations.take(station, current_user.session, by=me())
    answer = say(go("running_stations.board"), "This browser is window {name} now.", name=taken.name)
    signed = _signer().sign(taken.name.encode()).decode("latin-1")
    answer.set_cookie(
        "station", signed.encode("latin-1").hex(), max_age=10 * 365 * 86400, httponly=True, samesite="Lax"
    )
    return answer


def of_browser() -> str:
    """The name of the window this browser is registered as; empty where it is none."""
    try:
        return _signer().unsign(bytes.fromhex(request.cookies.get("station", ""))).decode()
    except (BadSignature, ValueError):
        return ""


def _signer() -> Signer:
    return Signer(current_app.secret_key or "", salt="station")
