"""The demo: made by the desk's own deeds, whole or not there, and never in the place of real books."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import demo, factory, start
from app.base import clock, db
from app.base import text as texts
from app.demo import estate
from app.desk.accounts import charge, ledger
from app.desk.homes.households import Person, Relation, Unit, Vehicle
from app.desk.papers import outbox
from app.desk.record import demo as mark
from app.desk.record import journal, options
from app.desk.who import people
from app.desk.who.passwords import fits
from app.desk.work import due, loan
from app.procedures.counter import water_cards as water
from app.procedures.running import proof
from app.settings import Settings
from hardware import devices
from hardware.ports import DeviceError


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One demo for the tests that only look at it."""
    data = tmp_path_factory.mktemp("demo")
    factory.open_books(Settings(data=data))
    options.forget()
    demo.make(data)
    db.close()
    return data


@pytest.fixture
def demo_books(made: Path) -> Iterator[Path]:
    db.open(made / "qiantai.db")
    options.forget()
    yield made
    db.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A directory that is not there yet; whatever a start locks or opens in it is let go."""
    yield tmp_path / "place"
    again(tmp_path / "place")


def begin(data: Path | None, *, asked: bool | None = None) -> Settings:
    return start.open_books(start.choose(data, asked=asked), asked=asked)


def test_the_demo_is_an_estate_of_about_200_units_with_people_cars_and_arrears(demo_books: Path) -> None:
    assert 190 <= Unit.select().count() <= 220
    assert Person.select().count() > 200
    assert {kind for (kind,) in Relation.select(Relation.kind).distinct().tuples()} >= {"owner", "family", "tenant"}
    assert Vehicle.select().count() > 20
    owing = charge.Charge.select(charge.Charge.unit).where(charge.Charge.paid < charge.Charge.fen).distinct().count()
    assert 40 < owing < 150
    assert sum(ledger.totals().values()) == 0
    assert list(proof.problems()) == []


def test_nobody_in_the_demo_can_be_a_real_person(demo_books: Path) -> None:
    for person in Person.select():
        assert person.id_number == "" or person.id_number.startswith("999999"), "no district has this number"
        assert person.phone.startswith("19900")
        if person.id_number:
            texts.identity(person.id_number)


def test_every_role_is_on_the_staff_with_a_badge_and_the_password_that_was_printed(demo_books: Path) -> None:
    staff = list(people.Staff.select())
    assert {role for row in staff for role in row.roles} == set(people.ROLES)
    said = demo.sign_in(demo_books)
    password, pin = re.search(r"password (\S+)\s+PIN (\S+)", said).groups()
    assert fits(password, staff[0].password_hash)
    assert fits(pin, staff[0].pin_hash)
    for row in staff:
        assert row.badge in said
        assert row.name in said


def test_two_demos_have_different_passwords(tmp_path: Path) -> None:
    assert demo._password() != demo._password()


def test_the_demo_is_made_though_its_wire_times_out_now_and_then(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that is busy: every other step of the reader's worker fails."""
    turns = itertools.count()

    def late(do: Callable[..., None]) -> Callable[..., None]:
        def step(*given: object) -> None:
            if next(turns) % 2 == 0:
                raise DeviceError("The card reader does not answer.")
            do(*given)

        return step

    for name in ("_obey", "_look"):
        monkeypatch.setattr(water.ReaderWorker, name, late(getattr(water.ReaderWorker, name)))
    begin(place, asked=True)
    assert [row.state for row in water.TopUp.select().order_by(water.TopUp.id)] == ["done", "done", "pending"]
    assert water.in_stock() == 1


def test_the_demo_was_entered_by_deeds_and_its_clock_is_put_back(demo_books: Path) -> None:
    verbs = {verb for (verb,) in journal.Line.select(journal.Line.verb).tuples()}
    assert {"list.imported", "key.added", "key.lent", "custody.accepted", "slip.issued", "instruction.set"} <= verbs
    stamps = [line.at for line in journal.Line.select().order_by(journal.Line.id)]
    assert stamps == sorted(stamps)
    assert stamps[0].date() < clock.today()
    assert not clock._moved


def test_one_key_is_overdue_and_one_is_out(demo_books: Path) -> None:
    out = loan.open_list("key")
    assert [each.is_late(clock.now()) for each in out] == [True, False]
    assert any(row.kind == "counter.keys" for row in due.open_list(before=clock.now()))


def test_money_was_taken_and_water_sold_one_sale_still_pending(demo_books: Path) -> None:
    totals = ledger.totals()
    assert totals["deposit.decoration"] < 0
    assert totals["prepaid"] < 0
    assert totals["suspense.water"] < 0
    assert [row.state for row in water.TopUp.select().order_by(water.TopUp.id)] == ["done", "done", "pending"]
    assert water.in_stock() == 1
    bench = devices.water_bench("sim://card-reader", demo_books / "water-bench")
    try:
        assert len(bench.cards()) == 5, "a blank one still in its box"
        assert [meter.accepted_seq for meter in bench.meters()] == [1]
    finally:
        devices.close_simulators()


def test_only_the_papers_of_today_wait_for_the_printer(demo_books: Path) -> None:
    waiting = [job.paper for job in outbox.Job.select().where(outbox.Job.state == "queued")]
    assert {"release_slip", "receipt"} <= set(waiting)
    assert "key_label" not in waiting


def test_the_same_seed_makes_the_same_estate() -> None:
    first, second = (estate.make(7, clock.today()) for _ in "12")
    assert first.rows == second.rows
    assert estate.arrears(first) == estate.arrears(second)
    assert estate.make(8, clock.today()).rows != first.rows


def test_a_start_in_a_place_with_no_settings_and_no_data_is_a_demo(place: Path) -> None:
    chosen = begin(place)
    assert chosen.demo
    assert mark.is_on()
    assert chosen.printer.startswith("sim://")
    assert "DEMO" in start.greeting(chosen, 1)


def test_the_next_start_opens_the_same_demo(made: Path, place: Path) -> None:
    shutil.copytree(made, place)
    assert begin(place).demo
    assert journal.Line.select().where(journal.Line.verb == "demo.begun").count() == 1


def test_a_demo_that_was_cut_off_is_made_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.demo.scenes.of_this_morning", lambda: [lambda _cast, by: 1 / 0])
    with pytest.raises(ZeroDivisionError):
        begin(place)
    monkeypatch.undo()
    again(place)
    assert begin(place).demo
    assert list(proof.problems()) == []
    assert (place / demo.SIGN_IN).stat().st_mode & 0o777 == 0o600


def test_without_a_place_of_its_own_the_demo_lies_apart_from_real_books(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert start.choose(None, asked=None).data == Path("data/demo")
    assert start.choose(None, asked=True).data == Path("data/demo")
    assert start.choose(None, asked=False).data == Path("data")
    Path("data").mkdir()
    Path("data/qiantai.toml").write_text("port = 8123\n")
    assert start.choose(None, asked=None) == start.choose(None, asked=False)


def test_a_demo_on_real_books_is_refused(place: Path) -> None:
    begin(place, asked=False)
    start.greeting(Settings(data=place), 1)  # the first supervisor's code: these books are somebody's now
    again(place)
    with pytest.raises(start.WrongPlace, match="real books"):
        begin(place, asked=True)


def test_real_work_on_a_demos_books_is_refused(made: Path, place: Path) -> None:
    shutil.copytree(made, place)
    with pytest.raises(start.WrongPlace, match="a demo's books"):
        begin(place, asked=False)


def test_two_desks_never_share_a_directory(made: Path, place: Path) -> None:
    shutil.copytree(made, place)
    begin(place)
    with pytest.raises(start.WrongPlace, match="Another desk is running"):
        begin(place)


def test_an_empty_real_place_prints_a_one_time_code_and_no_password(place: Path) -> None:
    chosen = begin(place, asked=False)
    said = start.greeting(chosen, 8080)
    assert re.search(r"code: \S{4,}", said)
    assert people.Staff.select().count() == 0


def again(place: Path) -> None:
    """The process ends: its connection closes, its lock goes."""
    db.close()
    start.let_go(place)
