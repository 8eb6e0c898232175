"""Text as people type it: names kept, keys normalised, numbers checked and masked, rooms in any spelling."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.base import rooms, text
from app.base.refusal import Refused


@pytest.mark.parametrize(
    "spelled",
    [
        "3-2-1101",
        "3栋2单元1101",
        "3-2-1101室",
        "３－２－１１０１",
        "３栋２单元１１０１室",
        "3 2 1101",
        "3幢2单元1101房",
        "三栋二单元1101",
        "03-02-1101",
        " 3 - 2 - 1101 ",
        "3—2—1101",
        "3号楼2单元1101号",
        "3/2/1101",
    ],
)
def test_a_room_is_understood_in_any_spelling(spelled):
    assert str(rooms.read(spelled)) == "3-2-1101"


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        ("1101", (None, None, "1101")),
        ("3-1101", ("3", None, "1101")),
        ("3栋1101", ("3", None, "1101")),
        ("1-0-商铺01", ("1", "0", "商铺01")),
        ("a-1-101", ("A", "1", "101")),
        ("十二栋2单元101", ("12", "2", "101")),
        ("二十一栋1单元101", ("21", "1", "101")),
        ("王建国", None),
        ("Li Wei", None),
        ("13800138000", None),
        ("", None),
    ],
)
def test_a_room_may_be_said_in_part(spelled, meant):
    assert rooms.read(spelled) == (meant and rooms.Room(*meant))


def test_a_list_must_say_the_whole_room():
    assert rooms.whole("3栋2单元1101") == ("3", "2", "1101")
    with pytest.raises(Refused, match="no room"):
        rooms.whole("1101")


def test_names_are_kept_as_typed_minus_control_characters():
    assert text.name(" O'Brien\x00\x1bp\u202e ") == "O'Brienp"
    assert text.name("阿依古丽·买买提") == "阿依古丽·买买提"
    assert text.name("<b>李</b>{{7*7}}") == "<b>李</b>{{7*7}}"
    assert text.name("👨‍👩‍👧𠮷") == "👨‍👩‍👧𠮷"
    assert text.name("a\ud800b") == "ab"
    assert text.name("王" * 64) == "王" * 64


@pytest.mark.parametrize("typed", ["", "   ", "\x00", "王" * 65, "x" * 5000])
def test_a_name_that_is_empty_or_too_long_is_refused(typed):
    with pytest.raises(Refused):
        text.name(typed)


def test_a_remark_has_at_most_500_characters():
    assert text.remark("") == ""
    assert len(text.remark("注" * 500)) == 500
    with pytest.raises(Refused, match="501"):
        text.remark("注" * 501)


def test_lookup_keys_know_neither_width_nor_case_nor_accents_nor_dots():
    assert text.key("Ｏ'Brien") == "obrien"
    assert text.key("Maria Gonçalves") == "mariagoncalves"
    assert text.key("阿依古丽·买买提") == text.key("阿依古丽•买买提") == "阿依古丽买买提"


@pytest.mark.parametrize(
    ("name", "initials", "full"),
    [
        ("王建国", "wjg", "wangjianguo"),
        ("单小明", "sxm", "shanxiaoming"),
        ("曾国藩", "zgf", "zengguofan"),
        ("解缙", "xj", "xiejin"),
        ("仇英", "qy", "qiuying"),
        ("查理", "zl", "zhali"),
        ("欧阳霞平", "oyxp", "ouyangxiaping"),
        ("尉迟恭", "ycg", "yuchigong"),
        ("吕布", "lb", "lvbu"),
        ("Maria Gonçalves", "mg", "mariagoncalves"),
        ("SMITH, Anna-Louise", "sal", "smithannalouise"),
        ("😀", "", ""),
        ("𠮷野", "y", "ye"),
    ],
)
def test_surnames_are_read_as_surnames(name, initials, full):
    assert (text.initials(name), text.full_pinyin(name)) == (initials, full)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("138 0013 8000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("020-85551234", "020-85551234"),
        ("85551234", "85551234"),
        ("400-800-1234", "400-800-1234"),
        ("+852 9123 4567", "+85291234567"),
    ],
)
def test_phones_are_kept_in_one_form(typed, kept):
    assert text.phone(typed) == kept


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("1380013800", "10 digits"),
        ("19900000001 / 19900000002", "two phones"),
        ("1.38E+10", "scientific"),
        ("无", "0 digits"),
        ("1380013800②", "10 digits"),
        ("٠١٢٣٤٥٦٧٨٩٠", "0 digits"),
    ],
)
def test_a_phone_that_is_none_is_refused_with_the_reason(typed, says):
    with pytest.raises(Refused, match=says) as no:
        text.phone(typed)
    assert not any(part.isdigit() and len(part) > 2 for part in str(no.value).split()), "a refusal shows no phone"


@pytest.mark.parametrize(
    "number", ["440106200203157342", "44010619660220774x", "440106900220001", "E12345678", "91440101MA59ABCD1X"]
)
def test_ids_of_18_or_15_digits_passports_and_firms_codes_are_taken(number):
    assert text.identity(number) == number.upper()


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("440106199002300011", "birth date"),
        ("440106209902280011", "birth date"),
        ("440106900230001", "birth date"),
        ("440106200203157343", "last character"),
        ("4.40106E+17", "scientific"),
        ("44010620020315", "14 characters"),
    ],
)
def test_an_id_that_cannot_be_is_refused_with_the_reason(number, says):
    with pytest.raises(Refused, match=says):
        text.identity(number)


@given(st.integers(0, 10**17 - 1))
def test_one_wrong_digit_of_an_id_never_passes(number):
    body = f"{number:017d}"
    check = text.id_check(body)
    for at in range(17):
        other = body[:at] + str((int(body[at]) + 1) % 10) + body[at + 1 :]
        assert text.id_check(other) != check


def test_an_id_carries_its_birth_date():
    assert text.birth_date("440106200203157342") == date(2002, 3, 15)
    assert text.birth_date("440106900220001") == date(1990, 2, 20)
    assert text.birth_date("E12345678") is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("粤a·12345", "粤A12345"), ("粤AD25050", "粤AD25050"), ("粤Z1234港", "粤Z1234港"), ("使014578", "使014578")],
)
def test_plates_are_kept_in_one_form(typed, kept):
    assert text.plate(typed) == kept


@pytest.mark.parametrize("typed", ["粤A", "A12345", "粤A1234", "粤A1234567", "粤AIO123", "月A12345"])
def test_an_incomplete_plate_is_refused(typed):
    with pytest.raises(Refused, match="not complete"):
        text.plate(typed)


@pytest.mark.parametrize(
    "typed",
    ["2020-6-1", "2020/06/01", "2020.6.1", "2020年6月1日", "20200601", "２０２０－６－１", "2020-06-01 00:00:00"],
)
def test_days_are_read_as_people_write_them(typed):
    assert text.day(typed) == date(2020, 6, 1)


@pytest.mark.parametrize("typed", ["2020-02-30", "2020-13-01", "44356", "", "01/02/2020", "昨天"])
def test_a_day_that_is_none_is_refused(typed):
    with pytest.raises(Refused, match="no date"):
        text.day(typed)


def test_masks_show_three_and_four_digits_of_a_phone_and_the_ends_of_an_id():
    assert text.mask_phone("13812341234") == "138****1234"
    assert text.mask_phone("85551234") == "85****34"
    assert text.mask_phone("") == text.mask_phone(None) == ""
    assert text.mask_id("440106200203157342") == "4" + "*" * 16 + "2"
    assert text.mask_id("E1") == "**"
    assert text.mask_id(None) == ""


@given(st.text(max_size=40))
def test_no_text_breaks_the_readers(typed):
    rooms.read(typed)
    text.key(typed)
    text.clean(typed)
    text.syllables(typed)
    for reader in (text.phone, text.identity, text.plate, text.day, text.name):
        try:
            reader(typed)
        except Refused as no:
            str(no)


def test_buildings_entrances_and_rooms_are_kept_without_their_words():
    assert [rooms.number(part) for part in ("3栋", "03", "十二号楼", "a座", "2单元", "门")] == [
        "3",
        "3",
        "12",
        "A",
        "2",
        "门",
    ]
    assert [rooms.door(part) for part in ("1101室", "商铺０１", "1101", "b12房", "库房")] == [
        "1101",
        "商铺01",
        "1101",
        "B12",
        "库房",
    ]
