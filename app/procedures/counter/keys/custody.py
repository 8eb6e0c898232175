"""Entrusted keys (钥匙托管): taken into care for a reason, lent only with the owner's consent, given back against signatures.

Two kinds stand side by side (rulebook C29): an owner's own hardship, and rectification after moving in; a third is the
key that stays for the owner after a tenant's lock was changed (EKEY-7).
"""

from __future__ import annotations

from datetime import date, timedelta

from app.base import clock, text
from app.base.refusal import N_, Refused
from app.desk.homes.households import Person, Relation, Unit
from app.desk.papers import outbox
from app.desk.record import journal, numbering, options
from app.desk.record.journal import deed
from app.desk.who.people import Actor
from app.desk.work import due, handing, loan
from app.desk.work.loan import Holder
from app.procedures.counter.keys import register
from app.procedures.counter.keys.register import Custody, Key

DUE = "counter.custody"  # due rows are about the custody's id; slugs: review, collect
REASONS = {
    "hardship": N_("Hardship in daily life or work"),
    "rectification": N_("Rectification after moving in"),
    "lock_change": N_("For the owner, after a lock change"),
}
PAPER_KINDS = {
    "hardship": "业主生活或工作有实际困难",
    "rectification": "入伙整改维修",
    "lock_change": "换锁后留存业主钥匙",
}


def owners(unit: Unit) -> list[Person]:
    """Who owns it today: only they entrust, consent and collect."""
    query = (
        Person.select()
        .join(Relation)
        .where(
            Relation.unit == unit,
            Relation.kind == "owner",
            Relation.until.is_null() | (Relation.until >= clock.today()),
        )
    )
    return list(query.distinct().order_by(Person.id))


def somebody(person: int) -> Person:
    """Who was chosen on the form; Refused where nobody was."""
    found = Person.get_or_none(Person.id == person)
    if found is None:
        raise Refused("Choose the owner who entrusts the key.", rule="EKEY-1", field="owner")
    return found


def of_letter(year: int, number: int) -> Custody | None:
    """The custody whose letter has that number."""
    return Custody.get_or_none(Custody.number == f"TG-{year}-{number:06d}")


def _owner(unit: Unit, person: Person) -> None:
    if person not in owners(unit):
        raise Refused(
            "{name} is not an owner of {unit}. Only the owner can entrust its keys.",
            rule="EKEY-1",
            field="owner",
            name=person.name,
            unit=unit.label,
        )


@deed("custody.accepted", act="keys.entrust")
def accept(
    *,
    unit: Unit,
    owner: Person,
    kind: str,
    reason: str,
    no_trouble: bool,
    keys: list[tuple[str, str, int]],
    seal: str = "",
    review: date | None = None,
    signed: bool,
    by: Actor,
) -> Custody:
    """Take keys into custody: `keys` = (name, hook, pieces) of each tag. Prints the custody letter twice, and the labels.

    EKEY-1 wants a real difficulty and no extra trouble for the desk, EKEY-6 a seal or the owner's standing permission
    (given right after) and a review date for rectification, EKEY-4 the signatures.
    """
    if kind not in REASONS:
        raise Refused("Choose why the key is entrusted.", rule="EKEY-1", field="kind")
    _owner(unit, owner)
    reason = text.remark(reason, field="reason")
    if kind == "hardship" and (len(reason) < 4 or not no_trouble):
        raise Refused(
            "Custody needs the owner's real difficulty in a few words, and that it makes no extra trouble.",
            rule="EKEY-1",
            field="reason",
        )
    if kind == "rectification" and (review is None or review <= clock.today()):
        raise Refused("Say by when the rectification is looked at again.", rule="EKEY-9", field="review")
    if kind == "rectification" and not seal.strip():
        raise Refused(
            "A key for rectification is sealed: write the number of the envelope.", rule="EKEY-6", field="seal"
        )
    if not keys:
        raise Refused("Write down each key that is handed over.", rule="EKEY-2", field="name")
    if not signed:
        raise Refused("The owner signs the custody letter, and so do you.", rule="EKEY-4", field="signed")
    number = str(numbering.draw("TG"))
    custody = Custody.create(
        number=number,
        unit=unit,
        owner=owner,
        kind=kind,
        reason=reason,
        seal=seal.strip(),
        since=journal.moment(),
        review=review,
        handler=by.id,
    )
    journal.note(number=number, unit_id=unit.id, kind=kind, reason=reason)
    made = [
        register.add(name=name, hook=hook, pieces=pieces, store="entrusted", custody=custody, by=by)
        for name, hook, pieces in keys
    ]
    outbox.queue(
        "custody_letter", custody, number=number, copies=("业主联", "存根联"), facts=_letter(custody, made, by)
    )
    if review:
        due.expect(
            DUE,
            custody.id,
            slug="review",
            at=clock.at(review, 18, 0),
            unit_id=unit.id,
            text=N_("{unit}: is the rectification done? Then its key goes back to the owner ({number})."),
            unit=unit.label,
            number=number,
        )
    if kind == "lock_change":
        due.expect(
            DUE,
            custody.id,
            slug="collect",
            at=journal.moment() + timedelta(days=7),
            unit_id=unit.id,
            text=N_("{unit}: the owner has a key to collect after the lock change ({number})."),
            unit=unit.label,
            number=number,
        )
    return custody


def _letter(custody: Custody, keys: list[Key], by: Actor) -> dict[str, object]:
    return {
        "centre": f"{options.get('estate.name')}{options.get('centre.name')}",
        "number": custody.number,
        "at": f"{custody.since:%Y-%m-%d %H:%M}",
        "unit": custody.unit.label,
        "owner": custody.owner.name,
        "phone": text.mask_phone(custody.owner.phone),
        "kind": PAPER_KINDS[custody.kind],
        "reason": custody.reason,
        "seal": custody.seal,
        "review": custody.review.isoformat() if custody.review else "",
        "keys": [[key.number, key.name, f"{key.pieces} 把"] for key in keys],
        "pieces": sum(key.pieces for key in keys),
        "clerk": by.name,
    }


@deed("custody.reviewed", act="keys.entrust")
def review(custody: Custody, *, done: bool, again: date | None = None, by: Actor) -> Custody:
    """Look whether the rectification is done (EKEY-9): done = the owner is asked to collect, else a later date."""
    still_open(custody)
    if not done and (again is None or again <= clock.today()):
        raise Refused("Say when it is looked at again.", rule="EKEY-9", field="again")
    at = clock.at(again, 18, 0) if again and not done else journal.moment() + timedelta(days=3)
    due.meet(DUE, custody.id, at=journal.moment(), slug="review")
    if done:
        message = N_("{unit}: the rectification is done, its key goes back to the owner ({number}).")
    else:
        message = N_("{unit}: is the rectification done? Then its key goes back to the owner ({number}).")
        custody.review = again
        custody.save()
    due.expect(
        DUE,
        custody.id,
        slug="collect" if done else "review",
        at=at,
        unit_id=custody.unit_id,
        text=message,
        unit=custody.unit.label,
        number=custody.number,
    )
    journal.note(unit_id=custody.unit_id, number=custody.number, done=done)
    return custody


@deed("custody.ended", act="keys.entrust")
def hand_back(custody: Custody, *, received_by: str, checked: str, signed: bool, by: Actor) -> Custody:
    """The owner collects the keys: identity seen, both signatures, the keys leave the register (EKEY-4)."""
    still_open(custody)
    if received_by.strip() not in (names := [person.name for person in owners(custody.unit)]):
        raise Refused(
            "Only the owner collects entrusted keys: {owner}.",
            rule="EKEY-4",
            field="received_by",
            owner="、".join(names),
        )
    handing.require(
        Holder(name=received_by, of="业主", checked=checked),
        "paper" if signed else "",
        unsigned=Refused("The receiver signs, and so do you.", rule="EKEY-4", field="signed"),
        unseen=Refused("Look at the identity paper and write down which one it was.", rule="EKEY-4", field="checked"),
    )
    held = keys(custody)
    for key in held:
        if out := loan.open_of(register.KIND, key.id):
            raise Refused(
                "{key} is with {holder}. Take it back first.", rule="KEY-8", key=key.number, holder=out.holder
            )
        if key.lost:
            raise Refused(
                "{key} is lost: the supervisor settles that with the owner first.", rule="EKEY-8", key=key.number
            )
    for key in held:
        register.put_away(key, journal.moment(), custody.number)
    custody.ended, custody.received_by = (
        journal.moment(),
        f"{received_by.strip()} {text.mask_numbers(text.remark(checked))}",
    )
    custody.save()
    due.meet(DUE, custody.id, at=journal.moment())
    journal.note(unit_id=custody.unit_id, number=custody.number, received_by=received_by.strip())
    register.changed()
    return custody


def keys(custody: Custody) -> list[Key]:
    """Its keys that are still in the register."""
    return list(Key.select().where(Key.custody == custody, Key.retired.is_null()))


def open_list(limit: int = 200) -> list[Custody]:
    """The custody register, newest first."""
    query = Custody.select(Custody, Unit, Person).join(Unit).switch(Custody).join(Person)
    return list(query.where(Custody.ended.is_null()).order_by(Custody.id.desc()).limit(limit))


def still_open(custody: Custody) -> None:
    if custody.ended:
        raise Refused(
            "Custody {number} ended on {day}.", rule="EKEY-2", number=custody.number, day=f"{custody.ended:%Y-%m-%d}"
        )
