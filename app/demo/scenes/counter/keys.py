"""Keys: both boxes filled, one key out since yesterday, one since this morning."""

from __future__ import annotations

from datetime import timedelta

from app.base import clock
from app.demo.scenes import BEING_REPAIRED, OWNER_AWAY, Cast, owner, this_morning, unit, yesterday
from app.desk.record.journal import DESK_ONLY, deed
from app.desk.who.people import Actor, Staff
from app.procedures.counter.keys import consent, custody, lending, register

INTERNAL = {
    "A01": "水泵房", "A02": "高压配电房", "A03": "发电机房", "A04": "监控室", "A05": "1 栋天台门", "A06": "2 栋天台门",
    "A07": "3 栋天台门", "A08": "电梯机房", "A09": "地下车库配电间", "A10": "垃圾房", "A11": "会所活动室", "A12": "前台仓库",
}  # fmt: skip


@yesterday(10, 0)
@deed("demo.keys", act=DESK_ONLY)
def key_boxes_are_filled(cast: Cast, *, by: Actor) -> None:
    """Both boxes filled; one key lent yesterday and never brought back."""
    desk = cast["assistant"]
    for hook, name in INTERNAL.items():
        register.add(name=name, hook=hook, by=desk)
    register.add(name="夜班备用钥匙", hook="A13", pieces=6, spare=True, by=desk)
    away, repaired = unit(OWNER_AWAY), unit(BEING_REPAIRED)
    held = custody.accept(
        unit=away,
        owner=owner(away),
        kind="hardship",
        reason="长期在外地工作，家中需定期通风浇花",
        no_trouble=True,
        keys=[("入户门钥匙", "B01", 2)],
        signed=True,
        by=desk,
    )
    consent.give(
        held,
        agreed_by=owner(away).name,
        how="in person",
        scope="物业人员每周通风浇花",
        until=clock.today() + timedelta(days=90),
        by=desk,
    )
    custody.accept(
        unit=repaired,
        owner=owner(repaired),
        kind="rectification",
        reason="卫生间渗水整改",
        no_trouble=True,
        keys=[("入户门钥匙", "B02", 1)],
        seal="0417",
        review=clock.today() + timedelta(days=10),
        signed=True,
        by=desk,
    )
    _lend(cast, "A08", "engineer", purpose="电梯年检")


def _lend(cast: Cast, hook: str, role: str, *, purpose: str) -> None:
    key = register.Key.get(register.Key.hook == register.Hook.get(register.Hook.label == hook))
    taker = lending.staff_holder(Staff.get_by_id(cast[role].id))
    lending.lend(key, to=taker, purpose=purpose, by=cast["assistant"])


@this_morning(1)
@deed("demo.key_out", act=DESK_ONLY)
def a_key_goes_out(cast: Cast, *, by: Actor) -> None:
    _lend(cast, "A01", "engineer", purpose="水泵房巡检")
