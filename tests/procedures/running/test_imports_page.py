"""The import page: choose, see what is wrong, put it into the books."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from app.base.refusal import Refused
from app.desk.homes.households import Unit
from app.procedures.running import imports
from app.procedures.running.imports import waiting

sys.path.insert(0, str(Path(__file__).parent))
from sheets import ARREARS, ESTATE, book, changed


@pytest.fixture
def send(desk, cast, htmx):
    def post(content, name="list.xlsx", who=cast.mia, headers=htmx):
        data = {"_key": desk.key(), "file": (io.BytesIO(content), name)}
        return desk.client(who).post("/running/imports/check", data=data, headers=headers)

    return post


@pytest.fixture
def confirm(desk, cast, htmx):
    def post(sha256, key=None):
        data = {"_key": key or desk.key(), "sha256": sha256}
        return desk.client(cast.mia).post("/running/imports/write", data=data, headers=htmx)

    return post


def test_a_good_file_is_shown_then_written_when_the_clerk_says_so(send, confirm, desk, cast):
    content = book(ESTATE)
    html = send(content).text
    assert "未发现问题" in html
    assert Unit.select().count() == 0
    sha256 = imports.read(content, "x").sha256
    assert sha256 in html
    key = desk.key()
    assert confirm(sha256, key).status_code == 200
    assert Unit.select().count() == 4
    assert confirm(sha256, key).status_code == 200, "a second click does nothing and says the same"
    assert Unit.select().count() == 4
    assert "list.xlsx" in desk.client(cast.mia).get("/running/imports/").text


def test_a_bad_file_is_shown_by_cell_and_cannot_be_confirmed(send, confirm):
    content = book(changed(ESTATE, 业主信息_E2="138", 业主信息_I1="爱好"))
    html = send(content).text
    assert "业主信息!E2" in html
    assert "电话只有 3 位数字" in html
    assert "未读取：业主信息!爱好" in html
    assert confirm(imports.read(content, "x").sha256).status_code == 422
    assert Unit.select().count() == 0


def test_a_file_with_very_many_problems_shows_the_first_and_says_so(send):
    many = changed(ARREARS)
    many["欠费"] += [["9-9-9", "x", 1, "2026-01-01", "2026-02-01", n, ""] for n in range(1, 400)]
    html = send(book(many)).text
    assert "仅显示前 300 处" in html


def test_what_is_no_workbook_is_refused_in_words(send, desk, cast):
    assert send(b"a,b\n1,2\n", "list.csv").status_code == 422
    assert "不是 Excel 工作簿" in send(b"a,b\n1,2\n", "list.csv").text
    assert send(b"", "").status_code == 422
    assert desk.client(cast.mia).post("/running/imports/check", data={"_key": desk.key()}).status_code == 422


def test_names_from_a_file_are_shown_literally(send):
    html = send(book(ESTATE | {"<script>alert(1)": [["x"], ["y"]]})).text
    assert "<script>alert" not in html


def test_only_those_who_may_import_see_the_page(send, desk, cast):
    assert send(book(ESTATE), who=cast.ana).status_code == 422
    assert desk.client(cast.ana).get("/running/imports/").status_code == 422


def test_arrears_on_the_page_show_their_sum(send, confirm):
    first = book(ESTATE)
    send(first)
    confirm(imports.read(first, "x").sha256)
    assert "533.16" in send(book(ARREARS)).text


def test_only_the_last_few_files_wait(books):
    made = [imports.Book(str(n), f"{n}", []) for n in range(waiting.MOST + 1)]
    for each in made:
        waiting.keep(each)
    assert waiting.take(str(waiting.MOST)) is made[-1]
    with pytest.raises(Refused, match="no longer waiting"):
        waiting.take("0")
    waiting.forget(str(waiting.MOST))
    waiting.forget("never there")
