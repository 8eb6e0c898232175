"""Goods without a valid slip stay, and a superior is asked and answers (GOODS-5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.base import clock
from app.base.refusal import Refused
from app.desk.who.people import Presence, Staff
from app.desk.work import due
from app.desk.work.due import Due
from app.procedures.around import gate


@pytest.mark.rule("GOODS-5")
def test_stopped_goods_wait_for_the_supervisor_at_once(cast) -> None:
    row = gate.stop("冰箱一台", plate="粤A12345", why="FX-2026-000001", by=cast.gao)
    promise = Due.get(Due.kind == gate.KIND)
    assert (promise.role, promise.about) == ("supervisor", row.id)
    assert promise.at - row.at == timedelta(minutes=15)
    assert [(each.what, each.staff.name, each.decided) for each in gate.recent()] == [("冰箱一台", "高门", None)]


@pytest.mark.rule("GOODS-5")
def test_the_supervisor_decides_once_with_a_reason(cast) -> None:
    row = gate.stop("冰箱一台", by=cast.gao)
    with pytest.raises(Refused, match="Say why"):
        gate.decide(row, let_out=True, remark="", by=cast.mia)
    gate.decide(row, let_out=False, remark="业主未同意", by=cast.mia)
    shown = gate.recent()[0]
    assert (shown.let_out, shown.remark, shown.superior.name) == (False, "业主未同意", "米娅")
    assert due.count(gate.KIND) == 0
    with pytest.raises(Refused, match="decided this already"):
        gate.decide(row, let_out=True, remark="again", by=cast.mia)


@pytest.mark.rule("GOODS-5")
def test_the_guard_and_the_clerk_do_not_decide(cast) -> None:
    row = gate.stop("冰箱一台", by=cast.gao)
    Presence.create(staff=Staff.get_by_id(cast.mia.id), since=clock.now())
    for other in (cast.gao, cast.ana, cast.ben):
        with pytest.raises(Refused):
            gate.decide(row, let_out=True, remark="请放行", by=other)
    with pytest.raises(Refused):
        gate.stop("冰箱一台", by=cast.ana)
    with pytest.raises(Refused, match="which goods"):
        gate.stop(" ", by=cast.gao)


def test_the_guard_writes_it_down_and_sees_the_answer_on_the_page(desk, cast) -> None:
    guard, boss = desk.client(cast.gao), desk.client(cast.mia)
    assert "/around/gate/stop" in guard.get("/g/20202600000999").text
    data = {"_key": desk.key(), "what": "旧空调两台", "plate": "", "why": "20202600000999"}
    assert "等待主管答复" in guard.post("/around/gate/stop", data=data).text
    row = gate.recent()[0]
    answer = {"_key": desk.key(), "stop": str(row.id), "remark": "业主来电同意", "let_out": "1"}
    assert guard.post("/around/gate/decide", data=answer).status_code == 422
    assert boss.post("/around/gate/decide", data=answer | {"_key": desk.key()}).status_code == 200
    page = guard.get("/around/gate/").text
    assert "业主来电同意" in page
    assert "等待主管答复" not in page
