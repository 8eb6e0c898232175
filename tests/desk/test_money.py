"""Amounts are read strictly and shown plainly."""

from __future__ import annotations

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base import money
from app.base.refusal import Refused


@pytest.mark.parametrize(
    ("text", "fen"), [("50", 5000), ("50.5", 5050), ("５０．５", 5050), ("0.01", 1), (" 767.82 ", 76782)]
)
def test_an_amount_is_read_as_fen(text: str, fen: int) -> None:
    assert money.parse(text) == fen


@pytest.mark.parametrize(
    "text", ["", "1,200", "¥50", "1e3", "1_000", "NaN", "50.005", "-5", "٥٠", "②", "5 0", ".5", "9" * 13]
)
def test_what_could_be_read_differently_is_refused_with_the_text_kept(text: str) -> None:
    with pytest.raises(Refused) as no:
        money.parse(text, field="cash")
    assert (no.value.field, no.value.values["text"]) == ("cash", text)


@given(st.integers(0, 10**9))
def test_what_is_shown_is_read_back_the_same(fen: int) -> None:
    assert money.parse(money.plain(fen)) == fen


@given(st.integers(1, 10**10 - 1))
def test_the_amount_in_capitals_agrees_with_cn2an_below_a_hundred_million(fen: int) -> None:
    theirs = cn2an.an2cn(f"{fen // 100}.{fen % 100:02d}", "rmb")
    assert money.capitals(fen) == "人民币" + (theirs + "整" if theirs.endswith("角") else theirs)


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (0, "人民币零元整"),
        (76782, "人民币柒佰陆拾柒元捌角贰分"),
        (1_0000_0000_01, "人民币壹亿元零壹分"),
        (10_0001_0000_00, "人民币壹拾亿零壹万元整"),
        (1_0000_0001_00, "人民币壹亿零壹元整"),
        (-5, "人民币负伍分"),
    ],
)
def test_capitals_above_a_hundred_million_and_below_zero(fen: int, words: str) -> None:
    assert money.capitals(fen) == words
