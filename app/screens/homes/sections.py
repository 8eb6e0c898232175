"""What other procedures hold for a household, as short lists: composed here, so that they need not know each other."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from app.base import money
from app.base.refusal import N_
from app.desk import due, loan
from app.desk.households import Unit
from app.desk.receipt import Receipt
from app.procedures.counter import release_slips, water_cards
from app.procedures.counter.keys import register
from app.web import t

MOST = 6


@dataclass(frozen=True)
class Line:
    text: str
    state: str = ""
    url: str = ""


@dataclass(frozen=True)
class Section:
    """`title` is a msgid; its lines are the newest first."""

    title: str
    lines: tuple[Line, ...]


def of(unit: Unit) -> list[Section]:
    """Sections with something in them, each of a few bounded, indexed reads."""
    found = (
        Section(N_("Promised"), tuple(_promises(unit))),
        Section(N_("Keys in custody"), tuple(_keys(unit))),
        Section(N_("Water cards"), tuple(_cards(unit))),
        Section(N_("Release slips"), tuple(_slips(unit))),
        Section(N_("Receipts"), tuple(_receipts(unit))),
    )
    return [section for section in found if section.lines]


def _promises(unit: Unit) -> list[Line]:
    return [
        Line(t(each.text, **each.facts), f"{each.at:%m-%d %H:%M}")
        for each in due.open_list(unit_id=unit.id, limit=MOST)
    ]


def _keys(unit: Unit) -> list[Line]:
    rows = (
        register.Key.select(register.Key, register.Hook)
        .join_from(register.Key, register.Hook)
        .join_from(register.Key, register.Custody)
        .where(register.Custody.unit == unit, register.Custody.ended.is_null(), register.Key.retired.is_null())
        .order_by(register.Key.id.desc())
        .limit(MOST)
    )
    lines = []
    for key in rows:
        out = loan.open_of(register.KIND, key.id)
        state = (
            t("with {who} until {time}", who=out.holder, time=f"{out.until:%m-%d %H:%M}")
            if out
            else t("hook {hook}", hook=key.hook.label)
        )
        lines.append(Line(f"{key.number} {key.name}", state, f"{_home('counter_keys')}?q={key.number}"))
    return lines


def _cards(unit: Unit) -> list[Line]:
    lines = []
    for account in water_cards.accounts_of(unit)[:MOST]:
        card = water_cards.card_in_use(account)
        pending = water_cards.pending_of(card) if card else None
        number = card.uid if card else t("no card")
        state = t("top-up {number} is pending", number=pending.number) if pending else ""
        lines.append(Line(f"{account.holder} {number}", state, f"{_home('counter_water_cards')}?unit={unit.id}"))
    return lines


def _slips(unit: Unit) -> list[Line]:
    return [
        Line(
            f"{row.number} {row.what}",
            t(release_slips.STATES[row.state][0]),
            url_for("counter_release_slips.slip", slip=row.id),
        )
        for row in release_slips.listing(unit_id=unit.id)[:MOST]
    ]


def _receipts(unit: Unit) -> list[Line]:
    rows = Receipt.select().where(Receipt.unit == unit).order_by(Receipt.id.desc()).limit(MOST)
    return [
        Line(f"{row.number} {row.at:%Y-%m-%d}", money.show(row.fen), url_for("counter_cashier.show", id=row.id))
        for row in rows
    ]


def _home(screen: str) -> str:
    return "/" + screen.replace("_", "/", 1) + "/"
