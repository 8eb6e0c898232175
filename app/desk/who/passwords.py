"""Passwords, PINs and one-time codes: kept as hashes, guessed at slowly (promise P12)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import peewee
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from app.base import clock, db
from app.base.refusal import Refused
from app.desk.who.people import Staff

# 19 MiB, two passes: the library's 64 MiB times four logins is a quarter of a small Pi (platform.md 1).
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Threads of their own: the 19 MiB stay with the thread that hashed, and a server has eight (155 MB of a small Pi).
_two_at_once = ThreadPoolExecutor(2, "hash")
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$vz+7sk5KLdl2jwtRKLRGHA$UKcCmQhSyNJMNt2dIRkl5Z/mXEdyYFWhR0Okc7kK7Ok"
FREE = 4  # wrong tries without waiting
LONGEST_WAIT = timedelta(seconds=60)
_FORGOTTEN = timedelta(days=1)  # a wrong try of yesterday counts no more
CODE_LASTS = timedelta(days=3)


class Attempt(db.Table):
    """Wrong tries at one account from one known device (`device` empty: from all unknown ones together)."""

    account = peewee.TextField()  # digest of the name as it was typed: unknown people are throttled alike
    device = peewee.TextField()
    fails = peewee.IntegerField(default=0)
    last = db.MomentField(index=True)

    class Meta:
        indexes = ((("account", "device"), True),)


class Device(db.Table):
    """A browser on which that person has signed in before: others' wrong tries do not make it wait."""

    token = peewee.TextField()  # digest of its cookie
    staff = peewee.ForeignKeyField(Staff, index=True)
    since = db.MomentField()

    class Meta:
        indexes = ((("token", "staff"), True),)


class OneTime(db.Table):
    """A code with which somebody sets a new password once; without `staff` it makes the first supervisor."""

    code = peewee.TextField(unique=True)  # digest
    staff = peewee.ForeignKeyField(Staff, null=True, index=True)
    until = db.MomentField()
    used = db.MomentField(null=True)


def hash_secret(secret: str) -> str:
    """For passwords and PINs."""
    return _two_at_once.submit(_hasher.hash, secret).result()


def fits(secret: str, hashed: str | None) -> bool:
    """Whether it is that secret; takes as long for an unknown person."""
    try:
        return _two_at_once.submit(_hasher.verify, hashed or _NOBODY, secret).result() and hashed is not None
    except VerificationError:
        return False


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def attempt(account: str, staff: Staff | None, device: str, holds: Callable[[], bool]) -> bool:
    """One try at an account: counted before it is looked at, so that many at once count too. Refused while one must wait."""
    own = device if staff and knows(device, staff) else ""
    row = {"account": sha(account.strip().casefold()), "device": own}
    with db.write():
        Attempt.delete().where(Attempt.last < clock.now() - _FORGOTTEN).execute()
        before = Attempt.get_or_none(**row)
        left = _wait(before.fails) - (clock.now() - before.last) if before else timedelta(0)
        if left > timedelta(0):
            raise Refused(
                "Too many wrong tries. Wait {seconds} seconds, then type it again.",
                seconds=-(-left // timedelta(seconds=1)),
            )
        Attempt.insert(**row, fails=1, last=clock.now()).on_conflict(
            conflict_target=[Attempt.account, Attempt.device],
            update={Attempt.fails: Attempt.fails + 1, Attempt.last: clock.now()},
        ).execute()
    good = holds()
    if good:
        with db.write():
            Attempt.delete().where(Attempt.account == row["account"], Attempt.device == own).execute()
    return good


def _wait(fails: int) -> timedelta:
    """4 free, then 1, 2, 4 ... 60 seconds."""
    return min(timedelta(seconds=2 ** min(fails - FREE, 6)), LONGEST_WAIT) if fails >= FREE else timedelta(0)


def knows(device: str, staff: Staff | None = None) -> bool:
    """Whether that person (or anybody) has signed in with a password on that device before."""
    query = Device.select().where(Device.token == device)
    return bool(device) and (query if staff is None else query.where(Device.staff == staff)).exists()


def learn(device: str, staff: Staff) -> None:
    if device:
        Device.insert(token=device, staff=staff, since=clock.now()).on_conflict_ignore().execute()


def good_password(password: str, *, name: str) -> str:
    """The password, if it may be one: Refused otherwise."""
    if not 8 <= len(password) <= 200 or password.casefold() in (name.casefold(), "12345678", "password"):
        raise Refused("Choose a password of at least 8 characters that is not your name.", field="password")
    return password


def good_pin(pin: str) -> str:
    """4 to 8 digits that are not all the same."""
    if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 8) or len(set(pin)) == 1:
        raise Refused("A PIN has 4 to 8 digits, not all the same.", field="pin")
    return pin


def one_time(staff: Staff | None) -> str:
    """A fresh code; earlier ones for the same person lapse. Shown once, kept as a digest. Inside a deed."""
    OneTime.delete().where(OneTime.staff == staff if staff else OneTime.staff.is_null()).execute()
    alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that is read as something else
    code = "".join(secrets.choice(alphabet) for _ in range(12))
    OneTime.create(code=sha(code), staff=staff, until=clock.now() + CODE_LASTS)
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def take(code: str, staff: Staff | None) -> bool:
    """Use a code up. Inside a deed."""
    plain = code.strip().upper().replace("-", "").replace(" ", "")
    mine = OneTime.staff == staff if staff else OneTime.staff.is_null()
    query = OneTime.update(used=clock.now()).where(
        OneTime.code == sha(plain), mine, OneTime.used.is_null(), OneTime.until > clock.now()
    )
    return bool(query.execute())
