"""P15: a restored backup equals the moment it names and never re-issues numbers."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pyrage
import pytest
import time_machine

from app import factory, schema
from app.base import clock, db, faults, live
from app.base.refusal import Refused
from app.desk.accounts import charge, receipt
from app.desk.record import journal, modes, numbering, options
from app.desk.record.journal import deed
from app.desk.who.people import Actor
from app.procedures.counter.keys import register
from app.procedures.running import backups, proof, staff
from app.settings import Settings


@deed("paid", act="desk.see")
def pay(unit, *, by: Actor) -> receipt.Receipt:
    owed = charge.add(unit=unit, item="card_fee", text="卡", fen=500, due=date(2026, 11, 22), by=by)
    return receipt.issue(
        unit=unit, payer="李伟", items=[receipt.item_of(owed)], tenders=[receipt.Tender("cash", 500)], by=by
    )


def number(n: int) -> str:
    return f"SJ-{clock.today().year}-{n:06d}"


@pytest.fixture(autouse=True)
def _money_on():
    yield
    modes.let_money("fence")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "stick"


def rows() -> dict[str, list]:
    """Every row of every table but the fence itself and the numbers to come."""
    return {
        each._meta.table_name: db.database.execute_sql(
            f"SELECT * FROM {each._meta.table_name} ORDER BY 1, 2"
        ).fetchall()
        for each in schema.TABLES
        if each not in (backups.fence.Fence, numbering.Series)
    }


def test_a_restored_backup_equals_the_moment_it_names(cast, home, books: Path, place: Path) -> None:
    for _ in range(3):
        pay(home.unit, by=cast.chen)
    then = rows()
    made = backups.make(place)
    pay(home.unit, by=cast.chen)
    assert rows() != then
    db.close()
    backups.restore(place / made.name, books)
    assert rows() == then
    assert list(proof.problems()) == []
    assert (made.receipts, made.last_receipt, made.head) == (3, number(3), receipt.head())
    assert made.head[:8] in made.name


def test_no_money_is_taken_and_no_number_given_twice_until_the_last_paper_number_is_named(
    cast, home, books: Path, place: Path
) -> None:
    pay(home.unit, by=cast.chen)
    made = backups.make(place)
    lost = [pay(home.unit, by=cast.chen).number for _ in range(3)]
    db.close()
    backups.restore(place / made.name, books)
    backups.fenced()
    with pytest.raises(Refused, match="last paper receipt"):
        pay(home.unit, by=cast.chen)
    with pytest.raises(Refused):
        backups.confirm_last_number(lost[-1], by=cast.chen)
    with pytest.raises(Refused, match="no receipt number"):
        backups.confirm_last_number("441", by=cast.mia)
    backups.confirm_last_number(lost[-1], by=cast.mia)
    again = pay(home.unit, by=cast.chen)
    assert again.number == number(5)
    assert again.number not in lost
    assert list(proof.problems()) == []


def test_a_number_below_what_the_books_hold_is_refused(cast, home, books: Path, place: Path) -> None:
    for _ in range(2):
        pay(home.unit, by=cast.chen)
    made = backups.make(place)
    db.close()
    backups.restore(place / made.name, books)
    with pytest.raises(Refused, match="already hold"):
        backups.confirm_last_number(number(1), by=cast.mia)
    backups.confirm_last_number(number(2), by=cast.mia)
    with pytest.raises(Refused, match="No restore"):
        backups.confirm_last_number(number(2), by=cast.mia)


def test_the_books_before_a_restore_are_set_aside_not_deleted(cast, home, books: Path, place: Path) -> None:
    made = backups.make(place)
    pay(home.unit, by=cast.chen)
    db.close()
    backups.restore(place / made.name, books)
    (aside,) = books.glob("before-restore-*.db")
    db.close()
    db.open(aside)
    assert receipt.Receipt.select().count() == 1


def test_an_encrypted_backup_opens_only_with_its_identity(cast, home, books: Path, place: Path) -> None:
    pay(home.unit, by=cast.chen)
    identity = pyrage.x25519.Identity.generate()
    made = backups.make(place, public_key=str(identity.to_public()))
    assert made.name.endswith(".db.age")
    assert b"SQLite" not in (place / made.name).read_bytes()
    with pytest.raises(db.Damaged, match="encrypted"):
        backups.unpack(place / made.name, place / "x")
    with pytest.raises(Exception, match=r"(?i)decrypt|match"):
        backups.unpack(place / made.name, place / "x", identity=str(pyrage.x25519.Identity.generate()))
    assert backups.drill(place / made.name, books, prove=proof.problems, identity=str(identity)) == []


def test_a_drill_proves_a_backup_and_touches_nothing(cast, home, books: Path, place: Path) -> None:
    pay(home.unit, by=cast.chen)
    made = backups.make(place)
    before = sorted(path.name for path in books.iterdir())
    assert backups.drill(place / made.name, books, prove=proof.problems) == []
    db.open(books / "qiantai.db")
    assert sorted(path.name for path in books.iterdir() if "-wal" not in path.name and "-shm" not in path.name) == [
        name for name in before if "-wal" not in name and "-shm" not in name
    ]
    assert receipt.Receipt.select().count() == 1


@pytest.mark.parametrize("damage", ["flip", "cut", "note", "no note"])
def test_a_damaged_backup_is_refused_before_anything_is_replaced(
    cast, home, books: Path, place: Path, damage: str
) -> None:
    pay(home.unit, by=cast.chen)
    made = backups.make(place)
    file, note = place / made.name, place / (made.name + ".json")
    whole = file.read_bytes()
    if damage == "flip":
        file.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    elif damage == "cut":
        file.write_bytes(whole[:-4096])
    elif damage == "note":
        note.write_text(note.read_text().replace('"receipts": 1', '"receipts": 2'))
    else:
        note.unlink()
    pay(home.unit, by=cast.chen)
    with pytest.raises(db.Damaged):
        backups.restore(file, books)
    assert receipt.Receipt.select().count() == 2


def test_a_restore_without_the_chains_key_is_refused(cast, home, books: Path, place: Path, tmp_path: Path) -> None:
    pay(home.unit, by=cast.chen)
    made = backups.make(place)
    with pytest.raises(db.Damaged, match=r"books\.key"):
        backups.restore(place / made.name, tmp_path / "elsewhere")


def test_a_backup_cut_short_is_never_listed(cast, books: Path, place: Path) -> None:
    class Pulled(Exception):
        pass

    def pull() -> None:
        raise Pulled

    faults.arm("backup.written", pull)
    with pytest.raises(Pulled):
        backups.make(place)
    assert backups.listed(place) == []
    faults.disarm()
    made = backups.make(place)
    assert [each.name for each in backups.listed(place)] == [made.name]


def test_the_newest_24_hours_30_days_and_24_months_are_kept(cast, books: Path, place: Path) -> None:
    place.mkdir()
    start = datetime(2026, 11, 22, 9, 0, tzinfo=clock.ZONE)
    for hours in range(0, 24 * 400, 6):
        at = start - timedelta(hours=hours)
        name = f"qiantai-{at:%Y%m%dT%H%M%S}-x.db"
        made = backups.Backup(name, at.isoformat(), "", 0, 0, "", "", encrypted=False)
        backups.keep._note(place / (name + ".json"), made)
        (place / name).touch()
    with time_machine.travel(start, tick=False):
        backups.prune(place)
    left = backups.listed(place)
    assert left[0].moment == start
    assert len({each.moment.strftime("%Y%m") for each in left}) == 14
    assert [each.moment for each in left[:24]] == [start - timedelta(hours=6 * n) for n in range(24)]
    assert {f"{start - timedelta(days=n):%Y%m%d}" for n in range(30)} <= {f"{each.moment:%Y%m%d}" for each in left}
    assert len(left) < 24 + 30 + 24
    assert backups.prune(place) == []


def test_payments_go_on_while_a_backup_is_made(cast, home, books: Path, place: Path) -> None:
    """The copy is one moment between two payments, never half of one."""
    stop, paid = threading.Event(), []

    def clerk() -> None:
        while not stop.is_set():
            paid.append(pay(home.unit, by=cast.chen).number)
        db.close()

    thread = threading.Thread(target=clerk)
    thread.start()
    made = [backups.make(place / str(n)) for n in range(3)]
    stop.set()
    thread.join()
    assert paid
    assert made[-1].receipts >= made[0].receipts
    for n, each in enumerate(made):
        assert backups.drill(place / str(n) / each.name, books, prove=proof.problems) == []
    db.open(books / "qiantai.db")


def test_the_age_of_the_newest_backup_is_known_and_old_after_48_hours(cast, books: Path, place: Path) -> None:
    timer = backups.Timer(place)
    assert timer.is_old()
    timer.once()
    assert not timer.is_old()
    with time_machine.travel(clock.now() + timedelta(hours=49), tick=False):
        assert timer.is_old()


def test_the_header_says_how_old_the_newest_backup_is_and_is_red_after_48_hours(
    cast, desk, books: Path, place: Path
) -> None:
    timer = backups.Timer(place)
    desk.app.extensions["devices"] = SimpleNamespace(backups=timer)

    def lamp() -> str:
        return " ".join(desk.client(cast.ana).get("/running/today/lamps").text.replace("</span>", "").split())

    assert '<span class="dot stop">备份 <b class="stop">尚无</b>' in lamp()
    timer.once()
    assert '<span class="dot ok">备份 0 小时前' in lamp()
    made = clock.now()
    with time_machine.travel(made + timedelta(hours=47), tick=False):
        assert '<span class="dot ok">备份 1 天前' in lamp()
    with time_machine.travel(made + timedelta(hours=49), tick=False):
        assert '<span class="dot stop">备份 <b class="stop">2 天前</b>' in lamp()


def test_the_page_does_not_wait_for_a_backup_and_shows_it_when_it_is_whole(
    cast, desk, books: Path, place: Path
) -> None:
    timer = backups.Timer(place)
    reached, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        assert go_on.wait(60)

    timer._last = backups.make(place / "an hour ago has not passed")
    desk.app.extensions["devices"] = SimpleNamespace(backups=timer)
    client = desk.client(cast.mia)
    faults.arm("backup.written", hold)
    timer.start()
    try:
        said = client.post("/running/backups/make", data={"_key": desk.key()}, headers={"HX-Request": "true"})
        assert "正在备份" in said.text
        assert "立即备份" not in said.text
        assert reached.wait(60)
        assert "尚无备份" in client.get("/running/backups/").text
    finally:
        before, _ = live.since(0)
        go_on.set()
        timer.stop()
        faults.disarm()
    assert "backups" in live.since(before)[1]
    page = client.get("/running/backups/").text
    assert "立即备份" in page
    assert backups.newest(place).name in page


def test_a_backup_that_fails_is_said_and_tried_again(cast, books: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    timer = backups.Timer(blocked / "stick")
    timer.once()
    assert timer.trouble
    timer.into = tmp_path / "good"
    timer.once()
    assert timer.trouble == ""


def test_after_a_restore_no_label_slip_or_badge_gets_a_number_that_may_be_out_there(
    cast, home, books: Path, place: Path
) -> None:
    register.add(name="水泵房", hook="A07", by=cast.mia)
    made = backups.make(place)
    given = register.add(name="配电房", hook="A08", by=cast.mia)
    badge = staff.issue_badge(cast.chen.id, by=cast.mia).badge
    label = register.label_of(given)
    db.close()
    backups.restore(place / made.name, books)
    factory.open_books(Settings(data=books))
    again = register.add(name="电梯机房", hook="A09", by=cast.mia)
    assert register.label_of(again) != label
    assert staff.issue_badge(cast.gao.id, by=cast.mia).badge != badge
    assert list(journal.verify()) == []


def test_the_page_makes_a_backup_and_takes_the_number(cast, home, desk, books: Path) -> None:
    pay(home.unit, by=cast.chen)
    client = desk.client(cast.mia)
    assert client.post("/running/backups/make", data={"_key": desk.key()}).status_code == 200
    page = client.get("/running/backups/").text
    assert number(1) in page
    with db.write():
        backups.raise_fence("2026-11-22T09:00:00+08:00", "x")
    page = client.get("/running/backups/").text
    assert "最后一张纸质收据" in page
    answer = client.post("/running/backups/number", data={"_key": desk.key(), "number": number(9)})
    assert answer.status_code == 200
    assert pay(home.unit, by=cast.chen).number == number(10)
    assert list(journal.verify()) == []
    assert options.get("estate.name")
