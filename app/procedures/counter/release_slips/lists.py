"""Lists of slips as pages show them: plain rows, a bounded number of queries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from app.base import clock, rooms
from app.base import text as texts
from app.base.refusal import N_
from app.desk.homes import lookup
from app.desk.homes.households import Unit
from app.desk.work.due import Due
from app.desk.work.state import State
from app.procedures.counter.release_slips.gate import left_of
from app.procedures.counter.release_slips.tables import APPLICANTS, KIND, Item, Return, Signing, Slip

MOST = 60
STATES = {
    "waiting": State(N_("Waits for engineering's seal"), "note"),
    "valid": State(N_("Slip valid"), "ok"),
    "part": State(N_("Partly out"), "ok"),
    "used": State(N_("Slip used up"), "plain"),
    "lapsed": State(N_("Slip lapsed"), "note"),
    "cancelled": State(N_("Slip cancelled"), "stop"),
    "back": State(N_("Gate copy back"), "plain"),
    "differs": State(N_("Gate copy differs"), "stop"),
}
SHOWS = {
    "open": N_("Open slips"),
    "today": N_("Issued today"),
    "waiting": N_("For the seal"),
    "unsigned": N_("Owner to sign"),
}


@dataclass(frozen=True)
class Row:
    """One slip in a list."""

    id: int
    number: str
    unit: str
    applicant: str
    kind: str  # msgid
    at: datetime
    until: date | None
    what: str
    state: str
    unsigned: bool


def state_of(slip: Slip, things: int, left: int, differs: bool | None) -> str:
    """Derived from the facts; `differs` None = no gate copy came back."""
    if slip.cancelled:
        return "cancelled"
    if not slip.issued:
        return "waiting"
    if differs is not None:
        return "differs" if differs else "back"
    if not left:
        return "used"
    if slip.until is None or slip.until < clock.today():
        return "lapsed"
    return "part" if left < things else "valid"


def _brief(items: list[tuple[Item, int]]) -> str:
    shown = "，".join(f"{item.name} {item.quantity}{item.unit}" for item, _ in items[:3])
    return shown + (f" … {len(items)}" if len(items) > 3 else "")


def _rows(slips: list[Slip]) -> list[Row]:
    ids = [slip.id for slip in slips]
    left = left_of(ids)
    differs = {
        row.slip_id: row.differs for row in Return.select(Return.slip, Return.differs).where(Return.slip.in_(ids))
    }
    signed = Signing.select(Signing.slip).where(Signing.slip.in_(ids), Signing.who == "owner")
    owners = {row.slip_id for row in signed}
    return [row(slip, left.get(slip.id, []), differs.get(slip.id), unsigned=slip.id not in owners) for slip in slips]


def row(slip: Slip, items: list[tuple[Item, int]], differs: bool | None, *, unsigned: bool) -> Row:
    things, left = sum(item.quantity for item, _ in items), sum(rest for _, rest in items)
    return Row(
        id=slip.id,
        number=slip.number or "",
        unit=slip.unit.label,
        applicant=slip.applicant,
        kind=APPLICANTS[slip.applicant_kind],
        at=slip.issued or slip.made,
        until=slip.until,
        what=_brief(items),
        state=state_of(slip, things, left, differs),
        unsigned=unsigned and not slip.cancelled,
    )


def listing(show: str = "open", *, unit_id: int | None = None) -> list[Row]:
    """Slips to show, newest first: open (not closed), today's, waiting for the seal, the owner's signature pending."""
    query = Slip.select(Slip, Unit).join(Unit).order_by(Slip.id.desc()).limit(MOST)
    if unit_id is not None:
        return _rows(list(query.where(Slip.unit == unit_id)))
    if show == "today":
        query = query.where(Slip.day == clock.today())
    elif show == "waiting":
        query = query.where(Slip.closed.is_null(), Slip.issued.is_null())
    elif show == "unsigned":
        query = query.where(Slip.id.in_(_unsigned()))
    else:
        query = query.where(Slip.closed.is_null())
    return _rows(list(query))


def _unsigned() -> list[int]:
    rows = Due.select(Due.about).where(Due.met.is_null(), Due.kind == KIND, Due.slug == "owner").order_by(Due.at)
    return [row.about for row in rows.limit(MOST)]


def search(typed: str) -> list[Row]:
    """Slips whose number ends in what was typed, or of that room."""
    plain = texts.half_width(texts.clean(typed)).upper()
    query = Slip.select(Slip, Unit).join(Unit).order_by(Slip.id.desc()).limit(MOST)
    number = re.fullmatch(r"(?:FX-?)?(?:(20[0-9]{2})-)?([0-9]{1,6})", plain, re.ASCII)
    if number:
        return _rows(list(query.where(Slip.number == f"FX-{number[1] or clock.today().year}-{int(number[2]):06d}")))
    if re.fullmatch(r"[0-9]{14}", plain, re.ASCII):
        return _rows(list(query.where(Slip.code == plain)))
    room = rooms.read(plain)
    return _rows(list(query.where(Unit.label == str(room)))) if room else []


def awaited() -> int:
    """Slips whose gate copy is still out though they lapsed: for the menu."""
    return int(Slip.select().where(Slip.closed.is_null(), Slip.until < clock.today()).count())


@lookup.finds("release")
def _find(year: int, n: int) -> lookup.Hit | None:
    row = Slip.get_or_none(Slip.number == f"FX-{year}-{n:06d}")
    return lookup.Hit("release", lookup.NUMBER, str(row.number), about=row.id, exact=True) if row else None
