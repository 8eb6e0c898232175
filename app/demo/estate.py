"""The demo's estate as the two workbooks a real one would come with: about 200 units, all made up from a seed.

Nobody here exists: the phones only count up, the IDs are of a district that does not exist.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from app.base import text as texts

SURNAMES = "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
FIRST = "子梓欣雨思佳嘉俊宇浩晓文明志建国海春秋冬夏玉美丽静芳秀英华"
LAST = "轩涵怡彤瑶琪杰豪鹏飞军强伟敏燕霞娟丽萍红梅兰竹松柏云龙凤山川林森平安宁康健"
SHOPS = ("清风便利店", "小满水果店", "阿木理发店", "同心药房", "豆香早餐铺", "翠湖洗衣店")
BRANDS, COLOURS = ("比亚迪", "大众", "丰田", "吉利", "五菱", "日产"), ("白", "黑", "银灰", "红", "蓝")
LAYOUTS = {64.8: "一室一厅", 88.12: "两室一厅", 103.72: "三室两厅", 126.5: "四室两厅"}
BUILDINGS, FLOORS, SPACES = 5, 10, 40
PROPERTY, RUBBISH = "物业服务费", "生活垃圾处理费"
PRICE = 2.2  # yuan a square metre and month
LET_TO_TENANT, OWES = "5-1-302", "3-2-1001"  # units the demo's own scenes need as they are

HEADERS = {
    "楼栋单元": "楼栋号 单元编号 总层数 是否有电梯",
    "业主信息": "业主编号 业主名称 性别 年龄 手机号 身份证号 业主类型",
    "费用设置": "费用编号 费用类型 收费项目 费用标识 付费类型 缴费周期 出账类型 计费起始时间 计费结束时间 计算公式 计费单价 固定费用",
    "房屋信息": "房屋编号 楼栋编号 单元编号 房屋楼层 房屋户型 建筑面积 业主编号 房屋费用 费用开始时间 房屋类型 室内面积 租金 房屋状态",
    "车位信息": "停车场编号 车位编码 停车场类型 面积 业主编号 车牌号 车品牌 车类型 颜色 出租还是出售 开始时间 结束时间",
    "欠费": "房屋 收费项目 缴费周期 开始时间 结束时间 应缴金额 备注",
}
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class Estate:
    """Rows by sheet, and what the arrears are reckoned from: (label, area in m2)."""

    random: Random
    today: date
    rows: Rows = field(default_factory=lambda: {sheet: [] for sheet in HEADERS if sheet != "欠费"})
    billed: list[tuple[str, float]] = field(default_factory=list)

    def person(self, group: str, kind: int, shop: str = "") -> None:
        """1001 owner, 1002 family, 1003 tenant. Numbers run through: every phone and ID is somebody's own."""
        random, index = self.random, len(self.rows["业主信息"]) + 1
        phone, age = f"19900{index:06d}", random.randint(22, 78)
        if shop:
            self.rows["业主信息"].append((group, shop, "", "", phone, "", kind))
            return
        given = random.choice(FIRST) + random.choice(LAST) if random.random() < 0.8 else random.choice(LAST)
        born = f"{self.today.year - age}{random.randint(1, 12):02d}{random.randint(1, 28):02d}"
        identity = f"999999{born}{index % 1000:03d}"
        identity += texts.id_check(identity + "0")
        name, sex = random.choice(SURNAMES) + given, random.choice("男女")
        self.rows["业主信息"].append((group, name, sex, age, phone, identity, kind))

    def home(self, building: int, entrance: int, floor: int, side: int) -> None:
        room, area = f"{floor}{side:02d}", self.random.choice(list(LAYOUTS))
        label, group = f"{building}-{entrance}-{room}", f"Y{building}{entrance}{floor:02d}{side:02d}"
        chance = 0.1 if label == LET_TO_TENANT else 0.9 if label == OWES else self.random.random()
        state = 2002 if chance < 0.05 else 2006 if chance < 0.18 else 2009 if chance < 0.24 else 2001
        if state == 2002:
            group = ""
        else:
            self.person(group, 1001)
            self.billed.append((label, area))
        if state == 2006:
            self.person(group, 1003)
        elif state == 2001 and chance < 0.6:
            self.person(group, 1002)
        self._unit((room, building, entrance, floor), area, group, state)

    def shop(self, number: int, name: str) -> None:
        group = f"S{number:02d}"
        self.person(group, 1001, name)
        self._unit((f"S{number}", 1, 0, 1), 56.0, group, 2001)

    def _unit(self, at: tuple[str, int, int, int], area: float, group: str, state: int) -> None:
        """`at`: room, building, entrance (0 = the shops), floor."""
        home = at[2] > 0
        fees, since = ("1#2", "#".join([f"{self.today.year - 2}-01-01"] * 2)) if group and home else ("", "")
        inner, layout = round(area * 0.82, 2), LAYOUTS.get(area, "")
        self.rows["房屋信息"].append((*at, layout, area, group, fees, since, 110 if home else 120, inner, 0, state))

    def space(self, number: int, group: str) -> None:
        random, lease = self.random, number % 3 == 0
        since = self.today - timedelta(days=random.randint(30, 300))
        until = (self.today + timedelta(days=random.randint(5, 200))).isoformat() if lease else ""
        car = (f"粤A{random.randint(0, 99999):05d}", random.choice(BRANDS), 9901, random.choice(COLOURS))
        hold = ("H" if lease else "S", since.isoformat(), until)
        self.rows["车位信息"].append((1, f"B1-{number:03d}", "地下停车位", 13.25, group, *car, *hold))


def make(seed: int, today: date) -> Estate:
    """Five buildings of ten floors with a lift, shops on the street, spaces below."""
    made = Estate(Random(seed), today)  # noqa: S311 - made-up people, nothing secret
    since, until = f"{today.year - 2}-01-01", f"{today.year + 10}-01-01"
    made.rows["费用设置"] = [
        (1, "物业费", PROPERTY, "周期性费用", "预付费", 1, "每月1日", since, until, 1001, PRICE, 0),
        (2, "代收费", RUBBISH, "周期性费用", "后付费", 1, "每月1日", since, until, 2002, 0, 10),
    ]
    made.rows["楼栋单元"] = [(1, 0, 2, "无")]
    for building in range(1, BUILDINGS + 1):
        for entrance in (1, 2):
            made.rows["楼栋单元"].append((building, entrance, FLOORS, "有"))
            for floor in range(1, FLOORS + 1):
                for side in (1, 2):
                    made.home(building, entrance, floor, side)
    for number, name in enumerate(SHOPS, 1):
        made.shop(number, name)
    owners = [row[0] for row in made.rows["业主信息"] if row[6] == 1001]
    for number in range(1, SPACES + 1):
        made.space(number, made.random.choice(owners))
    return made


def arrears(made: Estate) -> Rows:
    """What some owe: one to five months of fee and rubbish; one unit always three, one always nothing."""
    rows: list[tuple[Any, ...]] = []
    for label, area in made.billed:
        chance = made.random.random()
        months = 3 if label == OWES else 1 if chance < 0.25 else made.random.randint(2, 5) if chance < 0.4 else 0
        for back in range(months, 0, -1):
            period = (_month(made.today, back).isoformat(), _month(made.today, back - 1).isoformat())
            rows.append((label, PROPERTY, 1, *period, round(area * PRICE + 1e-9, 2), ""))
            rows.append((label, RUBBISH, 1, *period, 10, ""))
    return {"欠费": rows}


def _month(today: date, back: int) -> date:
    """The first day of the month `back` months ago."""
    index = today.year * 12 + today.month - 1 - back
    return date(index // 12, index % 12 + 1, 1)


def workbook(rows: Rows) -> bytes:
    """The sheets as an .xlsx file, phones and IDs as text."""
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        for name, lines in rows.items():
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, HEADERS[name].split())
            for number, line in enumerate(lines, 1):
                sheet.write_row(number, 0, line)
    return content.getvalue()
