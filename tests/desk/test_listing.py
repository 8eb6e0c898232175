"""A list of the books: what it counts and sums is true, its pages stay put, its workbook says what its page says."""

from __future__ import annotations

import io
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from python_calamine import CalamineWorkbook

from app.base import clock, db, money
from app.base.refusal import Refused
from app.desk.homes.households import Entrance, Unit
from app.desk.work import listing, sheet
from app.desk.work.listing import Asked, Column, Listing
from app.desk.work.state import State
from app.procedures.counter.release_slips import Slip

COLUMNS = (
    Column("Room", lambda unit: unit.label, opens=lambda unit: unit.id),
    Column("Layout", lambda unit: unit.layout or None, small=lambda unit: "Dwelling"),
    Column("Rent", lambda unit: unit.rent, "fen"),
    Column("State", lambda unit: (State("Lived in", "ok"), State("Sold", "note")), "state"),
    Column("Since", lambda unit: date(2026, 11, 22), "day"),
    Column("At", lambda unit: clock.at(date(2026, 11, 22), 11, 5), "moment"),
)
UNITS = Listing("Units", Unit.select(), Unit.id, COLUMNS, list, Unit.rent)


@pytest.fixture
def units(books):
    """`units(n)`: n more units, each with a rent of 1.00."""
    entrance = Entrance.create(building="9", code=1)

    def more(n: int, **facts) -> None:
        first = Unit.select().count()
        rows = [
            {"entrance": entrance.id, "room": "1", "label": f"9-1-{first + k}", "rent": 100} | facts for k in range(n)
        ]
        with db.write():
            for each in db.slices(rows, 500):
                Unit.insert_many(each).execute()

    return more


@pytest.mark.parametrize("n", [0, 1, 60, 61, 1000])
def test_a_count_is_exact_up_to_a_thousand_and_the_sum_is_of_what_comes_after(units, n: int) -> None:
    units(n)
    shown = listing.page(UNITS, Asked())
    assert (len(shown.rows), shown.counted) == (min(n, 60), f"{n:,}")
    assert shown.more == (money.show(100 * (n - 60)) if n > 60 else "")
    assert (shown.older > 0) is (n > 60)


def test_more_than_a_thousand_are_not_counted_and_the_page_says_so(units) -> None:
    units(1001)
    assert listing.page(UNITS, Asked()).counted == "1,000+"


def test_what_is_not_bounded_is_not_summed(units) -> None:
    units(61)
    unbounded = Listing("Units", Unit.select(), Unit.id, COLUMNS, list)
    assert (listing.page(unbounded, Asked()).more_fen, listing.page(unbounded, Asked()).more) == (None, "")


def test_pages_stay_put_while_rows_are_added(units) -> None:
    """Going on to older lines neither repeats one nor leaves one out, whatever came meanwhile."""
    units(150)
    seen, below = [], 0
    for _ in range(5):
        shown = listing.page(UNITS, Asked(below=below))
        seen += [unit.id for unit in shown.rows]
        units(7)
        if not shown.older:
            break
        below = shown.older
    assert seen == list(range(150, 0, -1))


def test_a_page_costs_the_same_few_statements_whatever_the_history(units) -> None:
    def cost(asked: Asked) -> int:
        before = db.statements()
        listing.page(UNITS, asked)
        return db.statements() - before

    units(100)
    few = cost(Asked())
    units(900)
    assert (few, cost(Asked()), cost(Asked(below=500))) == (3, 3, 3)


def read(made) -> list[list]:
    return CalamineWorkbook.from_filelike(io.BytesIO(made.read())).get_sheet_by_index(0).to_python()


def say(msgid: str) -> str:
    return {"Room": "房号", "Lived in": "自住"}.get(msgid, msgid)


@pytest.mark.parametrize("apart", [False, True])
def test_the_workbook_holds_what_the_page_shows_also_when_another_program_writes_it(units, monkeypatch, apart) -> None:
    if apart:
        monkeypatch.setattr(listing, "IN_PROCESS", 2)
    units(2, layout="三房两厅")
    units(1)
    rows = read(listing.workbook(UNITS, say))
    assert rows[0] == ["房号", "Layout", "Rent", "State", "Since", "At"]
    assert [row[0] for row in rows[1:]] == [unit.label for unit in listing.page(UNITS, Asked()).rows]
    assert rows[1][1] == ""
    assert rows[2][1:4] == ["三房两厅 Dwelling", 1.0, "自住 Sold"]
    assert (str(rows[2][4]), str(rows[2][5])) == ("2026-11-22", "2026-11-22 11:05:00")


@pytest.mark.parametrize(
    "typed", ['=HYPERLINK("http://evil","x")', "+1", "-1", "@SUM(A1)", "http://evil/", "007", "{=1}"]
)
def test_a_text_that_looks_like_a_formula_a_link_or_a_number_stays_a_text(units, typed: str) -> None:
    units(1, layout=typed)
    made = listing.workbook(
        Listing("Units", Unit.select(), Unit.id, (Column("L", lambda unit: unit.layout),), list), say
    )
    assert read(made) == [["L"], [typed]]


def test_a_list_too_long_for_a_workbook_is_refused_before_it_is_written(units, monkeypatch) -> None:
    monkeypatch.setattr(listing, "ROWS_MOST", 2)
    units(3)
    with pytest.raises(Refused, match="more than 2 lines"):
        listing.workbook(UNITS, say)


def test_a_program_that_fails_gives_no_half_workbook(units, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(listing, "IN_PROCESS", 0)
    broken = tmp_path / "broken.py"
    broken.write_text("import sys\nsys.stdin.read()\nsys.exit(3)\n")
    monkeypatch.setattr(sheet, "__file__", str(broken))
    units(1)
    with pytest.raises(RuntimeError, match="ended with 3"):
        listing.workbook(UNITS, say)


def test_the_program_writes_what_it_reads_line_by_line() -> None:
    out = io.BytesIO()
    sheet.main(iter(['{"titles": ["A"], "kinds": ["fen"]}\n', "[250]\n", "[null]\n"]), out)
    out.seek(0)
    assert read(out)[:2] == [["A"], [2.5]]


def test_a_window_of_days_is_a_year_at_most(books) -> None:
    today, year = clock.today(), listing.YEAR
    assert listing.within_a_year(None, None) == (None, None)
    assert listing.within_a_year(today - timedelta(days=3), None) == (today - timedelta(days=3), today)
    assert listing.within_a_year(None, today) == (today - year, today)
    for since, until in ((today - year - timedelta(days=1), today), (today, today - timedelta(days=1))):
        with pytest.raises(Refused, match="one year at most"):
            listing.within_a_year(since, until)


def test_the_rows_of_a_window_are_those_of_its_days_whatever_the_order_they_were_made_in(cast, home, units) -> None:
    """A slip is issued on a later day than one that was made after it: both are found on their own day."""
    days = [date(2026, 11, day) for day in (20, 23, 21, 22)]
    made = [
        Slip.create(
            unit=home.unit,
            applicant_kind="owner",
            applicant="李伟",
            owner_name="李伟",
            made=clock.now(),
            staff=cast.ana.id,
            day=day,
        )
        for day in days
    ]
    for since, until in ((20, 21), (21, 22), (23, 23), (24, 25)):
        asked = Asked(since=date(2026, 11, since), until=date(2026, 11, until))
        found = {slip.day for slip in Slip.select().where(listing.on_days(Slip.id, Slip.day, asked))}
        assert found == {slip.day for slip in made if since <= slip.day.day <= until}


# ---- on the web ----


PAGES = ("/counter/release_slips/", "/money/deposits/")


@pytest.mark.parametrize("page", PAGES)
def test_who_may_not_see_the_page_may_not_take_the_list_away(desk, cast: SimpleNamespace, page: str) -> None:
    ana, gao = desk.client(cast.ana), desk.client(cast.gao)
    for there in (page, f"{page}excel", f"{page}a4"):
        assert ana.get(there).status_code == 200, there
        assert gao.get(there).status_code == 422, there


@pytest.mark.parametrize("page", PAGES)
def test_a_list_says_how_many_it_has_and_takes_its_filter_along(desk, cast: SimpleNamespace, page: str) -> None:
    html = desk.client(cast.ana).get(page, query_string={"since": "2026-11-01", "until": "2026-11-22"}).text
    assert "显示 0 条，共 0 条" in html
    assert f"{page}excel?" in html
    assert "since=2026-11-01&amp;until=2026-11-22" in html


@pytest.mark.parametrize(
    "query", [{"since": "gestern"}, {"since": "2020-01-01", "until": "2026-01-01"}, {"q": "x" * 65}]
)
def test_what_cannot_be_asked_is_refused(desk, cast: SimpleNamespace, query: dict[str, str]) -> None:
    assert desk.client(cast.ana).get("/money/deposits/", query_string=query).status_code == 422


@pytest.mark.parametrize("below", ["-1", "x", "9" * 30])
def test_a_page_that_is_nowhere_is_the_first(desk, cast: SimpleNamespace, below: str) -> None:
    assert desk.client(cast.ana).get("/money/deposits/", query_string={"below": below}).status_code == 200
