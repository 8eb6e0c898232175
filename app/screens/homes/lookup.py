"""The box at the top: one hit and Enter goes there; otherwise a short ranked list that says what was understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for

from app.base.refusal import N_
from app.desk import lookup
from app.desk.lookup import Hit
from app.web import Answer, Screen, go, page

screen = Screen("homes/lookup", title=N_("Find"), key="F4", menu=False, act="lookup.find", order=1)
screen.finds = "homes_lookup.find"

# Numbers on papers and labels: the screen that shows them, and what it calls its argument.
PAPERS = {
    "receipt": "counter_cashier",
    "release": "counter_release_slips",
    "key": "counter_keys",
    "key ring": "counter_keys",
    "topup": "counter_water_cards",
    "letter": "counter_keys",
}


@dataclass(frozen=True)
class Line:
    hit: Hit
    url: str


def _url(hit: Hit, asked: str) -> str:
    if hit.kind == "person":
        return url_for("homes_households.somebody", person=hit.about)
    if hit.kind == "unit" or (hit.kind == "receipt" and hit.unit_id):
        return url_for("homes_households.show", unit=hit.unit_id)
    blueprint: Any = current_app.blueprints.get(PAPERS.get(hit.kind, ""))
    return f"{blueprint.home}?q={asked}" if blueprint else ""


@screen.reads()
def find() -> Answer:
    """`?q=`: Enter on one hit goes to it; htmx asks while somebody types and only gets the list."""
    found = lookup.find(request.args.get("q", ""))
    lines = [Line(hit, url) for hit in found.hits if (url := _url(hit, found.asked))]
    typing = "live" in request.args
    if not typing and found.one is not None:
        url = _url(found.one, found.asked)
        if url:
            return _away(url)
    return page("homes/lookup.html#board", found=found, lines=lines, typing=typing)


def _away(url: str) -> Answer:
    answer = go("homes_lookup.find")
    answer.headers["HX-Redirect" if "HX-Redirect" in answer.headers else "Location"] = url
    return answer
