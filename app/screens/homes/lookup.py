"""The box at the top: one hit and Enter goes there; otherwise a short ranked list that says what was understood."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request, url_for

from app.base import text as texts
from app.base.refusal import N_
from app.desk import lookup
from app.desk.lookup import Hit
from app.procedures.counter import water_cards
from app.procedures.counter.keys import register
from app.web import Answer, Screen, go, page

screen = Screen("homes/lookup", title=N_("Find"), key="F4", menu=False, act="lookup.find", order=1)
screen.finds = "homes_lookup.find"

# Numbers on papers and labels: the screen that shows them, asked by ?q=.
PAPERS = {
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
    if hit.kind == "receipt":
        return url_for("counter_cashier.show", id=hit.about)
    if hit.kind in PAPERS:
        blueprint: Any = current_app.blueprints[PAPERS[hit.kind]]
        return f"{blueprint.home}?{urlencode({'q': asked})}"
    return url_for("homes_households.show", unit=hit.unit_id)


def _of_procedures(asked: str) -> list[Line]:
    """A key by its short number (K0231), a water card by the number of its chip."""
    plain = texts.half_width(asked).upper().replace(" ", "")
    lines = []
    if re.fullmatch(r"K[0-9]{1,6}", plain, re.ASCII):
        key = register.Key.get_or_none(register.Key.id == int(plain[1:]))
        if key:
            hit = Hit("key", N_("the number of a key"), key.number, key.name, about=key.id, exact=True)
            lines.append(Line(hit, _url(hit, key.number)))
    if re.fullmatch(r"[0-9A-F]{8}|[0-9A-F]{14}", plain, re.ASCII):
        card = water_cards.Card.get_or_none(water_cards.Card.uid == plain)
        if card and card.account:
            unit = card.account.unit
            hit = Hit("unit", N_("a water card"), plain, unit.label, unit_id=unit.id, exact=True)
            lines.append(Line(hit, _url(hit, plain)))
    return lines


@screen.reads()
def find() -> Answer:
    """`?q=`: Enter on one hit goes to it; htmx asks while somebody types and only gets the list."""
    found = lookup.find(request.args.get("q", ""))
    lines = _of_procedures(found.asked)
    typing = "live" in request.args
    if found.one is not None:
        lines = lines or [Line(found.one, _url(found.one, found.asked))]
    if lines and not typing:
        return _away(lines[0].url)
    lines += [Line(hit, _url(hit, found.asked)) for hit in found.hits if hit is not found.one]
    return page("homes/lookup.html#board", found=found, lines=lines, typing=typing)


def _away(url: str) -> Answer:
    answer = go("homes_lookup.find")
    answer.headers["HX-Redirect" if "HX-Redirect" in answer.headers else "Location"] = url
    return answer
