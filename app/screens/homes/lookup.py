"""The box at the top: one hit and Enter goes there; otherwise a short ranked list that says what was understood."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import request, url_for

from app.base import text as texts
from app.base.refusal import N_
from app.desk import lookup, numbering
from app.desk.lookup import Hit
from app.procedures.counter import release_slips, water_cards
from app.procedures.counter.keys import register
from app.web import Answer, Screen, go, page

screen = Screen("homes/lookup", title=N_("Find"), key="F4", menu=False, act="lookup.find", order=1)
screen.finds = "homes_lookup.find"


@dataclass(frozen=True)
class Line:
    hit: Hit
    url: str


def _url(hit: Hit) -> str:
    """Where a hit leads; a number of a paper that is not in the books leads nowhere."""
    if hit.kind == "person":
        return url_for("homes_households.somebody", person=hit.about)
    if hit.kind == "receipt":
        return url_for("counter_cashier.show", id=hit.about)
    if hit.kind in _PAPERS:
        return _PAPERS[hit.kind](hit)
    return url_for("homes_households.show", unit=hit.unit_id)


def _slip(hit: Hit) -> str:
    row = release_slips.Slip.get_or_none(release_slips.Slip.number == f"FX-{hit.year}-{hit.about:06d}")
    return url_for("counter_release_slips.slip", slip=row.id) if row else ""


def _label(hit: Hit) -> str:
    key = register.read(numbering.code(30, hit.year, hit.about))
    return url_for("counter_keys.one", key=key.id) if key else ""


def _topup(hit: Hit) -> str:
    row = water_cards.TopUp.get_or_none(water_cards.TopUp.number == f"SK-{hit.year}-{hit.about:06d}")
    return url_for("counter_water_cards.board", unit=row.unit.id) if row else ""


def _letter(hit: Hit) -> str:
    row = register.Custody.get_or_none(register.Custody.number == f"TG-{hit.year}-{hit.about:06d}")
    return url_for("counter_custody.one", row=row.id) if row else ""


_PAPERS = {"release": _slip, "key": _label, "topup": _topup, "letter": _letter}


def _of_procedures(asked: str) -> list[Line]:
    """A key by its short number (K0231), a water card by the number of its chip."""
    plain = re.sub(r"\s", "", texts.half_width(asked)).upper()
    lines = []
    if re.fullmatch(r"K[0-9]{1,6}", plain, re.ASCII) and (key := register.read(plain)):
        hit = Hit("key", N_("the number of a key"), key.number, key.name, about=key.id, exact=True)
        lines.append(Line(hit, url_for("counter_keys.one", key=key.id)))
    if re.fullmatch(r"[0-9A-F]{8}|[0-9A-F]{14}", plain, re.ASCII):
        card = water_cards.Card.get_or_none(water_cards.Card.uid == plain)
        if card and card.account:
            unit = card.account.unit
            hit = Hit("unit", N_("a water card"), plain, unit.label, unit_id=unit.id, exact=True)
            lines.append(Line(hit, url_for("counter_water_cards.board", unit=unit.id)))
    return lines


@screen.reads()
def find() -> Answer:
    """`?q=`: Enter on one hit goes to it; with `live` (while somebody types) only the list is shown."""
    found = lookup.find(request.args.get("q", ""))
    lines = _of_procedures(found.asked)
    typing = "live" in request.args
    meant = lines[0].url if lines else _url(found.one) if found.one else ""
    if meant and not typing:
        return _away(meant)
    lines += [Line(hit, url) for hit in found.hits if (url := _url(hit))]
    if typing and not found.asked:
        return ""  # the box was emptied: the list under it goes
    return page(f"homes/lookup.html#{'hits' if typing else 'board'}", found=found, lines=lines, typing=typing)


def _away(url: str) -> Answer:
    answer = go("homes_lookup.find")
    answer.headers["HX-Redirect" if "HX-Redirect" in answer.headers else "Location"] = url
    return answer
