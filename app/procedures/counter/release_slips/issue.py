"""Making a slip: who asks, the owner's will, who signs; the number and the paper come with the issue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.base import clock, db, live
from app.base import text as texts
from app.base.refusal import N_, Refused
from app.desk.homes import households, instructions
from app.desk.homes.households import Unit
from app.desk.papers import outbox
from app.desk.record import journal, numbering, options
from app.desk.record.journal import deed, note
from app.desk.who import people
from app.desk.who.people import Actor, Staff
from app.desk.work import due, handing, signoff
from app.procedures.counter.release_slips import facts
from app.procedures.counter.release_slips.items import Line
from app.procedures.counter.release_slips.tables import APPLICANTS, KIND, Item, Signing, Slip


@dataclass(frozen=True)
class Applicant:
    """Who asks: somebody of the household by `relation_id`, or a name that the books do not know for this unit."""

    kind: str = ""  # resident, tenant or crew; a recorded person's own relation decides
    name: str = ""
    relation_id: int | None = None
    firm: str = ""  # of a crew
    id_number: str = ""
    signs: str = "paper"  # pad or paper
    png: bytes = b""


@dataclass(frozen=True)
class Consent:
    """The owner's will. `how`: pad or paper (the owner is here and signs), call (number, time and who called)."""

    how: str = "paper"
    owner_id: int | None = None  # Person
    owner_name: str = ""  # where the books know no owner
    number: str = ""  # called; empty = the phone the books have
    at: datetime | None = None
    caller: str = ""
    png: bytes = b""


@deed("slip.made", act="slips.issue", rule="GOODS-7")
def make(
    unit: Unit,
    *,
    applicant: Applicant,
    consent: Consent,
    lines: list[Line],
    days: int = 0,
    base_url: str,
    by: Actor,
) -> Slip:
    """Write a slip and issue it; a decoration crew's waits for engineering's seal (GOODS-4).

    `days` = valid so many days after the day of issue; `base_url` = what the QR opens (the address of this desk).
    Refused: GOODS-1 without the owner's will, GOODS-2 without items, a standing instruction not to release.
    """
    _no_instruction_against(unit, by)
    if not lines:
        raise Refused("Write down at least one item with its quantity and unit.", rule="GOODS-2", field="item_name_1")
    if not 0 <= days <= options.get("slips.valid_days_most"):
        raise Refused(
            "A slip may stay valid for at most {most} days after its issue.",
            rule="GOODS-8", field="days", most=options.get("slips.valid_days_most"),
        )  # fmt: skip
    who = _applicant(unit, applicant)
    will = _consent(unit, who, consent, by)
    slip = Slip.create(unit=unit, days=days, made=journal.moment(), staff=by.id, **who, **will)
    for number, line in enumerate(lines, 1):
        Item.create(
            slip=slip, line=number, category=line.category, name=line.name, quantity=line.quantity, unit=line.unit
        )
    sign(slip, "handler", "session", by=by)
    if slip.applicant_kind != "owner":
        sign(slip, "applicant", applicant.signs, applicant.png, by=by)
    if consent.how != "call":
        sign(slip, "owner", consent.how, consent.png, by=by)
    note(unit_id=unit.id, applicant=slip.applicant_kind, items=len(lines), consent=consent.how)
    db.after_commit(changed)
    return slip if slip.applicant_kind == "crew" else issue(slip, base_url=base_url, by=by)


@deed("slip.sealed", act="signoff.engineering_supervisor", rule="GOODS-4")
def seal(slip: Slip, *, base_url: str, by: Actor) -> Slip:
    """Engineering's official seal on a crew's slip (GOODS-4): the sign-off that lets it be issued."""
    if slip.applicant_kind != "crew" or slip.issued or slip.cancelled:
        raise Refused("This slip does not wait for engineering's seal.", rule="GOODS-4")
    signoff.approve(
        KIND, slip.id, "seal",
        role="engineering_supervisor", raised_by=slip.staff_id, rule="GOODS-4", unit_id=slip.unit_id, by=by,
    )  # fmt: skip
    return issue(slip, base_url=base_url, by=by)


@deed("slip.issued", inside=True)
def issue(slip: Slip, *, base_url: str, by: Actor) -> Slip:
    """Give the slip its number and days, print its copies, and wait for the gate."""
    signed = {row.who: row.how for row in Signing.select().where(Signing.slip == slip)}
    approvals = signoff.of(KIND, slip.id)
    if slip.applicant_kind == "crew" and "seal" not in approvals:
        raise Refused("A decoration crew's slip needs engineering's seal first.", rule="GOODS-4")
    if "handler" not in signed or ("owner" not in signed and not slip.call_number):
        raise Refused("The handler and the owner sign every slip.", rule="GOODS-3")
    if forbidden_since(slip.unit_id, slip.made):
        raise Refused("The household has forbidden it meanwhile. Cancel this slip and ask the owner.", rule="GOODS-1")
    number = numbering.draw("FX")
    slip.number, slip.code, slip.issued = str(number), number.code, journal.moment()
    slip.day = journal.moment().date()
    slip.until = slip.day + timedelta(days=slip.days)
    slip.save()
    note(unit_id=slip.unit_id, number=slip.number, until=slip.until.isoformat())
    expect_gate(slip)
    if "owner" not in signed:
        due.expect(
            KIND, slip.id, slug="owner",
            at=clock.at(slip.day + timedelta(days=options.get("slips.owner_signs_within")), 18),
            text=N_("Owner's signature pending on release slip {number} ({unit})"),
            unit_id=slip.unit_id, number=slip.number, unit=slip.unit.label,
        )  # fmt: skip
    seal_by = approvals["seal"].staff.name if "seal" in approvals else ""
    outbox.queue(
        "release_slip", slip,
        facts=facts.of(slip, signed, seal_by, base_url), number=slip.number, copies=facts.COPIES, printer="slip",
    )  # fmt: skip
    return slip


def expect_gate(slip: Slip) -> None:
    """The gate confirms on the evening of the last valid day, else it stands on the today page."""
    assert slip.until is not None
    evening = clock.at(slip.until, 22)
    due.expect(
        KIND, slip.id, slug="gate",
        at=evening if journal.moment() < evening else clock.at(slip.until, 23, 59),
        text=N_("Release slip {number} ({unit}) is not confirmed by the gate"),
        unit_id=slip.unit_id, number=slip.number, unit=slip.unit.label,
    )  # fmt: skip


def sign(slip: Slip, who: str, how: str, png: bytes = b"", *, by: Actor) -> Signing:
    """Note that `who` signed: the handler by being signed in, anybody else on the pad or on the paper."""
    if who != "handler":
        handing.sign(KIND, slip.id, who, how, png, rule="GOODS-3", by=by)
    return Signing.create(slip=slip, who=who, how=how, at=journal.moment(), staff=by.id)


def changed() -> None:
    live.bump("slips")


def _no_instruction_against(unit: Unit, by: Actor) -> None:
    instructions.require_read(unit, "release", by=by)
    found = instructions.blocking(unit, "release")
    no = Refused(
        "The household said not to release anything: {text} Ask the supervisor.",
        rule="GOODS-1", override="slips.release_against_instruction", text=found.text if found else "",
    )  # fmt: skip
    people.check(found is None, no, by=by, unit_id=unit.id)


def forbidden_since(unit_id: int, moment: datetime) -> bool:
    """Whether a standing instruction not to release was set after that moment (an earlier one was overridden then)."""
    found = instructions.blocking(unit_id, "release")
    return found is not None and found.at > moment


def _applicant(unit: Unit, applicant: Applicant) -> dict[str, Any]:
    if applicant.relation_id is not None:
        row = next((each for each in households.people_of(unit) if each.id == applicant.relation_id), None)
        if row is None:
            raise Refused("This person no longer belongs to {unit}. Choose again.", field="who", unit=unit.label)
        kind = row.kind if row.kind in ("owner", "tenant") else "resident"
        return {
            "applicant_kind": kind,
            "applicant": row.person.name,
            "person": row.person,
            "id_number": row.person.id_number,
        }
    # Nobody is the owner by saying so: an owner stands in the books, or the owner's consent is needed (GOODS-1).
    if applicant.kind not in APPLICANTS or applicant.kind == "owner":
        raise Refused("Only somebody the books have as owner applies as the owner.", rule="GOODS-1", field="who")
    firm = texts.name(applicant.firm, field="firm") if applicant.kind == "crew" else ""
    identity = texts.identity(applicant.id_number, field="id_number") if applicant.id_number else ""
    return {
        "applicant_kind": applicant.kind,
        "applicant": texts.name(applicant.name, field="name"),
        "firm": firm,
        "id_number": identity,
    }


def _consent(unit: Unit, who: dict[str, Any], consent: Consent, by: Actor) -> dict[str, Any]:
    if who["applicant_kind"] == "owner":
        if consent.how == "call":
            raise Refused("The owner is here: let the owner sign.", rule="GOODS-3", field="consent")
        return {"owner_name": who["applicant"]}
    owners = {row.person.id: row.person for row in households.people_of(unit) if row.kind == "owner"}
    owner = owners.get(consent.owner_id or 0) or next(iter(owners.values()), None)
    name = owner.name if owner else texts.name(consent.owner_name, field="owner_name")
    if consent.how != "call":
        return {"owner_name": name}
    number = texts.phone(consent.number, field="call_number") if consent.number else owner.phone if owner else ""
    if not number:
        raise Refused("Which number of the owner was called? Write it down.", rule="GOODS-1", field="call_number")
    now = journal.moment()
    if consent.at is None or consent.at > now or clock.business_day(consent.at) != clock.business_day(now):
        raise Refused(
            "When was the owner called? A time of today, not later than now.", rule="GOODS-1", field="call_time"
        )
    caller = consent.caller or by.name
    if not Staff.select().where(Staff.name == caller, Staff.active == True).exists():  # noqa: E712
        raise Refused("Who called the owner? Choose a colleague.", rule="GOODS-1", field="caller")
    return {"owner_name": name, "call_number": number, "call_at": consent.at, "caller": caller}
