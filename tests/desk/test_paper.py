"""Papers: what a deed kept of itself, as lines people can read. Goldens stand in tests/golden/papers."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from app.desk.papers import paper
from hardware.receipt import render
from tests.hardware.receipt_peers import needs_node, needs_zbar, ours, receiptline, zbar

GOLDEN = Path(__file__).parents[1] / "golden" / "papers"
RECEIPT = {
    "company": "翠湖花园物业服务有限公司", "centre": "业主服务中心", "title": "收 据", "kind": "receipt", "number": "SJ-2026-000413",
    "code": "10202600041326", "time": "2026-11-22 10:42", "room": "3-2-1101", "payer": "李*",
    "items": [
        {"text": "物业服务费 2026-09 至 11", "expression": "228.18×3月", "amount": "684.54"},
        {"text": "生活垃圾处理费 2026-09 至 11", "expression": "10.00×3月", "amount": "30.00"},
        {"text": "水费 2026-10", "expression": "(1284-1266)×2.96", "amount": "53.28"},
    ],
    "total": "767.82", "capitals": "柒佰陆拾柒元捌角贰分",
    "tenders": [{"name": "现金", "amount": "500.00"}, {"name": "微信 尾号8841", "amount": "267.82"}],
    "change": "0.00", "clerk": "陈静", "check": "7f3a91c2", "of": "", "reason": "", "payee": "", "extra": {},
}  # fmt: skip
TOP_UP = RECEIPT | {
    "items": [{"text": "水卡购水", "expression": "15.00 吨×2.96", "amount": "44.40"}], "total": "44.40", "capitals": "肆拾肆元肆角整",
    "tenders": [{"name": "现金", "amount": "50.00"}], "change": "5.60",
    "extra": {
        "title": "水卡充值 第 7 次",
        "lines": [["购水量", "15.00 吨"], ["单价 2.96", "44.40"], ["查卡核对", "15.00 吨"]],
        "remarks": ["表内剩 2 吨时自动停水；将卡再插入表槽约 1 分钟，可用剩余 2 吨。"],
    },
}  # fmt: skip
REFUND = RECEIPT | {
    "title": "退款单", "kind": "refund", "number": "SJ-2026-000414", "of": "SJ-2026-000413", "reason": "重复收取", "payee": "李伟", "change": "",
    "items": [{"text": "水费 2026-10", "expression": "", "amount": "-53.28"}], "total": "-53.28", "capitals": "负伍拾叁元贰角捌分",
    "tenders": [{"name": "现金", "amount": "-53.28"}],
}  # fmt: skip
SLIP = {
    "valid": "当日有效", "date": "2026-11-22 11:05", "unit": "5-1-302", "applicant": "张敏（租户）证件 4****************1",
    "consent": "电话 139****6677  11:02  王敏拨打", "seal": "",
    "items": [[1, "双开门冰箱", 1, "台"], [2, "餐椅", 4, "把"], [3, "纸箱（衣物）", 6, "箱"]], "total": "共 3 项 11 件",
    "handler": "王敏", "signs": {"applicant": ""}, "owner_pending": True, "owner_applies": False, "link": "http://desk.lan/g/20202600023145",
}  # fmt: skip
KEY = {
    "centre": "翠湖花园业主服务中心", "key": "0231 水泵房（挂钩 A07）", "holder": "王海 工程部", "checked": "", "purpose": "水泵房巡检",
    "since": "2026-11-22 10:05", "until": "2026-11-22 18:30 前", "internal": True, "terms": "", "clerk": "安娜",
}  # fmt: skip
LETTER = {
    "centre": "翠湖花园业主服务中心", "number": "TG-2026-000007", "at": "2026-11-22 09:30", "unit": "3-2-1101", "owner": "李伟",
    "phone": "138****1234", "kind": "整改钥匙", "reason": "厨房漏水整改", "seal": "F0031", "review": "2026-12-01",
    "keys": [["0301", "入户门", "2 把"], ["0302", "阳台门", "1 把"]], "pieces": 3, "clerk": "安娜",
}  # fmt: skip
WATER = {
    "company": "翠湖花园物业服务有限公司", "centre": "业主服务中心", "title": "水卡补卡单", "number": "水卡补卡单 12", "time": "2026-11-22 15:20",
    "room": "3-2-1101", "clerk": "安娜", "lines": [["原卡号", "04A1B2C3"], ["新卡剩余", "12.00 吨"]], "remarks": ["已查表。"],
    "signatures": ["用户签名"], "signed": "paper",
}  # fmt: skip
PAPERS = {
    "receipt": ("receipt", RECEIPT, 32, "客户联"),
    "top_up": ("receipt", TOP_UP, 32, "客户联"),
    "refund": ("receipt", REFUND, 32, "存根联"),
    "release_slip": ("release_slip", SLIP, 48, "门岗联"),
    "release_slip_narrow": ("release_slip", SLIP, 32, "门岗联"),
    "key_slip": ("key_slip", KEY, 32, "存根联"),
    "key_label": ("key_label", {"number": "0231", "code": "30202600000165", "centre": "业主服务中心"}, 32, ""),
    "badge_label": ("badge_label", {"name": "王海", "code": "40202600000153", "centre": "业主服务中心"}, 32, ""),
    "custody_letter": ("custody_letter", LETTER, 32, "业主联"),
    "water_slip": ("water_slip", WATER, 32, "存根联"),
    "self_test": ("self_test", {"printer": "receipt", "time": "2026-11-22 08:00"}, 32, ""),
}


def made(name: str, **changes: object) -> str:
    template, facts, _, copy = PAPERS[name]
    number = str(facts.get("number", "FX-2026-000231"))
    return paper.document(template, facts | changes, number=number, copy=copy)


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_reads_as_its_golden(books, name):
    text = render(made(name), PAPERS[name][2]).text()
    golden = GOLDEN / f"{name}.txt"
    if not golden.exists():
        golden.write_text(text, "utf-8")
        pytest.fail(f"{golden.name} was written: read it, and keep it if it is right")
    assert text == golden.read_text("utf-8")


@needs_node
def test_receiptline_lays_every_paper_out_the_same(books):
    cases = [(made(name), columns) for name, (_, _, columns, _) in PAPERS.items()]
    for (document, columns), lines in zip(cases, receiptline(cases), strict=True):
        assert ours(render(document, columns).text()) == lines


@needs_zbar
def test_the_codes_on_the_papers_are_read_by_other_software(books, tmp_path):
    assert zbar(render(made("receipt"), 32).png(), tmp_path) == ["CODE-128:10202600041326"]
    assert zbar(render(made("key_label"), 32).png(), tmp_path) == ["CODE-128:30202600000165"]
    assert zbar(render(made("badge_label"), 32).png(), tmp_path) == ["CODE-128:40202600000153"]
    assert zbar(render(made("release_slip"), 48).png(), tmp_path) == ["QR-Code:http://desk.lan/g/20202600023145"]


@pytest.mark.parametrize(
    "typed",
    ["{code:1}", "^^^", "a|b", "---", "李\x1bp\x00伟", '_x_ "y" `z` ~', "\\n", "{{ 7*7 }}", "=====", "<script>"],
)
def test_what_people_typed_prints_as_typed_on_every_paper(books, typed):
    cleaned = "".join(c for c in typed if c.isprintable())
    shown = render(made("receipt", payer=typed, reason=typed), 48).text()
    assert f"交款人   {cleaned}" in shown
    assert f"原因：{cleaned}" in shown
    slip = render(made("release_slip", items=[[1, typed, 1, "台"]]), 48).text()
    assert f"|{cleaned}" in slip
    assert b"\x1bp" not in render(made("receipt", payer=typed), 48).native()


def test_a_demo_marks_its_papers_and_a_reprint_says_who_and_when(books, monkeypatch):
    assert "演示" not in made("receipt")
    monkeypatch.setattr("app.desk.record.demo.is_on", lambda: True)
    again = paper.document("receipt", RECEIPT, copy="客户联", reprint=2, at="2026-11-22 16:00", by="陈静")
    lines = [line.strip() for line in render(again, 32).text().splitlines()]
    at = lines.index("【客户联】")
    assert lines[at : at + 4] == ["【客户联】", "【演示】", "【补打 第 2 次】", "2026-11-22 16:00 陈静"]


@pytest.mark.parametrize("path", sorted(paper.TEMPLATES.glob("*.receipt")), ids=lambda path: path.stem)
def test_every_paper_is_marked_in_a_demo(path):
    assert "marks.part" in path.read_text("utf-8") or "【演示】" in path.read_text("utf-8")


def test_a_paper_that_misses_a_fact_is_an_error_and_not_a_gap(books):
    with pytest.raises(UndefinedError):
        paper.document("receipt", {key: value for key, value in RECEIPT.items() if key != "total"})


def test_only_our_own_digits_become_a_code(books):
    with pytest.raises(ValueError, match="not a code"):
        made("receipt", code="1}{align:left")
    with pytest.raises(ValueError, match="not an address"):
        made("release_slip", link="http://desk.lan/g/1;x")


def test_a_large_total_is_not_broken_over_two_lines(books):
    assert "￥1,234,567.89" in render(made("receipt", total="1,234,567.89"), 32).text()
