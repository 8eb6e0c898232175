"""Entrusted keys: the custody register, taking into care, the owner's consent, review, collection."""

from __future__ import annotations

from flask import request, url_for

from app import web
from app.base.refusal import N_
from app.desk.homes.households import Unit
from app.desk.homes.lookup import Hit
from app.procedures.counter.keys import consent, overview
from app.procedures.counter.keys import custody as custodies
from app.procedures.counter.keys.consent import Permission
from app.procedures.counter.keys.register import Custody
from app.web import Answer, Form, Screen, customer, form, go, me, page, say, whose

screen = Screen("counter/custody", title=N_("Entrusted keys"), act="keys.see", order=41, menu=False)
screen.offers(N_("Entrust keys"), "unit={id}")
TAGS = 4  # keys a new custody offers lines for


@screen.shows_due
def due_url(custody: int) -> str:
    return url_for("counter_custody.one", custody=custody)


@screen.reads()
def board() -> Answer:
    """`?unit=ID` a new custody of that household; `?room=` whose keys."""
    unit = request.args.get("unit", type=int)
    if unit:
        return new()
    found = whose()
    if found.unit:
        return go("counter_custody.new", unit=found.unit)
    return page("counter/custodies.html#board", rows=custodies.open_list(), reasons=custodies.REASONS, whose_keys=found)


@screen.reads("/new", act="keys.entrust")
def new() -> Answer:
    unit = web.row(Unit, request.values.get("unit", type=int))
    customer(unit.id)
    return page(
        "counter/custody_new.html#board",
        unit=unit,
        owners=custodies.owners(unit),
        reasons=custodies.REASONS,
        tags=TAGS,
        held=overview.of_unit(unit),
    )


@screen.does("/accept", act="keys.entrust", again="counter_custody.new")
def accept() -> Answer:
    fields = form()
    unit = web.row(Unit, fields.whole("unit"))
    held = custodies.accept(
        unit=unit,
        owner=custodies.somebody(fields.whole("owner")),
        kind=fields.choice("kind", custodies.REASONS),
        reason=fields.text("reason", most=500, need=False),
        no_trouble=fields.flag("no_trouble"),
        keys=_tags(fields),
        seal=fields.text("seal", need=False),
        review=fields.day("review", need=False),
        signed=fields.flag("signed"),
        by=me(),
    )
    message = N_("{number}: the letter is being printed twice, the labels with it.")
    return say(go("counter_custody.one", custody=held.id), message, number=held.number)


def _tags(fields: Form) -> list[tuple[str, str, int]]:
    """Name, hook and number of keys of each tag that was filled in."""
    found = []
    for n in range(1, TAGS + 1):
        name = fields.text(f"name_{n}", need=False)
        if name:
            hook = fields.text(f"hook_{n}", most=8)
            found.append((name, hook, fields.whole(f"pieces_{n}", least=1, most=99)))
    return found


@screen.reads("/<int:custody>")
def one(custody: int) -> Answer:
    """One custody: its keys, what the owner agreed to, and how it goes on."""
    held = _custody(custody)
    return page(
        "counter/custody.html#board",
        held=held,
        keys=overview.of_custody(held),
        states=overview.STATES,
        permissions=consent.permissions(held),
        owners=custodies.owners(held.unit),
        reasons=custodies.REASONS,
        how=consent.HOW,
    )


def _custody(custody: int) -> Custody:
    return web.row(Custody, custody)


@screen.does("/<int:custody>/consent", act="keys.entrust", again="counter_custody.one")
def agree(custody: int) -> Answer:
    fields = form()
    consent.give(
        _custody(custody),
        agreed_by=fields.text("agreed_by"),
        how=fields.choice("how", consent.HOW),
        phone=fields.text("phone", need=False),
        scope=fields.text("scope", most=200),
        until=fields.day("until", need=False),
        by=me(),
    )
    return say(one(custody), N_("The owner's consent is noted with the time. Scan the key to lend it."))


@screen.does("/<int:custody>/revoke", act="keys.entrust", again="counter_custody.one")
def revoke(custody: int) -> Answer:
    consent.revoke(web.row(Permission, form().whole("permission"), custody=custody), by=me())
    return say(one(custody), N_("The consent is taken back."), kind="note")


@screen.does("/<int:custody>/review", act="keys.entrust", again="counter_custody.one")
def review(custody: int) -> Answer:
    fields = form()
    custodies.review(_custody(custody), done=fields.flag("done"), again=fields.day("again", need=False), by=me())
    return say(one(custody), N_("The review is noted."))


@screen.does("/<int:custody>/collect", act="keys.entrust", again="counter_custody.one")
def collect(custody: int) -> Answer:
    fields = form()
    custodies.hand_back(
        _custody(custody),
        received_by=fields.text("received_by"),
        checked=fields.text("checked", need=False),
        signed=fields.flag("signed"),
        by=me(),
    )
    return say(one(custody), N_("Handed back to the owner: the keys have left the register."))


@screen.leads("letter")
def _found(hit: Hit) -> str:
    return url_for("counter_custody.one", custody=hit.about)
