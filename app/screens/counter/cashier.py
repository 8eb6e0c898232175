"""收款: pick what is owed, type what is paid, print the receipt."""

from __future__ import annotations

from collections.abc import Iterator

from flask import abort, g, request, url_for
from flask_login import current_user

from app import web
from app.base import clock, money
from app.base.refusal import N_, Refused
from app.desk.accounts import charge as charges
from app.desk.accounts import ledger, prices
from app.desk.accounts import receipt as receipts
from app.desk.accounts.receipt import Receipt, Tender
from app.desk.homes import households, instructions
from app.desk.homes.households import Unit
from app.desk.homes.lookup import Hit
from app.desk.who import sessions
from app.desk.work import due, signatures
from app.procedures.counter import cashier
from app.procedures.counter.cashier import account as accounts
from app.procedures.counter.cashier import books, corrections, overview
from app.web import Answer, Line, Scanned, Screen, customer, form, go, me, page, part, say, wants_fragment

screen = Screen("counter/cashier", title=N_("Take money"), key="F1", act="cashier.see", order=10)
screen.offers(N_("Take money"), "unit={id}")
screen.keys.append(("F9", N_("Reprint"), "counter_cashier.last"))

# The key that goes to a tender's field.
LETTERS = {"cash": "x", "wechat": "w", "alipay": "z", "card": "k", "transfer": "h"}
WALK_IN = 0  # ?unit=0: somebody who belongs to no unit


@screen.reads()
def board() -> Answer:
    """`?unit=ID` (0: no unit), or the household at the counter; `?q=` a receipt's number."""
    if asked := request.args.get("q"):
        found = receipts.of_number(asked)
        return go("counter_cashier.show", receipt=found.id) if found else _choose()
    number = request.values.get("unit", type=int)
    if number is None:
        number = sessions.memory(current_user.session).customer
    return _choose() if number is None else _show(_unit(number))


def _choose() -> Answer:
    return page(
        "counter/cashier_choose.html#board",
        made=overview.made_today(me()),
        taken=overview.taken_today(me()),
        tenders=ledger.TENDERS,
        left=books.left(),
        few=books.FEW,
    )


def _unit(number: int) -> Unit | None:
    if number == WALK_IN:
        return None
    return web.row(Unit, number)


def _show(unit: Unit | None, done: Receipt | None = None) -> Answer:
    if unit is not None:
        customer(unit.id)
    found = overview.of(unit, by=me())
    picked = set(form().ids("charge")) if "notice" in g else {line.id for line in found.lines if line.late >= 0}
    residents = [households.shown(relation) for relation in households.people_of(unit)] if unit else []
    owed = sum(line.left for line in found.lines if line.id in picked)
    return page(
        "counter/cashier.html#board",
        unit=unit,
        found=found,
        picked=picked,
        residents=residents,
        kinds=households.KINDS,
        tenders=ledger.TENDERS,
        letters=LETTERS,
        sum=overview.tally(owed, 0),
        count=len(picked),
        items=prices.listing(unit=unit),
        alerts=instructions.unread(unit, by=me()) if unit else [],
        promises=due.open_list(unit_id=unit.id, limit=3) if unit else [],
        done=done,
        left=books.left(),
        few=books.FEW,
    )


@screen.reads("/sum")
def sums() -> Answer:
    """While amounts are typed: total, capitals, change. What cannot be read yet counts as nothing."""
    rows = charges.open_of(_unit(request.args.get("unit", WALK_IN, type=int)))
    ids = set(request.args.getlist("charge", type=int))
    picked = [row.left for row in rows if row.id in ids]
    received = sum(_read(kind) for kind in ledger.TENDERS) + _read("prepaid")
    return part(
        "counter/cashier.html#sum", sum=overview.tally(sum(picked) + _read("prepay"), received), count=len(picked)
    )


def _read(name: str) -> int:
    try:
        return money.parse(request.args.get(name, "") or "0")
    except Refused:
        return 0


def _after(unit: Unit | None, msgid: str, done: Receipt | None = None, **values: str) -> Answer:
    """The board anew with a notice; without JavaScript by way of a redirect, so that F5 sends nothing again."""
    if wants_fragment():
        return say(_show(unit, done), msgid, **values)
    return say(go("counter_cashier.board", unit=unit.id if unit else WALK_IN), msgid, **values)


@screen.does("/pay", act="cashier.collect", again="counter_cashier.board")
def pay() -> Answer:
    fields = form()
    if me().key is None:  # without the server's own key a second click would pay a second time (promise P2)
        raise Refused("This page is no longer valid. Open it anew and do it again; nothing was changed.")
    unit = _unit(fields.whole("unit"))
    tenders = [
        Tender(kind, fen, fields.text(f"{kind}_ref", need=False))
        for kind in (*ledger.TENDERS, "prepaid")
        if (fen := fields.fen(kind, need=False))
    ]
    row = cashier.pay(
        unit,
        payer=fields.text("payer"),
        charges=fields.ids("charge"),
        tenders=tenders,
        prepay=fields.fen("prepay", need=False),
        partial=fields.flag("partial"),
        by=me(),
    )
    change = money.show(row.facts["change"])
    return _after(
        unit,
        N_("Receipt {number}: {total} taken, change {change}."),
        row,
        number=row.number,
        total=money.show(row.fen),
        change=change,
    )


@screen.does("/add", act="cashier.collect", again="counter_cashier.board")
def add() -> Answer:
    fields = form()
    unit = _unit(fields.whole("unit"))
    row = cashier.add(
        unit,
        fields.text("item"),
        quantity=fields.whole("quantity", need=False) or 1,
        fen=fields.fen("fen", need=False) or None,
        by=me(),
    )
    return _after(unit, N_("{text} is on the list: {fen}."), text=row.text, fen=money.show(row.fen))


@screen.does("/take_back/<int:charge>", act="cashier.collect", again="counter_cashier.board")
def take_back(charge: int) -> Answer:
    row = web.row(charges.Charge, charge)
    cashier.take_back(row, reason=form().text("reason", most=500, need=False), by=me())
    return _after(row.unit, N_("{text} is off the list."), text=row.text)


# ---- a receipt


@screen.reads("/receipt/<int:receipt>")
def show(receipt: int) -> Answer:
    return _receipt(_found(receipt))


@screen.reads("/last")
def last() -> Answer:
    """F9: this clerk's last receipt, ready to be printed again."""
    row = cashier.last_of(me())
    return _receipt(row) if row else say(go("counter_cashier.board"), N_("You have made no receipt yet."), kind="note")


def _found(receipt: int) -> Receipt:
    return web.row(Receipt, receipt)


def _receipt(row: Receipt, block: str = "board") -> Answer:
    left = receipts.items_left(row)
    return page(
        f"counter/cashier_receipt.html#{block}",
        row=row,
        paper=receipts.paper(row),
        left=left,
        ways=receipts.tenders_left(row),
        names=ledger.TENDERS | {"prepaid": N_("From prepaid")},
        back=receipts.reversals(row),
        copies=corrections.copies_out(row),
        today=row.day == clock.business_day(clock.now()),
        gone=receipts.is_reversed(row),
        unsigned=corrections.is_unsigned(row),
        drawn=corrections.drawn(row),
        pairs=[(copy, copy) for copy in row.facts["copies"]],
    )


@screen.does("/receipt/<int:receipt>/a4", act="cashier.collect", again="counter_cashier.show")
def a4(receipt: int) -> Answer:
    """The receipt on A4, every copy under the other, for an office or a dot-matrix printer."""
    row = cashier.on_a4(_found(receipt), by=me())
    return page(
        "print/receipt_a4.html",
        row=row,
        paper=receipts.paper(row),
        copies=(receipts.CUSTOMER, receipts.STUB, receipts.BOOK),
        times=corrections.times_on_a4(row),
        by=me().name,
    )


@screen.does("/receipt/<int:receipt>/reprint", act="cashier.collect", again="counter_cashier.show")
def reprint(receipt: int) -> Answer:
    row = cashier.reprint(_found(receipt), copy=form().text("copy", need=False) or receipts.CUSTOMER, by=me())
    return _receipt_after(row, N_("{number} is printed again."))


@screen.does("/receipt/<int:receipt>/void", act="cashier.collect", again="counter_cashier.show")
def void(receipt: int) -> Answer:
    fields = form()
    made = corrections.void(
        _found(receipt),
        copies=fields.values.getlist("copies"),
        reason=fields.text("reason", most=500, need=False),
        by=me(),
    )
    return _receipt_after(made, N_("Voided: {number}."))


@screen.does("/receipt/<int:receipt>/refund", act="cashier.collect", again="counter_cashier.show")
def refund(receipt: int) -> Answer:
    row, fields = _found(receipt), form()
    items = {line.id: fen for line, _ in receipts.items_left(row) if (fen := fields.fen(f"line{line.id}", need=False))}
    tenders = {way.id: fen for way, _ in receipts.tenders_left(row) if (fen := fields.fen(f"way{way.id}", need=False))}
    made = corrections.refund(
        row,
        items=items,
        tenders=tenders or receipts.split_back(row, sum(items.values())),
        reason=fields.text("reason", most=500, need=False),
        payee=fields.text("payee", need=False),
        by=me(),
    )
    return _receipt_after(made, N_("Refunded: {number}."))


@screen.does("/receipt/<int:receipt>/signed", act="cashier.collect", again="counter_cashier.show")
def signed(receipt: int) -> Answer:
    png = signatures.from_url(form().values.get("payee_pad", ""), field="payee_pad")
    return _receipt_after(corrections.signed(_found(receipt), png, by=me()), N_("{number}: the payee has signed."))


def _receipt_after(row: Receipt, msgid: str) -> Answer:
    if wants_fragment():
        return say(_receipt(row), msgid, number=row.number)
    return say(go("counter_cashier.show", receipt=row.id), msgid, number=row.number)


@screen.scans("receipt")
def scanned(seen: Scanned) -> Answer:
    row = receipts.of_number(seen.code)
    return go("counter_cashier.show", receipt=row.id) if row else None


@screen.shows_due
def due_url(about: int) -> str:
    return url_for("counter_cashier.show", receipt=about)


# ---- the unit's account, and the books drawn from finance


@screen.reads("/account")
def account() -> Answer:
    """`?unit=ID`: what was charged and paid, newest first, in pages (CASH-13)."""
    unit = _unit(request.args.get("unit", WALK_IN, type=int)) or abort(404)
    pages = {name: request.args.get(name, 0, type=int) for name in ("charges_below", "receipts_below")}
    return page("counter/cashier_account.html#board", unit=unit, account=accounts.of(unit, **pages), **pages)


@screen.reads("/books", act="cashier.books")
def book_list() -> Answer:
    return page("counter/cashier_books.html#board", books=books.drawn(), left=books.left(), few=books.FEW)


@screen.does("/books/draw", act="cashier.books", again="counter_cashier.book_list")
def draw() -> Answer:
    fields = form()
    row = books.draw(fields.whole("first", least=1), fields.whole("last", least=1), giver=fields.text("giver"), by=me())
    values = {"first": str(row.first), "last": str(row.last)}
    msgid = N_("Numbers {first} to {last} are drawn.")
    return say(book_list() if wants_fragment() else go("counter_cashier.book_list"), msgid, **values)


@screen.holds(N_("Receipts"))
def of_household(unit: Unit) -> Iterator[Line]:
    for row in receipts.of_unit(unit, limit=6):
        yield Line(
            f"{row.number} {row.at:%Y-%m-%d}", money.show(row.fen), url_for("counter_cashier.show", receipt=row.id)
        )


@screen.leads("receipt")
def _of_box(hit: Hit) -> str:
    return url_for("counter_cashier.show", receipt=hit.about)
