"""This estate's layout, secret and dated settings for water."""

from __future__ import annotations

import functools
from pathlib import Path

from app.base import db, keyfile
from app.base.refusal import N_
from app.desk.record import options
from app.desk.record.options import OPTIONS, Option
from hardware.ports import DeviceError
from hardware.watercard.layout import Layout, known_layouts, load

KEY_FILE = "water-cards.key"
GONE = N_(
    "water-cards.key is missing beside the database, no water card can be read without it. Copy it back from where it is kept apart from the backups."
)
NO_KEY = N_(
    "water-cards.key beside the database is not the key of the water cards. Copy it back from where it is kept apart from the backups."
)
SHUT_OFF, SLOT = (  # WATER-2, WATER-3: as printed
    "表内剩 2 吨时自动停水；",
    "将卡再插入表槽约 1 分钟，可用剩余 2 吨。",
)

OPTIONS |= {
    "water.price": Option(0, N_("Water price, fen a tonne (0 = not set)"), rule="CASH-8"),
    "water.card_fee": Option(500, N_("Fee for a water card, fen")),
    "water.layout": Option("waterdesk-1", N_("Layout of the water cards"), choices=tuple(known_layouts())),
    "water.estate": Option(0, N_("Estate code on the water cards, where the maker's layout has one")),
    "water.check": Option(
        "bought", N_("What the check reading is compared with"), rule="WATER-5", choices=("bought", "total")
    ),
    "water.second_sale": Option(False, N_("Sell again before the meter took the last sale (cumulative cards only)")),
    "water.alarm": Option(200, N_("The meter shuts off at, 0.01 t"), rule="WATER-2"),
    "water.hoard": Option(0, N_("Most the meter may hold, 0.01 t (0 = no limit)")),
}


@functools.cache
def _layout(name: str) -> Layout:
    return load(known_layouts()[name])


def layout() -> Layout:
    return _layout(options.get("water.layout"))


def secret(data: Path | None = None) -> bytes:
    """The site secret all card keys come from, beside the database (0600); made once.

    Without it no card can be read any more: it is kept with every backup's note. DeviceError where something else
    lies there, or nothing though the books hold cards: a new one would make all of them strangers.
    """
    path = (data or Path(db.database.database).parent) / KEY_FILE
    try:
        key = keyfile.read(path)
    except ValueError:
        raise DeviceError(NO_KEY) from None
    if key is None and db.database.execute_sql("SELECT 1 FROM water_card LIMIT 1").fetchone():
        raise DeviceError(GONE)
    return key or keyfile.make(path)
