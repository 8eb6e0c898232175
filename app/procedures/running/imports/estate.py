"""The five-sheet migration workbook: 楼栋单元, 业主信息, 费用设置, 房屋信息, 车位信息. Older files lack columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.base import rooms
from app.base import text as texts
from app.base.refusal import N_, Refused
from app.base.rooms import Room
from app.procedures.running.imports.cells import Row, Table
from app.procedures.running.imports.forms import (
    FORMULAS,
    HOLDS,
    NO_LAYOUT,
    PEOPLE,
    STATES,
    USES,
    VEHICLES,
    Contents,
    Entrance,
    Fee,
    Home,
    Known,
    Person,
    Space,
)

UNKNOWN_CODE = N_("“{text}” is not a code this column knows ({known}). Correct it.")
MISSING = N_("This cell must not be empty. Fill it in.")
NO_ROOM = N_("The room is missing. Fill it in.")
SEXES = {"男": "m", "女": "f", "未知": ""}
YES_NO = {"有": True, "无": False, "是": True, "否": False}

# Sheet -> (headers it is known by, every header that is read).
SHEETS: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "楼栋单元": ({"楼栋号", "单元编号"}, ("楼栋号", "单元编号", "总层数", "是否有电梯")),
    "业主信息": (
        {"业主编号", "业主名称"},
        ("业主编号", "业主名称", "性别", "年龄", "手机号", "身份证号", "业主类型", "编号"),
    ),
    "费用设置": (
        {"费用编号", "收费项目", "计算公式"},
        (
            *("费用编号", "费用类型", "收费项目", "费用标识", "付费类型", "缴费周期", "出账类型"),
            *("计费起始时间", "计费结束时间", "计算公式", "计费单价", "固定费用"),
        ),
    ),
    "房屋信息": (
        {"房屋编号", "楼栋编号", "单元编号"},
        (
            *("房屋编号", "楼栋编号", "单元编号", "房屋楼层", "房屋户型", "建筑面积", "业主编号"),
            *("房屋费用", "费用开始时间", "房屋类型", "室内面积", "租金", "房屋状态"),
        ),
    ),
    "车位信息": (
        {"车位编码", "停车场编号"},
        (
            *("停车场编号", "车位编码", "停车场类型", "面积", "业主编号", "车牌号", "车品牌", "车类型", "颜色"),
            *("出租还是出售", "开始时间", "结束时间"),
        ),
    ),
}


class Seen:
    """Which row said it first: a second one is told so, and what the books already hold is not said again."""

    def __init__(self, known: Any) -> None:
        self._known = known
        self._rows: dict[Any, int] = {}

    def twice(self, row: Row, title: str, what: Any, again: str, in_books: str) -> None:
        if what in self._rows:
            row.wrong(title, again, row=self._rows[what])
        elif what in self._known:
            row.wrong(title, in_books)
        self._rows.setdefault(what, row.number)

    def __contains__(self, what: Any) -> bool:
        return what in self._rows or what in self._known


def part(row: Row, title: str) -> str:
    """A building or an entrance: a short number or letters."""
    return rooms.number(row.text(title, most=16, missing=MISSING))


def read(tables: dict[str, Table], known: Known) -> Contents:
    """The whole workbook; a row with a problem still counts as there, so that one mistake is told once."""
    entrances = Seen(known.entrances)
    buildings = {building for building, _ in known.entrances}
    groups: set[str] = set(known.groups)
    fees = Seen(known.fees)
    out_entrances = [_entrance(row, entrances, buildings) for row in tables.get("楼栋单元", ())]
    people = Identities(known.identities)
    out_people = [_person(row, groups, people) for row in tables.get("业主信息", ())]
    out_fees = [_fee(row, fees) for row in tables.get("费用设置", ())]
    at, rooms_seen, spaces = _Lookups(entrances, buildings, groups, fees), Seen(known.rooms), Seen(known.spaces)
    homes = [_home(row, at, rooms_seen) for row in tables.get("房屋信息", ())]
    out_spaces = [_space(row, groups, spaces) for row in tables.get("车位信息", ())]
    return Contents("estate", tuple(out_entrances), tuple(out_people), tuple(out_fees), tuple(homes), tuple(out_spaces))


def _entrance(row: Row, seen: Seen, buildings: set[str]) -> Entrance:
    building, entrance = part(row, "楼栋号"), part(row, "单元编号")
    buildings.add(building)
    if building and entrance:
        seen.twice(
            row,
            "单元编号",
            (building, entrance),
            N_("This entrance is there twice (see row {row}). Delete one."),
            N_("This entrance is in the books already. Leave the row out."),
        )
    floors = row.whole("总层数", 1, 200)
    return Entrance(building, entrance, floors, row.code("是否有电梯", YES_NO, UNKNOWN_CODE))


class Identities:
    """One ID belongs to one name, in this file and in the books."""

    def __init__(self, known: dict[str, str]) -> None:
        self._names = {identity: (texts.key(name), 0) for identity, name in known.items()}

    def check(self, row: Row, identity: str | None, name: str) -> None:
        if not identity or not name:
            return
        first, at = self._names.setdefault(identity, (texts.key(name), row.number))
        if first != texts.key(name) and at:
            row.wrong("身份证号", N_("Row {row} gives this ID to another name. Look at the cards."), row=at)
        elif first != texts.key(name):
            row.wrong("身份证号", N_("The books give this ID to another name. Look at the card."))


def _person(row: Row, groups: set[str], people: Identities) -> Person:
    group = row.text("业主编号", most=32, missing=MISSING)
    groups.add(group)
    person = person_of(row, group, "owner" if not row.has("业主类型") else "")
    people.check(row, person.identity, person.name)
    return person


def person_of(row: Row, group: str, kind: str) -> Person:
    """The person a row describes; `kind` where the file has no column for it."""
    if not kind:
        kind = row.code("业主类型", PEOPLE, N_("“{text}” is no kind of person ({known}). Correct it.")) or ""
        if row.cell("业主类型") == "":
            row.wrong("业主类型", MISSING)
    return Person(
        group,
        row.name("业主名称"),
        row.code("性别", SEXES, UNKNOWN_CODE) or "",
        row.whole("年龄", 0, 150),
        row.phone("手机号"),
        row.identity("身份证号"),
        kind,
    )


def _fee(row: Row, seen: Seen) -> Fee:
    number = row.text("费用编号", most=16, missing=MISSING)
    if number:
        seen.twice(
            row,
            "费用编号",
            number,
            N_("This fee number is there twice (see row {row}). Give one another number."),
            N_("This fee number is in the books already. Give it another number."),
        )
    formula = row.code("计算公式", FORMULAS, UNKNOWN_CODE) or ""
    if row.cell("计算公式") == "":
        row.wrong("计算公式", MISSING)
    price, fixed = row.scaled("计费单价", 4), row.scaled("固定费用", 2)
    start, end = row.day("计费起始时间"), row.day("计费结束时间")
    if start and end and end < start:
        row.wrong("计费结束时间", N_("The end is before the start. Correct one of them."))
    prepaid = row.code("付费类型", {"预付费": True, "后付费": False}, UNKNOWN_CODE)
    return Fee(
        number,
        row.text("费用类型"),
        row.text("收费项目", missing=MISSING),
        row.text("费用标识"),
        prepaid is not False,
        row.whole("缴费周期", 1, 120) or 1,
        row.text("出账类型"),
        start,
        end,
        formula,
        price or 0,
        fixed or 0,
    )


def home_of(row: Row, room: Room, group: str, fees: tuple[tuple[str, Any], ...] = ()) -> Home:
    layout = row.text("房屋户型")
    return Home(
        room,
        row.whole("房屋楼层", -9, 200),
        "" if layout == NO_LAYOUT else layout,
        row.scaled("建筑面积", 2),
        group,
        fees,
        row.code("房屋类型", USES, UNKNOWN_CODE),
        row.scaled("室内面积", 2),
        row.scaled("租金", 2),
        row.code("房屋状态", STATES, UNKNOWN_CODE),
    )


@dataclass(frozen=True)
class _Lookups:
    """What the other sheets (and the books) have: a room may only name these."""

    entrances: Seen
    buildings: set[str]
    groups: set[str]
    fees: Seen


def _home(row: Row, at: _Lookups, seen: Seen) -> Home:
    building, entrance = part(row, "楼栋编号"), part(row, "单元编号")
    name = rooms.door(row.text("房屋编号", most=16, missing=NO_ROOM))
    room = Room(building, entrance, name)
    if building and building not in at.buildings:
        row.wrong(
            "楼栋编号",
            N_("There is no building {building} in 楼栋单元. Correct it, or add it there."),
            building=building,
        )
    elif building and entrance and (building, entrance) not in at.entrances:
        row.wrong("单元编号", N_("There is no entrance {entrance} of this building in 楼栋单元."), entrance=entrance)
    if name:
        seen.twice(
            row,
            "房屋编号",
            str(room),
            N_("This room is there twice (see row {row}). Correct one of them."),
            N_("This room is in the books already. Leave the row out."),
        )
    group = row.text("业主编号", most=32)
    if group and group not in at.groups:
        row.wrong(
            "业主编号", N_("There is no owner {group} in 业主信息. Correct it, or add the owner there."), group=group
        )
    return home_of(row, room, group, _fees(row, at.fees))


def _fees(row: Row, known: Seen) -> tuple[tuple[str, Any], ...]:
    numbers = [number.strip() for number in texts.half_width(row.text("房屋费用")).split("#") if number.strip()]
    unknown = [number for number in numbers if number not in known]
    if unknown:
        row.wrong(
            "房屋费用", N_("There is no fee {number} in 费用设置. Correct it, or add it there."), number=unknown[0]
        )
    if not row.has("费用开始时间"):
        return tuple((number, None) for number in numbers)
    single = row.day("费用开始时间") if not isinstance(row.cell("费用开始时间"), str) else None
    spelled = [part for part in texts.half_width(row.text("费用开始时间")).split("#") if part.strip()]
    if len(spelled) != len(numbers):
        row.wrong(
            "费用开始时间",
            N_("{fees} fees need as many start dates, joined by #; there are {dates}."),
            fees=len(numbers),
            dates=len(spelled),
        )
        return ()
    starts = [single] if single else [_start(row, one) for one in spelled]
    return tuple(zip(numbers, starts, strict=True))


def _start(row: Row, spelled: str) -> Any:
    try:
        return texts.day(spelled)
    except Refused as refusal:
        row.wrong("费用开始时间", refusal.msgid, **refusal.values)
        return None


def _space(row: Row, groups: set[str], seen: Seen) -> Space:
    lot = row.text("停车场编号", most=16, missing=MISSING)
    code = texts.half_width(row.text("车位编码", most=16, missing=MISSING)).upper()
    if lot and code:
        seen.twice(
            row,
            "车位编码",
            (lot, code),
            N_("This space is there twice (see row {row}). Correct one of them."),
            N_("This space is in the books already. Leave the row out."),
        )
    group = row.text("业主编号", most=32)
    if group and group not in groups:
        row.wrong(
            "业主编号", N_("There is no owner {group} in 业主信息. Correct it, or add the owner there."), group=group
        )
    plate = row.take("车牌号", texts.plate) or ""
    if plate and not group:
        row.wrong("业主编号", N_("A car stands here without an owner number. Add it, or delete the plate."))
    hold = row.code("出租还是出售", HOLDS, UNKNOWN_CODE) or ""
    if group and row.has("出租还是出售") and row.cell("出租还是出售") == "":
        row.wrong("出租还是出售", N_("Write H (leased) or S (sold)."))
    start = row.day("开始时间")
    end = None if hold == "sold" else row.day("结束时间")  # a sold space has no end, whatever stands there
    if start and end and end < start:
        row.wrong("结束时间", N_("It ends before it starts. Correct one of the dates."))
    return Space(
        lot,
        code,
        row.text("停车场类型"),
        row.scaled("面积", 2),
        group,
        plate,
        row.text("车品牌"),
        row.code("车类型", VEHICLES, UNKNOWN_CODE) or "",
        row.text("颜色"),
        hold,
        start,
        end,
    )
