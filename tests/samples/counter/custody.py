"""Entrusted keys: one in care with the owner's consent by phone, one handed back after a rectification."""

from __future__ import annotations

from datetime import timedelta

from app.base import clock
from app.desk.homes.households import Unit, owner_of
from app.procedures.counter.keys import consent, custody
from tests.samples.sample import Estate, Rows, Sample


def furnish(made: Estate) -> Rows:
    here, away, ana = made.household("周明"), made.household("吴芳"), made.cast.ana
    held = custody.accept(
        unit=here.unit, owner=here.owner, kind="hardship", reason="独居，腿脚不便，需邻居送药", no_trouble=True,
        keys=[("入户门", "E14", 2)], signed=True, by=ana,
    )  # fmt: skip
    called = made.phone("consent call for a key")
    consent.give(held, agreed_by="周明", how="phone", phone=called, scope="保洁 打扫", by=ana)
    gone = custody.accept(
        unit=away.unit, owner=away.owner, kind="rectification", reason="渗水", no_trouble=True,
        keys=[("入户门", "E15", 1)], seal="0417", review=clock.today() + timedelta(days=5), signed=True, by=ana,
    )  # fmt: skip
    shown = f"身份证 {made.identity('paper of who collects a key', kept=False)}"
    custody.hand_back(gone, received_by="吴芳", checked=shown, signed=True, by=ana)
    return {"custody": [held, gone], "unit": [here.unit]}


def more(made: Estate, unit: Unit, numbers: range) -> None:
    for n in numbers:
        custody.accept(
            unit=unit, owner=owner_of(unit), kind="hardship", reason="独居，腿脚不便", no_trouble=True,
            keys=[("入户门", f"F{n:02d}", 1)], signed=True, by=made.cast.ana,
        )  # fmt: skip


sample = Sample(
    furnish,
    more=more,
    asks={"board": ["", "unit={unit}", "room=周明"], "new": ["unit={unit}"]},
    good={
        "agreed_by": "李伟", "scope": "打扫", "signed": "李伟", "checked": "身份证 尾号 1234", "received_by": "李伟",
        "hook_1": "C01", "name_1": "入户门", "pieces_1": "1", "kind": "hardship", "how": "in person", "until": "",
        "no_trouble": "on", "done": "on", "name_*": "", "hook_*": "", "pieces_*": "", "seal": "",
    },
    beside={"phone": {"how": "phone"}},
    no_page={
        "accept.hook_[234]": "of a line without a name",
        "accept.pieces_[234]": "of a line without a name",
    },
)  # fmt: skip
