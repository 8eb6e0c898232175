"""The second journal at boot (promise P1b): compare, put back what the card lost, and say so until the supervisor has read it."""

from __future__ import annotations

from pathlib import Path

import peewee

from app.base import clock, db, second
from app.base.refusal import N_, Refused
from app.desk.record import modes
from app.desk.record.journal import DESK_ONLY, deed, note
from app.desk.who.people import DESK, Actor

LOST = N_(
    "The card in this machine lost {count} entries at the last power cut. They were put back from the second journal. Change the card; then the supervisor confirms on the backups page."
)
BROKEN = N_(
    "The books are behind the second journal and it could not be read back ({why}). No money: restore the newest backup."
)


class Loss(db.Table):
    """What a boot put back. Money is off until somebody has `read` it."""

    at = db.MomentField()
    count = peewee.IntegerField()
    read = db.MomentField(null=True)


def at_boot(path: Path) -> int:
    """Open the second journal; gives how many lost transactions were put back (0 = none). Money is off where any was."""
    kept = second.Second(path)
    lost = kept.behind()
    if lost:
        try:
            kept.bring_back()
        except Exception as error:  # whatever it is: the books are not whole
            modes.stop_money("second", BROKEN, why=f"{type(error).__name__}: {error}")
            kept.close()
            return lost
    else:
        kept.start_again()
    second.use(kept)
    if lost:
        _remember(lost, by=DESK)
    watch()
    return lost


def watch() -> Loss | None:
    """The loss nobody has confirmed yet; turns money off or on."""
    row: Loss | None = Loss.select().where(Loss.read.is_null()).order_by(Loss.id.desc()).first()
    if row is not None:
        modes.stop_money("second", LOST, count=row.count)
    else:
        modes.let_money("second")
    return row


@deed("loss.found", act=DESK_ONLY)
def _remember(count: int, *, by: Actor) -> Loss:
    note(count=count)
    return Loss.create(at=clock.now(), count=count)


@deed("loss.confirmed", act="backups.confirm")
def confirm(*, by: Actor) -> None:
    """The supervisor has read it and sees to the card."""
    if not Loss.update(read=clock.now()).where(Loss.read.is_null()).execute():
        raise Refused("There is no loss to confirm.")
    modes.let_money("second")
