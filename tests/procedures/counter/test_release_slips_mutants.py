"""Each guard of the release slips is turned off once, and the refusal that then fails to come is seen."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from app.base.refusal import Refused
from app.desk.homes import instructions
from app.procedures.counter import release_slips as slips
from app.procedures.counter.release_slips import issue as issue_module
from app.procedures.counter.release_slips.tables import Item, Slip
from tests.procedures.counter.slip_forms import CREW, NOON, call, make
from tests.within import within

pytestmark = pytest.mark.usefixtures("noon")


def let_out(cast, slip, count) -> None:
    slips.let_out(slip, {Item.select().where(Item.slip == slip).get().id: count}, by=cast.gao)


# Guards that are turned off one by one; beside each the attempt that must then go through.
MUTANTS = {
    "GOODS-1 a call in full": (
        "issue._consent",
        lambda *_: {"owner_name": "x", "call_number": "1", "call_at": NOON},
        lambda c, h: make(h, c.ana, unit=h.other, consent=call(at=None)),
    ),
    "GOODS-2 vague words": (
        "items._VAGUE",
        re.compile("(?!)"),
        lambda c, h: slips.read([("若干", "1", "件", "furniture")]),
    ),
    "GOODS-3 an empty pad": (
        "issue.handing.signatures.keep",
        lambda *_, **__: None,
        lambda c, h: make(h, c.ana, consent=slips.Consent(how="pad")),
    ),
    "GOODS-4 the seal": (
        "issue.signoff.of",
        lambda *_: {"seal": SimpleNamespace(staff=SimpleNamespace(name="x"))},
        lambda c, h: within(issue_module.issue, make(h, c.ana, applicant=CREW), base_url="", by=c.ana),
    ),
    "GOODS-5 what is left": (
        "gate.left_of",
        lambda ids: {ids[0]: [(item, 99) for item in Item.select().where(Item.slip.in_(ids))]},
        lambda c, h: let_out(c, make(h, c.ana), 2),
    ),
    "GOODS-7 who issues": ("issue.people.require", lambda who, *_, **__: who, lambda c, h: make(h, c.lu)),
    "GOODS-8 the lapse": ("gate.must_be_open", lambda *_: None, lambda c, h: let_out(c, yesterdays(c, h), 1)),
    "a standing instruction": ("issue.instructions.blocking", lambda *_: None, lambda c, h: make(h, forbid(c, h))),
}


def yesterdays(cast, home) -> Slip:
    slip = make(home, cast.ana)
    Slip.update(until=NOON.date() - timedelta(days=1)).where(Slip.id == slip.id).execute()
    return slip


def forbid(cast, home):
    row = instructions.give(home.unit, "release", "不得放行", blocks=True, by=cast.ana)
    instructions.acknowledge(row, by=cast.ana)
    return cast.ana


@pytest.mark.parametrize("name", MUTANTS)
def test_every_guard_is_seen_when_it_is_turned_off(cast, home, name, monkeypatch) -> None:
    where, off, attempt = MUTANTS[name]
    with pytest.raises(Refused):
        attempt(cast, home)
    monkeypatch.setattr(f"app.procedures.counter.release_slips.{where}", off)
    attempt(cast, home)  # nothing refuses any more: that guard was the one that did
