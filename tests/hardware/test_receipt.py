"""Papers: ReceiptLine in, printer bytes, dots, pictures and lines out."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hardware.receipt import MarkupError, cells, escape, render
from hardware.receipt.code128 import decode, modules, payload
from hardware.receipt.model import gbk
from hardware.receipt.realtime import broken, holds_command
from tests.hardware.receipt_peers import needs_node, needs_zbar, ours, receiptline, samples, zbar

RECEIPT = """翠湖花园物业服务有限公司
^^^收 据
{width:8,*}
编号 |SJ-2026-000413
---
{width:*,20}
现金 | 500.00
合计 | ^￥767.82
{code:10202600041327; option:code128,2,64,hri}
"""


def test_a_receipt_reads_as_it_was_laid_out():
    assert render(RECEIPT).text() == (
        "    翠湖花园物业服务有限公司\n"
        "           收    据\n"
        "编号     SJ-2026-000413\n"
        "--------------------------------\n"
        "现金                      500.00\n"
        "合计            ￥  7 6 7 . 8 2\n"
        "<code128 10202600041327>\n"
        "\n"
    )


@needs_node
def test_receiptline_lays_our_papers_out_the_same():
    cases = [(document, columns) for document in samples() for columns in (32, 48)]
    theirs = receiptline(cases)
    assert len(cases) >= 8
    for (document, columns), lines in zip(cases, theirs, strict=True):
        assert ours(render(document, columns).text()) == lines


PIECES = st.sampled_from(
    [
        "物业费",
        "a",
        "12.50",
        " ",
        "  ",
        "|",
        " | ",
        "|| ",
        "^",
        "^^^",
        "_",
        '"',
        "`",
        "~",
        "\\|",
        "\\\\",
        "\\_",
        "\\n",
        "张三",
    ]
)
LINES = st.one_of(
    st.lists(PIECES, max_size=8).map("".join),
    st.sampled_from(
        ["---", "{width:8,*}", "{width:*}", "{width:*,10}", "{width:auto}", "{border:line; width:4,*,6}", "{border:space}",
         "{border:none}", "{text:nowrap}", "{text:wrap}", "{align:left; width:10}", "{align:right}", "{width:20,20,20}", "{width:0,*}"]
    ),
)  # fmt: skip


@needs_node
def test_receiptline_lays_any_document_out_the_same(times):
    documents: list[str] = []

    @given(st.lists(LINES, min_size=1, max_size=8).map("\n".join))
    def collect(document: str) -> None:
        documents.append(document)

    collect()
    cases = [(document, columns) for document in documents for columns in (32, 48)]
    different = []
    for (document, columns), lines in zip(cases, receiptline(cases), strict=True):
        if ours(render(document, columns).text()) != lines:
            different.append((document, columns, lines, ours(render(document, columns).text())))
    assert not different, min(different, key=lambda case: len(case[0]))


@given(st.text(max_size=40))
@example("{code:1}")
@example("^^^收据")
@example("---")
@example("====")
@example('a|b\\n_x_~"`')
@example("\x1bp\x00\x19\xfa")
@example("\u202e倒着\u200f")
def test_what_somebody_typed_prints_as_typed(typed):
    shown = render(f"|{escape(typed)}", 48)
    expected = re.sub(r"\s", " ", typed)
    printed = "".join(piece.text for part in shown.parts for piece in part.pieces)
    assert len(shown.parts) >= 1
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", printed)
    if expected.isascii() and expected.isprintable():
        assert printed == expected
    job = shown.native()
    inside = job.removeprefix(b"\x1b@\x1c&").removesuffix(b"\x1bd\x04\x1dVB\x00")
    assert not re.search(rb"[\x00-\x09\x0b-\x1f]", inside), "no command can come from a text"


def test_the_yuan_sign_is_the_full_width_one_and_what_gbk_lacks_is_a_geta():
    job = render("|¥5 𠮷🙂").native()
    assert "￥5 〓〓".encode("gbk") in job


def test_a_four_byte_code_never_reaches_the_printer():
    for point in (*range(0x3400, 0x3500), *range(0x20000, 0x20100)):
        assert all(len(gbk(char) or b"12") <= 2 for char in chr(point))


def test_a_character_is_as_wide_as_its_bytes():
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            try:
                char = bytes([lead, trail]).decode("gbk")
            except UnicodeDecodeError:
                continue
            assert cells(char) == 2
    assert all(cells(chr(point)) == 1 for point in range(0x20, 0x7F))


@pytest.mark.parametrize("wrong", ["a { b", "{colour:red}", "{border:dotted}", "{code:1; option:ean}", "{width}"])
def test_a_mistake_in_a_paper_is_an_error_and_not_a_gap(wrong):
    with pytest.raises(MarkupError):
        render(wrong)


def test_digits_go_out_in_set_c_unless_they_would_be_a_real_time_command():
    assert payload("10202600041327") == b"{C\x0a\x14\x1a\x00\x04\x0d\x1b"
    assert payload("10160426000413")[:2] == b"{B", "16 04 is DLE EOT"
    assert payload("123") == b"{B123"
    assert not holds_command(payload("10160426000413"))
    for data in ("10202600041327", "10160426000413", "FX-0231", "a{b"):
        assert decode(payload(data)) == data


@pytest.mark.parametrize("data", ["10202600041327", "30202600000188", "ABC-12", "7"])
def test_our_bars_are_the_bars_of_python_barcode(data):
    from barcode.codex import Code128

    ours_, theirs = modules(payload(data)), Code128(data).build()[0]
    if data.isdecimal() and len(data) > 2:
        assert ours_ == theirs
    else:
        assert len(ours_) >= len(theirs)


def test_python_escpos_builds_the_same_commands():
    from escpos.printer import Dummy

    theirs = Dummy()
    theirs.qr("http://desk.lan/g/20202600023145", native=True, size=4, ec=1)
    job = render("{code:http://desk.lan/g/20202600023145; option:qrcode,4,m}").native()
    for function in (b"\x1d(k\x04\x001A2\x00", b"\x1d(k\x03\x001C\x04", b"\x1d(k\x03\x001E1", b"\x1d(k\x03\x001Q0"):
        assert function in job
        assert function in theirs.output
    assert b"1P0http://desk.lan/g/20202600023145" in theirs.output
    bars = Dummy()
    bars.barcode(
        "{C" + "".join(map(chr, (10, 20, 26, 0, 4, 13, 27))),
        "CODE128",
        height=64,
        width=2,
        pos="BELOW",
        function_type="B",
    )
    assert b"\x1dkI\x09{C\x0a\x14\x1a\x00\x04\x0d\x1b" in bars.output
    assert b"\x1dkI\x09{C\x0a\x14\x1a\x00\x04\x0d\x1b" in render(RECEIPT).native()


@needs_zbar
def test_other_software_reads_the_codes_on_a_paper(tmp_path):
    paper = render(RECEIPT + "{code:http://desk.lan/g/20202600023145; option:qrcode,4,m}\n")
    assert sorted(zbar(paper.png(), tmp_path)) == [
        "CODE-128:10202600041327",
        "QR-Code:http://desk.lan/g/20202600023145",
    ]
    in_set_b = render("{code:10160426000413; option:code128,2,64}")
    assert zbar(in_set_b.png(), tmp_path) == ["CODE-128:10160426000413"]


def test_a_receipt_on_58_mm_stays_under_a_kilobyte_as_text():
    assert len(render(RECEIPT).native()) < 1000 < len(render(RECEIPT).raster())


def test_dots_never_hold_a_real_time_command():
    data = bytes(range(256)) + b"\x10\x04\x01\x10\x10\x05\x10\x14" * 20
    assert holds_command(data)
    assert not holds_command(broken(data))
    assert len(broken(data)) == len(data)


def test_a_paper_with_a_rare_name_goes_out_in_dots_when_the_setting_says_so():
    paper = render("|𠮷田")
    assert not paper.fits()
    assert paper.job() == paper.native()
    assert paper.job(raster_when_needed=True) == paper.raster()
    assert render("|吉田").job(raster_when_needed=True) == render("|吉田").native()
