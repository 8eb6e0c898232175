"""One slip as pages show it, with everything that happened to it; phone and ID masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.base import clock
from app.base import text as texts
from app.base.refusal import Refused
from app.desk.homes.households import Unit
from app.desk.who.people import Actor, Staff
from app.desk.work import signatures, signoff
from app.procedures.counter.release_slips.gate import UNDO, left_of
from app.procedures.counter.release_slips.issue import forbidden_since
from app.procedures.counter.release_slips.lists import Row, row
from app.procedures.counter.release_slips.tables import (
    CATEGORIES,
    KIND,
    Exit,
    ExitLine,
    Item,
    Return,
    ReturnLine,
    Signing,
    Slip,
)

MOST = 60  # passages that a page shows


@dataclass(frozen=True)
class Thing:
    """One item: how many are on the slip, how many are left, how many the returned gate copy says."""

    id: int
    line: int
    category: str
    name: str
    quantity: int
    unit: str
    left: int
    back: int | None = None


@dataclass(frozen=True)
class Passage:
    """One exit: when, the car, the guard, what; `undo` = its guard may still undo it."""

    id: int
    at: datetime
    plate: str
    guard: str
    what: str
    undone: bool
    undo: bool


@dataclass(frozen=True)
class Sheet:
    """One slip with everything; the gate's page shows less of it. Phone and ID are masked."""

    row: Row
    unit_id: int
    firm: str
    id_number: str
    owner: str
    consent: str  # masked number, time, who called; empty: the owner was here
    handler: str
    reason: str
    seal: str
    days: int
    things: list[Thing]
    passages: list[Passage]
    signed: dict[str, str]
    pictures: dict[str, int]
    back: str
    forbidden: bool = False

    @property
    def left(self) -> int:
        return sum(thing.left for thing in self.things)

    @property
    def verdict(self) -> str:
        """What the gate shows in big words: a state, or forbidden."""
        return "forbidden" if self.forbidden and self.row.state in ("valid", "part") else self.row.state


def sheet(id: int, *, by: Actor) -> Sheet:
    """One slip with all that happened to it."""
    slip = Slip.select(Slip, Unit, Staff).join(Unit).switch(Slip).join(Staff).where(Slip.id == id).first()
    if slip is None:
        raise Refused("This slip is not in the books.")
    items = left_of([id]).get(id, [])
    ret = Return.get_or_none(Return.slip == id)
    lines = ReturnLine.select().where(ReturnLine.ret == ret) if ret else []
    back = {line.item_id: line.quantity for line in lines}
    signed = {row.who: row.how for row in Signing.select().where(Signing.slip == id)}
    approval = signoff.of(KIND, id).get("seal")
    return Sheet(
        row=row(slip, items, ret.differs if ret else None, unsigned="owner" not in signed),
        unit_id=slip.unit_id,
        firm=slip.firm,
        id_number=texts.mask_id(slip.id_number),
        owner=slip.owner_name,
        consent=f"{texts.mask_phone(slip.call_number)} {slip.call_at:%H:%M} {slip.caller}" if slip.call_at else "",
        handler=slip.staff.name,
        reason=slip.reason,
        seal=f"{approval.staff.name} {approval.at:%m-%d %H:%M}" if approval else "",
        days=slip.days,
        things=[
            Thing(
                item.id,
                item.line,
                CATEGORIES[item.category],
                item.name,
                item.quantity,
                item.unit,
                rest,
                back.get(item.id),
            )
            for item, rest in items
        ],
        passages=_passages(id, by),
        signed=signed,
        pictures={who: row.id for who, row in signatures.of(KIND, id).items()},
        back=f"{ret.at:%m-%d %H:%M} {ret.guard} {ret.plate} {ret.note}".strip() if ret else "",
        forbidden=bool(slip.issued) and forbidden_since(slip.unit_id, slip.issued),
    )


def _passages(slip_id: int, by: Actor) -> list[Passage]:
    exits = list(Exit.select(Exit, Staff).join(Staff).where(Exit.slip == slip_id).order_by(Exit.id.desc()).limit(MOST))
    what: dict[int, list[str]] = {}
    for line in (
        ExitLine.select(ExitLine, Item)
        .join(Item)
        .where(ExitLine.exit.in_([each.id for each in exits]))
        .order_by(Item.line)
    ):
        what.setdefault(line.exit_id, []).append(f"{line.item.name} {line.quantity}{line.item.unit}")
    undone = {each.undoes_id for each in exits if each.undoes_id}
    soon = clock.now() - UNDO
    return [
        Passage(
            id=each.id,
            at=each.at,
            plate=each.plate,
            guard=each.staff.name,
            what="，".join(what.get(each.id, [])),
            undone=each.id in undone,
            undo=each is exits[0] and each.staff_id == by.id and each.at >= soon,
        )
        for each in exits
        if not each.undoes_id
    ]
