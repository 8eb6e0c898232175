"""P15: what lies on the stick is believed only as far as it can be read; what was left half done goes."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from app.base import clock, db
from app.desk.record import modes, numbering
from app.desk.record.journal import deed
from app.desk.who.people import Actor
from app.procedures.running import backups


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "stick"


def test_a_backup_of_a_damaged_file_is_refused_though_its_digest_fits(cast, home, books: Path, place: Path) -> None:
    """As if the sectors had gone bad before the digest was taken: only opening it tells."""
    made = backups.make(place)
    file, note = place / made.name, place / (made.name + ".json")
    whole = bytearray(file.read_bytes())
    whole[4096:8192] = b"\xff" * 4096
    file.write_bytes(whole)
    note.write_text(json.dumps(json.loads(note.read_text()) | {"digest": backups.keep.sha256(file)}))
    with pytest.raises(db.Damaged, match="damaged"):
        backups.restore(file, books)


@pytest.mark.parametrize("note", ["{", "[]", "{}", '{"name": "x", "keep_too": 5}'])
def test_a_backup_whose_note_says_nothing_is_not_listed(cast, books: Path, place: Path, note: str) -> None:
    good = backups.make(place / "one")
    bad = place / "one" / "qiantai-20261122T090000-new.db"
    bad.touch()
    Path(f"{bad}.json").write_text(note)
    assert [each.name for each in backups.listed(place / "one")] == [good.name]
    with pytest.raises(db.Damaged, match="no readable note"):
        backups.read(bad)


def test_what_a_pulled_stick_left_half_done_goes_after_a_day(cast, books: Path, place: Path) -> None:
    made = backups.make(place)
    for name, hours in (("old.part", 25), ("old.sealed", 25), ("fresh.part", 1)):
        (place / name).touch()
        then = clock.to_ms(clock.now() - timedelta(hours=hours)) / 1000
        os.utime(place / name, (then, then))
    backups.prune(place)
    assert {path.name for path in place.iterdir()} == {"fresh.part", made.name, made.name + ".json"}


def test_the_last_paper_number_may_be_scanned(cast, books: Path, place: Path) -> None:
    @deed("drawn", act="desk.see")
    def draw(*, by: Actor) -> None:
        drawn.append(str(numbering.draw("SJ")))

    drawn: list[str] = []
    with db.write():
        backups.raise_fence("2026-11-22T09:00:00+08:00", "x")
    backups.confirm_last_number(numbering.code(10, clock.today().year, 41), by=cast.mia)
    assert modes.reasons() == []
    draw(by=cast.ana)
    assert drawn == [f"SJ-{clock.today().year}-000042"]


def test_the_desk_makes_its_first_backup_by_itself_and_ends_when_it_is_told_to(cast, books: Path, place: Path) -> None:
    timer = backups.Timer(place)
    timer.start()
    try:
        while timer.age() is None:
            assert timer.trouble == ""
            timer._thread.join(0.01)
    finally:
        timer.stop()
    assert not timer._thread.is_alive()
    assert [each.name for each in backups.listed(place)] == [timer._last.name]


def test_an_identity_file_of_age_gives_its_secret_key(tmp_path: Path) -> None:
    file = tmp_path / "identity.txt"
    file.write_text("# created: 2026-11-22\nAGE-SECRET-KEY-1ABC\n")
    assert backups.identity(file) == "AGE-SECRET-KEY-1ABC"
    file.write_text("# nothing\n")
    assert (backups.identity(file), backups.identity(None)) == ("", "")
