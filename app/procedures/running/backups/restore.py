"""Restoring, and the drill that shows it works: in every test run, and by hand once a month."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from app.base import db
from app.desk.record import chain
from app.procedures.running.backups import fence, keep
from app.procedures.running.backups.keep import Backup


def restore(path: Path, data: Path, *, identity: str = "") -> Backup:
    """Put a backup in the place of the books of `data` (no desk may run on it), behind the fence.

    The books there now are set aside under a name of their own, never deleted. The chain's key must lie in `data`:
    db.Damaged where it does not fit (bring it back from where `keep_too` says it is kept).
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = data / "restored.part"
    fresh.unlink(missing_ok=True)
    note = keep.unpack(path, fresh, identity=identity)
    if note.receipts and not (data / chain.KEY_FILE).exists():
        fresh.unlink()
        raise db.Damaged(f"{chain.KEY_FILE} is not in {data}: copy it there first. It is kept apart from the backups.")
    books = data / "qiantai.db"
    aside = data / f"before-restore-{keep.sha256(books)[:8]}.db" if books.exists() else None
    for suffix in ("", "-wal", "-shm"):
        old = books.with_name(books.name + suffix)
        if old.exists() and aside is not None:
            old.rename(aside.with_name(aside.name + suffix))
    fresh.rename(books)
    db.open(books)
    fence.raise_fence(note.at, note.name)
    return note


def drill(path: Path, data: Path, *, prove: Callable[[], Iterable[str]], identity: str = "") -> list[str]:
    """Restore a backup into a scratch directory and prove it there; gives what is wrong (empty = it would serve).

    Nothing of `data` is touched; the open books are the scratch copy's until the caller opens others.
    """
    with tempfile.TemporaryDirectory(dir=data) as scratch:
        place = Path(scratch)
        for name in (chain.KEY_FILE, "secret"):
            if (data / name).exists():
                shutil.copy(data / name, place / name)
        db.close()
        restore(path, place, identity=identity)
        try:
            return list(prove())
        finally:
            db.close()
