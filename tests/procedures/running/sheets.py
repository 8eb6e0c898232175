"""Makes workbooks for the import tests: whole ones, and bad ones with the cells that must be named."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xlsxwriter

OWNERS = ["编号", "业主名称", "性别", "年龄", "手机号", "身份证号", "业主类型", "业主编号"]
SPACES = [
    "停车场编号",
    "车位编码",
    "停车场类型",
    "面积",
    "业主编号",
    "车牌号",
    "车品牌",
    "车类型（9901 家用小汽车）",
    "颜色",
]
ESTATE: dict[str, list[list[Any]]] = {
    "楼栋单元": [["楼栋号", "单元编号", "总层数", "是否有电梯"], [1, 1, 18, "有"], [1, 0, 1, "无"]],
    "业主信息": [
        OWNERS,
        [1, "王建国", "男", 50, 13800138001, "440106197603150014", 1001, 1],
        [2, "李芳", "女", 48, 13800138002, "440106197803150027", 1002, 1],
        [3, "张租", "男", 30, 18999999999, "111111111111111111", 1003, 2],
        [4, "陈主", "女", 61, "", "", 1001, 2],
    ],
    "费用设置": [
        [
            "费用编号",
            "费用类型",
            "收费项目",
            "费用标识",
            "付费类型",
            "缴费周期",
            "出账类型",
            "计费起始时间",
            "计费结束时间",
            "计算公式",
            "计费单价",
            "固定费用",
        ],
        [1, "物业费", "物业服务费", "周期性费用", "预付费", 1, "每月1日", "2020-1-1", "2037-1-1", 1001, 2.2, 0],
        [4, "物业费", "垃圾处理费", "周期性费用", "后付费", 1, "每月1日", "2020-1-1", "2037-1-1", 2002, 0, 10],
    ],
    "房屋信息": [
        [
            "房屋编号",
            "楼栋编号",
            "单元编号",
            "房屋楼层",
            "房屋户型",
            "建筑面积",
            "业主编号",
            "房屋费用",
            "费用开始时间",
            "房屋类型",
            "室内面积",
            "租金",
        ],
        [101, 1, 1, 1, "10102", 118.9, 1, "1#4", "2021-06-10#2021-06-10", 110, 97.5, 0],
        [102, 1, 1, 1, "10102", 90.5, 1, "1#4", "2021-06-10#2021-06-10", 110, 80, 0],
        ["商铺01", 1, 0, 1, "10102", 38.5, 2, "1", datetime(2021, 6, 10), 120, 31.57, 0],
        [103, 1, 1, 1, "三室", 86.31, "", "", "", 110, 70.77, 0],
    ],
    "车位信息": [
        [*SPACES, "出租还是出售（H出租S出售）", "开始时间", "结束时间"],
        [1, "B0001", "地下停车位", 12.5, "", "", "", "", "", "", "", ""],
        [1, "B0002", "地下停车位", 12.5, 1, "粤A12345", "大众", 9901, "白", "H", "2026-01-01", "2026-12-31"],
        [1, "B0003", "地下停车位", 12.5, 2, "粤AD12345", "比亚迪", 9901, "黑", "S", "2020-01-01", "2000-1-1"],
    ],
}
ASSETS: dict[str, list[list[Any]]] = {
    "资产信息": [
        [
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
            "房屋状态",
            "业主名称",
            "性别",
            "手机号",
            "身份证号",
            "业主类型",
        ],
        [
            1,
            1,
            101,
            1,
            18,
            "有",
            110,
            "10102",
            90.5,
            80,
            0,
            2001,
            "王建国",
            "男",
            13800138001,
            "440106197603150014",
            1001,
        ],
        [1, 1, 101, 1, 18, "有", 110, "10102", 90.5, 80, 0, 2001, "李芳", "女", 13800138002, "", 1002],
        [
            1,
            1,
            102,
            1,
            18,
            "有",
            110,
            "10102",
            70,
            60,
            1200.5,
            2006,
            "王建国",
            "男",
            13800138001,
            "440106197603150014",
            1001,
        ],
        [1, 1, 102, "", "", "", "", "", "", "", "", "", "张租", "男", 13800138003, "", 1003],
        [1, 1, 103, 1, 18, "有", 110, "10102", 70, 60, 0, 2002, "", "", "", "", ""],
    ]
}
ARREARS: dict[str, list[list[Any]]] = {
    "欠费": [
        ["房屋", "收费项目", "缴费周期", "开始时间", "结束时间", "应缴金额", "备注"],
        ["1-1-101", "物业服务费", 1, "2026-09-01", "2026-10-01", 261.58, "手工导入"],
        ["1栋1单元101", "物业服务费", 1, "2026-10-01", "2026-11-01", 261.58, ""],
        ["1-0-商铺01", "垃圾处理费", 1, "2026-10-01", "2026-11-01", 10, ""],
    ]
}


def book(sheets: dict[str, list[list[Any]]], then: Callable[[xlsxwriter.Workbook], None] | None = None) -> bytes:
    """A workbook as bytes; `("=1+1", 2)` is a formula with its value, None an empty cell."""
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, {"in_memory": True})
    day = made.add_format({"num_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = made.add_worksheet(name)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, tuple):
                    sheet.write_formula(row, column, cell[0], None, cell[1])
                elif isinstance(cell, datetime):
                    sheet.write_datetime(row, column, cell, day)
                elif isinstance(cell, str):
                    sheet.write_string(row, column, cell)
                else:
                    sheet.write(row, column, cell)
    if then:
        then(made)
    made.close()
    return out.getvalue()


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def old_book(name: str, rows: list[list[Any]], *, password: bool = False) -> bytes:
    """The same as an .xls of Excel 97 (BIFF8 in a compound file), with nothing but numbers and texts."""
    sheet = [_record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))]
    sheet.append(_record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0)))
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            at = struct.pack("<HHH", row, column, 0)
            if isinstance(cell, str):
                sheet.append(_record(0x0204, at + struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le")))
            elif cell is not None:
                sheet.append(_record(0x0203, at + struct.pack("<d", cell)))
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    if password:
        begin += _record(0x002F, struct.pack("<HHHH", 1, 1, 1, 0) + bytes(48))
    title = struct.pack("<BB", len(name), 1) + name.encode("utf-16-le")
    where = len(begin) + 4 + 6 + len(title) + 4
    stream = begin + _record(0x0085, struct.pack("<IH", where, 0) + title) + _record(0x000A, b"")
    stream += b"".join(sheet) + _record(0x000A, b"")
    return compound(stream + bytes(max(0, 4096 - len(stream))))


def compound(stream: bytes, title: str = "Workbook") -> bytes:
    """A compound file with one stream."""
    sectors = -(-len(stream) // 512)
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    fat = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")

    def entry(title: str, kind: int, child: int, start: int, size: int) -> bytes:
        written = (title + "\0").encode("utf-16-le")
        head = written.ljust(64, b"\0") + struct.pack("<HBBIII", len(written), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return head + bytes(36) + struct.pack("<IQ", start, size)

    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry(title, 2, 0xFFFFFFFF, 2, len(stream))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0)
    return header.ljust(512, b"\xff") + fat + directory.ljust(512, b"\0") + stream.ljust(sectors * 512, b"\0")


def changed(base: dict[str, list[list[Any]]], **cells: Any) -> dict[str, list[list[Any]]]:
    """`changed(ESTATE, 业主信息_E2="138")`: the same sheets with some cells otherwise."""
    sheets = {name: [list(row) for row in rows] for name, rows in base.items()}
    for where, value in cells.items():
        name, _, at = where.rpartition("_")
        row = sheets[name][int(at[1:]) - 1]
        column = ord(at[0]) - 65
        row.extend([None] * (column + 1 - len(row)))
        row[column] = value
    return sheets


@dataclass(frozen=True)
class Bad:
    """A file that must not be imported. `cells` = sheet!cell, exactly; empty: the file itself is refused."""

    name: str
    content: bytes
    cells: frozenset[str] = frozenset()


def _estate(name: str, **cells: Any) -> Bad:
    return Bad(name, book(changed(ESTATE, **cells)), frozenset(where.replace("_", "!") for where in cells))


def _merged(made: xlsxwriter.Workbook) -> None:
    made.get_worksheet_by_name("房屋信息").merge_range("B2:B4", 1)


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        for n in range(5):
            with packed.open(f"xl/worksheets/sheet{n}.xml", "w", force_zip64=True) as part:
                for _ in range(100):
                    part.write(b" " * 2**20)
    return out.getvalue()


def bad_files() -> list[Bad]:
    """Forty and more files as they come to a desk."""
    whole = book(ESTATE)
    twice = changed(ESTATE, 业主信息_F3="440106197603150014")
    doubled = changed(ESTATE)
    doubled["业主信息"][0] = [*OWNERS, "手机号"]
    entrance_twice = changed(ESTATE)
    entrance_twice["楼栋单元"].append([1, 1, 18, "有"])
    headless = changed(ESTATE, 房屋信息_A1="房号")
    return [
        _estate("phone with 10 digits", 业主信息_E2="1380013800"),
        _estate("phone in scientific notation", 业主信息_E2="1.38E+10"),
        _estate("two phones in a cell", 业主信息_E2="13800138001/13800138002"),
        _estate("ID typed as a number", 业主信息_F2=440106197603150014),
        _estate("ID in scientific notation", 业主信息_F2="4.40106E+17"),
        _estate("ID of 30 February", 业主信息_F2="440106199002300011"),
        _estate("ID with a wrong check digit", 业主信息_F2="440106197603150015"),
        Bad("one ID, two names", book(twice), frozenset({"业主信息!F3"})),
        _estate("name missing", 业主信息_B2=""),
        _estate("name of blanks", 业主信息_B2="   "),
        _estate("name of 65", 业主信息_B2="王" * 65),
        _estate("name of 5,000", 业主信息_B2="王" * 5000),
        _estate("name from a formula without a value", 业主信息_B2=("=A1", "")),
        _estate("phone from a broken formula", 业主信息_E2=("=1/0", "#DIV/0!")),
        _estate("unknown sex", 业主信息_C2="雄"),
        _estate("age of 200", 业主信息_D2=200),
        _estate("age and a half", 业主信息_D2=1.5),
        _estate("kind of person empty", 业主信息_G2=""),
        _estate("kind of person unknown", 业主信息_G2=1009),
        _estate("owner number missing", 业主信息_H5=""),
        _estate("area in words", 房屋信息_F2="九十平"),
        _estate("area with a unit", 房屋信息_F2="90.5㎡"),
        _estate("area with three decimals", 房屋信息_F2=90.123),
        _estate("area below 0", 房屋信息_K2=-1),
        _estate("area in Arabic digits", 房屋信息_F2="٩٠"),
        _estate("no such building", 房屋信息_B2=9),
        _estate("no such entrance", 房屋信息_C2=7),
        _estate("no such owner", 房屋信息_G2=77),
        _estate("no such fee", 房屋信息_H2="1#9"),
        _estate("one date for two fees", 房屋信息_I2="2021-06-10"),
        _estate("30 February", 房屋信息_I2="2021-02-30#2021-06-10"),
        _estate("use unknown", 房屋信息_J2=999),
        _estate("room twice", 房屋信息_A3=101),
        Bad("entrance twice", book(entrance_twice), frozenset({"楼栋单元!B4"})),
        _estate("formula unknown", 费用设置_J2=3003),
        _estate("formula missing", 费用设置_J2=""),
        _estate("fee ends before it starts", 费用设置_I2="2019-1-1"),
        _estate("space of no such owner", 车位信息_E3=77),
        _estate("leased or sold, not said", 车位信息_J3=""),
        _estate("plate incomplete", 车位信息_F3="粤A1"),
        _estate("lease ends before it starts", 车位信息_L3="2025-01-01"),
        _estate("car of nobody", 车位信息_E3=""),
        _estate("leased or sold", 车位信息_J3="X"),
        _estate("three mistakes", 业主信息_B2="", 房屋信息_F2="?", 车位信息_F3="x"),
        Bad("merged cells", book(ESTATE, _merged), frozenset({"房屋信息!B2"})),
        Bad("a column twice", book(doubled), frozenset({"业主信息!I1"})),
        Bad("a header missing", book(headless), frozenset({"房屋信息!A1"})),
        Bad("arrears of a room that is not there", book(changed(ARREARS, 欠费_A2="9-9-901")), frozenset({"欠费!A2"})),
        Bad("arrears of no room", book(changed(ARREARS, 欠费_A2="")), frozenset({"欠费!A2"})),
        Bad("arrears of half a room", book(changed(ARREARS, 欠费_A2="101")), frozenset({"欠费!A2"})),
        Bad("arrears without a start", book(changed(ARREARS, 欠费_D2="")), frozenset({"欠费!D2"})),
        Bad("arrears of a period turned round", book(changed(ARREARS, 欠费_E2="2026-08-01")), frozenset({"欠费!E2"})),
        Bad("arrears of 0", book(changed(ARREARS, 欠费_F2=0)), frozenset({"欠费!F2"})),
        Bad("arrears of 50.005", book(changed(ARREARS, 欠费_F2="50.005")), frozenset({"欠费!F2"})),
        Bad("arrears below 0", book(changed(ARREARS, 欠费_F2=-5)), frozenset({"欠费!F2"})),
        Bad("arrears 1e3", book(changed(ARREARS, 欠费_F2="1e3")), frozenset({"欠费!F2"})),
        Bad("arrears twice", book(changed(ARREARS, 欠费_A3="1-1-101", 欠费_D3="2026-09-01")), frozenset({"欠费!A3"})),
        Bad(
            "the same sheet twice", book(ESTATE | {"业主信息 (2)": ESTATE["业主信息"]}), frozenset({"业主信息 (2)!A1"})
        ),
        Bad("two kinds of lists", book(ESTATE | ARREARS), frozenset({"楼栋单元!A1"})),
        Bad("no list at all", book({"Sheet1": [["a", "b"], [1, 2]]}), frozenset({"Sheet1!A1"})),
        Bad("an empty workbook", book({"Sheet1": []}), frozenset({"Sheet1!A1"})),
        Bad("nothing", b""),
        Bad("cut off", whole[: len(whole) // 2]),
        Bad("GBK CSV", "业主编号,业主名称\r\n1,王建国\r\n".encode("gbk")),
        Bad("a web page named .xls", b"<html><table><tr><td>1</td></tr></table></html>"),
        Bad("a zip of something else", _zip({"readme.txt": b"x"})),
        Bad("an old format's head and garbage", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 4000),
        Bad("a workbook with garbage inside", _zip({"xl/workbook.xml": b"<not closed", "[Content_Types].xml": b"?"})),
        Bad("a protected workbook", compound(bytes(4096), "EncryptedPackage")),
        Bad("a protected old workbook", old_book("欠费", ARREARS["欠费"], password=True)),
        Bad("a zip bomb", _bomb()),
        Bad("bigger than 5 MB", b"PK\x03\x04" + bytes(5 * 2**20)),
    ]


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()
