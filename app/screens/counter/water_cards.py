"""水卡: the card as it lies on the reader, the sale, what is pending, and everything else about a household's card."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import abort, current_app, request, url_for
from flask_login import current_user

from app import web
from app.base import clock, money
from app.base.refusal import N_, Refused
from app.desk.accounts import ledger
from app.desk.accounts.receipt import Tender
from app.desk.homes.households import KINDS, Unit, people_of, shown
from app.desk.homes.lookup import Hit
from app.desk.who import sessions
from app.desk.work import due
from app.procedures.counter import water_cards as water
from app.procedures.counter.water_cards import Account, Card, Handling, TopUp, overview
from app.web import Answer, Line, Screen, customer, form, go, me, page, say, t, wants_fragment, whose
from hardware.ports import DeviceError
from hardware.watercard.record import NO_CARD

screen = Screen("counter/water_cards", title=N_("Water cards"), key="F7", act="water.see", order=30)
screen.counts(lambda: due.count(water.KIND))
screen.offers(N_("Water cards"), "unit={id}")


def _worker() -> Any:
    return getattr(current_app.extensions["devices"], "reader", None)


def _laid() -> water.Laid:
    worker = _worker()
    return water.judge(worker.seen if worker else NO_CARD)


def _at_the_reader() -> None:
    """A card that lies on another window's reader is not sold to from here."""
    where = sessions.elsewhere("reader", me().station)
    if where:
        raise Refused("The card reader stands at window {name}. Do it there.", name=where)


def _stayed(id: int) -> bool:
    worker = _worker()
    return bool(worker and worker.stayed(id))


def _do(kind: str, id: int, **how: Any) -> None:
    """Hand a command to the reader's worker; returns at once."""
    _at_the_reader()
    worker = _worker()
    if worker is None:
        raise DeviceError("The card reader is not connected. Check its cable; nothing was written.")
    worker.submit(kind, id, by=me(), **how)


def _need_reader() -> None:
    _at_the_reader()
    worker = _worker()
    if worker is None or worker.state not in {"ready", "busy"}:
        raise DeviceError("The card reader is not connected. Check its cable; nothing was written.")


@screen.shows_due
def _due(_: int) -> str:
    return "/counter/water_cards/"


@screen.reads()
def board(**_: int) -> Answer:
    """`?unit=ID`, else the household of the card on the reader, else the one at the counter; `?room=` finds one."""
    found = whose()
    if found.unit:
        return go("counter_water_cards.board", unit=found.unit)
    if found.asked:
        return _show(None)
    laid = _laid()
    number = request.values.get("unit", type=int)
    if number is None:
        number = laid.unit.id if laid.unit else sessions.memory(current_user.session).customer
    return _show(None if number is None else web.row(Unit, number))


def _show(unit: Unit | None) -> Answer:
    laid, worker = _laid(), _worker()
    if unit is not None:
        customer(unit.id)
    accounts = overview.holdings(unit, laid.uid) if unit else []
    return page(
        "counter/water_cards.html#board",
        unit=unit,
        card=overview.on_reader(laid),
        mine=bool(unit and laid.unit and laid.unit.id == unit.id),
        untaken=laid.untaken,
        sellable=not laid.untaken or water.may_sell_again(),
        accounts=accounts,
        people=[shown(relation) for relation in people_of(unit)] if unit else [],
        kinds=KINDS,
        payer=overview.payer_of(unit) if unit else "",
        price=overview.price(),
        tenders=ledger.TENDERS,
        history=overview.history(unit) if unit else [],
        changes=overview.changes(unit) if unit else [],
        change_names=overview.CHANGES,
        states=overview.STATES,
        pending=overview.pending(laid.uid),
        stayed=_stayed,
        lesson=overview.to_learn(laid),
        learned=overview.learned(),
        total=water.day_total(clock.business_day(clock.now())),
        stock=water.in_stock(),
        reader=worker.state if worker else "lost",
        learners=water.who_has_not_learnt(limit=12),
        learnt=me().name not in water.who_has_not_learnt(),
        tonnes=water.tonnes,
        bench=getattr(current_app.extensions["devices"], "water_bench", None),
        whose_card=whose(),
    )


@screen.reads("/check")
def check() -> Answer:
    """查卡: everything the card on the reader says, and what the books say to it."""
    laid = _laid()
    return page(
        "counter/water_card_check.html#board",
        card=overview.on_reader(laid),
        state=laid.state,
        reader=_worker().state if _worker() else "lost",
        pending=overview.sale(laid.pending, laid.uid) if laid.pending else None,
        lesson=overview.to_learn(laid),
        tonnes=water.tonnes,
        states=overview.STATES,
    )


@screen.reads("/sum")
def sums() -> Answer:
    """While the quantity is typed: the arithmetic, the total and the change. What cannot be read yet is nothing."""
    if not wants_fragment():
        return go("counter_water_cards.board")
    try:
        bought = _bought(request.args.get("by", "volume"), request.args.get("quantity", ""))
    except Refused as no:
        return page("counter/water_cards.html#sum", bought=None, no=no, change=0, tonnes=water.tonnes)
    received = 0
    for kind in ledger.TENDERS:
        try:
            received += money.parse(request.args.get(kind, "") or "0")
        except Refused:
            continue
    change = max(0, received - bought.fen) if received else 0
    return page("counter/water_cards.html#sum", bought=bought, no=None, change=change, tonnes=water.tonnes)


def _bought(by: str, quantity: str) -> water.Sum:
    step = water.layout().volume_step
    if by == "money":
        return water.of_money(money.parse(quantity, field="quantity"), overview.price(), step)
    return water.of_volume(water.of_text(quantity, field="quantity"), overview.price(), step)


@screen.does("/sell", act="water.sell", again="counter_water_cards.board")
def sell() -> Answer:
    """Take the money, then write: the page shows the steps as they happen."""
    fields = form()
    unit = web.row(Unit, fields.whole("unit"))
    bought = _bought(fields.choice("by", ("volume", "money")), fields.text("quantity"))
    tenders = [
        Tender(kind, fen, fields.text(f"{kind}_ref", need=False))
        for kind in ledger.TENDERS
        if (fen := fields.fen(kind, need=False))
    ]
    _need_reader()
    row = water.intend(
        unit,
        _laid(),
        bought,
        payer=fields.text("payer"),
        tenders=tenders or [Tender("cash", bought.fen)],
        told_shut_off=fields.flag("told_shut_off"),
        told_slot=fields.flag("told_slot"),
        by=me(),
    )
    if row.state == "pending":
        _do("write", row.id, first=True)
    return _after(
        row.unit, N_("{fen} taken for {volume} t; change {change}. Leave the card on the reader."), **_money(row)
    )


def _money(row: TopUp) -> dict[str, str]:
    return {"fen": money.show(row.fen), "volume": water.tonnes(row.volume), "change": money.show(row.change)}


def _after(home: Unit, msgid: str, /, **values: str) -> Answer:
    return say(go("counter_water_cards.board", unit=home.id), msgid, **values)


def _topup(topup: int) -> TopUp:
    return web.row(TopUp, topup)


@screen.does("/again/<int:topup>", act="water.sell", again="counter_water_cards.board")
def again(topup: int) -> Answer:
    """Write the same record again: never a new one, never charged again."""
    row = _topup(topup)
    water.check_may_try(row, by=me())
    if row.state == "pending":
        _do("write", row.id)
    return _after(row.unit, N_("{number} is written again. Leave the card on the reader."), number=row.number)


@screen.does("/refund/<int:topup>", act="water.decide", again="counter_water_cards.board")
def refund(topup: int) -> Answer:
    """Pay a pending sale back, once the card is proven not to hold it."""
    fields, row = form(), _topup(topup)
    reason, signed = fields.text("reason", most=500), fields.text("signed")
    meter_seq = fields.whole("meter_seq", most=65_535) if fields.text("meter_seq", need=False) else None
    if row.state == "pending":
        water.check_not_taken(row, meter_seq, stayed=_stayed(row.id))
        _do("void", row.id, reason=reason, signed=signed, meter_seq=meter_seq)
    return _after(row.unit, N_("{number}: the card is checked, then the money goes back."), number=row.number)


@screen.does("/stock", act="water.issue", again="counter_water_cards.board")
def stock() -> Answer:
    row = water.stock(_laid(), by=me())
    return say(go("counter_water_cards.board"), N_("Card {uid} is in the stock now."), uid=row.uid)


@screen.does("/issue", act="water.issue", again="counter_water_cards.board")
def issue() -> Answer:
    fields = form()
    unit = web.row(Unit, fields.whole("unit"))
    _need_reader()
    row = water.issue(unit, fields.text("meter"), _laid(), holder=fields.text("holder"), person=None, by=me())
    _do("issue", row.id)
    return _after(unit, N_("The card for {unit} is being written. Leave it on the reader."), unit=unit.label)


@screen.does("/issue/<int:card>", act="water.issue", again="counter_water_cards.board")
def issue_again(card: int) -> Answer:
    """Go on with an issue that was cut: with the same card, or with the blank one that lies there now."""
    row = web.row(Card, card)
    laid, unit = _laid(), row.its_account.unit
    if laid.uid != row.uid:
        row = water.spoilt(row, laid, reason=form().text("reason", most=500), by=me())
    _do("issue", row.id)
    return _after(unit, N_("The card for {unit} is being written. Leave it on the reader."), unit=unit.label)


def _card_of(account: int) -> tuple[Account, Card]:
    row = web.row(Account, account)
    return row, water.card_in_use(row) or water.last_card(row) or abort(404)


@screen.does("/lost/<int:account>", act="water.issue", again="counter_water_cards.board")
def lost(account: int) -> Answer:
    fields, (row, card) = form(), _card_of(account)
    water.lost(card, reason=fields.text("reason", most=500), signed=fields.text("signed"), by=me())
    return _after(row.unit, N_("Card {uid} is blocked here. Look at the meter, then replace the card."), uid=card.uid)


@screen.does("/found/<int:account>", act="water.issue", again="counter_water_cards.board")
def found(account: int) -> Answer:
    row, card = _card_of(account)
    water.found(card, by=me())
    return _after(row.unit, N_("Card {uid} is in use again."), uid=card.uid)


@screen.does("/relearn/<int:account>", act="water.relearn", again="counter_water_cards.check")
def relearn(account: int) -> Answer:
    """After a restore: the books learn from the card on the reader the sales that they have lost."""
    reason, row = form().text("reason", most=500), web.row(Account, account)
    _at_the_reader()
    done = water.relearn(row, _laid(), reason=reason, by=me())
    return _after(
        row.unit,
        N_("The books have learned {volume} t from the card. Sell as usual; the money of it waits on today's page."),
        volume=water.tonnes(done.facts["volume"]),
    )


@screen.does("/money/<int:handling>", act="water.note_money", again="counter_water_cards.board")
def note_money(handling: int) -> Answer:
    """Where the money of sales that were learned from a card went."""
    how = form().text("how", most=500)
    learned = web.row(Handling, handling, kind="learned")
    row = water.note_money(learned, how=how, by=me())
    return _after(row.account.unit, N_("Written down: where the money of the learned sales went."))


@screen.does("/replace/<int:account>", act="water.issue", again="counter_water_cards.board")
def replace(account: int) -> Answer:
    fields, (row, _) = form(), _card_of(account)
    _need_reader()
    new = water.replace(
        row,
        _laid(),
        meter_seq=fields.whole("meter_seq", most=65_535),
        meter_left=water.of_text(fields.text("meter_left"), field="meter_left"),
        reason=fields.text("reason", most=500),
        signed=fields.text("signed"),
        pending_then=fields.text("pending_then", need=False),
        by=me(),
    )
    _do("issue", new.id)
    return _after(row.unit, N_("The card for {unit} is being written. Leave it on the reader."), unit=row.unit.label)


@screen.does("/exchange/<int:account>", act="water.issue", again="counter_water_cards.board")
def exchange(account: int) -> Answer:
    fields, (row, card) = form(), _card_of(account)
    _need_reader()
    if _laid().uid != card.uid:
        raise Refused("Lay the household's own card on the reader: it is written for the new meter.", rule="WATER-7")
    done = water.exchange_meter(
        row,
        fields.text("meter"),
        left=water.of_text(fields.text("left"), field="left"),
        meter_seq=fields.whole("meter_seq", most=65_535),
        reason=fields.text("reason", most=500),
        signed=fields.text("signed"),
        by=me(),
    )
    _do("issue", card.id)
    return _after(
        row.unit,
        N_("{expression}; it is written onto the card for the new meter."),
        expression=done.facts["expression"],
    )


@screen.does("/transfer/<int:account>", act="water.issue", again="counter_water_cards.board")
def transfer(account: int) -> Answer:
    fields, (row, _) = form(), _card_of(account)
    left = water.of_text(fields.text("left"), field="left")
    water.transfer(row, fields.text("to"), None, left=left, signed=fields.text("signed"), by=me())
    return _after(row.unit, N_("The water account of {unit} is {to}'s now."), unit=row.unit.label, to=fields.text("to"))


@screen.does("/hand_back/<int:account>", act="water.decide", again="counter_water_cards.board")
def hand_back(account: int) -> Answer:
    fields, (row, _) = form(), _card_of(account)
    done = water.hand_back(
        row,
        left=water.of_text(fields.text("left"), field="left"),
        meter_seq=fields.whole("meter_seq", most=65_535),
        reason=fields.text("reason", most=500),
        signed=fields.text("signed"),
        by=me(),
    )
    return _after(
        row.unit, N_("{fen} go back to {who}. Keep the card."), fen=money.show(done.facts["fen"]), who=done.signed
    )


@screen.does("/meter", act="water.issue", again="counter_water_cards.board")
def meter() -> Answer:
    """Enter a meter that is read and paid for afterwards."""
    fields = form()
    unit = web.row(Unit, fields.whole("unit"))
    row = water.register_meter(unit, fields.text("meter"), fields.choice("mode", ("card", "reading")), by=me())
    return _after(unit, N_("Meter {number} is in the register."), number=row.number)


@screen.does("/learnt", act="water.learn", again="counter_water_cards.board")
def learnt() -> Answer:
    water.learnt(by=me())
    return say(go("counter_water_cards.board"), N_("Noted: you know the top-up procedure."))


@screen.holds(N_("Water cards"))
def of_household(unit: Unit) -> Iterator[Line]:
    for held in overview.holdings(unit)[:6]:
        state = t("top-up {number} is pending", number=held.pending.number) if held.pending else ""
        yield Line(f"{held.holder} {held.uid}", state, url_for("counter_water_cards.board", unit=unit.id))


@screen.leads("topup")
def _found(hit: Hit) -> str:
    return url_for("counter_water_cards.board", unit=hit.about)
