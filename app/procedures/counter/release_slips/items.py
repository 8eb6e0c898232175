"""What may stand on a slip: every item named, counted in whole numbers, with a unit (GOODS-2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.base import text
from app.base.refusal import Refused
from app.procedures.counter.release_slips.tables import CATEGORIES

MOST_LINES, MOST_QUANTITY, NAME_MOST, UNIT_MOST = 30, 9999, 40, 8
UNITS = (
    "件",
    "台",
    "个",
    "把",
    "张",
    "箱",
    "袋",
    "套",
    "只",
    "块",
    "桶",
    "卷",
    "根",
    "盒",
    "捆",
    "组",
    "床",
    "扇",
    "包",
    "辆",
)
_COUNTED = "个件箱袋把张台包样车只盒套捆批堆块"

# Words that leave open what or how much. 等 only where it closes a list: 等离子电视 is a thing.
_VAGUE = re.compile(
    r"若干|一些|有些|某些|一批|一堆|一车|一宗|一部分|部分|少量|少许|大量|许多|很多|多种|全部|所有|各种|各类|各式|之类|什么的"
    rf"|[几幾数數多][{_COUNTED}]|杂物|雜物|杂件|杂货|杂七杂八|零碎|零星|东西|東西|其他|其它|不详|未知|[?？…]"
    r"|等(?=$|等|物|杂|东|家|电器|用品|材料|设备|行李|工具|若干|共|[、，,。；;）)\]】0-9])"
)
_VAGUE_WORDS = re.compile(
    r"\b(some|several|various|misc\w*|etc|sundr\w+|stuff|things?|a few|many|lots?|assorted|others?|unknown|and so on)\b",
    re.IGNORECASE,
)
# Whole classes of goods: no name of a thing when nothing else is said.
_CLASSES = frozenset(
    [
        "物品",
        "货物",
        "家具",
        "傢俱",
        "家私",
        "家电",
        "电器",
        "材料",
        "用品",
        "行李物品",
        "个人物品",
        "私人物品",
        "生活用品",
        "日用品",
        "日常用品",
        "办公用品",
        "装修材料",
        "建筑材料",
        "设备",
        "items",
        "goods",
        "furniture",
        "appliances",
        "materials",
        "equipment",
        "belongings",
    ]
)
_VAGUE_UNITS = frozenset({"批", "堆", "些", "宗", "车", "点", "若干", "lot", "lots", "some"})


@dataclass(frozen=True)
class Line:
    """One item as it stands on the slip; `quantity` in `unit`s, `category` of GOODS-6."""

    name: str
    quantity: int
    unit: str
    category: str = "furniture"


def name(typed: str, *, row: int) -> str:
    """The item's name; vague ones are refused."""
    plain = text.clean(typed)
    packed = text.half_width(re.sub(r"\s", "", plain))
    if not plain:
        raise Refused("Line {row}: name the item.", rule="GOODS-2", field=f"item_name_{row}", row=row)
    if len(plain) > NAME_MOST:
        raise Refused(
            "Line {row}: the name is too long, {most} characters at most.",
            rule="GOODS-2", field=f"item_name_{row}", row=row, most=NAME_MOST,
        )  # fmt: skip
    if (
        _VAGUE.search(packed)
        or _VAGUE_WORDS.search(text.half_width(plain))
        or packed.lower() in _CLASSES
        or not re.search(r"\w", plain)
    ):
        raise Refused(
            "Line {row}: “{name}” does not say which things. Name every item and count it.",
            rule="GOODS-2", field=f"item_name_{row}", row=row, name=plain,
        )  # fmt: skip
    return plain


def quantity(typed: str, *, row: int) -> int:
    """`6` or full-width `６` -> 6; a whole number from 1."""
    plain = text.half_width(typed).strip()
    if not (plain.isascii() and plain.isdigit() and 1 <= int(plain[:9]) <= MOST_QUANTITY):
        raise Refused(
            "Line {row}: “{text}” is no quantity. Count the things: a whole number from 1 to {most}.",
            rule="GOODS-2", field=f"item_quantity_{row}", row=row, text=typed.strip()[:12], most=MOST_QUANTITY,
        )  # fmt: skip
    return int(plain)


def unit(typed: str, *, row: int) -> str:
    """The unit it is counted in: 件, 台, 箱 ..."""
    plain = text.clean(typed)
    if not plain or len(plain) > UNIT_MOST or re.search(r"[\d\W_]", plain) or plain.lower() in _VAGUE_UNITS:
        raise Refused(
            "Line {row}: “{text}” is no unit to count in. Choose one such as 件, 台, 箱.",
            rule="GOODS-2", field=f"item_unit_{row}", row=row, text=plain[:12],
        )  # fmt: skip
    return plain


def read(rows: list[tuple[str, str, str, str]]) -> list[Line]:
    """Lines as typed (name, quantity, unit, category); rows left wholly empty are skipped, at least one is needed."""
    lines = [
        Line(name(typed, row=n), quantity(count, row=n), unit(measure, row=n), _category(category, row=n))
        for n, (typed, count, measure, category) in enumerate(rows, 1)
        if typed.strip() or count.strip()
    ]
    if not lines:
        raise Refused("Write down at least one item with its quantity and unit.", rule="GOODS-2", field="item_name_1")
    if len(lines) > MOST_LINES:
        raise Refused("A slip holds {most} items. Use a second slip for the rest.", rule="GOODS-2", most=MOST_LINES)
    return lines


def _category(code: str, *, row: int) -> str:
    if code not in CATEGORIES:
        raise Refused("Line {row}: choose what kind of goods it is.", rule="GOODS-6", row=row)
    return code
