"""The demo: an estate of its own making in a directory of its own, for trying the desk without a printer or a key.

Everything is entered by the same deeds a clerk uses. Its books say that they are a demo's (app.desk.record.demo), so they are
never taken for real ones, and real ones never become a demo.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from app.base import clock
from app.demo import scenes
from app.desk.record import demo, journal
from app.desk.who import passwords, people
from app.desk.who.people import Actor, Staff
from app.procedures.running import staff, stations

SIGN_IN = "sign-in.txt"
WINDOWS = ("1 号窗口", "2 号窗口")
# Made-up people; roles as people.ROLES has them.
STAFF = {
    "米娅": ["supervisor"],
    "本杰": ["senior"],
    "陈静": ["cashier"],
    "安娜": ["assistant"],
    "王敏": ["assistant"],
    "程立": ["parking"],
    "杜宁": ["patrol"],
    "冯满": ["storekeeper"],
    "费雯": ["finance"],
    "高松": ["gate"],
    "王海": ["engineer"],
    "鲁平": ["engineering_supervisor"],
    "郭凯": ["gm"],
}


@dataclass(frozen=True)
class SignIn:
    """How to get in; one password and one PIN for everybody, made anew with each demo."""

    password: str
    pin: str
    badges: dict[str, str]  # name -> the code on the badge

    def lines(self) -> list[str]:
        roles = [f"  {name}  {people.ROLES[STAFF[name][0]]:<26}badge {code}" for name, code in self.badges.items()]
        return [f"password {self.password}   PIN {self.pin}   for everybody:", *roles]


def make(data: Path) -> SignIn:
    """Fill the open, empty books. Its last act is to write down how to sign in: without that it is half made."""
    found = SignIn(password=_password(), pin=f"{secrets.randbelow(9000) + 1000}", badges={})
    yesterday = clock.today() - timedelta(days=1)
    with clock.moved_to(clock.at(yesterday, 9)):
        _mark(by=people.DESK)
        cast = _staff(found)
    for hour, minute, scene in scenes.of_yesterday():
        with clock.moved_to(clock.at(yesterday, hour, minute)):
            scene(cast, by=people.DESK)
    for scene in scenes.of_this_morning():
        scene(cast, by=people.DESK)
    path = data / SIGN_IN
    path.touch(mode=0o600)
    path.write_text("\n".join(found.lines()) + "\n", "utf-8")
    return found


def is_half_made(data: Path) -> bool:
    """Whether a start was cut off while it made this demo."""
    return demo.is_on() and not (data / SIGN_IN).exists()


def sign_in(data: Path) -> str:
    """What make() wrote down, for the next start."""
    path = data / SIGN_IN
    return path.read_text("utf-8") if path.exists() else ""


def _password() -> str:
    return "-".join("".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(4)) for _ in range(2))


@journal.deed("demo.begun", act=journal.DESK_ONLY)
def _mark(*, by: Actor) -> demo.Demo:
    return demo.Demo.create(seed=scenes.SEED, at=journal.moment())


def _staff(found: SignIn) -> dict[str, Actor]:
    rows: list[Staff] = []
    _hire(found, rows, by=people.DESK)
    return {row.roles[0]: people.actor(row, station=WINDOWS[0]) for row in reversed(rows)}


@journal.deed("demo.staffed", act=journal.DESK_ONLY)
def _hire(found: SignIn, rows: list[Staff], *, by: Actor) -> None:
    """Windows, and everybody on the staff list with a badge."""
    for window in WINDOWS:
        stations.keep(window, printer="receipt", scanner=window == WINDOWS[0], reader=True, active=True, by=people.DESK)
    rows += [staff.add(name, roles, by=people.DESK) for name, roles in STAFF.items()]
    # Hashed once and not by each person's deed: on a small Pi thirteen of each would take half a minute.
    Staff.update(
        password_hash=passwords.hash_secret(found.password), pin_hash=passwords.hash_secret(found.pin)
    ).execute()
    for row in rows:
        found.badges[row.name] = str(staff.issue_badge(row.id, by=people.DESK).badge)
