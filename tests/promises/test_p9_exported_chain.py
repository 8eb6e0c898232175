"""P9: the exported chain is checked by one file that knows nothing of the desk."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.base import clock, db
from app.commands import export_chain
from app.desk.accounts import receipt
from app.procedures.running import backups
from tests.promises.test_p9_tampering_shows import pay

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify-chain"


@pytest.fixture
def exported(cast, home, books: Path, tmp_path: Path) -> Path:
    for fen in (501, 502, 503):
        pay(home.unit, fen, by=cast.chen)
    out = tmp_path / "chain.jsonl"
    arguments = ["--data", str(books), "--out", str(out)]
    assert export_chain.command(arguments, open_books=lambda _: None, t=str.format) == 0
    return out


@pytest.fixture
def check(books: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(file: Path, *more: str) -> subprocess.CompletedProcess[str]:
        alone = [sys.executable, "-I", str(SCRIPT), str(file), "--key", str(books / receipt.KEY_FILE), *more]
        return subprocess.run(alone, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=180)

    return run


def changed(file: Path, n: int, change: Callable[[dict], None]) -> None:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    change(lines[n])
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def test_a_whole_chain_passes_without_the_desk(exported: Path, check) -> None:
    done = check(exported, "--head", receipt.head()[:8])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("3 receipts")


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row["facts"].update(fen=1),
        lambda row: row["facts"].update(payer="王五"),
        lambda row: row.update(hash="0" * 64),
        lambda row: row.update(previous=""),
        lambda row: row.update(number="SJ-2026-000009"),
    ],
    ids=["amount", "payer", "hash", "link", "number"],
)
def test_a_changed_receipt_is_named(exported: Path, check, change: Callable[[dict], None]) -> None:
    changed(exported, 1, change)
    done = check(exported)
    assert done.returncode == 1
    assert f"SJ-{clock.today().year}-00000" in done.stderr


def test_a_receipt_taken_out_or_cut_off_at_the_end_is_noticed(exported: Path, check) -> None:
    head, lines = receipt.head()[:8], exported.read_text().splitlines(keepends=True)
    exported.write_text(lines[0] + lines[2])
    assert "number 2 of" in check(exported).stderr
    exported.write_text("".join(lines[:2]))
    assert check(exported).returncode == 0, "only the paper in somebody's hand shows that the end is missing"
    assert "missing" in check(exported, "--head", head).stderr


def test_numbers_that_only_paper_has_after_a_restore_are_told_with_the_chain(
    exported: Path, cast, home, books: Path, check
) -> None:
    with db.write():
        backups.raise_fence("2026-11-22T09:00:00+08:00", "x")
    backups.confirm_last_number(f"SJ-{clock.today().year}-000009", by=cast.mia)
    assert pay(home.unit, 504, by=cast.chen).n == 10
    export_chain.command(["--data", str(books), "--out", str(exported)], open_books=lambda _: None, t=str.format)
    assert json.loads(exported.read_text().splitlines()[0]) == {"skipped": [clock.today().year, 4, 9]}
    assert check(exported).returncode == 0
    exported.write_text("".join(exported.read_text().splitlines(keepends=True)[1:]))
    assert "number 4 of" in check(exported).stderr


def test_another_desks_key_fits_nothing(exported: Path, books: Path, check) -> None:
    db.close()
    (books / receipt.KEY_FILE).write_bytes(b"x" * 32)
    assert check(exported).returncode == 1
