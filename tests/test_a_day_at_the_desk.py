"""One day over the four jobs, as the pages send it: morning count, money, a slip, water, keys; in the evening all fits."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine

from app.base import clock
from app.desk.accounts import charge, ledger
from app.desk.accounts.receipt import Receipt
from app.desk.homes import households
from app.desk.papers import outbox
from app.desk.record import journal, numbering, options
from app.desk.who import people
from app.desk.work import due, loan
from app.procedures.counter import release_slips as slips
from app.procedures.counter import water_cards as water
from app.procedures.counter.keys import counts, register
from app.procedures.counter.release_slips.tables import Slip
from app.procedures.running import proof
from hardware.simulators.water_bench import WaterBench
from tests.procedures.counter.water_desk import METER, WaterDesk
from tests.within import within

MONDAY = date(2026, 11, 23)
BADGE = numbering.code(40, 2026, 7)


@pytest.fixture
def clock_hand():
    with time_machine.travel(clock.at(MONDAY, 8, 15), tick=False) as hand:
        yield hand


@pytest.fixture
def day(clock_hand, cast, home, desk, data: Path) -> SimpleNamespace:
    """Charges of three months, one key on its hook, a card reader with a blank card in its box; who posts what to where."""
    for month in (8, 9, 10):
        within(
            charge.add,
            unit=home.unit,
            item="property_fee",
            text=f"物业服务费 2026-{month:02d}",
            fen=22818,
            due=date(2026, month, 1),
            by=cast.fei,
        )
    pump = register.add(name="水泵房", hook="A07", by=cast.mia)
    people.Staff.update(badge=BADGE).where(people.Staff.id == cast.wang.id).execute()
    reader = WaterDesk(home, cast.ana, cast.mia)
    bench = WaterBench(reader.reader, data / "bench")
    desk.app.extensions["devices"] = SimpleNamespace(reader=reader.worker, water_bench=bench)
    clients = {}

    def post(nick: str, path: str, **form: object) -> object:
        answer = clients[nick].post(path, data={"_key": desk.key(), **form})
        assert answer.status_code in (200, 303), answer.text
        return answer

    def at(hour: int, minute: int) -> None:
        """Later: everybody signs in anew, for a session that nobody uses locks itself."""
        clock_hand.move_to(clock.at(MONDAY, hour, minute))
        clients.update({nick: desk.client(getattr(cast, nick)) for nick in ("ana", "chen", "gao", "mia")})

    at(8, 20)
    return SimpleNamespace(post=post, at=at, get=clients, pump=pump, reader=reader, bench=bench, home=home)


@pytest.mark.rule("KEY-5", "CASH-1", "GOODS-3", "WATER-5", "KEY-2")
def test_a_day_at_the_desk(day, cast) -> None:
    morning_count(day)
    fees(day)
    goods(day)
    water_card(day)
    keys_out_and_back(day)
    evening(day, cast)


def morning_count(day) -> None:
    day.post("ana", "/counter/key_counts/begin", store="internal", shift="morning")
    count = counts.Count.get()
    day.post("ana", f"/counter/key_counts/{count.id}/scan", code=register.label_of(day.pump))
    day.post("ana", f"/counter/key_counts/{count.id}/sign")
    assert counts.latest()[0].outcome == "signed"


def fees(day) -> None:
    """Three months owed: two are paid by two tenders with change, the third stays."""
    day.at(9, 0)
    unit = day.home.unit
    rows = charge.open_of(unit)
    day.post(
        "chen",
        "/counter/cashier/pay",
        unit=unit.id,
        payer="李伟",
        charge=[row.id for row in rows[:2]],
        wechat="200",
        wechat_ref="8841",
        cash="300",
    )
    receipt = Receipt.get()
    assert (receipt.number, receipt.fen) == ("SJ-2026-000001", 45636)
    assert charge.owed(unit) == 22818
    assert "22818" not in day.get["chen"].get(f"/counter/cashier/receipt/{receipt.id}").text
    assert "456.36" in day.get["chen"].get(f"/counter/cashier/receipt/{receipt.id}").text


def goods(day) -> None:
    """The owner takes a fridge out; the guard lets it pass."""
    day.at(10, 30)
    unit = day.home.unit
    relation = households.people_of(unit)[0]
    day.post(
        "ana",
        "/counter/release_slips/make",
        unit=unit.id,
        who=relation.id,
        signs="paper",
        consent="paper",
        item_name_1="双开门冰箱",
        item_quantity_1="1",
        item_unit_1="台",
        item_category_1="appliance",
    )
    slip = Slip.get()
    assert slip.number == "FX-2026-000001"
    assert "可以放行" in day.get["gao"].get(f"/g/{slip.code}").text
    thing = slips.left_of([slip.id])[slip.id][0][0]
    day.post("gao", f"/around/gate/slip/{slip.code}/out", **{f"out_{thing.id}": "1"}, plate="粤A12345")
    assert "可以放行" not in day.get["gao"].get(f"/g/{slip.code}").text


def water_card(day) -> None:
    """A blank card is stocked, issued, charged, written and read back."""
    day.at(11, 0)
    unit, bench, reader = day.home.unit, day.bench, day.reader
    bench.lay(bench.new())
    reader.tick()
    day.post("ana", "/counter/water_cards/stock")
    day.post("ana", "/counter/water_cards/issue", unit=unit.id, meter=METER, holder="李伟")
    reader.tick()
    sale = {"by": "volume", "quantity": "15", "payer": "李伟", "told_shut_off": "1", "told_slot": "1"}
    day.post("ana", "/counter/water_cards/sell", unit=unit.id, **sale)
    reader.tick()
    row = water.TopUp.get()
    assert (row.state, row.reading, row.fen) == ("done", 1500, 4440)
    assert bench.insert(bench.cards()[0].uid, METER, water.layout(), water.secret()) == "credited"


def keys_out_and_back(day) -> None:
    day.at(14, 0)
    label = register.label_of(day.pump)
    day.post("ana", "/counter/scan/read", code=label)
    day.post("ana", "/counter/scan/read", code=BADGE)
    out = loan.open_of("key", day.pump.id)
    assert out is not None
    assert out.holder == "王海"
    assert out.until == clock.at(MONDAY, 18, 30)
    day.at(17, 40)
    day.post("ana", "/counter/scan/read", code=label)
    assert loan.open_of("key", day.pump.id) is None


def evening(day, cast) -> None:
    """Every paper is queued once, nothing of today is left open, and the books fit together."""
    day.at(21, 0)
    papers = [(job.paper, job.copy) for job in outbox.Job.select() if job.paper in ("receipt", "release_slip")]
    assert len(papers) == len([*Receipt.select()]) * 2 + 2
    left = {row.kind for row in due.open_list(before=clock.at(MONDAY, 21, 0))}
    assert left <= {"counter.key_counts"}, "the evening check is all that waits"
    totals = ledger.totals()
    assert totals["tender.wechat"] == 20000
    assert totals["tender.cash"] == 45636 - 20000 + 4440
    assert "suspense.water" not in totals or totals["suspense.water"] == 0
    assert list(proof.problems()) == []
    verbs = {line.verb: line.staff_id for line in journal.Line.select()}
    assert verbs["receipt.issued"] in (cast.chen.id, cast.ana.id)
    assert verbs["slip.goods_left"] == cast.gao.id
    assert options.get("water.price") == 296
    assert charge.owed(day.home.unit) == 22818 + 500, "a month's fee, and the card's"
    assert day.get["mia"].get("/running/today/").status_code == 200
    assert clock.now() - clock.at(MONDAY, 8, 15) > timedelta(hours=12)
