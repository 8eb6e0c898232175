"""The fence after a restore: numbers printed since that backup are on paper, so no money until they are counted.

The books are as they were then; receipts given out later exist only as paper. Before the first new receipt somebody types
the number of the last paper receipt, and the series goes on after it: no number is ever given twice (promise P15).
"""

from __future__ import annotations

from app.base import clock, db
from app.base.refusal import N_, Refused
from app.desk.record import modes, numbering
from app.desk.record.journal import deed, note
from app.desk.record.restores import Fence
from app.desk.who.people import Actor

FENCED = N_(
    "These books were restored from the backup of {at}. Find the last paper receipt and type its number on the backups page; until then no money is taken."
)


def raise_fence(at: str, file: str) -> None:
    """Called on the restored books before anybody works with them.

    Receipts are counted without a gap, so theirs waits for the paper; slips, labels, badges and letters simply leap.
    """
    with db.write():
        Fence.create(at=at, file=file)
        numbering.leap(but="SJ")


def _open() -> Fence | None:
    row: Fence | None = Fence.select().where(Fence.closed.is_null()).order_by(Fence.id.desc()).first()
    return row


def fenced() -> Fence | None:
    """The restore that is still open, if any; turns money off (at boot)."""
    row = _open()
    if row is not None:
        modes.stop_money("fence", FENCED, at=row.at[:16].replace("T", " "))
    else:
        modes.let_money("fence")
    return row


@deed("restore.closed", act="backups.confirm")
def confirm_last_number(text: str, *, by: Actor) -> None:
    """`SJ-2026-000441` (or the code on it): the last receipt on paper. The series goes on after it."""
    row = _open()
    if row is None:
        raise Refused("No restore is waiting for a number.")
    year, n = _read(text)
    last = numbering.last("SJ", year)
    if n < last:
        raise Refused(
            "The books already hold {number}: look for a later paper receipt.",
            field="number",
            number=f"SJ-{year}-{last:06d}",
        )
    if n > last:
        numbering.skip_to("SJ", year, n)
    Fence.update(closed=clock.now(), last_number=text).where(Fence.closed.is_null()).execute()
    note(last=f"SJ-{year}-{n:06d}", skipped=n - last, at=row.at)
    modes.let_money("fence")


def _read(text: str) -> tuple[int, int]:
    read = numbering.read_code(text.strip())
    if read is not None and read[0] == "receipt":
        return read[1], read[2]
    parts = text.strip().upper().split("-")
    if (
        len(parts) == 3
        and parts[0] == "SJ"
        and parts[1].isascii()
        and parts[1].isdigit()
        and parts[2].isascii()
        and parts[2].isdigit()
    ):
        return int(parts[1]), int(parts[2])
    raise Refused("“{text}” is no receipt number such as SJ-2026-000441.", field="number", text=text)
