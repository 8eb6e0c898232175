"""Promise P11: a reveal says who, whom, why in the journal, in a transaction that is on the disk before it is shown."""

from __future__ import annotations

from typing import Any

import apsw
import pytest

from app.base import db
from app.base.refusal import word
from app.desk.homes import residents
from app.desk.record import journal
from app.screens.homes import households as pages
from tests.promises.everywhere import FRAGMENT, Everywhere


@pytest.fixture
def number() -> str:
    return "13812341234"


def reveal(
    made: Everywhere, nick: str = "ana", *, field: str = "phone", reason: str = "约上门维修", **form: Any
) -> Any:
    data = {"_key": made.desk.key(), "person": made.home.owner.id, "field": field, "reason": reason} | form
    return made.client(nick).post(f"/homes/households/{made.home.unit.id}/reveal", data=data, headers=FRAGMENT)


def lines() -> list[journal.Line]:
    return list(journal.Line.select().where(journal.Line.verb == "person.revealed").order_by(journal.Line.id))


def sights_without_a_line(made: Everywhere) -> list[str]:
    """Reveal what can be revealed, and look (from outside, with another connection) whether its line was on the disk
    when the page was made.
    """
    found: list[str] = []
    outside = apsw.Connection(str(db.database.database), flags=apsw.SQLITE_OPEN_READONLY)

    real = pages.page

    def seen_from_outside(*args: Any, **kwargs: Any) -> Any:
        counted.append(next(outside.execute("SELECT count(*) FROM journal WHERE verb = 'person.revealed'"))[0])
        return real(*args, **kwargs)

    for wanted, (field, whole) in enumerate((("phone", "13812341234"), ("id_number", "440106198201011230")), 1):
        counted: list[int] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pages, "page", seen_from_outside)
            shown = reveal(made, field=field).text
        if whole in shown and (not counted or min(counted) < wanted):
            found.append(f"{field} was shown with {counted} lines on the disk")
        if whole not in shown:
            found.append(f"{field} was asked for with a reason and not shown")
    outside.close()
    return found


def test_a_number_is_shown_only_after_its_line_is_on_the_disk(made: Everywhere) -> None:
    assert sights_without_a_line(made) == []
    by_whom = [(line.staff_id, line.unit_id, line.detail["name"], line.detail["reason"]) for line in lines()]
    assert by_whom == [(made.cast.ana.id, made.home.unit.id, "李伟", "约上门维修")] * 2
    assert [line.detail["field"] for line in lines()] == [word(field) for field in residents.FIELDS.values()]
    assert all(line.subject == "person" and line.subject_id == made.home.owner.id for line in lines())


def test_every_sight_has_a_line_of_its_own(made: Everywhere, number: str) -> None:
    """Also where the same form comes again, and the page after it is masked as before."""
    key = made.desk.key()
    for n in (1, 2, 3):
        assert number in reveal(made, _key=key).text
        assert len(lines()) == n
    shown = made.client("ana").get(f"/homes/households/{made.home.unit.id}").text
    assert number not in shown
    assert "138****1234" in shown


@pytest.mark.parametrize("reason", ["", " ", "看", "\u200b\u200b\u200b", "\x00\x00"])
def test_without_a_reason_nothing_is_shown(made: Everywhere, number: str, reason: str) -> None:
    answer = reveal(made, reason=reason)
    assert answer.status_code == 422
    assert number not in answer.text
    assert lines() == []


def test_only_the_desk_may_ask_and_only_for_the_household_that_is_open(made: Everywhere, number: str) -> None:
    for nick in ("gao", "wang", "lu", "fei", "gm", "patrol", "storekeeper"):
        answer = reveal(made, nick)
        assert answer.status_code == 422, nick
        assert number not in answer.text
    other = made.home.tenant.id
    assert reveal(made, person=other).status_code == 404
    assert reveal(made, field="name").status_code == 422
    assert reveal(made, field="pinyin").status_code == 422
    assert lines() == []


def test_what_cannot_be_logged_is_not_shown(made: Everywhere, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full at the journal's line."""

    def full(*_: Any, **__: Any) -> None:
        raise apsw.FullError("database or disk is full")

    monkeypatch.setattr(journal, "_write", full)
    answer = reveal(made)
    assert answer.status_code == 503
    assert number not in answer.text
    monkeypatch.undo()
    assert lines() == []


def test_what_is_not_committed_is_not_shown(made: Everywhere, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line was written, its commit fails."""
    made.client("ana")
    real = db.database.commit
    monkeypatch.setattr(db.database, "commit", lambda: (_ for _ in ()).throw(apsw.IOError("disk I/O error")))
    answer = reveal(made)
    assert answer.status_code in (500, 503)
    assert number not in answer.text
    monkeypatch.setattr(db.database, "commit", real)
    if db.database.in_transaction():
        db.database.rollback()
    assert lines() == []


# ---- the check can fail


def test_the_watch_sees_a_sight_without_a_line(made: Everywhere, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residents, "reveal", residents.reveal.__wrapped__)
    monkeypatch.setattr(residents, "note", lambda **_: None)
    assert sights_without_a_line(made)


def test_the_watch_sees_a_line_that_comes_after_the_sight(made: Everywhere, monkeypatch: pytest.MonkeyPatch) -> None:
    real, late = residents.reveal, []
    monkeypatch.setattr(residents, "reveal", lambda *a, **k: late.append((a, k)))
    show = pages._show

    def shown_first(*args: Any, **kwargs: Any) -> Any:
        answer = show(*args, **kwargs)
        for a, k in late:
            real(*a, **k)
        late.clear()
        return answer

    monkeypatch.setattr(pages, "_show", shown_first)
    assert sights_without_a_line(made)
