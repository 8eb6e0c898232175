"""Text as people type it: cleaned, compared, masked. Names are kept as typed; only their keys are normalised."""

from __future__ import annotations

import os
import re
import unicodedata
from datetime import date, time
from functools import lru_cache

from app.base import clock
from app.base.refusal import Refused

NAME_MOST, REMARK_MOST = 64, 500
# Full-width forms only: NFKC would also read ② as 2 and change what a person meant.
_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
# Marks that turn the direction of what follows: on paper they would hide or reorder other words.
_DIRECTION = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_LANDLINE = re.compile(
    r"0[0-9]{2,3}-?[2-9][0-9]{6,7}(-[0-9]{1,6})?|[2-9][0-9]{6,7}|[48]00-?[0-9]{3}-?[0-9]{4}", re.ASCII
)
_ABROAD = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]+", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_FIRM = re.compile(r"[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}", re.ASCII)
_PASSPORT = re.compile(r"(?=.*[A-Z])(?=.*[0-9])[A-Z0-9()/-]{5,20}", re.ASCII)
_PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
_PLATE = re.compile(
    rf"[{_PROVINCES}][A-Z][A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳试超领]|使[0-9]{{6}}|[0-9]{{6}}使|WJ[{_PROVINCES}]?[A-Z0-9]{{5,6}}|[A-Z]{{2}}[0-9]{{5}}"
)


def half_width(text: str) -> str:
    """`１３８` -> `138`, `＃` -> `#`; nothing else changes."""
    return text.translate(_FULL_WIDTH)


def clean(text: str) -> str:
    """As typed, minus control characters, direction marks and lone surrogates; blanks trimmed at both ends."""
    spaced = text.translate({9: " ", 10: " ", 13: " "})
    kept = (c for c in spaced if unicodedata.category(c) not in {"Cc", "Cs"} and c not in _DIRECTION)
    return "".join(kept).strip()


def name(text: str, *, field: str | None = None) -> str:
    """A name of 1 to 64 characters, cleaned."""
    tidy = clean(text)
    if not tidy:
        raise Refused("The name is missing. Write it down.", field=field)
    if len(tidy) > NAME_MOST:
        raise Refused("The name has {n} characters, 64 is the most. Shorten it.", field=field, n=len(tidy))
    return tidy


def remark(text: str, *, field: str | None = None) -> str:
    """A remark of at most 500 characters, cleaned; may be empty."""
    tidy = clean(text)
    if len(tidy) > REMARK_MOST:
        raise Refused("The text has {n} characters, 500 is the most. Shorten it.", field=field, n=len(tidy))
    return tidy


def key(text: str) -> str:
    """What is compared: NFKC, no case, no accents, nothing but letters and digits (`O'Brien` -> `obrien`)."""
    flat = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in flat if c.isalnum()))


def phone(text: str, *, field: str | None = None) -> str:
    """`138 0013 8000`, `+86-138...`, full width -> `13800138000`; landlines keep their dashes; abroad with `+`."""
    plain = re.sub(r"[–—－]", "-", half_width(clean(text)))
    if _SCIENTIFIC.fullmatch(plain):
        raise Refused("The phone is in scientific notation: its last digits are gone. Write it as text.", field=field)
    packed = re.sub(r"[\s()]", "", plain)
    bare = re.sub(r"^(\+|00)86-?", "", packed).replace("-", "")
    if _MOBILE.fullmatch(bare):
        return bare
    if _LANDLINE.fullmatch(packed) or _ABROAD.fullmatch(packed.replace("-", "")):
        return packed
    if len(re.findall(r"[0-9]{7,}", plain)) > 1:
        raise Refused("There are two phones here. Keep one; note the other on the person's page.", field=field)
    digits = sum(c.isascii() and c.isdigit() for c in packed)
    raise Refused("The phone has {n} digits; a mobile phone has 11. Ask for the number.", field=field, n=digits)


def _birth(digits: str) -> date | None:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
    # A clock that fell back to 1970 must not make every card wrong.
    return born if date(1880, 1, 1) <= born <= max(clock.today(), date(2026, 1, 1)) else None


def birth_date(identity_number: str) -> date | None:
    """The birth date an ID of 18 or 15 digits carries, or None."""
    if re.fullmatch(r"[0-9]{17}[0-9X]", identity_number, re.ASCII):
        return _birth(identity_number[6:14])
    if re.fullmatch(r"[0-9]{15}", identity_number, re.ASCII):
        return _birth("19" + identity_number[6:12])
    return None


def identity(text: str, *, field: str | None = None) -> str:
    """An ID of 18 (GB 11643, check character) or 15 digits, a firm's credit code (GB 32100), or a passport."""
    plain = re.sub(r"\s", "", half_width(clean(text))).upper()
    if _SCIENTIFIC.fullmatch(plain.lower()):
        raise Refused("The ID is in scientific notation: its last digits are gone. Write it as text.", field=field)
    if re.fullmatch(r"[0-9]{17}[0-9X]|[0-9]{15}", plain, re.ASCII):
        if birth_date(plain) is None:
            raise Refused("There is no such birth date in this ID. Look at the card again.", field=field)
        if len(plain) == 18 and id_check(plain) != plain[17]:
            raise Refused("The last character of this ID does not fit the others. Look at the card again.", field=field)
        return plain
    if _FIRM.fullmatch(plain) or (_PASSPORT.fullmatch(plain) and len(plain) < 15):
        return plain
    raise Refused("This ID has {n} characters; an ID has 18. Look at the card again.", field=field, n=len(plain))


def id_check(number: str) -> str:
    """The 18th character that belongs to the first 17 digits (ISO 7064 MOD 11-2)."""
    return _CHECK[sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True)) % 11]


def plate(text: str, *, field: str | None = None) -> str:
    """`粤a·12345` -> `粤A12345` (GA 36: five characters after the letter, six for new energy)."""
    plain = re.sub(r"[\s·•‧・.-]", "", half_width(clean(text))).upper()
    if not _PLATE.fullmatch(plain):
        raise Refused("The plate “{text}” is not complete. A plate is like 粤A12345.", field=field, text=plain[:12])
    return plain


def day(text: str, *, field: str | None = None) -> date:
    """`2026-11-2`, `2026/11/02`, `2026年11月2日`, `20261102`."""
    plain = half_width(clean(text))
    found = re.fullmatch(
        r"([0-9]{4})(?:[-/.年])([0-9]{1,2})(?:[-/.月])([0-9]{1,2})日?(?:[ T]00:00(?::00)?)?|([0-9]{4})([0-9]{2})([0-9]{2})",
        plain,
        re.ASCII,
    )
    try:
        return date(*(int(part) for part in found.groups() if part is not None))  # type: ignore[union-attr]
    except (AttributeError, ValueError):
        raise Refused("“{text}” is no date. Write it like 2026-11-02.", field=field, text=plain[:24]) from None


def time_of_day(text: str, *, field: str | None = None) -> time:
    """`18:30`, `１８：３０`, `8:15`, `1830`."""
    digits = re.sub(r"[:\s]", "", half_width(clean(text)))
    if re.fullmatch(r"[0-9]{3,4}", digits, re.ASCII) and int(digits) < 2400 and int(digits) % 100 < 60:
        return time(int(digits) // 100, int(digits) % 100)
    raise Refused("“{text}” is no time of day. Write it like 18:30.", field=field, text=clean(text)[:8])


def mask_phone(number: str | None) -> str:
    """`13812341234` -> `138****1234`; shorter numbers show a quarter at each end."""
    if not number:
        return ""
    head, tail = (3, 4) if len(number) >= 11 else (len(number) // 4, len(number) // 4)
    return number[:head] + "*" * (len(number) - head - tail) + number[len(number) - tail :]


def mask_id(number: str | None) -> str:
    """First and last character only, the rest stars."""
    if not number:
        return ""
    return number[0] + "*" * (len(number) - 2) + number[-1] if len(number) > 2 else "*" * len(number)


_WRITTEN_OUT = re.compile(r"(?<![0-9A-Za-z])(?:1[3-9][0-9]{9}|[0-9]{17}[0-9Xx]|[0-9]{15})(?![0-9A-Za-z])", re.ASCII)


def mask_numbers(remark: str) -> str:
    """`身份证 440106197603150014` -> `身份证 4****************4`: where only the kind of a paper was asked for."""
    return _WRITTEN_OUT.sub(lambda found: (mask_phone if len(found[0]) == 11 else mask_id)(found[0]), remark)


# Surnames that are read otherwise than the same character elsewhere; pypinyin knows only the common reading.
_COMPOUND = {
    "尉迟": "yu chi",
    "万俟": "mo qi",
    "长孙": "zhang sun",
    "单于": "chan yu",
    "澹台": "tan tai",
    "令狐": "ling hu",
}
_SURNAMES = dict(
    pair.split(":")
    for pair in [
        "单:shan",
        "曾:zeng",
        "解:xie",
        "仇:qiu",
        "区:ou",
        "查:zha",
        "朴:piao",
        "盖:ge",
        "任:ren",
        "华:hua",
        "纪:ji",
        "宁:ning",
        "翟:zhai",
        "乐:yue",
        "种:chong",
        "秘:bi",
        "冼:xian",
        "覃:qin",
        "缪:miao",
        "员:yun",
        "繁:po",
        "那:na",
        "召:shao",
        "折:she",
        "黑:he",
        "应:ying",
        "车:che",
        "隗:wei",
        "祭:zhai",
        "谌:chen",
        "尉:wei",
        "薄:bo",
        "卜:bu",
        "柏:bai",
        "贾:jia",
        "石:shi",
        "沈:shen",
        "俞:yu",
        "都:du",
        "撒:sa",
        "佴:nai",
        "郗:xi",
        "牟:mou",
        "葛:ge",
        "宿:su",
        "褚:chu",
        "粘:nian",
        "藏:zang",
        "燕:yan",
        "於:yu",
        "晟:cheng",
        "强:qiang",
        "曲:qu",
        "逄:pang",
        "逯:lu",
        "洗:xian",
        "臧:zang",
        "哈:ha",
        "重:chong",
        "盛:sheng",
    ]
)


@lru_cache(maxsize=8192)
def _reading(character: str) -> str:
    # Imported on first use (160 ms), and without its table of phrases (57 -> 12 MB).
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    import pypinyin

    return str(pypinyin.pinyin(character, style=pypinyin.Style.NORMAL, errors="ignore")[0][0]) if character else ""


def syllables(person: str) -> list[str]:
    """`单小明` -> shan xiao ming; words in Latin letters stay words; everything else is left out."""
    out: list[str] = []
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", person))
    for first, word in enumerate(words):
        rest = word
        if not first and word[:2] in _COMPOUND:
            out, rest = _COMPOUND[word[:2]].split(), word[2:]
        elif not first and word[:1] in _SURNAMES:
            out, rest = [_SURNAMES[word[0]]], word[1:]
        for run in re.findall(r"[\u3400-\u9fff\U00020000-\U0003ffff]|[^\u3400-\u9fff\U00020000-\U0003ffff]+", rest):
            try:
                out.append(_reading(run) if unicodedata.category(run[0]) == "Lo" and len(run) == 1 else key(run))
            except IndexError:  # a rare character without a reading
                continue
    return [part for part in out if part]


def full_pinyin(person: str) -> str:
    """王建国 -> `wangjianguo`; ü is typed v (吕 -> `lv`)."""
    return "".join(syllables(person))


def initials(person: str) -> str:
    """王建国 -> `wjg`; Maria Gonçalves -> `mg`."""
    return "".join(part[0] for part in syllables(person))
