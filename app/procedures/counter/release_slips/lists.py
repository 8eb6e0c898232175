"""Lists of slips as pages show them: plain rows, a bounded number of queries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.base import clock, rooms
from app.base import text as texts
from app.base.refusal import N_
from app.desk.homes import lookup
from app.desk.homes.households import Unit
from app.desk.work.due import Due
from app.desk.work.listing import Asked, Column, Listing, on_days
from app.desk.work.state import State
from app.procedures.counter.release_slips.gate import left_of
from app.procedures.counter.release_slips.tables import APPLICANTS, KIND, Item, Return, Signing, Slip

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
    "all": N_("All slips"),
}
TO_SIGN = State(N_("Owner to sign"), "note")


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

    @property
    def pending(self) -> bool:
        """Whether the owner, who agreed by phone, is still to sign."""
        return self.unsigned and self.state != "waiting"


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


COLUMNS = (
    Column(N_("Slip number"), lambda row: row.number or None, opens=lambda row: row.id),
    Column(N_("Room"), lambda row: row.unit),
    Column(N_("Applicant"), lambda row: row.applicant, small=lambda row: row.kind),
    Column(N_("Articles"), lambda row: row.what),
    Column(N_("Made at"), lambda row: row.at, "moment"),
    Column(N_("Valid until"), lambda row: row.until, "day"),
    Column(N_("State"), lambda row: (STATES[row.state], *([TO_SIGN] if row.pending else [])), "state"),
)


def register(asked: Asked) -> Listing:
    """Slips to show: a list of SHOWS, issued on those days, of that number, code or room."""
    query = Slip.select(Slip, Unit).join(Unit)
    if asked.show == "today":
        query = query.where(Slip.day == clock.today())
    elif asked.show == "waiting":
        query = query.where(Slip.closed.is_null(), Slip.issued.is_null())
    elif asked.show == "unsigned":
        promised = Due.select(Due.about).where(Due.met.is_null(), Due.kind == KIND, Due.slug == "owner")
        query = query.where(Slip.id.in_(promised))
    elif asked.show != "all":
        query = query.where(Slip.closed.is_null())
    if asked.since is not None:
        query = query.where(on_days(Slip.id, Slip.day, asked))
    if asked.text:
        query = query.where(_means(asked.text))
    return Listing(N_("Release slips"), query, Slip.id, COLUMNS, _rows)


def _means(typed: str) -> Any:
    """The condition for slips whose number ends in what was typed, or of that code or room."""
    plain = texts.half_width(texts.clean(typed)).upper()
    number = re.fullmatch(r"(?:FX-?)?(?:(20[0-9]{2})-)?([0-9]{1,6})", plain, re.ASCII)
    if number:
        return Slip.number == f"FX-{number[1] or clock.today().year}-{int(number[2]):06d}"
    if re.fullmatch(r"[0-9]{14}", plain, re.ASCII):
        return Slip.code == plain
    return Unit.label == str(rooms.read(plain) or "")


def of_unit(unit: Unit, *, limit: int) -> list[Row]:
    """A household's slips, newest first."""
    query = Slip.select(Slip, Unit).join(Unit).where(Slip.unit == unit).order_by(Slip.id.desc())
    return _rows(list(query.limit(limit)))


def awaited() -> int:
    """Slips whose gate copy is still out though they lapsed: for the menu."""
    return int(Slip.select().where(Slip.closed.is_null(), Slip.until < clock.today()).count())


@lookup.finds("release")
def _find(year: int, n: int) -> lookup.Hit | None:
    row = Slip.get_or_none(Slip.number == f"FX-{year}-{n:06d}")
    return lookup.Hit("release", lookup.NUMBER, str(row.number), about=row.id, exact=True) if row else None
