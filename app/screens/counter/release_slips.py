"""Release slips at the desk: lists, a new slip for a household, one slip with what may be done with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import current_app, request, url_for

from app import web
from app.base import clock
from app.base import text as texts
from app.base.refusal import N_
from app.desk.accounts import charge
from app.desk.homes import households, instructions
from app.desk.homes.households import Unit
from app.desk.homes.lookup import Hit
from app.desk.who import people
from app.desk.work import handing, listing, signatures
from app.desk.work.listing import Asked
from app.procedures.counter import release_slips as slips
from app.procedures.counter.release_slips import Slip
from app.web import Answer, Form, Line, Scanned, Screen, customer, form, go, lists, me, page, say, t, whose

screen = Screen("counter/release_slips", title=N_("Release slips"), key="Shift+F1", act="slips.see", order=20)
screen.counts(slips.awaited)
screen.offers(N_("Release slips"), "unit={id}")

ROWS = 6  # empty lines a new slip offers; "more lines" doubles them


def _base_url() -> str:
    return str(current_app.extensions["settings"].base_url)


def _slip(slip: int) -> Slip:
    return web.row(Slip, slip)


@screen.reads()
def board() -> Answer:
    """`?unit=ID` a new slip for that household; `?room=` whose slip; else a list (lists.asked)."""
    if request.args.get("unit", type=int):
        return new()
    found = whose()
    if found.unit:
        return go("counter_release_slips.new", unit=found.unit)
    asked = _asked()
    shown = listing.page(slips.register(asked), asked)
    if asked.text and not asked.below and len(shown.rows) == 1:
        return go("counter_release_slips.slip", slip=shown.rows[0].id)
    return page("counter/release_slips.html#board", shown=shown, asked=asked, shows=slips.SHOWS, whose_slip=found)


def _asked() -> Asked:
    """The open slips at first; what is looked for by its number or room may be any."""
    return lists.asked(slips.SHOWS, "all" if request.args.get("q", "").strip() else "open")


@screen.reads("/excel")
def excel() -> Answer:
    return lists.workbook(slips.register(_asked()))


@screen.reads("/a4")
def a4() -> Answer:
    return lists.on_a4(slips.register(_asked()), _asked())


@screen.reads("/new", act="slips.issue")
def new() -> Answer:
    """The form for one household: alerts first, then who asks, the owner's will, the items."""
    unit = web.row(Unit, request.values.get("unit", type=int))
    customer(unit.id)
    members = [households.shown(relation) for relation in households.people_of(unit)]
    rows = max([ROWS, *(n for n in range(1, 31) if request.form.get(f"item_name_{n}"))])
    return page(
        "counter/release_slip_new.html#board",
        unit=unit,
        members=members,
        owners=[each for each in members if each.kind == "owner"],
        kinds=households.KINDS,
        alerts=instructions.unread(unit, by=me(), kind="release"),
        standing=instructions.open_of(unit, "release"),
        owed=charge.owed(unit),
        applicants={code: label for code, label in slips.APPLICANTS.items() if code != "owner"},
        categories=slips.CATEGORIES,
        units=slips.UNITS,
        rows=min(30, max(rows, request.args.get("rows", ROWS, type=int))),
        callers=people.colleagues("slips.issue"),
        now_time=f"{clock.now():%H:%M}",
        mine=me().name,
    )


@screen.does("/make", act="slips.issue", again="counter_release_slips.new")
def make() -> Answer:
    fields = form()
    unit = web.row(Unit, fields.whole("unit"))
    who = fields.text("who", most=16)
    slip = slips.make(
        unit,
        applicant=slips.Applicant(
            kind="" if who.isdecimal() else who,
            relation_id=int(who) if who.isdecimal() else None,
            name=fields.text("name", need=False),
            firm=fields.text("firm", need=False),
            id_number=fields.text("id_number", need=False),
            signs=fields.text("signs", need=False),
            png=signatures.from_url(fields.values.get("applicant_pad", ""), field="applicant_pad"),
        ),
        consent=slips.Consent(
            how=fields.text("consent", need=False),
            owner_id=fields.whole("owner", need=False) or None,
            owner_name=fields.text("owner_name", need=False),
            number=fields.text("call_number", need=False),
            at=_time(fields.text("call_time", need=False)),
            caller=fields.text("caller", need=False),
            png=signatures.from_url(fields.values.get("owner_pad", ""), field="owner_pad"),
        ),
        lines=slips.read([_line(fields, n) for n in range(1, 31)]),
        days=fields.whole("days", need=False),
        base_url=_base_url(),
        by=me(),
    )
    answer = go("counter_release_slips.slip", slip=slip.id)
    if slip.number is None:
        return say(answer, N_("Written. It is issued and printed when engineering has sealed it."), kind="note")
    return say(answer, N_("Slip {number} is issued; both copies are printing."), number=slip.number)


def _line(fields: Form, n: int) -> tuple[str, str, str, str]:
    typed = fields.values
    return (
        typed.get(f"item_name_{n}", ""),
        typed.get(f"item_quantity_{n}", ""),
        typed.get(f"item_unit_{n}", ""),
        typed.get(f"item_category_{n}", ""),
    )


def _time(typed: str) -> datetime | None:
    """`11:02`, `１１：０２`, `1102` of this business day."""
    if not typed:
        return None
    at = texts.time_of_day(typed, field="call_time")
    return clock.in_business_day(clock.business_day(clock.now()), at.hour, at.minute)


@screen.reads("/<int:slip>")
def slip(slip: int) -> Answer:
    return _sheet(slip)


def _sheet(slip: int) -> Answer:
    _slip(slip)
    return page(
        "counter/release_slip.html#board",
        sheet=slips.sheet(slip, by=me()),
        states=slips.STATES,
        copies=slips.COPIES,
        ways=handing.WAYS,
        guards=[each.name for each in people.colleagues("gate.release")],
    )


@screen.does("/<int:slip>/seal", act="signoff.engineering_supervisor", again="counter_release_slips.slip")
def seal(slip: int) -> Answer:
    done = slips.seal(_slip(slip), base_url=_base_url(), by=me())
    return say(_sheet(slip), N_("Slip {number} is issued; both copies are printing."), number=done.number)


@screen.does("/<int:slip>/owner_signed", act="slips.issue", again="counter_release_slips.slip")
def owner_signed(slip: int) -> Answer:
    fields = form()
    png = signatures.from_url(fields.values.get("owner_pad", ""), field="owner_pad")
    slips.owner_signed(_slip(slip), how="pad" if png else "paper", png=png, by=me())
    return say(_sheet(slip), N_("The owner's signature is noted."))


@screen.does("/<int:slip>/cancel", act="slips.issue", again="counter_release_slips.slip")
def cancel(slip: int) -> Answer:
    slips.cancel(_slip(slip), reason=form().text("reason", most=500, need=False), by=me())
    return say(_sheet(slip), N_("The slip is cancelled. Take both copies back."), kind="note")


@screen.does("/<int:slip>/reprint", act="slips.issue", again="counter_release_slips.slip")
def reprint(slip: int) -> Answer:
    copy = form().choice("copy", slips.COPIES)
    row = slips.reprint(_slip(slip), copy=copy, by=me())
    return say(_sheet(slip), N_("Printing again: {copy} of {number}."), kind="note", copy=copy, number=row.number)


@screen.does("/<int:slip>/returned", act="slips.issue", again="counter_release_slips.slip")
def returned(slip: int) -> Answer:
    """The gate copy came back: what it says left, item by item."""
    fields = form()
    row = slips.take_back_copy(
        _slip(slip),
        {thing.id: fields.whole(f"out_{thing.id}", most=99_999) for thing in slips.sheet(slip, by=me()).things},
        guard=fields.text("guard"),
        plate=fields.text("plate", most=16, need=False),
        remark=fields.text("remark", most=500, need=False),
        by=me(),
    )
    if row.differs:
        return say(_sheet(slip), N_("The gate copy is recorded, with its difference."), kind="note")
    return say(_sheet(slip), N_("The gate copy is recorded."))


@screen.shows_due
def due_url(about: int) -> str:
    return url_for("counter_release_slips.slip", slip=about)


@screen.scans("release", act="desk.see")
def scanned(code: Scanned) -> Answer | None:
    """A slip's code at the desk opens the slip; the guard's page has its own."""
    row = slips.find(code.code)
    if row is None or not people.may(me(), "slips.see"):
        return None
    return go("counter_release_slips.slip", slip=row.id)


@screen.holds(N_("Release slips"))
def of_household(unit: Unit) -> Iterator[Line]:
    for row in slips.of_unit(unit, limit=6):
        url = url_for("counter_release_slips.slip", slip=row.id)
        yield Line(f"{row.number} {row.what}", t(slips.STATES[row.state].word), url)


@screen.leads("release")
def _found(hit: Hit) -> str:
    return url_for("counter_release_slips.slip", slip=hit.about)
