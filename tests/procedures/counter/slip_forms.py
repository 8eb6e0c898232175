"""Release slips as the tests make them out."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

from PIL import Image

from app.base import clock
from app.desk.homes.households import Relation
from app.desk.work import listing
from app.desk.work.listing import Asked
from app.procedures.counter import release_slips as slips

NOON = datetime(2026, 11, 22, 11, 5, tzinfo=clock.ZONE)
FRIDGE = slips.Line("双开门冰箱", 1, "台", "appliance")
CHAIRS = slips.Line("餐椅", 4, "把")
BOXES = slips.Line("纸箱（衣物）", 6, "箱")


def png() -> bytes:
    """A signature: one stroke."""
    image = Image.new("RGBA", (300, 100))
    image.paste("black", (10, 10, 200, 14))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def relation(unit) -> int:
    return Relation.get(Relation.unit == unit).id


def make(home, by, *, unit=None, applicant=None, consent=None, lines=(FRIDGE, CHAIRS, BOXES), days=0):
    """The owner at the desk with three items, unless told otherwise."""
    unit = unit or home.unit
    return slips.make(
        unit,
        applicant=applicant or slips.Applicant(relation_id=relation(unit)),
        consent=consent or slips.Consent(),
        lines=list(lines),
        days=days,
        base_url="http://desk.lan",
        by=by,
    )


def call(**given) -> slips.Consent:
    return slips.Consent(
        **{"how": "call", "owner_name": "周明", "number": "13912346677", "at": NOON - timedelta(minutes=3)} | given
    )


CREW = slips.Applicant(kind="crew", name="赵工", firm="宏达装饰")


def shown(show: str, text: str = "") -> list:
    """The lines of a list of slips, as its page shows them."""
    asked = Asked(show=show, text=text)
    return listing.page(slips.register(asked), asked).rows
