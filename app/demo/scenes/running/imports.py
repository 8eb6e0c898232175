"""The estate comes in."""

from __future__ import annotations

from app.base import clock
from app.demo import estate
from app.demo.scenes import SEED, Cast, yesterday
from app.desk.record.journal import DESK_ONLY, deed
from app.desk.who.people import Actor
from app.procedures.running import imports


@yesterday(9, 10)
@deed("demo.estate", act=DESK_ONLY)
def estate_comes_in(cast: Cast, *, by: Actor) -> None:
    """By its two lists, as a real one would."""
    made = estate.make(SEED, clock.today())
    for rows, name in ((made.rows, "翠湖花园.xlsx"), (estate.arrears(made), "欠费.xlsx")):
        imports.write(imports.read(estate.workbook(rows), name), by=cast["supervisor"])
