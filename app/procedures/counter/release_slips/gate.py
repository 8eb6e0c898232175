"""The gate: what is left of a slip, goods leaving, and the paper gate's copies that come back (核销)."""

from __future__ import annotations

import re
from datetime import timedelta

import peewee

from app.base import clock, db
from app.base import text as texts
from app.base.refusal import Refused
from app.desk.homes.households import Unit
from app.desk.record import journal, numbering
from app.desk.record.journal import deed, note
from app.desk.who.people import Actor
from app.desk.work import due
from app.procedures.counter.release_slips.issue import changed, expect_gate, forbidden_since
from app.procedures.counter.release_slips.tables import KIND, Exit, ExitLine, Item, Return, ReturnLine, Slip

UNDO = timedelta(seconds=60)  # counter.md 3


def find(typed: str) -> Slip | None:
    """The slip that a guard scanned, typed or opened: the QR's address, its 14 digits, `FX-2026-000231`, `231`.

    None when it is another paper, another estate's, or unknown: then the goods stop (GOODS-5).
    """
    plain = texts.half_width(texts.clean(typed)).upper().replace(" ", "")
    plain = plain.rpartition("/G/")[2] if "/G/" in plain else plain
    if re.fullmatch(r"[0-9]{14}", plain, re.ASCII):
        read = numbering.read_code(plain)
        query = Slip.code == (plain if read and read[0] == "release" else "")
    elif short := re.fullmatch(r"(?:FX-?)?(?:(20[0-9]{2})-?)?([0-9]{1,6})", plain, re.ASCII):
        query = Slip.number == f"FX-{short[1] or clock.today().year}-{int(short[2]):06d}"
    else:
        return None
    return Slip.select(Slip, Unit).join(Unit).where(query).first()  # type: ignore[no-any-return]


def left_of(slips: list[int]) -> dict[int, list[tuple[Item, int]]]:
    """Slip id -> its items, each with how many are still inside. One query whatever the number of slips."""
    gone = peewee.fn.COALESCE(db.total(ExitLine.quantity), 0).alias("gone")
    rows = (
        Item.select(Item, gone)
        .join(ExitLine, peewee.JOIN.LEFT_OUTER)
        .where(Item.slip.in_(slips))
        .group_by(Item.id)
        .order_by(Item.slip, Item.line)
    )
    found: dict[int, list[tuple[Item, int]]] = {}
    for item in rows:
        found.setdefault(item.slip_id, []).append((item, item.quantity - item.gone))
    return found


@deed("slip.goods_left", act="gate.release", rule="GOODS-5")
def let_out(slip: Slip, quantities: dict[int, int], *, plate: str = "", by: Actor) -> Exit:
    """Goods leave by the gate: item id -> how many now. Several exits until nothing is left.

    Refused for a slip that is used up, lapsed or cancelled, for more than is left, and when the household has
    forbidden it since the issue. Everything is read under the write lock: two guards never let out one thing twice.
    """
    slip = Slip.get_by_id(slip.id)
    left = {item.id: (item, rest) for item, rest in left_of([slip.id]).get(slip.id, [])}
    must_be_open(slip, sum(rest for _, rest in left.values()))
    plate = texts.plate(plate, field="plate") if plate.strip() else ""
    going = {item: count for item, count in quantities.items() if count}
    if not going:
        raise Refused("Say how many of which thing leave now.", rule="GOODS-5")
    for item_id, count in going.items():
        item, rest = left.get(item_id, (None, 0))
        if item is None or not 0 < count <= rest:
            raise Refused(
                "Of {item} only {left} {unit} are left on this slip. Stop the rest and refer to your superior.",
                rule="GOODS-5", item=item.name if item else "?", left=rest, unit=item.unit if item else "",
            )  # fmt: skip
    passage = Exit.create(slip=slip, at=journal.moment(), plate=plate, staff=by.id)
    for item_id, count in going.items():
        ExitLine.create(exit=passage, item=item_id, quantity=count)
    note(unit_id=slip.unit_id, number=slip.number, plate=plate, things=sum(going.values()))
    if sum(rest for _, rest in left.values()) == sum(going.values()):
        close(slip)
    db.after_commit(changed)
    return passage


@deed("slip.exit_undone", act="gate.release")
def undo(passage: Exit, *, by: Actor) -> Exit:
    """The guard's own last exit did not happen: within 60 seconds, while nothing followed it."""
    slip = Slip.get_by_id(passage.slip_id)
    last = Exit.select().where(Exit.slip == slip).order_by(Exit.id.desc()).first()
    if last is None or last.id != passage.id or passage.undoes_id or slip.cancelled or _returned(slip):
        raise Refused("Something followed this exit: it can no longer be undone. Call the desk.")
    if passage.staff_id != by.id or journal.moment() - passage.at > UNDO:
        raise Refused("Only the guard who booked it undoes an exit, within 60 seconds. Call the desk.")
    back = Exit.create(slip=slip, at=journal.moment(), plate=passage.plate, staff=by.id, undoes=passage)
    for line in ExitLine.select().where(ExitLine.exit == passage):
        ExitLine.create(exit=back, item=line.item_id, quantity=-line.quantity)
    if slip.closed:
        slip.closed = None
        slip.save()
        expect_gate(slip)
    note(unit_id=slip.unit_id, number=slip.number)
    db.after_commit(changed)
    return back


@deed("slip.returned", act="slips.issue")
def take_back_copy(
    slip: Slip, quantities: dict[int, int], *, guard: str, plate: str = "", remark: str = "", by: Actor
) -> Return:
    """The gate's paper copy came back (核销): item id -> how many left in all, as the guard wrote it.

    A difference (more than the slip allows, or fewer than the gate booked) needs a remark and is kept as one.
    """
    slip = Slip.get_by_id(slip.id)
    if not slip.issued or slip.cancelled or _returned(slip):
        raise Refused(
            "This slip waits for no gate copy: it was cancelled, or its copy is back already.", rule="GOODS-5"
        )
    differs = False
    for item, rest in left_of([slip.id])[slip.id]:
        wrote = quantities.get(item.id, 0)
        if not 0 <= wrote <= 99_999:
            raise Refused("“{text}” is not a whole number from {least} to {most}.", text=wrote, least=0, most=99_999)
        differs = differs or wrote > item.quantity or wrote < item.quantity - rest
    remark = texts.remark(remark, field="remark")
    if differs and not remark:
        raise Refused(
            "The gate copy differs from the slip. Write down what the gate says about it.",
            rule="GOODS-5", field="remark",
        )  # fmt: skip
    row = Return.create(
        slip=slip, at=journal.moment(), guard=texts.name(guard, field="guard"),
        plate=texts.plate(plate, field="plate") if plate.strip() else "", differs=differs, note=remark, staff=by.id,
    )  # fmt: skip
    for item, _rest in left_of([slip.id])[slip.id]:
        ReturnLine.create(ret=row, item=item, quantity=quantities.get(item.id, 0))
    close(slip)
    note(unit_id=slip.unit_id, number=slip.number, differs=differs, remark=remark)
    db.after_commit(changed)
    return row


def must_be_open(slip: Slip, left: int) -> None:
    """Refuse, in words for the gate, a slip on which nothing may leave now."""
    if slip.cancelled:
        raise Refused(
            "CANCELLED: slip {number} was cancelled at {time}. Stop the goods and refer to your superior.",
            rule="GOODS-5", number=slip.number, time=f"{slip.cancelled:%m-%d %H:%M}",
        )  # fmt: skip
    if _returned(slip) or not left:
        raise Refused(
            "USED UP: everything on slip {number} has left already. Stop the goods and refer to your superior.",
            rule="GOODS-5", number=slip.number,
        )  # fmt: skip
    if slip.until is None or slip.until < clock.today():
        raise Refused(
            "LAPSED: slip {number} was valid until {day}. Stop the goods and refer to your superior.",
            rule="GOODS-8", number=slip.number, day=f"{slip.until:%Y-%m-%d}" if slip.until else "",
        )  # fmt: skip
    if slip.issued and forbidden_since(slip.unit_id, slip.issued):
        raise Refused(
            "FORBIDDEN: the household has forbidden it since slip {number} was issued. Stop the goods and refer to your superior.",
            rule="GOODS-1", number=slip.number,
        )  # fmt: skip


def close(slip: Slip) -> None:
    """Nothing more is awaited from the gate."""
    slip.closed = journal.moment()
    slip.save()
    due.meet(KIND, slip.id, at=journal.moment(), slug="gate")


def _returned(slip: Slip) -> bool:
    return bool(Return.select().where(Return.slip == slip).exists())
