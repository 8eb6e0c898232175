"""Lists are known by their headers; what is not data is left out; nothing is taken for something else."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from app.base.refusal import Refused
from app.base.rooms import Room
from app.procedures.running.imports import child, files
from app.procedures.running.imports.checking import check
from app.procedures.running.imports.forms import Known, Problem

sys.path.insert(0, str(Path(__file__).parent))
import sheets
from sheets import ARREARS, ASSETS, ESTATE, book, changed

LISTS = Path(__file__).parents[2] / "data"  # made-up lists of a real-scale estate


def look(content, known=None):
    return check(files.read(content, "list.xlsx"), known or Known(), check_rooms=known is not None)


def named(report):
    return {f"{problem.sheet}!{problem.cell}" for problem in report.problems}


def listed(name):
    return (LISTS / name).read_bytes()


def test_the_dirty_estate_gives_exactly_the_cells_that_are_expected():
    lines = [line.split("\t") for line in listed("estate-dirty.expected.tsv").decode().splitlines()[1:]]
    wanted = {f"{line[0]}!{line[1]}" for line in lines if len(line) > 2 and line[2].strip()}
    report = look(listed("estate-dirty.xlsx"))
    assert named(report) == wanted
    assert len(report.problems) == len(wanted)


def test_the_estate_and_its_arrears_have_no_problems():
    estate = look(listed("estate.xlsx"))
    assert not estate.problems
    assert not estate.left_out
    assert (len(estate.contents.people), len(estate.contents.homes), len(estate.contents.spaces)) == (2205, 1144, 420)
    arrears = look(listed("arrears-2026-11.xlsx"))
    assert not arrears.problems
    assert len(arrears.contents.owed) == 269


def test_lists_of_payments_and_of_readings_are_not_taken_for_arrears():
    for name in ("payments-2026Q3.xlsx", "meter-readings-2026-10.xlsx"):
        report = look(listed(name))
        assert report.contents.kind == "unknown"
        assert report.problems


def test_the_migration_workbook_becomes_facts():
    found = look(book(ESTATE)).contents
    assert found.kind == "estate"
    wang, li, zhang, chen = found.people
    assert (wang.group, wang.kind, wang.phone, wang.identity) == ("1", "owner", "13800138001", "440106197603150014")
    assert (li.kind, li.group) == ("family", "1")
    assert (zhang.kind, zhang.phone, zhang.identity) == ("tenant", None, None), "placeholders mean: not known"
    assert (chen.phone, chen.identity) == (None, None)
    first, _, shop, empty = found.homes
    assert first.room == Room("1", "1", "101")
    assert (first.area, first.inner_area, first.layout) == (11890, 9750, "")
    assert first.fees == (("1", date(2021, 6, 10)), ("4", date(2021, 6, 10)))
    assert (str(shop.room), shop.use, shop.fees) == ("1-0-商铺01", 120, (("1", date(2021, 6, 10)),))
    assert (empty.group, empty.fees, empty.layout) == ("", (), "三室")
    fee, fixed = found.fees
    assert (fee.formula, fee.unit_price, fee.fixed, fee.prepaid) == ("area", 22000, 0, True)
    assert (fixed.formula, fixed.fixed, fixed.prepaid) == ("fixed", 1000, False)
    nobody, leased, sold = found.spaces
    assert (nobody.group, nobody.plate, nobody.hold) == ("", "", "")
    assert (leased.plate, leased.hold, leased.vehicle, leased.end) == ("粤A12345", "leased", "car", date(2026, 12, 31))
    assert (sold.hold, sold.end) == ("sold", None), "the end of a sold space means nothing, even before its start"


def test_columns_are_found_by_their_headers_not_their_places():
    turned = {name: [row[::-1] for row in rows] for name, rows in ESTATE.items()}
    assert look(book(turned)).contents == look(book(ESTATE)).contents


def test_sheets_are_found_by_their_headers_not_their_names():
    renamed = {f"表{n}": rows for n, rows in enumerate(reversed(ESTATE.values()))}
    assert look(book(renamed)).contents == look(book(ESTATE)).contents


def test_headers_may_carry_stars_blanks_and_explanations_and_stand_under_a_title():
    dressed = changed(ESTATE, 业主信息_B1="* 业主 名称（必填）", 业主信息_G1="业主类型(1001业主)")
    dressed["业主信息"].insert(0, ["翠湖花园业主一览"])
    assert look(book(dressed)).contents.people == look(book(ESTATE)).contents.people


def test_side_notes_right_of_the_data_are_left_out():
    noted = changed(
        ESTATE,
        业主信息_J1="说明",
        业主信息_K1="手机号",
        业主信息_J3="业主类型",
        房屋信息_N4="说明",
        房屋信息_N5="房屋编号",
    )
    report = look(book(noted))
    assert not report.problems
    assert not report.left_out
    assert report.contents == look(book(ESTATE)).contents


def test_a_remark_that_reads_like_a_note_is_data():
    report = look(book(changed(ARREARS, 欠费_G2="说明")))
    assert report.contents.owed[0].remark == "说明"


def test_columns_nobody_reads_are_named_not_dropped_silently():
    report = look(book(changed(ESTATE, 业主信息_I1="爱好", 业主信息_I2="钓鱼")))
    assert report.left_out == (("业主信息", "爱好"),)
    extra = ESTATE | {"备忘": [["电话本"], ["x"]]}
    assert look(book(extra)).left_out == (("备忘", ""),)


def test_older_files_lack_columns():
    old = {name: [list(row) for row in rows] for name, rows in ESTATE.items()}
    old["业主信息"] = [
        ["业主编号", "业主名称", "性别", "年龄", "手机号", "身份证号"],
        [1, "王建国", "男", 50, 13800138001, ""],
        [2, "陈主", "女", 61, "", ""],
    ]
    old["房屋信息"] = [row[:7] for row in old["房屋信息"]]
    old["车位信息"] = [row[:10] for row in old["车位信息"]]
    report = look(book(old))
    assert not report.problems
    assert {person.kind for person in report.contents.people} == {"owner"}
    assert report.contents.homes[0].fees == ()
    assert (report.contents.homes[0].use, report.contents.spaces[1].hold, report.contents.spaces[1].start) == (
        None,
        "leased",
        None,
    )


def test_the_asset_list_has_further_persons_on_repeated_rows():
    found = look(book(ASSETS)).contents
    assert found.kind == "assets"
    assert [str(home.room) for home in found.homes] == ["1-1-101", "1-1-102", "1-1-103"]
    assert [(person.group, person.name, person.kind) for person in found.people] == [
        ("1-1-101", "王建国", "owner"),
        ("1-1-101", "李芳", "family"),
        ("1-1-102", "王建国", "owner"),
        ("1-1-102", "张租", "tenant"),
    ]
    assert (found.homes[1].rent, found.homes[1].state, found.homes[2].state) == (120050, 2006, 2002)
    assert found.entrances[0].floors == 18


def test_an_asset_list_may_write_its_rooms_in_words():
    worded = changed(ASSETS, 资产信息_A2="1栋", 资产信息_B2="1单元", 资产信息_C2="101室")
    assert look(book(worded)).contents == look(book(ASSETS)).contents


def test_the_rows_of_one_room_must_agree_and_name_each_person_once():
    report = look(book(changed(ASSETS, 资产信息_I3=91)))
    assert named(report) == {"资产信息!I3"}
    twice = changed(ASSETS)
    twice["资产信息"].append(list(twice["资产信息"][1]))
    assert named(look(book(twice))) == {"资产信息!M7"}
    assert named(look(book(changed(ASSETS, 资产信息_M3="")))) == {"资产信息!M3"}


def test_arrears_become_charges_of_a_period():
    first, second, shop = look(book(ARREARS)).contents.owed
    assert (str(first.room), first.fen, first.start, first.end) == (
        "1-1-101",
        26158,
        date(2026, 9, 1),
        date(2026, 10, 1),
    )
    assert str(second.room) == "1-1-101"
    assert (str(shop.room), shop.fen) == ("1-0-商铺01", 1000)


@pytest.mark.parametrize("amount", ["５０．５", "50.50", 50.5, ("=50+0.5", 50.5), 50.500000000000004])
def test_an_amount_is_read_whatever_its_width_or_origin(amount):
    assert look(book(changed(ARREARS, 欠费_F2=amount))).contents.owed[0].fen == 5050


@pytest.mark.parametrize("amount", ["1,200", "¥50", "1e3", "٥٠", "②", "50.005", "NaN", "五十", True])
def test_an_amount_that_could_be_read_differently_is_named(amount):
    assert named(look(book(changed(ARREARS, 欠费_F2=amount)))) == {"欠费!F2"}


def test_formula_cells_are_their_value():
    report = look(book(changed(ESTATE, 业主信息_B2=('="王"&"建国"', "王建国"), 房屋信息_F2=("=100+18.9", 118.9))))
    assert report.contents == look(book(ESTATE)).contents


def test_dates_may_be_cells_of_dates_or_texts():
    report = look(book(changed(ARREARS, 欠费_D2=datetime(2026, 9, 1), 欠费_E2="2026年10月1日")))
    assert report.contents.owed[0].start == date(2026, 9, 1)
    assert named(look(book(changed(ARREARS, 欠费_D2=46266)))) == {"欠费!D2"}, "a bare number is no date"


def test_the_placeholder_id_may_have_been_typed_as_a_number():
    report = look(book(changed(ESTATE, 业主信息_F2=111111111111111111)))
    assert report.contents.people[0].identity is None


def test_hidden_rows_count_like_others_and_blank_rows_do_not():
    def hide(made):
        made.get_worksheet_by_name("业主信息").set_row(2, None, None, {"hidden": True})

    sparse = changed(ESTATE)
    sparse["业主信息"][3:3] = [[], ["   "]]
    assert len(look(book(sparse, hide)).contents.people) == 4


def test_names_stay_as_they_are_typed():
    odd = ["<script>alert(1)</script>", "{{7*7}}", "=HYPERLINK(1)", "𠮷野家", "👨‍👩‍👧", "O'Brien", "阿依古丽·买买提"]
    for name in odd:
        assert look(book(changed(ESTATE, 业主信息_B2=name))).contents.people[0].name == name
    assert look(book(changed(ESTATE, 业主信息_B2="王\u202e建国"))).contents.people[0].name == "王建国"


def test_what_the_books_hold_already_may_be_built_upon_but_not_repeated():
    known = Known(
        frozenset({("1", "1")}), frozenset({"1"}), frozenset({"1"}), frozenset({"1-1-101"}), frozenset({("1", "B0001")})
    )
    known = replace(known, identities={"440106197803150027": "李方"})
    assert named(look(book(ESTATE), known)) == {
        "楼栋单元!B2",
        "费用设置!A2",
        "房屋信息!A2",
        "车位信息!B2",
        "业主信息!F3",
    }
    more = {"房屋信息": [ESTATE["房屋信息"][0], [105, 1, 1, 1, "", 80, 1, "1", "2026-01-01", 110, 70, 0]]}
    assert not look(book(more), known).problems


def test_a_cell_is_named_as_excel_names_it():
    assert Problem("s", 7, 28, "x").cell == "AB7"
    assert str(Problem("业主信息", 3, 5, "n is {n}", {"n": 1})) == "业主信息!E3: n is 1"


def test_a_room_of_an_asset_list_that_is_in_the_books_is_named():
    assert named(look(book(ASSETS), Known(rooms=frozenset({"1-1-103"})))) == {"资产信息!C6"}


def _with_rows(content: bytes, rows: bytes) -> bytes:
    """The workbook with raw rows put behind its first sheet's."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            part = old.read(member)
            if member.filename == "xl/worksheets/sheet1.xml":
                part = part.replace(b"</sheetData>", rows + b"</sheetData>")
            new.writestr(member, part)
    return out.getvalue()


def test_a_million_empty_rows_are_taken_calmly():
    empty = b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (n, n) for n in range(5, 1_048_577))
    report = look(_with_rows(book(ARREARS), empty))
    assert not report.problems
    assert len(report.contents.owed) == 3


def test_a_stray_blank_in_the_last_row_is_taken_calmly():
    stray = b'<row r="1048576"><c r="A1048576" t="inlineStr"><is><t xml:space="preserve"> </t></is></c></row>'
    assert len(look(_with_rows(book(ARREARS), stray)).contents.owed) == 3


def test_a_stray_cell_in_the_last_corner_is_refused_not_endured():
    stray = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    with pytest.raises(Refused, match="damaged, protected or too big"):
        look(_with_rows(book(ARREARS), stray))


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(files, "ROWS_MOST", 2)
    with pytest.raises(Refused, match="more than 2 rows"):
        look(book(ARREARS))


def test_a_file_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(files, "SECONDS_MOST", 0.001)
    with pytest.raises(Refused, match="too long"):
        look(book(ARREARS))


def test_a_protected_file_is_refused():
    with pytest.raises(Refused, match="password"):
        look(sheets.compound(bytes(4096), "EncryptedPackage"))
    with pytest.raises(Refused, match="protected"):
        look(sheets.old_book("欠费", [["a"]], password=True))


def test_a_workbook_of_excel_97_is_read_also_when_it_was_renamed():
    ((name, rows),) = ARREARS.items()
    content = sheets.old_book(name, rows)
    assert files.read(content, "欠费.xlsx").sheets[0].name == "欠费"
    assert look(content).contents == look(book(ARREARS)).contents


def test_the_extension_does_not_matter_the_content_does():
    assert files.read(book(ARREARS), "欠费.xls").sheets[0].name == "欠费"


def test_the_reader_reads_the_same_in_this_process():
    """What runs apart from the desk, run here: rows, dates, broken cells, merges, limits."""

    def more(made):
        sheet = made.get_worksheet_by_name("表")
        sheet.merge_range("C6:D7", "m")
        sheet.write_formula("F2", "=1/0", None, "#DIV/0!")
        sheet.write_datetime("C3", datetime(2026, 1, 2, 3, 4), made.add_format({"num_format": "yyyy-mm-dd hh:mm"}))

    content = book({"表": [[], ["", "", "b"], ["", "", ""], ["", "", True], ["", "", datetime(2026, 1, 2)]]}, more)
    (sheet,) = child.sheets(content, 100)
    rows = dict(sheet["rows"])
    assert rows[2] == ["", "", "b", "", "", {"error": True}]
    assert rows[3][2] == "2026-01-02 03:04:00"
    assert rows[4][2] is True
    assert rows[5][2] == {"day": "2026-01-02"}
    assert sheet["merged"] == [[6, 3, 7, 4]]
    with pytest.raises(child.TooManyRows):
        list(child.sheets(content, 2))


def test_the_reader_answers_in_lines_and_codes(monkeypatch, capsys):
    limits = []
    monkeypatch.setattr(child.resource, "setrlimit", lambda what, most: limits.append(most))
    assert child.main(io.BytesIO(book(ARREARS)), 2**30, 100) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "欠费"
    assert child.main(io.BytesIO(book(ARREARS)), 2**30, 1) == child.TOO_MANY_ROWS
    assert (2**30, 2**30) in limits
