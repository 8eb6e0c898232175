"""What a checked list becomes in the books."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import time_machine

from app.base import clock, db
from app.commands import import_
from app.desk.accounts import charge, ledger
from app.desk.homes import estate, households
from app.desk.homes.households import Entrance, Person, Relation, Unit, Vehicle
from app.desk.record import journal
from app.desk.who import people
from app.procedures.running import imports

sys.path.insert(0, str(Path(__file__).parent))
from sheets import ARREARS, ASSETS, ESTATE, book, changed

LISTS = Path(__file__).parents[2] / "data"
TOP = Path(__file__).parents[3]


def bring(sheets, name="list.xlsx"):
    return imports.write(imports.read(book(sheets), name), by=people.DESK)


@pytest.fixture
def small(books):
    bring(ESTATE)


def kinds_of(unit):
    return [(relation.person.name, relation.kind, relation.confirmed) for relation in households.people_of(unit)]


def test_family_and_tenants_belong_to_every_unit_of_their_owner_number_until_a_clerk_confirms(small):
    for label in ("1-1-101", "1-1-102"):
        assert kinds_of(Unit.get(Unit.label == label)) == [("王建国", "owner", True), ("李芳", "family", False)]
    assert kinds_of(Unit.get(Unit.label == "1-0-商铺01")) == [("陈主", "owner", True), ("张租", "tenant", False)]
    assert kinds_of(Unit.get(Unit.label == "1-1-103")) == []


def test_units_have_their_facts(small):
    unit = Unit.get(Unit.label == "1-1-101")
    assert (unit.area, unit.inner_area, unit.floor, unit.kind, unit.layout) == (11890, 9750, 1, 110, "")
    assert (unit.entrance.building, unit.entrance.code, unit.entrance.floors, unit.entrance.lift) == (
        "1",
        "1",
        18,
        True,
    )
    assert Entrance.get(Entrance.code == "0").lift is False


def test_people_can_be_looked_up(small):
    wang = Person.get(Person.name == "王建国")
    assert (wang.initials, wang.pinyin, wang.phone_tail, wang.number) == ("wjg", "wangjianguo", "8001", "1")
    assert wang.born == date(1976, 3, 15)
    zhang = Person.get(Person.name == "张租")
    assert (zhang.phone, zhang.id_number, zhang.number) == ("", "", None), "only the owner carries the owner number"


def test_fees_and_spaces_come_with_their_dates(small):
    fees = estate.fees_of(Unit.get(Unit.label == "1-1-101"))
    assert [(each.fee.item, each.since) for each in fees] == [
        ("物业服务费", date(2021, 6, 10)),
        ("垃圾处理费", date(2021, 6, 10)),
    ]
    wang, chen = Person.get(Person.name == "王建国"), Person.get(Person.name == "陈主")
    with time_machine.travel(clock.at(date(2026, 11, 22), 9), tick=False):
        (leased,) = estate.spaces_of([wang.id])
    assert (leased.space.code, leased.hold, leased.until) == ("B0002", "leased", date(2026, 12, 31))
    (sold,) = estate.spaces_of([chen.id])
    assert (sold.hold, sold.until) == ("sold", None)


def test_a_car_of_an_owner_of_two_units_is_the_persons_and_of_one_unit_the_units(small):
    two, one = Vehicle.get(Vehicle.plate == "粤A12345"), Vehicle.get(Vehicle.plate == "粤AD12345")
    assert two.unit is None
    assert two.person.name == "王建国"
    assert one.unit.label == "1-0-商铺01"
    for label in ("1-1-101", "1-1-102"):
        unit = Unit.get(Unit.label == label)
        assert [car.plate for car in households.vehicles_of(unit, households.people_of(unit))] == ["粤A12345"]


def test_an_import_is_one_line_in_the_journal_with_what_it_brought(small):
    line = journal.Line.get(journal.Line.verb == "list.imported")
    assert line.detail["units"] == 4
    assert line.detail["people"] == 4
    assert line.detail["sha256"] == imports.Imported.get().sha256


def test_arrears_become_charges_that_the_cashier_collects(small):
    bring(ARREARS)
    unit = Unit.get(Unit.label == "1-1-101")
    first, second = charge.open_of(unit)
    assert (first.text, first.fen, first.period, first.due) == ("物业服务费", 26158, "2026-09", date(2026, 9, 1))
    assert first.expression == "118.90㎡ × 2.20 × 1 月"
    assert first.item == "property_fee"
    assert second.due == date(2026, 10, 1)
    (waste,) = charge.open_of(Unit.get(Unit.label == "1-0-商铺01"))
    assert (waste.item, waste.due, waste.expression) == ("waste_fee", date(2026, 11, 1), ""), (
        "post-paid: due at its end"
    )
    assert charge.owed(unit) == ledger.balance("receivable", unit=unit) == 2 * 26158


def test_arithmetic_is_shown_only_where_the_amount_comes_from_it(small):
    bring(changed(ARREARS, 欠费_F2=261.57, 欠费_E3="2026-12-01", 欠费_F3=523.16))
    unit = Unit.get(Unit.label == "1-1-101")
    assert [each.expression for each in charge.open_of(unit)] == ["", "118.90㎡ × 2.20 × 2 月"]


def test_the_asset_list_attaches_people_to_their_room_only_and_knows_them_again(books):
    bring(ASSETS)
    assert Person.select().where(Person.name == "王建国").count() == 1
    assert kinds_of(Unit.get(Unit.label == "1-1-101")) == [("王建国", "owner", True), ("李芳", "family", True)]
    assert kinds_of(Unit.get(Unit.label == "1-1-102")) == [("王建国", "owner", True), ("张租", "tenant", True)]
    assert Unit.get(Unit.label == "1-1-102").rent == 120050
    assert [unit.label for unit in households.other_units(Unit.get(Unit.label == "1-1-101"))] == ["1-1-102"]


def test_people_without_an_id_are_the_same_by_name_and_phone_in_an_asset_list(books):
    bring(changed(ASSETS, 资产信息_P2="", 资产信息_P4=""))
    assert Person.select().where(Person.name == "王建国").count() == 1


def test_a_second_list_builds_on_the_first(small):
    bring(
        {
            "业主信息": [
                ESTATE["业主信息"][0],
                [9, "王小宝", "男", 9, "", "", 1002, 1],
                [10, "新主", "女", 33, "", "", 1001, 7],
            ],
            "房屋信息": [ESTATE["房屋信息"][0], [105, 1, 1, 1, "", 80, 1, "1", "2026-01-01", 110, 70, 0]],
            "车位信息": [
                ESTATE["车位信息"][0],
                [1, "B0009", "地下停车位", 12.5, 2, "粤AD12345", "", 9901, "", "S", "2020-01-01", ""],
                [1, "B0010", "地下停车位", 12.5, 7, "粤A77777", "", 9901, "", "H", "2026-01-01", ""],
            ],
        }
    )
    assert kinds_of(Unit.get(Unit.label == "1-1-105")) == [("王建国", "owner", True), ("王小宝", "family", False)]
    assert ("王小宝", "family", False) in kinds_of(Unit.get(Unit.label == "1-1-101"))
    assert Vehicle.select().where(Vehicle.plate == "粤AD12345").count() == 1
    assert estate.SpaceHold.select().where(estate.SpaceHold.person == Person.get(Person.name == "新主")).count() == 1


def test_a_real_scale_estate_and_its_arrears_go_in_whole(books):
    before = db.statements()
    seen: list[tuple[int, int]] = []
    for name in ("estate.xlsx", "arrears-2026-11.xlsx"):
        imports.write(
            imports.read((LISTS / name).read_bytes(), name), by=people.DESK, progress=lambda *at: seen.append(at)
        )
    assert (Unit.select().count(), Person.select().count(), estate.Space.select().count()) == (1144, 2205, 420)
    assert -ledger.balance("income.property_fee") == 5534727
    assert all(each.expression for each in charge.Charge.select()), "every imported amount is area x price"
    assert [done for done, whole in seen if done == whole], "the bar reaches its end"
    assert not Relation.select().where(Relation.kind == "owner", Relation.confirmed == False).exists()  # noqa: E712
    assert db.statements() - before < 6000


def run(*arguments, data):
    return subprocess.run(
        [sys.executable, "-m", "app", "import", *map(str, arguments), "--data", str(data)],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LANG": "en_GB.UTF-8", "PYTHONUTF8": "1"},
    )


def test_the_verb_checks_reports_by_cell_and_writes(tmp_path):
    data, good, bad = tmp_path / "data", tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    good.write_bytes(book(ESTATE))
    bad.write_bytes(book(changed(ESTATE, 业主信息_E2="138", 业主信息_I1="爱好")))

    found = run(bad, data=data)
    assert found.returncode == 1
    assert "业主信息!E2: The phone has 3 digits" in found.stdout
    assert "Not read: 业主信息!爱好" in found.stdout
    assert "1 problems; nothing was written." in found.stdout

    checked = run(good, "--check", data=data)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "nothing was written" in checked.stdout

    written = run(good, data=data)
    assert written.returncode == 0
    assert "100 %" in written.stderr
    assert "Units: 4" in written.stdout

    again = run(good, data=data)
    assert again.returncode == 1
    assert "very file" in again.stderr
    assert run(tmp_path / "none.xlsx", data=data).returncode == 1


def test_the_verb_in_this_process(books, tmp_path, capsys):
    def say(msgid, **values):
        return msgid.format(**values)

    def verb(*arguments):
        return import_.command([str(each) for each in arguments], open_books=lambda _data: None, t=say)

    good, bad, sums = (tmp_path / name for name in ("good.xlsx", "bad.xlsx", "sums.xlsx"))
    good.write_bytes(book(ESTATE))
    bad.write_bytes(book(changed(ESTATE, 业主信息_E2="138", 业主信息_I1="爱好")))
    sums.write_bytes(book(ARREARS))
    assert verb(bad) == 1
    assert "业主信息!E2: The phone has 3 digits" in capsys.readouterr().out
    assert verb(good, "--check") == 0
    assert verb(good) == 0
    assert "100 %" in capsys.readouterr().err
    assert verb(good) == 1
    assert verb(tmp_path / "none.xlsx") == 1
    assert verb(sums) == 0
    assert "Sum of the charges: 533.16" in capsys.readouterr().out
