"""What happened at the demo's desk before it is opened: yesterday and today, entered by the deeds a clerk uses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from app.base import clock
from app.demo import estate, water
from app.desk.accounts import charge
from app.desk.accounts.charge import Charge
from app.desk.accounts.receipt import Tender
from app.desk.homes import households, instructions
from app.desk.homes.households import Unit
from app.desk.papers import outbox
from app.desk.record import journal
from app.desk.record.journal import deed
from app.desk.who.people import Actor, Staff
from app.procedures.counter import cashier
from app.procedures.counter.cashier import books
from app.procedures.counter.keys import consent, custody, lending, register
from app.procedures.counter.release_slips import issue
from app.procedures.counter.release_slips.items import Line
from app.procedures.running import imports

BASE_URL = "http://desk.lan"
INTERNAL = {
    "A01": "水泵房", "A02": "高压配电房", "A03": "发电机房", "A04": "监控室", "A05": "1 栋天台门", "A06": "2 栋天台门",
    "A07": "3 栋天台门", "A08": "电梯机房", "A09": "地下车库配电间", "A10": "垃圾房", "A11": "会所活动室", "A12": "前台仓库",
}  # fmt: skip
OWNER_AWAY, BEING_REPAIRED = "2-1-801", "4-2-602"  # units whose owners left a key
SEED = 20261122
Cast = dict[str, Actor]


def unit(label: str) -> Unit:
    found: Unit = Unit.get(Unit.label == label)
    return found


@deed("demo.estate")
def estate_comes_in(cast: Cast, *, by: Actor) -> None:
    """By its two lists, as a real one would."""
    made = estate.make(SEED, clock.today())
    for rows, name in ((made.rows, "翠湖花园.xlsx"), (estate.arrears(made), "欠费.xlsx")):
        imports.write(imports.read(estate.workbook(rows), name), by=cast["supervisor"])


@deed("demo.keys")
def key_boxes_are_filled(cast: Cast, *, by: Actor) -> None:
    """Both boxes filled; one key lent yesterday and never brought back."""
    desk = cast["assistant"]
    for hook, name in INTERNAL.items():
        register.add(name=name, hook=hook, by=desk)
    register.add(name="夜班备用钥匙", hook="A13", pieces=6, spare=True, by=desk)
    away, repaired = unit(OWNER_AWAY), unit(BEING_REPAIRED)
    held = custody.accept(
        unit=away,
        owner=_owner(away),
        kind="hardship",
        reason="长期在外地工作，家中需定期通风浇花",
        no_trouble=True,
        keys=[("入户门钥匙", "B01", 2)],
        signed=True,
        by=desk,
    )
    consent.give(
        held,
        agreed_by=_owner(away).name,
        how="in person",
        scope="物业人员每周通风浇花",
        until=clock.today() + timedelta(days=90),
        by=desk,
    )
    custody.accept(
        unit=repaired,
        owner=_owner(repaired),
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


def _owner(home: Unit) -> households.Person:
    found = households.owner_of(home)
    assert found is not None
    return found


@deed("demo.money")
def fees_are_paid(cast: Cast, *, by: Actor) -> None:
    """Yesterday's takings: fees, one of them in part, a deposit, money in advance; the numbers drawn from finance."""
    desk = cast["cashier"]
    books.draw(1, 500, giver="费雯", by=cast["supervisor"])
    owing = list(Unit.select().join(Charge).where(Charge.paid < Charge.fen, Unit.label != estate.OWES).distinct())
    for number, home in enumerate(owing[:6]):
        rows = charge.open_of(home)
        wanted = sum(row.left for row in rows)
        cash = number % 2 == 0
        given = -(-wanted // 10000) * 10000 if cash else wanted  # notes of a hundred, and change
        tender = Tender("cash", given) if cash else Tender("wechat", given, f"{7702 + number}")
        _pay(home, rows, [tender], by=desk)
    fitting = unit(BEING_REPAIRED)
    _pay(fitting, [cashier.add(fitting, "deposit_lift", by=desk)], [Tender("card", 100000, "310042")], by=desk)
    ahead = unit(OWNER_AWAY)
    cashier.pay(
        ahead,
        payer=_owner(ahead).name,
        charges=[],
        tenders=[Tender("transfer", 60000, "T20931")],
        prepay=60000,
        by=desk,
    )


def _pay(home: Unit, rows: list[Charge], tenders: list[Tender], *, by: Actor) -> None:
    cashier.pay(home, payer=_owner(home).name, charges=[row.id for row in rows], tenders=tenders, by=by)


@deed("demo.first_receipt")
def somebody_pays(cast: Cast, *, by: Actor) -> None:
    """This morning's first receipt, by two tenders: its papers wait for the printer."""
    home = Unit.select().join(Charge).where(Charge.paid < Charge.fen, Unit.label != estate.OWES).first()
    rows = charge.open_of(home)
    wanted = sum(row.left for row in rows)
    _pay(home, rows, [Tender("wechat", wanted - 5000, "8841"), Tender("cash", 5000)], by=cast["assistant"])


@deed("demo.papers")
def papers_are_taken_away(_cast: Cast, *, by: Actor) -> None:
    """What was printed yesterday lies in somebody's hands; only today's papers wait for the printer."""
    outbox.Job.update(state="printed").execute()


@deed("demo.today")
def this_morning(cast: Cast, *, by: Actor) -> None:
    """A key goes out, owners leave word."""
    _lend(cast, "A01", "engineer", purpose="水泵房巡检")
    instructions.give(
        unit("2-2-502"),
        "release",
        "业主来电：本月内任何大件不得放行，须本人到场。",
        blocks=True,
        until=clock.today() + timedelta(days=14),
        by=cast["senior"],
    )
    instructions.give(unit(estate.OWES), "general", "家中有卧床老人，上门前先电话联系。", by=cast["assistant"])


@deed("demo.slip")
def a_tenant_moves(cast: Cast, *, by: Actor) -> None:
    """A tenant moves a few things out, the owner agreed by phone."""
    home = unit(estate.LET_TO_TENANT)
    tenant = next(relation for relation in households.people_of(home) if relation.kind == "tenant")
    issue.make(
        home,
        applicant=issue.Applicant(relation_id=tenant.id),
        consent=issue.Consent(how="call", owner_id=_owner(home).id, at=journal.moment(), caller=cast["assistant"].name),
        lines=[Line("双开门冰箱", 1, "台", "appliance"), Line("餐椅", 4, "把"), Line("纸箱（衣物）", 6, "箱")],
        base_url=BASE_URL,
        by=cast["assistant"],
    )


Scene = Callable[..., None]
YESTERDAY: tuple[tuple[Scene, int, int], ...] = (
    (estate_comes_in, 9, 10),
    (key_boxes_are_filled, 10, 0),
    (fees_are_paid, 11, 0),
    (water.water_is_sold, 15, 0),
    (papers_are_taken_away, 17, 0),
)
TODAY: tuple[Scene, ...] = (this_morning, a_tenant_moves, somebody_pays)
