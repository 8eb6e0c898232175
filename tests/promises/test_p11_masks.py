"""Promise P11: every sight of a full ID or phone number is logged before it is shown, and there is no other sight.

A canary crawl: numbers that stand nowhere else are put wherever a phone or an ID can be, then every page is looked at
by every role. What somebody types comes back to that person's own form; nothing else shows a whole number.
"""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from jinja2 import ChoiceLoader, DictLoader

from app import __main__ as command
from app.base import db
from app.base import text as texts
from app.desk.papers import outbox, paper
from app.desk.record import journal
from app.desk.work import due
from tests.promises.everywhere import FRAGMENT, Crawled, Everywhere, Visit, undone, values_of, visits
from tests.promises.hostile import Pages

PAPERS = Path(__file__).parents[2] / "templates" / "print"


def runs(number: str) -> set[str]:
    """Eight characters in a row of a number: more than any mask lets through."""
    return {number[at : at + 8] for at in range(len(number) - 7)}


class Watch:
    """Looks for the canaries in whatever is shown, however it is written."""

    def __init__(self, numbers: dict[str, str]) -> None:
        places: dict[str, str] = {}
        for number, place in numbers.items():
            places |= dict.fromkeys(runs(number), f"{place} ({number})")
        self.places = places
        self.any = re.compile("|".join(sorted(places)))

    def leaks(self, shown: str) -> list[str]:
        plain = re.sub(r"(?<=[0-9])[\s\u00b7*.-]+(?=[0-9])", lambda gap: gap[0] if "*" in gap[0] else "", shown)
        forms = {shown, plain, texts.half_width(plain), html.unescape(plain), unquote(plain)}
        return sorted({self.places[found] for each in forms for found in self.any.findall(each)})


def leaks(made: Everywhere, seen: Iterable[Visit]) -> list[str]:
    """What of each answer that leaves the desk, headers (addresses, cookies) and body, shows a canary, and which."""
    watch = Watch(made.numbers.of)
    return [
        f"{each.nick} {each.url} {each.how}: {leak}"
        for each in seen
        for leak in watch.leaks(f"{each.headers}\n{each.text}")
    ]


# ---- nothing shows a whole number


def test_no_page_shows_a_full_number_to_any_role(crawled: Crawled, made: Everywhere) -> None:
    """Every GET address x all twelve roles x (page, fragment, refusal), with its headers; and what was logged meanwhile."""
    assert leaks(made, crawled.visits) == []
    assert Watch(made.numbers.of).leaks(crawled.logged) == []
    assert len(crawled.visits) > 900 or not crawled.whole


def test_a_search_for_a_whole_number_shows_it_masked(made: Everywhere) -> None:
    """The box says what was asked for; the answers below it are masked."""
    watch = Watch(made.numbers.of)
    for number, place in made.numbers.of.items():
        found = made.client("ana").get("/homes/lookup/", query_string={"q": number, "live": "1"}).text
        assert watch.leaks(found.replace(number, "")) == [], place


def test_no_paper_and_no_a4_sheet_has_a_full_number(made: Everywhere) -> None:
    """Neither what is kept for a paper nor how it is printed."""
    watch, jobs = Watch(made.numbers.of), list(outbox.Job.select())
    assert {job.paper for job in jobs} >= {path.stem for path in PAPERS.glob("*.receipt")}, (
        "a sample prints each of them"
    )
    for job in jobs:
        assert watch.leaks(json.dumps(job.facts, ensure_ascii=False) + paper.of(job)) == [], (job.id, job.paper)
    number = values_of(made, "counter/cashier", "receipt")[0]
    answer = made.client("chen").post(f"/counter/cashier/receipt/{number}/a4", data={"_key": made.desk.key()})
    assert "人民币" in answer.text
    assert watch.leaks(answer.text) == []


def test_neither_the_journal_nor_a_promise_holds_a_full_number(made: Everywhere) -> None:
    """A look into the journal would be one more sight."""
    watch = Watch(made.numbers.of)
    for line in journal.Line.select():
        assert watch.leaks(json.dumps(line.detail, ensure_ascii=False)) == [], line.verb
    for row in due.Due.select():
        assert watch.leaks(json.dumps(row.facts, ensure_ascii=False)) == [], row.kind


def test_no_verb_prints_a_full_number(
    made: Everywhere, data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """`python -m app ...`: the exported journal, the proof, a backup's words, the check of a list with those people."""
    from tests.procedures.running.sheets import ASSETS, book, changed

    watch, numbers = Watch(made.numbers.of), list(made.numbers.of)
    phone, number = next(n for n in numbers if len(n) == 11), next(n for n in numbers if len(n) == 18)
    good, bad = tmp_path / "good.xlsx", tmp_path / "bad.xlsx"
    good.write_bytes(book(changed(ASSETS, 资产信息_O2=phone, 资产信息_P2=number)))
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    bad.write_bytes(book(changed(ASSETS, 资产信息_O2=f"{phone}9", 资产信息_P2=wrong, 资产信息_O3=f"{phone}/{phone}")))
    for arguments in (
        ["export-journal", "--data", str(data)],
        ["verify", "--data", str(data)],
        ["import", "--check", "--data", str(data), str(good)],
        ["import", "--data", str(data), str(bad)],
        ["backup", "--data", str(data), "--to", str(tmp_path)],
    ):
        with suppress(SystemExit):  # a verb that does not know an argument says so
            command.main(arguments)
        said = capfd.readouterr()
        assert said.out + said.err, arguments
        assert watch.leaks(said.out + said.err) == [], arguments[0]
    db.connect()


def test_the_report_on_a_list_names_cells_not_numbers(made: Everywhere) -> None:
    """What is wrong with a phone or an ID is said by cell; whoever has the list can look there."""
    from tests.procedures.running.sheets import ESTATE, book, changed

    numbers = list(made.numbers.of)
    phone, number = next(n for n in numbers if len(n) == 11), next(n for n in numbers if len(n) == 18)
    content = book(changed(ESTATE, 业主信息_E2=f"{phone}9", 业主信息_F2=number, 业主信息_E3=f"{phone}/{phone}"))
    answer = made.client("mia").post(
        "/running/imports/check",
        data={"_key": made.desk.key(), "file": (io.BytesIO(content), "list.xlsx")},
        headers=FRAGMENT,
    )
    assert "业主信息!E2" in answer.text
    assert Watch(made.numbers.of).leaks(answer.text) == []


def test_an_answer_to_a_form_shows_no_number_but_those_that_were_typed(pages: Pages, made: Everywhere) -> None:
    """Every form of every page is sent as it stands; what the books know is masked in every answer, also a refusal."""
    watch, found, sent = Watch(made.numbers.of), [], 0
    for nick, form in pages.sent(made):
        for how in (FRAGMENT, {}) if form.method == "post" else ():
            sent += 1
            with undone():
                posted = made.client(nick).post(form.action, data=form.filled(), headers=how)
                shown = f"{posted.headers}{posted.text}"
            found += [f"{nick} {form.action}: {leak}" for leak in watch.leaks(shown)]
    assert sent > 120 or not pages.whole
    assert found == []


def test_a_paper_that_was_shown_is_kept_by_its_kind_and_end(made: Everywhere) -> None:
    """Whoever writes a whole ID where only the kind of paper is asked for: it is masked before it is kept."""
    given = {number: place for number, place in made.numbers.of.items() if place in made.numbers.lost}
    assert len(given) >= 3
    common = set().union(*(runs(number) for number in made.numbers.of if number not in given))
    there = kept()
    for number, place in given.items():
        assert [part for part in runs(number) - common if part in there] == [], place
    assert (
        texts.mask_numbers("身份证 440106197603150014，电话13800138000") == "身份证 4****************4，电话138****8000"
    )
    assert texts.mask_numbers("护照 尾号 1234，锁 20260000000012") == "护照 尾号 1234，锁 20260000000012"


# ---- the check can fail


def unmasked_phone(monkeypatch: pytest.MonkeyPatch, made: Everywhere) -> None:
    monkeypatch.setattr(texts, "mask_phone", lambda number: number or "")


def unmasked_id(monkeypatch: pytest.MonkeyPatch, made: Everywhere) -> None:
    monkeypatch.setattr(texts, "mask_id", lambda number: number or "")


def one_template(monkeypatch: pytest.MonkeyPatch, made: Everywhere) -> None:
    """The custody page writes out the number that was called."""
    environment = made.desk.app.jinja_env
    source = environment.loader.get_source(environment, "counter/custody.html")[0]
    mutant = re.sub(
        r"{{ one\.phone\[:3\] }}\*\*\*\*{{ one\.phone\[-4:\] }}|{{ one\.phone_masked }}", "{{ one.phone }}", source
    )
    assert mutant != source, "the mutant has nothing to change"
    monkeypatch.setattr(
        environment, "loader", ChoiceLoader([DictLoader({"counter/custody.html": mutant}), environment.loader])
    )
    environment.cache.clear()


def half_a_mask(monkeypatch: pytest.MonkeyPatch, made: Everywhere) -> None:
    """The ID's birth date shows."""
    monkeypatch.setattr(texts, "mask_id", lambda number: f"{number[:14]}****" if number else "")


def in_an_address(monkeypatch: pytest.MonkeyPatch, made: Everywhere) -> None:
    """A page that leads on with the number in its address."""
    view = made.desk.app.view_functions["homes_households.last"]

    def leads_on(**kwargs: Any) -> Any:
        answer = view(**kwargs)
        answer.headers["Location" if "Location" in answer.headers else "HX-Redirect"] = "/homes/lookup/?q=138%312341234"
        return answer

    monkeypatch.setitem(made.desk.app.view_functions, "homes_households.last", leads_on)


@pytest.mark.parametrize("mutant", [unmasked_phone, unmasked_id, one_template, half_a_mask, in_an_address])
def test_the_crawl_sees_a_number_that_is_not_masked(
    made: Everywhere, mutant: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch, made)
    pages = {"homes_households.show", "homes_households.last", "counter_custody.one", "counter_release_slips.slip"}
    made.noun = ""
    assert leaks(made, visits(made, ("ana",), lambda endpoint: endpoint in pages))


def test_every_place_of_a_canary_is_in_the_books(made: Everywhere) -> None:
    """A canary that is not there could not be seen missing."""
    there = kept()
    gone = {place for number, place in made.numbers.of.items() if number not in there}
    assert gone == made.numbers.lost
    assert len(made.numbers.of) >= 18


def kept() -> str:
    """Every row of every table."""
    return "".join(repr(row) for table in _tables() for row in db.database.execute_sql(f"SELECT * FROM {table}"))


def _tables() -> Iterator[str]:
    for (name,) in db.database.execute_sql("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        yield name
