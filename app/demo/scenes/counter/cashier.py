"""Money: yesterday's takings, this morning's first receipt."""

from __future__ import annotations

from app.demo import estate
from app.demo.scenes import BEING_REPAIRED, OWNER_AWAY, Cast, owner, this_morning, unit, yesterday
from app.desk.accounts import charge
from app.desk.accounts.charge import Charge
from app.desk.accounts.receipt import Tender
from app.desk.homes.households import Unit
from app.desk.record.journal import DESK_ONLY, deed
from app.desk.who.people import Actor
from app.procedures.counter import cashier
from app.procedures.counter.cashier import books


@yesterday(11, 0)
@deed("demo.money", act=DESK_ONLY)
def fees_are_paid(cast: Cast, *, by: Actor) -> None:
    """Yesterday's takings: fees, one of them in part, a deposit, money in advance; the numbers drawn from finance."""
    desk = cast["cashier"]
    books.draw(1, 500, giver="费雯", by=cast["supervisor"])
    owing = list(Unit.select().join(Charge).where(Charge.paid < Charge.fen, Unit.label != estate.OWES).distinct())
    for number, home in enumerate(owing[:6]):
        rows = charge.open_of(home)
        wanted = sum(row.left for row in rows)
        cash = number % 2 == 0
        given = -(-wanted // 10000) * 10000 if cash else wanted  # notes of a hundred, and change
        tender = Tender("cash", given) if cash else Tender("wechat", given, f"{7702 + number}")
        _pay(home, rows, [tender], by=desk)
    fitting = unit(BEING_REPAIRED)
    _pay(fitting, [cashier.add(fitting, "deposit_lift", by=desk)], [Tender("card", 100000, "310042")], by=desk)
    ahead = unit(OWNER_AWAY)
    cashier.pay(
        ahead,
        payer=owner(ahead).name,
        charges=[],
        tenders=[Tender("transfer", 60000, "T20931")],
        prepay=60000,
        by=desk,
    )


def _pay(home: Unit, rows: list[Charge], tenders: list[Tender], *, by: Actor) -> None:
    cashier.pay(home, payer=owner(home).name, charges=[row.id for row in rows], tenders=tenders, by=by)


@this_morning(4)
@deed("demo.first_receipt", act=DESK_ONLY)
def somebody_pays(cast: Cast, *, by: Actor) -> None:
    """This morning's first receipt, by two tenders: its papers wait for the printer."""
    home = Unit.select().join(Charge).where(Charge.paid < Charge.fen, Unit.label != estate.OWES).first()
    rows = charge.open_of(home)
    wanted = sum(row.left for row in rows)
    _pay(home, rows, [Tender("wechat", wanted - 5000, "8841"), Tender("cash", 5000)], by=cast["assistant"])
