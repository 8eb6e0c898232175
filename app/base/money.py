"""Money is whole fen. One parser, one formatter, and the amount in capitals (人民币大写)."""

from __future__ import annotations

import re
import unicodedata

from app.base.refusal import Refused

MOST = 9_999_999_999_99  # 99.9 billion yuan: more is a slip of the hand
_PLAIN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?", re.ASCII)
_FULL_WIDTH = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF01, 0xFF5F)}
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def parse(text: str, *, field: str | None = None) -> int:
    """`50.5` or full-width `５０．５` -> 5050 fen. Anything a person might read differently is refused."""
    plain = text.translate(_FULL_WIDTH).replace("。", ".").strip()
    if not _PLAIN.fullmatch(plain):
        raise Refused(
            "“{text}” is not an amount. Type digits and at most two decimals, for example 50.50.",
            field=field,
            text=text,
        )
    yuan, _, cents = plain.partition(".")
    fen = int(yuan) * 100 + int(cents.ljust(2, "0") or 0)
    if fen > MOST:
        raise Refused("“{text}” is more than this desk can take. Check the amount.", field=field, text=text)
    return fen


def show(fen: int) -> str:
    """76782 -> `767.82`, with thousands separators from 1,000.00."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def plain(fen: int) -> str:
    """As `show`, without separators: for fields and exports."""
    return show(fen).replace(",", "")


def _group(number: int) -> str:
    """One group of four digits, 0 < number < 10,000, inner zeros drawn together."""
    out, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            out += ("零" if gap and out else "") + _DIGITS[digit] + _PLACES[place]
            gap = False
        else:
            gap = True
    return out


def _whole(number: int) -> str:
    out, gap = "", False
    for index in range(len(_GROUPS) - 1, -1, -1):
        part = number // 10000**index % 10000
        if part:
            # A zero is read where a group is missing or does not fill its thousands place.
            out += ("零" if out and (gap or part < 1000) else "") + _group(part) + _GROUPS[index]
            gap = False
        elif out:
            gap = True
    return out


def capitals(fen: int) -> str:
    """76782 -> 人民币柒佰陆拾柒元捌角贰分; 整 after 元 or 角, none after 分 (rules for filling in vouchers)."""
    sign, fen = ("负" if fen < 0 else ""), abs(fen)
    yuan, jiao, cents = fen // 100, fen // 10 % 10, fen % 10
    out = f"{_whole(yuan)}元" if yuan else ""
    if jiao:
        out += f"{_DIGITS[jiao]}角"
    elif cents and yuan:
        out += "零"
    if cents:
        out += f"{_DIGITS[cents]}分"
    return "人民币" + sign + ((out + ("" if cents else "整")) or "零元整" if fen else "零元整")
