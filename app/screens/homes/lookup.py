"""The box at the top: one hit and Enter goes there; otherwise a short ranked list that says what was understood."""

from __future__ import annotations

from flask import current_app, request

from app.base.refusal import N_
from app.desk.homes import lookup
from app.desk.homes.lookup import Hit
from app.web import Answer, Screen, go, page

screen = Screen("homes/lookup", title=N_("Find"), key="F4", menu=False, act="lookup.find", order=1)
screen.finds = "homes_lookup.find"


def _url(hit: Hit) -> str:
    """Where a hit leads: the screen that knows its kind says."""
    screens: list[Screen] = current_app.extensions["screens"]
    return next(each.links[hit.kind](hit) for each in screens if hit.kind in each.links)


@screen.reads()
def find() -> Answer:
    """`?q=`: Enter on one hit goes to it; with `live` (while somebody types) only the list is shown."""
    found = lookup.find(request.args.get("q", ""))
    typing = "live" in request.args
    if found.one and not typing:
        return _away(_url(found.one))
    if typing and not found.asked:
        return ""  # the box was emptied: the list under it goes
    lines = [(hit, _url(hit)) for hit in found.hits]
    return page(f"homes/lookup.html#{'hits' if typing else 'board'}", found=found, lines=lines, typing=typing)


def _away(url: str) -> Answer:
    answer = go("homes_lookup.find")
    answer.headers["HX-Redirect" if "HX-Redirect" in answer.headers else "Location"] = url
    return answer
