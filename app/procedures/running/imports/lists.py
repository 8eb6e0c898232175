"""The one-sheet files: the asset list (资产信息) and the arrears list (欠费)."""

from __future__ import annotations

from dataclasses import replace

from app.base import rooms
from app.base import text as texts
from app.base.refusal import N_
from app.base.rooms import Room
from app.procedures.running.imports.cells import Row, Table
from app.procedures.running.imports.estate import (
    MISSING,
    NO_ROOM,
    UNKNOWN_CODE,
    YES_NO,
    Identities,
    Seen,
    home_of,
    part,
    person_of,
)
from app.procedures.running.imports.forms import Contents, Entrance, Home, Known, Owed, Person

ASSETS: tuple[set[str], tuple[str, ...]] = (
    {"楼号", "单元", "房间"},
    (
        *(
            "楼号",
            "单元",
            "房间",
            "楼层",
            "总层数",
            "是否有电梯",
            "房屋类型",
            "房屋户型",
            "建筑面积",
            "室内面积",
            "租金",
        ),
        *("房屋状态", "业主名称", "性别", "手机号", "身份证号", "业主类型", "年龄"),
    ),
)
ARREARS: tuple[set[str], tuple[str, ...]] = (
    {"房屋", "收费项目", "应缴金额"},
    ("房屋", "收费项目", "缴费周期", "开始时间", "结束时间", "应缴金额", "备注"),
)
_OF_THE_ROOM = ("楼层", "房屋类型", "房屋户型", "建筑面积", "室内面积", "租金", "房屋状态")
_OF_THE_ENTRANCE = ("总层数", "是否有电梯")


def read_assets(table: Table, known: Known) -> Contents:
    """A room a row; further persons of the room on repeated rows, where the room's own columns agree or are empty."""
    first: dict[Room, Row] = {}
    entrance_rows: dict[tuple[str, str], Row] = {}
    entrances: dict[tuple[str, str], Entrance] = {}
    homes: list[Home] = []
    people: list[Person] = []
    identities = Identities(known.identities)
    in_room: dict[tuple[str, str, str | None], int] = {}
    for row in table:
        room = Room(part(row, "楼号"), part(row, "单元"), _room(row))
        at = (room.building or "", room.entrance or "")
        entrance = Entrance(*at, row.whole("总层数", 1, 200), row.code("是否有电梯", YES_NO, UNKNOWN_CODE))
        _agree(row, entrance_rows.setdefault(at, row), _OF_THE_ENTRANCE)
        if at not in known.entrances:
            entrances.setdefault(at, entrance)
        if room.room and str(room) in known.rooms:
            row.wrong("房间", N_("This room is in the books already. Leave the row out."))
        again = first.setdefault(room, row) is not row
        if again:
            _agree(row, first[room], _OF_THE_ROOM)
        else:
            homes.append(_home(row, room))
        if row.cell("业主名称") == "" and not again and not _speaks_of_a_person(row):
            continue  # a room that nobody owns yet
        person = person_of(row, str(room), "owner" if not row.has("业主类型") else "")
        identities.check(row, person.identity, person.name)
        who = (str(room), texts.key(person.name), person.identity or person.phone)
        if person.name and in_room.setdefault(who, row.number) != row.number:
            at_row = in_room[who]
            row.wrong("业主名称", N_("This person is in this room twice (see row {row}). Delete one."), row=at_row)
        people.append(person)
    return Contents("assets", tuple(entrances.values()), tuple(people), homes=tuple(homes))


def _room(row: Row) -> str:
    return rooms.door(row.text("房间", most=16, missing=NO_ROOM))


def _home(row: Row, room: Room) -> Home:
    return replace(home_of(row, room, str(room)), floor=row.whole("楼层", -9, 200))


def _speaks_of_a_person(row: Row) -> bool:
    return any(row.cell(title) != "" for title in ("手机号", "身份证号", "性别"))


def _agree(row: Row, first: Row, titles: tuple[str, ...]) -> None:
    for title in titles:
        if row is not first and row.cell(title) not in ("", first.cell(title)):
            row.wrong(title, N_("Row {row} says something else here. Correct one of them."), row=first.number)


def read_arrears(table: Table, known: Known, *, check_rooms: bool) -> Contents:
    """What each room owes. `check_rooms`: the room must be in the books (the estate is imported first)."""
    seen, out = Seen(known.owed), []
    for row in table:
        room = row.take("房屋", rooms.whole) if row.text("房屋", missing=NO_ROOM) else None
        item = row.text("收费项目", missing=MISSING)
        start, end = row.day("开始时间"), row.day("结束时间")
        for title, day in (("开始时间", start), ("结束时间", end)):
            if day is None and row.cell(title) == "":
                row.wrong(title, MISSING)
        if start and end and end <= start:
            row.wrong("结束时间", N_("The period ends before it starts. Correct one of the dates."))
        fen = row.scaled("应缴金额", 2)
        if fen == 0 or row.cell("应缴金额") == "":
            row.wrong("应缴金额", N_("An amount above 0 is needed. Correct it, or leave the row out."))
        months = row.whole("缴费周期", 1, 120)
        remark = row.text("备注", most=texts.REMARK_MOST)
        if room is None:
            continue
        if check_rooms and str(room) not in known.rooms:
            row.wrong(
                "房屋",
                N_("The room {room} is not in the books. Correct it, or import the estate first."),
                room=str(room),
            )
        if start and item:
            seen.twice(
                row,
                "房屋",
                (str(room), item, start),
                N_("This charge is there twice (see row {row}). Delete one."),
                N_("This charge is in the books already. Leave the row out."),
            )
        if start and end and fen:
            out.append(Owed(room, item, months, start, end, fen, remark))
    return Contents("arrears", owed=tuple(out))
