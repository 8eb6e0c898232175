"""The price list: one-off items the desk sells or holds, with dates (CASH-8, CASH-9). The supervisor keeps it.

The manual's own prices are the defaults below; a row replaces its item from its day on. No price = it is typed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import peewee

from app.base import clock, db, money
from app.base.refusal import N_, Refused
from app.desk.homes import estate
from app.desk.homes.households import Unit
from app.desk.record.journal import deed, note
from app.desk.who.people import Actor

POINTS = {"centre": N_("at the centre"), "finance": N_("at finance")}  # where an item's money is taken (CASH-10)


class PriceItem(db.AppendOnly):
    """An item's price, collecting point and copies from a day on; the newest row for a day wins."""

    item = peewee.TextField(index=True)
    fen = db.FenField(null=True)
    point = peewee.TextField(default="centre")
    copies = peewee.IntegerField(default=2)  # 3: finance keeps a 记账联
    since = db.DayField()


@dataclass(frozen=True)
class Price:
    """`fen` a unit (None: typed); `account` where it is earned or held; `copies` of the receipt; `lift` whom it is for."""

    item: str
    text: str
    word: str
    fen: int | None
    account: str
    point: str = "centre"
    copies: int = 2
    lift: bool | None = None


def _income(item: str, text: str, word: str, fen: int | None) -> Price:
    return Price(item, text, word, fen, f"income.{item}")


DEFAULTS = {
    price.item: price
    for price in (
        _income("resident_card", "住户证工本费", "张", 500),
        _income("worker_pass", "装修临时出入证工本费", "张", 500),
        _income("meter_test", "电表检测费（代收）", "次", 3500),
        _income("vehicle", "公司车辆使用费（10 公里内）", "次", 2000),
        _income("telephone", "电话报装工料费", "户", 30000),
        _income("telephone_prepaid", "电话报装（预存话费 300，工料费 300）", "户", 60000),
        Price("deposit_walk_up", "装修保证金", "户", 50000, "deposit.decoration", copies=3, lift=False),
        Price("deposit_lift", "装修保证金", "户", 100000, "deposit.decoration", copies=3, lift=True),
        _income("debris", "装修垃圾清运费", "户", None),
        _income("temporary_power", "临时用电费", "次", None),
        Price("three_months", "物业服务费预存三个月", "次", None, "prepaid"),
    )
}


DEPOSITS = sorted({price.account for price in DEFAULTS.values() if price.account.startswith("deposit.")})

# What is read while a price changes goes into the memory that is given up, never into the new one.
_memory: dict[str, dict[str, list[PriceItem]]] = {"now": {}}


def forget() -> None:
    """Drop what is remembered."""
    _memory["now"] = {}


db.when_opened(forget)


def _changes() -> list[PriceItem]:
    """Every change of a price, in the order in which they count: a payment asks twice, a price changes once a year."""
    now = _memory["now"]
    if "rows" not in now:
        rows = PriceItem.select().where(PriceItem.item.in_(list(DEFAULTS)))
        now["rows"] = list(rows.order_by(PriceItem.since, PriceItem.id))
    return now["rows"]


def listing(*, unit: Unit | None = None, on: date | None = None) -> list[Price]:
    """The items in force on that day (today) that fit the unit's building."""
    day, out = on or clock.today(), dict(DEFAULTS)
    for row in (each for each in _changes() if each.since <= day):
        out[row.item] = replace(DEFAULTS[row.item], fen=row.fen, point=row.point, copies=row.copies)
    lift = unit.entrance.lift if unit is not None else None
    return [price for price in out.values() if price.lift is None or lift is None or price.lift == lift]


def get(item: str) -> Price | None:
    """The item as it is today, or None where it is no item of the list (a monthly fee)."""
    return next((price for price in listing() if price.item == item), None)


def coming() -> list[PriceItem]:
    """Changes that are entered for a later day."""
    return list(PriceItem.select().where(PriceItem.since > clock.today()).order_by(PriceItem.since).limit(20))


@deed("price.changed", act="prices.change")
def change(item: str, *, fen: int | None, point: str, since: date, copies: int = 2, by: Actor) -> PriceItem:
    """A new price (None: typed each time), collecting point and number of copies (2 or 3) from a day on."""
    if item not in DEFAULTS or point not in POINTS or copies not in (2, 3):
        raise Refused("There is no such item in the price list.", field="item")
    if since < clock.today():
        raise Refused("A price changes from today on at the earliest: receipts are out at the old one.", field="since")
    note(item=item, fen=fen, point=point, copies=copies, since=since.isoformat())
    db.after_commit(forget)
    return PriceItem.create(item=item, fen=fen, point=point, copies=copies, since=since)


def three_months(unit: Unit) -> tuple[int, str] | None:
    """Three months of the unit's own management fee by area: fen and the arithmetic; None where no rule is known."""
    rule = next(
        (each.fee for each in estate.fees_of(unit) if each.fee.formula == "area" and "物业" in each.fee.item), None
    )
    if rule is None or not unit.area:
        return None
    month = (unit.area * rule.unit_price + 5000) // 10000 + rule.fixed  # 0.01 m2 x 0.0001 yuan, rounded a month
    fixed = f" + {money.plain(rule.fixed)}" if rule.fixed else ""
    price = f"{rule.unit_price / 10000:.4f}".rstrip("0")
    price += "0" * (2 - len(price.partition(".")[2]))
    return month * 3, f"{unit.area / 100:.2f}㎡ × {price}{fixed} = {money.plain(month)}/月 × 3 月"
