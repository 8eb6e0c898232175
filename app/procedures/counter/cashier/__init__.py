"""The cashier: what a unit owes is picked, paid by one or several tenders, and receipted (CASH-1, CASH-8..11, CASH-13)."""

from __future__ import annotations

from app.base import clock, db, live, money
from app.base import text as texts
from app.base.refusal import Refused
from app.desk.accounts import charge, prices, receipt
from app.desk.accounts.charge import Charge
from app.desk.accounts.receipt import Item, Receipt, ReceiptTender, Tender
from app.desk.homes.households import Unit
from app.desk.papers import outbox
from app.desk.record import journal
from app.desk.record.journal import deed
from app.desk.who import people
from app.desk.who.people import Actor
from app.procedures.counter.cashier import corrections
from app.procedures.counter.cashier.corrections import reason_of

MOST_OF_ONE = 999  # pieces of a one-off item on one line
PREPAY = Item("预存款", "", 0, "prepaid")


@deed("charge.added", act="cashier.collect")
def add(unit: Unit | None, item: str, *, quantity: int = 1, fen: int | None = None, by: Actor) -> Charge:
    """A one-off item of the price list becomes an open charge. `fen` only where the list has no price (CASH-8, CASH-9)."""
    price = prices.get(item)
    if price is None or price not in prices.listing(unit=unit):
        raise Refused("There is no such item in the price list.", rule="CASH-8", field="item")
    if not 1 <= quantity <= MOST_OF_ONE:
        raise Refused("Type how many: a whole number from 1 to 999.", field="quantity")
    each, expression = price.fen, ""
    if each is None and not fen and item == "three_months" and unit is not None:
        each, expression = prices.three_months(unit) or (None, "")
    if each is None:
        each = fen or 0
    elif fen and fen != each:
        raise Refused(
            "The price of {item} is {price}. The supervisor keeps the price list.",
            rule="CASH-8",
            field="fen",
            item=price.text,
            price=money.show(each),
        )
    if not each:
        raise Refused("{item} has no fixed price: type the amount of one.", rule="CASH-9", field="fen", item=price.text)
    if price.account == "prepaid" and unit is None:
        raise Refused("Money is prepaid for a unit. Open the household first.", rule="CASH-9", field="item")
    row = charge.add(
        unit=unit,
        item=item,
        text=price.text,
        fen=each * quantity,
        expression=expression or f"{money.plain(each)} × {quantity} {price.word}",
        due=clock.today(),
        account=price.account,
        by=by,
    )
    db.after_commit(_touch)
    return row


@deed("charge.taken_back", act="cashier.collect")
def take_back(row: Charge, *, reason: str, by: Actor) -> Charge:
    """Take an unpaid charge off: one's own of today; anybody else's or an older one needs the supervisor."""
    own = row.by_id == by.id and clock.business_day(row.at) == clock.business_day(journal.moment())
    people.check(
        own or people.may(by, "cashier.waive"),
        Refused(
            "{text} was not added by you today: the supervisor takes it back.",
            rule="CASH-1",
            override="cashier.waive",
            text=row.text,
        ),
        by=by,
    )
    done = charge.cancel(row, reason=reason_of(reason), by=by)
    db.after_commit(_touch)
    return done


@deed("receipt.issued", act="cashier.collect")
def pay(
    unit: Unit | None,
    *,
    payer: str,
    charges: list[int],
    tenders: list[Tender],
    prepay: int = 0,
    partial: bool = False,
    by: Actor,
) -> Receipt:
    """Take money for these charges (ids), oldest first, and `prepay` fen on the prepaid account.

    Too little is refused unless `partial`; too much is change, from cash only. Tenders other than cash and prepaid carry
    the merchant's order number.
    """
    picked = charge.picked(charges, unit=unit)
    listed = prices.listing()
    _point(picked, listed, by)
    _order_numbers(tenders, by)
    received, wanted = sum(each.fen for each in tenders), sum(row.left for row in picked) + prepay
    if not wanted or not received:
        raise Refused(
            "Nothing is picked or nothing is paid. Pick what is paid for and type the amounts.", rule="CASH-1"
        )
    if prepay and (unit is None or any(each.kind == "prepaid" for each in tenders)):
        raise Refused("Money is prepaid for a unit, and not with prepaid money.", rule="CASH-1", field="prepay")
    if received < wanted and (not partial or prepay):
        raise Refused(
            "{missing} is missing. Type the rest, pick less, or tick partial payment: the oldest is paid first.",
            rule="CASH-1",
            field="partial",
            missing=money.show(wanted - received),
        )
    change = max(0, received - wanted)
    cash = sum(each.fen for each in tenders if each.kind == "cash")
    if change and change >= cash:
        raise Refused(
            "{change} is too much, and change is given for cash only. Correct the amount or put it on the prepaid account.",
            rule="CASH-1",
            field="prepay",
            change=money.show(change),
        )
    items = _oldest_first(picked, min(received, wanted) - prepay)
    if prepay:
        items.append(Item(PREPAY.text, "", prepay, "prepaid"))
    row = receipt.issue(
        unit=unit,
        payer=texts.name(payer, field="payer"),
        items=items,
        tenders=tenders,
        change=change,
        copies=_copies_of(picked, listed),
        by=by,
    )
    db.after_commit(_touch)
    return row


def _oldest_first(picked: list[Charge], fen: int) -> list[Item]:
    """The lines that `fen` pays: whole charges in the order of their due days, the last one perhaps in part."""
    items = []
    for row in picked:
        if part := min(row.left, fen):
            items.append(receipt.item_of(row, part))
            fen -= part
    return items


def _point(picked: list[Charge], listed: list[prices.Price], by: Actor) -> None:
    """An item whose collecting point is finance is paid there (CASH-10)."""
    if "finance" in by.roles:
        return
    away = {price.item for price in listed if price.point == "finance"}
    elsewhere = next((row for row in picked if row.item in away), None)
    if elsewhere is not None:
        no = Refused(
            "{item} is paid at the finance department.",
            rule="CASH-10",
            override="cashier.collect_anyway",
            item=elsewhere.text,
        )
        people.check(False, no, by=by)


def _order_numbers(tenders: list[Tender], by: Actor) -> None:
    """Every merchant's order number is there, and was not receipted before."""
    for each in tenders:
        if each.kind in ("cash", "prepaid"):
            continue
        if not each.ref:
            raise Refused("Type or scan the merchant's order number.", rule="CASH-1", field=f"{each.kind}_ref")
        used = (
            ReceiptTender.select(Receipt.number)
            .join(Receipt)
            .where(ReceiptTender.kind == each.kind, ReceiptTender.ref == each.ref, ReceiptTender.of.is_null())
            .limit(1)
            .scalar()
        )
        no = Refused(
            "Order number {ref} is on receipt {number} already. Look at the payer's phone again.",
            rule="CASH-1",
            override="cashier.waive",
            field=f"{each.kind}_ref",
            ref=each.ref,
            number=used,
        )
        people.check(used is None, no, by=by)


def _copies_of(picked: list[Charge], listed: list[prices.Price]) -> tuple[str, ...]:
    """客户联 and 存根联; 记账联 too where finance keeps one of an item."""
    three = {price.item for price in listed if price.copies > 2}
    wide = any(row.item in three or row.account.startswith("deposit.") for row in picked)
    return (receipt.CUSTOMER, receipt.STUB, receipt.BOOK) if wide else (receipt.CUSTOMER, receipt.STUB)


@deed("receipt.reprinted", act="cashier.collect")
def reprint(row: Receipt, *, copy: str = receipt.CUSTOMER, by: Actor) -> Receipt:
    """Print a copy once more; it says 补打 and for the how manieth time."""
    if copy not in row.facts["copies"]:
        raise Refused("{number} has no copy of that name.", number=row.number)
    n = outbox.reprints_of("receipt", row.id) + 1
    outbox.queue("receipt", row, facts=receipt.paper(row), number=row.number, copies=(copy,), reprint=n)
    journal.note(unit_id=row.unit_id, number=row.number, copy=copy, reprint=n)
    return row


@deed(corrections.ON_A4, act="cashier.collect")
def on_a4(row: Receipt, *, by: Actor) -> Receipt:
    """Every copy on a sheet of A4 (office or dot-matrix printer); each time is counted and printed on it."""
    journal.note(unit_id=row.unit_id, number=row.number, times=corrections.times_on_a4(row) + 1)
    return row


def last_of(by: Actor) -> Receipt | None:
    """The last receipt this clerk made (F9)."""
    return Receipt.select().where(Receipt.staff == by.id).order_by(Receipt.id.desc()).first()  # type: ignore[no-any-return]


def _touch() -> None:
    live.bump("money", "households")
