"""Keys at the counter: scan, lend, take back; what is out; one key with what may be done with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import abort, request, url_for

from app import web
from app.base import clock
from app.base import text as texts
from app.base.refusal import N_, Refused
from app.desk.homes import instructions, lookup
from app.desk.homes.households import Person, Unit
from app.desk.homes.instructions import Instruction
from app.desk.homes.lookup import Hit
from app.desk.who import people
from app.desk.who.people import Staff
from app.desk.work import loan
from app.desk.work.loan import Holder, Loan
from app.procedures.counter.keys import after, counts, custody, lending, overview, register, scans, schedule
from app.procedures.counter.keys.register import Key
from app.procedures.counter.keys.scans import Scan
from app.web import Answer, Form, Line, Scanned, Screen, form, go, here, me, page, say, t, worded

screen = Screen("counter/keys", title=N_("Keys"), key="F6", act="keys.see", order=40)
screen.keys.append(("F2", N_("Return a key"), "counter_keys.back"))
screen.counts(overview.late)
screen.offers(N_("Keys"), "q={label}")


@screen.shows_due
def due_url(key: int) -> str:
    return url_for("counter_keys.one", key=key)


@screen.reads()
def board() -> Answer:
    """`?q=` a number, a name, a hook, a room, or what stands on a label or letter; `?seen=` the last scan the page has
    shown (newer ones make their sound).
    """
    meant = lookup.number(request.args.get("q", "")[:64])
    if meant and meant[0] == "key":
        return go("counter_keys.one", key=register.find(request.args["q"]).id)
    if meant and meant[0] == "letter":
        held = custody.of_letter(meant[1], meant[2]) or abort(404)
        return go("counter_custody.one", custody=held.id)
    return _board()


@screen.reads("/back")
def back() -> Answer:
    """F2: the same board; the cursor stands where a number is typed."""
    return _board()


def _board(*, fresh: bool = False) -> Answer:
    """`fresh`: a key has just been taken in hand, which is heard as well as seen."""
    by, q = me(), request.args.get("q", "").strip()[:64]
    hand = scans.in_hand(by.station)
    now = clock.now()
    return page(
        "counter/keys.html#board",
        board=overview.search(q),
        states=overview.STATES,
        happened=overview.just_now(by),
        seen=request.args.get("seen", type=int),
        hand=hand,
        place=worded(lending.place(hand.key)) if hand else "",
        until=(hand.until or schedule.default_until(now)) if hand else None,
        colleagues=people.colleagues() if hand else [],
        owners=custody.owners(hand.key.custody.unit) if hand and hand.key.custody else [],
        companies=overview.companies() if hand else [],
        alerts=_alerts(hand.key) if hand else [],
        count=counts.at_station(by.station),
        fresh=fresh,
        q=q,
    )


def _alerts(key: Key) -> list[Instruction]:
    return instructions.unread(key.custody.unit_id, by=me(), kind="key") if key.custody else []


@screen.scans("key", act="keys.lend")
def scanned_key(scanned: Scanned) -> Answer:
    return _heard(scans.hear(scanned.code, source="wedge", by=me()))


@screen.scans("badge", act="keys.lend")
def scanned_badge(scanned: Scanned) -> Answer | None:
    """A badge takes the key in hand; without one it is not ours."""
    if scans.in_hand(me().station) is None:
        return None
    return _heard(scans.hear(scanned.code, source="wedge", by=me()))


@screen.does("/scan", act="keys.lend", again="counter_keys.board")
def scan() -> Answer:
    """A number typed by hand does what its scan would do."""
    return _heard(scans.hear(form().text("code"), source="hand", by=me()))


def _heard(scan: Scan) -> Answer:
    """On the key page the board; elsewhere a key that is now in hand leads to it, anything else is said in place."""
    on_page = here(screen) or request.endpoint != "counter_scan.read"
    if scan.kind == "note" and scans.in_hand(scan.station):
        return _board(fresh=True) if on_page else go("counter_keys.board")
    return say(_board() if on_page else page("counter/keys_said.html"), scan.msgid, kind=scan.kind, **scan.facts)


@screen.does("/hand", act="keys.lend", again="counter_keys.board")
def hand_over() -> Answer:
    """The key in hand goes to somebody picked from the list, or to an outsider whose paper was looked at."""
    fields = form()
    kept = scans.hand_over(
        to=_taker(fields),
        purpose=fields.text("purpose", most=120, need=False),
        until=_time(fields.text("until", need=False)),
        seal=fields.text("seal", need=False),
        by=me(),
    )
    return say(_board(), kept.msgid, **kept.facts)


@screen.does("/prepare", act="keys.lend", again="counter_keys.board")
def prepare() -> Answer:
    """What it is for and until when, before the badge is scanned."""
    fields = form()
    scans.prepare(
        purpose=fields.text("purpose", most=120, need=False),
        until=_time(fields.text("until", need=False)),
        seal=fields.text("seal", need=False),
        by=me(),
    )
    return _board()


def _time(text: str) -> datetime | None:
    """`18:30`, as the time field writes it."""
    return schedule.next_time(texts.time_of_day(text, field="until"), clock.now()) if text else None


def _taker(fields: Form) -> Holder:
    chosen = fields.whole("staff", need=False)
    if chosen:
        return lending.staff_holder(web.row(Staff, chosen))
    checked = fields.text("checked", need=False)
    owner = fields.whole("owner", need=False)
    if owner:
        person = web.row(Person, owner)
        return Holder(name=person.name, of="业主", person=person.id, checked=checked)
    name = fields.text("name", need=False)
    if not name:
        raise Refused("Scan a badge, choose a colleague, or write down who takes the key.", rule="KEY-4", field="name")
    return Holder(name=name, of=fields.text("of", need=False), checked=checked)


@screen.does("/down", act="keys.lend")
def put_down() -> Answer:
    scans.put_down(by=me())
    return _board()


@screen.does("/undo", act="keys.lend")
def undo() -> Answer:
    there = after.undo(_loan(), by=me())
    if there.ended:
        return say(_board(), N_("Undone: the key is in the box."), kind="note")
    return say(_board(), N_("Undone: the key is with {holder} again."), kind="note", holder=there.holder)


@screen.does("/tell", act="keys.lend")
def tell() -> Answer:
    there = after.tell(_loan(), by=me())
    return say(_board(), N_("Noted: {holder} was told to bring the key back."), holder=there.holder)


def _loan() -> Loan:
    return web.row(Loan, form().whole("loan"), kind=register.KIND)


@screen.does("/confirm", act="keys.lend")
def confirm() -> Answer:
    key = _key(form().whole("id"))
    lending.confirm(key, by=me())
    return say(_board(), N_("{key} hangs on its hook: confirmed."), key=key.number)


@screen.does("/add", act="keys.label", again="counter_keys.board")
def add() -> Answer:
    fields = form()
    key = register.add(
        name=fields.text("name"),
        hook=fields.text("hook", most=8),
        pieces=fields.whole("pieces", least=1, most=99),
        spare=fields.flag("spare"),
        by=me(),
    )
    return say(
        go("counter_keys.one", key=key.id), N_("{key} is in the register. Its label is being printed."), key=key.number
    )


@screen.reads("/<int:key>")
def one(key: int) -> Answer:
    """A key, its last loans, and what may be done with it."""
    found = overview.of_key(key) or abort(404)
    return page(
        "counter/key.html#board",
        key_=found[0],
        row=found[1],
        past=found[2],
        states=overview.STATES,
        label=register.label_of(found[0]),
        labels=overview.taken_off(found[0]),
        colleagues=people.colleagues(),
    )


@screen.does("/<int:key>/take", act="keys.lend", again="counter_keys.one")
def take(key: int) -> Answer:
    """Lend it: never takes back a key that somebody else lent meanwhile (KEY-8)."""
    scans.take(_key(key), by=me())
    return go("counter_keys.board")


@screen.does("/<int:key>/return", act="keys.lend", again="counter_keys.one")
def give_back(key: int) -> Answer:
    """Take back the loan this page showed."""
    ended = lending.give_back(_key(key), meant=form().whole("loan"), by=me())
    message = N_("{key} is back from {holder}. Hang it on {hook}.")
    row = _key(key)
    return say(one(key=key), message, key=row.number, holder=ended.holder, hook=row.hook.label)


@screen.does("/<int:key>/move", act="keys.label", again="counter_keys.one")
def move(key: int) -> Answer:
    moved = register.move(_key(key), hook=form().text("hook", most=8), by=me())
    return say(one(key=key), N_("{key} hangs on {hook} now."), key=moved.number, hook=moved.hook.label)


@screen.does("/<int:key>/label", act="keys.label", again="counter_keys.one")
def label(key: int) -> Answer:
    made = register.relabel(_key(key), by=me())
    return say(one(key=key), N_("A new label for {key} is being printed; the old one is dead."), key=made.number)


@screen.does("/<int:key>/duplicate", act="keys.label", again="counter_keys.one")
def duplicate(key: int) -> Answer:
    found = register.report_duplicate(_key(key), by=me())
    message = N_("The label of {key} means nothing now. Label both keys anew.")
    return say(one(key=key), message, kind="note", key=found.number)


@screen.does("/<int:key>/lost", act="keys.lend", again="counter_keys.one")
def lost(key: int) -> Answer:
    gone = register.lose(_key(key), remark=form().text("remark", most=500), by=me())
    return say(one(key=key), N_("{key} is reported lost; the supervisor is told."), kind="note", key=gone.number)


@screen.does("/<int:key>/found", act="keys.lend", again="counter_keys.one")
def found(key: int) -> Answer:
    again = register.found(_key(key), by=me())
    return say(one(key=key), N_("{key} is found. Hang it on {hook}."), key=again.number, hook=again.hook.label)


@screen.does("/<int:key>/retire", act="keys.manage", again="counter_keys.one")
def retire(key: int) -> Answer:
    gone = register.retire(_key(key), remark=form().text("remark", most=500), by=me())
    return say(one(key=key), N_("{key} is retired; its hook is free."), key=gone.number)


@screen.does("/<int:key>/long", act="keys.issue_long", again="counter_keys.one")
def issue_long(key: int) -> Answer:
    fields = form()
    until = fields.day("until")
    assert until is not None
    made = lending.issue_long(
        _key(key), to=_taker(fields), until=until, purpose=fields.text("purpose", most=120), signed="paper", by=me()
    )
    message = N_("Issued to {holder} until {until}. Let both sign the slip.")
    return say(one(key=key), message, holder=made.holder, until=loan.said(made.until))


@screen.does("/<int:key>/seal", act="keys.lend", again="counter_keys.one")
def seal(key: int) -> Answer:
    fields = form()
    after.check_seal(
        _key(key), unbroken=fields.flag("unbroken"), remark=fields.text("remark", most=500, need=False), by=me()
    )
    return say(one(key=key), N_("The seal was looked at."))


def _key(key: int) -> Key:
    return web.row(Key, key)


@screen.holds(N_("Keys in custody"))
def in_custody(unit: Unit) -> Iterator[Line]:
    for row in overview.of_unit(unit, 6):
        state = t(overview.STATES[row.state].word, hours=row.hours, minutes=row.minutes)
        held = f"{row.holder or row.hook} {state}"
        yield Line(f"{row.number} {row.name}", held, url_for("counter_keys.one", key=row.id))


@screen.leads("key")
def _found(hit: Hit) -> str:
    return url_for("counter_keys.one", key=hit.about)
