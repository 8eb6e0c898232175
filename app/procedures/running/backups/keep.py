"""Making, checking, reading and thinning out backups.

A backup is one file `qiantai-20261122T090000-7f3a91c2.db[.age]` (moment, head of the receipt chain) with a note beside it
(`.json`): digest, number of receipts, last receipt, and what else must be kept safe (books.key, secret).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import apsw
import pyrage

from app.base import clock, db, disk, faults
from app.desk.record import chain

HOURLY, DAILY, MONTHLY = 24, 30, 24
_STAMP = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class Backup:
    """What the note beside a backup says. `digest`: SHA-256 of the database file inside (not of the encrypted one)."""

    name: str
    at: str  # ISO moment
    digest: str
    size: int
    receipts: int
    last_receipt: str
    head: str  # of the receipt chain, in full
    encrypted: bool
    keep_too: tuple[str, ...] = (chain.KEY_FILE, "water-cards.key", "secret", "qiantai.toml")

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)


def make(into: Path, *, public_key: str = "") -> Backup:
    """Copy the open books into `into`, open the copy and check it, encrypt it to the age key where one is given.

    The file appears under its name only when it is whole and on the disk (`.part`, fsync, rename).
    Raises db.Damaged where the copy does not read like the books; DeviceError is not used: a disk is no device here.
    """
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = clock.now()
    part = into / f"qiantai-{now.strftime(_STAMP)}.part"
    part.unlink(missing_ok=True)
    _copy(part)
    receipts, last, head = _look(part)
    digest = sha256(part)
    size = part.stat().st_size
    name = f"qiantai-{now.strftime(_STAMP)}-{head[:8] or 'new'}.db"
    if public_key:
        name += ".age"
        _encrypt(part, public_key)
    disk.sync(part)
    faults.at("backup.written")
    made = Backup(name, now.isoformat(), digest, size, receipts, last, head, bool(public_key))
    _note(into / (name + ".json"), made)
    part.rename(into / name)
    disk.sync(into)
    return made


def _copy(part: Path) -> None:
    """VACUUM INTO from a connection of its own: payments go on meanwhile (WAL readers block nobody)."""
    source = apsw.Connection(str(db.database.database), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        source.set_busy_timeout(5000)
        source.execute("VACUUM INTO ?", (str(part),))
    finally:
        source.close()


def _look(path: Path) -> tuple[int, str, str]:
    """Open the copy as a restore would: (receipts, last number, head of the chain)."""
    copy = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found = copy.execute("PRAGMA quick_check(1)").get
        if found != "ok":
            raise db.Damaged(f"the copy is damaged: {found}")
        count: int = copy.execute("SELECT count(*) FROM receipt").get
        last = copy.execute("SELECT number, hash FROM receipt ORDER BY id DESC LIMIT 1").fetchone() or ("", "")
    finally:
        copy.close()
    return count, str(last[0]), str(last[1])


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _encrypt(part: Path, public_key: str) -> None:
    sealed = part.with_suffix(".sealed")
    try:
        reader = pyrage.x25519.Recipient.from_str(public_key)
    except pyrage.RecipientError as error:
        raise db.Damaged(f"backup_key in qiantai.toml is no age public key (age1...): {error}.") from error
    pyrage.encrypt_file(str(part), str(sealed), [reader])
    sealed.replace(part)


def _note(path: Path, made: Backup) -> None:
    path.write_text(json.dumps(asdict(made), ensure_ascii=False, indent=1))
    disk.sync(path)


def read(path: Path) -> Backup:
    """The note of a backup; db.Damaged where it is missing or no note."""
    try:
        found = json.loads((path.parent / (path.name + ".json")).read_text())
        return Backup(**(found | {"keep_too": tuple(found["keep_too"])}))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise db.Damaged(f"{path.name} has no readable note beside it: {error}") from error


def listed(into: Path) -> list[Backup]:
    """Every whole backup of that directory, newest first (one without its note or its file is none)."""
    found = []
    for note in into.glob("qiantai-*.json"):
        file = note.with_suffix("")
        if file.exists():
            try:
                found.append(read(file))
            except db.Damaged:
                continue
    return sorted(found, key=lambda each: each.at, reverse=True)


def newest(into: Path) -> Backup | None:
    return next(iter(listed(into)), None)


def unpack(path: Path, target: Path, *, identity: str = "") -> Backup:
    """The database inside a backup to `target`, proved by its digest and by opening it."""
    note = read(path)
    if note.encrypted:
        if not identity:
            raise db.Damaged(f"{path.name} is encrypted: give the age identity file.")
        try:
            pyrage.decrypt_file(str(path), str(target), [pyrage.x25519.Identity.from_str(identity.strip())])
        except (pyrage.IdentityError, pyrage.DecryptError) as error:
            raise db.Damaged(f"{path.name} cannot be decrypted with this identity: {error}.") from error
    else:
        shutil.copyfile(path, target)
    if sha256(target) != note.digest:
        target.unlink()
        raise db.Damaged(f"{path.name} is not what was written then: its digest differs.")
    if _look(target) != (note.receipts, note.last_receipt, note.head):
        raise db.Damaged(f"{path.name} does not hold the receipts its note names.")
    disk.sync(target)
    return note


def prune(into: Path) -> list[str]:
    """Keep the newest 24 hours, 30 days and 24 months, one each; remove the rest and what was left half done."""
    keep: set[str] = set()
    for form, most in (("%Y%m%d%H", HOURLY), ("%Y%m%d", DAILY), ("%Y%m", MONTHLY)):
        first: dict[str, str] = {}
        for each in listed(into):
            first.setdefault(each.moment.strftime(form), each.name)
        keep |= set(list(first.values())[:most])
    gone = [each.name for each in listed(into) if each.name not in keep]
    for name in gone:
        (into / name).unlink()
        (into / (name + ".json")).unlink()
    old = clock.to_ms(clock.now() - timedelta(days=1)) / 1000
    for left in [*into.glob("*.part"), *into.glob("*.sealed")]:
        if left.stat().st_mtime < old:
            left.unlink()
    return gone


__all__ = ["Backup", "listed", "make", "newest", "prune", "read", "sha256", "unpack"]


def identity(path: Path | None) -> str:
    """The secret key in an age identity file; empty where there is none."""
    lines = path.read_text().splitlines() if path else []
    return next((line for line in lines if line.startswith("AGE-SECRET-KEY-")), "")
