"""P9: whatever was done to the books' directory, `python -m app verify` ends with a sentence and 1, never with a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pyrage
import pytest

from app import __main__ as program
from app.base import db
from app.desk.accounts import receipt
from app.procedures.running import backups
from tests.promises.test_p9_tampering_shows import pay

HOUSE = Path(__file__).parents[2]


@pytest.fixture
def kept(cast, home, books: Path) -> Path:
    """Books with a receipt, closed; nobody has them open."""
    pay(home.unit, 501, by=cast.chen)
    db.close()
    return books


@pytest.fixture
def verify(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], tuple[int, str]]:
    monkeypatch.setenv("LANG", "en_GB.UTF-8")

    def run(data: Path, verb: str = "verify") -> tuple[int, str]:
        done = program.main([verb, "--data", str(data)])
        said = capsys.readouterr()
        return done, said.out + said.err

    return run


def gone(name: str) -> Callable[[Path], None]:
    return lambda data: (data / name).unlink()


def holds(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda data: (data / name).write_bytes(content)


def a_directory(name: str) -> Callable[[Path], None]:
    def make(data: Path) -> None:
        (data / name).unlink(missing_ok=True)
        (data / name).mkdir()

    return make


def sql(statement: str) -> Callable[[Path], None]:
    def run(data: Path) -> None:
        other = apsw.Connection(str(data / "qiantai.db"))
        for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            other.execute(f"DROP TRIGGER {name}")
        other.execute(statement)
        other.close()

    return run


DAMAGES = [
    (gone("books.key"), "books.key is missing beside the database: copy it back"),
    (holds("books.key", b""), "books.key is no key of the desk: copy it back"),
    (a_directory("books.key"), "books.key is no key of the desk: copy it back"),
    (holds("books.key", b"x" * 32), "books.key is another one"),
    (gone("qiantai.db"), "There is no desk in"),
    (holds("qiantai.db", b""), "is gone from"),
    (holds("qiantai.db", b"no database" * 1000), "Restore the newest backup"),
    (a_directory("qiantai.db"), "Restore the newest backup"),
    (lambda data: os.truncate(data / "qiantai.db", 20000), "Restore the newest backup"),
    (holds("qiantai.toml", b"\xff\xfe"), "qiantai.toml"),
    (holds("qiantai.toml", b"port ="), "qiantai.toml"),
    (shutil.rmtree, "There is no desk in"),
    (sql("UPDATE receipt SET facts = '{'"), "receipt 1 facts: this is no JSON that the desk has written"),
    (sql("DROP TABLE journal"), "no such table: journal"),
]


@pytest.mark.parametrize(("damage", "said"), DAMAGES, ids=[f"{n}: {said[:20]}" for n, (_, said) in enumerate(DAMAGES)])
def test_the_proof_says_what_is_wrong_and_what_to_do(kept: Path, verify, damage, said: str) -> None:
    damage(kept)
    for aside in kept.glob("qiantai.db-*") if kept.exists() else ():
        aside.unlink()
    before = sorted(path.name for path in kept.iterdir()) if kept.exists() else []
    done, heard = verify(kept)
    assert said in heard
    assert done == 1
    assert "Traceback" not in heard
    after = sorted(path.name for path in kept.iterdir() if "qiantai.db-" not in path.name) if kept.exists() else []
    assert after == before, "a proof that fails makes nothing"


def test_whole_books_pass(kept: Path, verify) -> None:
    assert verify(kept) == (0, "The books fit together.\n")


@pytest.mark.parametrize("verb", ["verify", "export-journal", "export-chain", "backup"])
def test_where_there_is_no_desk_a_verb_makes_none(tmp_path: Path, verify, verb: str) -> None:
    assert verify(tmp_path / "elsewhere", verb) == (
        1,
        f"qiantai {verb}: There is no desk in {tmp_path / 'elsewhere'}.\n",
    )
    assert not (tmp_path / "elsewhere").exists()


def test_another_verb_on_a_row_that_cannot_be_read_ends_with_a_sentence_too(kept: Path, verify) -> None:
    sql("UPDATE receipt SET facts = '{'")(kept)
    done, heard = verify(kept, "export-chain")
    assert done == 1
    assert "the books cannot be read" in heard


def test_a_desk_whose_books_or_key_are_gone_does_not_start_on_new_ones(kept: Path) -> None:
    for name, said in (("books.key", "books.key is missing"), ("qiantai.db", "qiantai.db is gone")):
        aside = (kept / name).rename(kept / "aside")
        command = [sys.executable, "-m", "app", "--port", "0", "--no-demo", "--data", str(kept)]
        done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 1
        assert done.stderr.startswith("qiantai does not start: ")
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert not (kept / name).exists()
        aside.rename(kept / name)
    db.open(kept / "qiantai.db")
    assert receipt.Receipt.select().count() == 1


def test_a_backup_for_somebody_else_or_to_no_key_is_said_in_words(kept: Path, tmp_path: Path) -> None:
    db.open(kept / "qiantai.db")
    with pytest.raises(db.Damaged, match="no age public key"):
        backups.make(tmp_path, public_key="age1nobody")
    made = backups.make(tmp_path, public_key=str(pyrage.x25519.Identity.generate().to_public()))
    for identity in (str(pyrage.x25519.Identity.generate()), "AGE-SECRET-KEY-1NOBODY"):
        with pytest.raises(db.Damaged, match="cannot be decrypted with this identity"):
            backups.unpack(tmp_path / made.name, tmp_path / "x", identity=identity)
