"""Keys out and back: who may have which key until when, and the few ways a loan ends."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from app.base import clock, faults, text
from app.base.refusal import N_, Refused, Word, word
from app.desk.homes import instructions
from app.desk.papers import outbox
from app.desk.record import journal, options
from app.desk.record.journal import deed
from app.desk.who import people
from app.desk.who.people import Actor, Staff
from app.desk.work import due, handing, loan
from app.desk.work.loan import Holder, Loan, said
from app.procedures.counter.keys import consent, register, schedule
from app.procedures.counter.keys.register import DUE, KIND, Custody, Key

LONGEST = timedelta(days=366)
# How departments are called on the slip (pages: loan.department).
DEPARTMENTS = {
    "engineer": "工程部",
    "engineering_supervisor": "工程部",
    "gate": "保安部",
    "patrol": "巡区",
    "parking": "车场",
    "finance": "财务部",
    "storekeeper": "仓库",
}


def staff_holder(staff: Staff) -> Holder:
    """A colleague as the one who takes a key."""
    if not staff.active:
        raise Refused("{name} does not work here any more. Keep the badge.", rule="KEY-4", name=staff.name)
    of = next((DEPARTMENTS[role] for role in staff.roles if role in DEPARTMENTS), "业主服务中心")
    return Holder(name=staff.name, of=of, staff=staff.id)


@deed("key.lent", act="keys.lend")
def lend(
    key: Key, *, to: Holder, until: datetime | None = None, purpose: str = "", signed: str = "badge", by: Actor
) -> Loan:
    """Hand a key out for the day. Prints the slip where the taker has no badge to sign with."""
    lendable(key)
    _signatures(to, signed, by)
    now = journal.moment()
    if key.spare:
        raise Refused(
            "{key} is in the sealed spare set: security keeps it from 22:00, nobody else.", rule="KEY-3", key=key.number
        )
    wanted = until or schedule.default_until(now)
    if wanted <= now:
        raise Refused("{time} is over already. Say until when the key is needed.", field="until", time=said(wanted))
    if key.store == "internal" and wanted > schedule.last_moment(now):
        raise Refused(
            "An internal key is back on the same day, and never out overnight: {last} at the latest.",
            rule="KEY-3",
            field="until",
            last=said(schedule.last_moment(now)),
        )
    if key.custody:
        _instructions(key.custody, by)
    allowed = consent.require_consent(key, now) if key.store == "entrusted" else None
    if allowed and wanted > allowed.until:
        raise Refused(
            "The owner agreed until {last}. Lend it until then, or ask the owner again.",
            rule="EKEY-3",
            field="until",
            last=said(allowed.until),
        )
    made = _hand_out(key, to, wanted, purpose=purpose, signed=signed, terms="day", by=by)
    if allowed:
        consent.spend(allowed, made)
    return made


@deed("key.issued", act="keys.issue_long", rule="KEY-3")
def issue_long(key: Key, *, to: Holder, until: date, purpose: str, signed: str = "badge", by: Actor) -> Loan:
    """A key for weeks or months (cleaners, night engineers): the supervisor's decision, with an end."""
    lendable(key)
    _signatures(to, signed, by)
    if key.store != "internal" or key.spare:
        raise Refused("Only an ordinary internal key can be issued for long.", rule="EKEY-3", key=key.number)
    if not purpose.strip():
        raise Refused("Say what the key is issued for.", rule="KEY-3", field="purpose")
    now = journal.moment()
    end = schedule.on(until, schedule.BACK_BY)
    if not now < end <= now + LONGEST:
        raise Refused("A long issue ends on a day within one year.", rule="KEY-3", field="until")
    return _hand_out(key, to, end, purpose=purpose, signed=signed, terms="long", by=by)


@deed("key.kept_at_night", act="keys.lend")
def keep_at_night(key: Key, *, to: Holder, seal: str, signed: str = "badge", by: Actor) -> Loan:
    """Security takes the sealed spare set for the night; it is back, seal unbroken, at the morning's count."""
    lendable(key)
    _signatures(to, signed, by)
    now = journal.moment()
    if not key.spare:
        raise Refused(
            "{key} is not in the sealed spare set. No other key stays out overnight.", rule="KEY-3", key=key.number
        )
    guard = Staff.get_or_none(Staff.id == to.staff)
    if guard is None or "gate" not in guard.roles:
        raise Refused("Only security keeps the spare set. Scan a guard's badge.", rule="KEY-3", key=key.number)
    day = clock.business_day(now)
    if now < schedule.on(day, schedule.CLOSING):
        raise Refused("Security takes the spare set from 22:00 on.", rule="KEY-3", key=key.number)
    if not seal.strip():
        raise Refused("Write down the number of the seal.", rule="KEY-3", field="seal")
    journal.note(seal=seal.strip())
    return _hand_out(
        key,
        to,
        schedule.on(day + timedelta(days=1), options.time_of("keys.morning_count")),
        purpose=seal.strip(),
        signed=signed,
        terms="night",
        by=by,
    )


def lendable(key: Key) -> None:
    """Lendable: in the box, on no other list (KEY-8)."""
    register.alive(key)
    if key.lost:
        raise Refused(
            "{key} is reported lost since {day}. Found again: scan it.", key=key.number, day=f"{key.lost:%m-%d}"
        )
    there = loan.open_of(KIND, key.id)
    if there:
        raise Refused(
            "{key} is with {holder} since {since}. Scan it to take it back first.",
            rule="KEY-8",
            key=key.number,
            holder=there.holder,
            since=said(there.since),
        )
    if not register.label_of(key):
        raise Refused("{key} has no label of its own. Print it a new one first.", rule="KEY-8", key=key.number)


def _instructions(custody: Custody, by: Actor) -> None:
    """What the household said about its keys comes back at the act it concerns (counter.md 9)."""
    instructions.require_read(custody.unit_id, "key", by=by)
    forbids = instructions.blocking(custody.unit_id, "key")
    people.check(
        forbids is None,
        Refused(
            "The household's standing instruction forbids it: {text}",
            rule="EKEY-8",
            override="keys.issue_long",
            text=forbids.text if forbids else "",
        ),
        by=by,
        unit_id=custody.unit_id,
    )


def _signatures(to: Holder, signed: str, by: Actor) -> None:
    """Both sign: the session for the handler; a badge, or the paper slip, for the taker (KEY-4)."""
    handing.require(
        to,
        signed,
        unsigned=Refused(
            "The taker signs: a colleague with the badge, anybody else on the slip.", rule="KEY-4", field="signed"
        ),
        unseen=Refused(
            "Look at the identity paper of {name} and write down which one it was.",
            rule="KEY-4",
            field="checked",
            name=to.name,
        ),
    )
    people.check(
        to.staff != by.id,
        Refused(
            "Handler and taker are two people: a colleague hands you the key.", rule="KEY-4", override="keys.issue_long"
        ),
        by=by,
    )


def _hand_out(key: Key, to: Holder, until: datetime, *, purpose: str, signed: str, terms: str, by: Actor) -> Loan:
    _confirm_earlier(key, by)
    made = loan.lend(KIND, key.id, to=to, until=until, purpose=text.remark(purpose), signed=signed, terms=terms, by=by)
    faults.at("keys.lent")
    journal.note(key=key.number, to=to.name, until=said(until), terms=terms, signed=signed, unit_id=_unit(key))
    expect_back(key, made)
    if signed == "paper":
        outbox.queue("key_slip", made, number=key.number, copies=("存根联",), facts=slip(key, made, by))
    register.changed()
    return made


def expect_back(key: Key, made: Loan) -> None:
    """It is due back at the desk; from then on it is the supervisor's matter too (KEY-7)."""
    facts: dict[str, Any] = {"key": key.number, "name": place(key), "holder": made.holder, "of": made.of}
    due.expect(
        DUE,
        key.id,
        slug="back",
        at=made.until,
        unit_id=_unit(key),
        text=N_("{key} {name} is due back from {holder} ({of})."),
        **facts,
    )
    due.expect(
        DUE,
        key.id,
        slug="overdue",
        at=made.until,
        unit_id=_unit(key),
        role="supervisor",
        text=N_("Overdue: {key} {name} is still with {holder} ({of})."),
        **facts,
    )


@deed("key.returned", act="keys.lend")
def give_back(key: Key, *, meant: int | None = None, by: Actor) -> Loan:
    """It is back on its hook, whoever had it. Without a clerk (`by` = the desk itself) the next one confirms it.

    `meant`: the loan a page showed; Refused where the key went through other hands since (promise P7).
    """
    register.alive(key)
    there = loan.open_of(KIND, key.id)
    if there is None:
        raise Refused(
            "{key} is in the box, on hook {hook}: nothing to return.", rule="KEY-8", key=key.number, hook=key.hook.label
        )
    shown = there if meant is None else Loan.get_or_none(Loan.id == meant, Loan.kind == KIND, Loan.thing == key.id)
    if shown is None:
        raise Refused("This page is no longer valid. Open it anew and do it again; nothing was changed.")
    ended = loan.close(shown, by=by)
    faults.at("keys.returned")
    register.settle(key, "back", "overdue")
    journal.note(key=key.number, holder=ended.holder, hook=key.hook.label, unit_id=_unit(key))
    if not by.id:
        due.expect(
            DUE,
            key.id,
            slug="confirm",
            at=ended.ended,
            text=N_("{key} was returned at the box while nobody was signed in. See that it hangs on {hook}."),
            key=key.number,
            hook=key.hook.label,
        )
    if ended.terms == "night":
        due.expect(
            DUE,
            key.id,
            slug="seal",
            at=ended.ended,
            text=N_("Look at the seal {seal} of the spare set {key}."),
            key=key.number,
            seal=ended.purpose,
        )
    register.changed()
    return ended


@deed("key.confirmed", act="keys.lend")
def confirm(key: Key, *, by: Actor) -> Loan:
    """The clerk has seen that a key returned in nobody's presence hangs on its hook (KEY-4)."""
    last = loan.last_of(KIND, key.id)
    if last is None or last.ended is None or last.taken_by or last.outcome != "returned":
        raise Refused("There is no return of {key} to confirm.", key=key.number)
    last.taken_by = Staff.get_by_id(by.id)
    last.save()
    register.settle(key, "confirm")
    journal.note(key=key.number)
    register.changed()
    return last


def _confirm_earlier(key: Key, by: Actor) -> None:
    """Whoever hands it out has seen that it was there."""
    last = loan.last_of(KIND, key.id)
    if last and last.ended and last.outcome == "returned" and last.taken_by is None:
        confirm(key, by=by)


def place(key: Key) -> Word | str:
    """What it opens, as the desk says it: never printed on a label."""
    return word("entrusted {unit} {name}", unit=key.custody.unit.label, name=key.name) if key.custody else key.name


def _unit(key: Key) -> int | None:
    return key.custody.unit_id if key.custody else None


def slip(key: Key, made: Loan, by: Actor) -> dict[str, object]:
    """What the key slip (钥匙借用单) shows."""
    opens = f"托管 {key.custody.unit.label} {key.name}" if key.custody else key.name
    return {
        "centre": f"{options.get('estate.name')}{options.get('centre.name')}",
        "key": f"{key.number} {opens}（挂钩 {key.hook.label}）",
        "holder": f"{made.holder} {made.holder_of}".strip(),
        "checked": made.checked,
        "purpose": made.purpose or "—",
        "since": f"{made.since:%Y-%m-%d %H:%M}",
        "until": f"{made.until:%Y-%m-%d %H:%M} 前",
        "internal": key.store == "internal",
        "terms": made.terms,
        "clerk": by.name,
    }
