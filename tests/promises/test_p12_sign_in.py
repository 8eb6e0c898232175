"""P12, what tests/test_shell_sign_in.py leaves open: every door is throttled, over HTTP, and two hashes at once are counted."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest

from app.base import db
from app.base.refusal import Refused
from app.desk.who import passwords, people
from app.procedures.running import sign_in as signing
from app.procedures.running import staff as staffing

PASSWORD = "a long enough one"
HASHED = {"password_hash": signing.hash_secret(PASSWORD), "pin_hash": signing.hash_secret("2468")}


@pytest.fixture
def ana(nine, cast: SimpleNamespace) -> people.Staff:
    people.Staff.update(**HASHED).where(people.Staff.id == cast.ana.id).execute()
    return people.Staff.get_by_id(cast.ana.id)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every hash that is really computed, whoever asks."""
    made: list[str] = []
    real = passwords._hasher.verify

    class Counting:
        hash = passwords._hasher.hash

        def verify(self, hashed: str, secret: str) -> bool:
            made.append(hashed)
            return real(hashed, secret)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    return made


def answers(desk, name: str, tries: int, client=None) -> list[tuple[int, str]]:
    """What a browser is told, without its cookie and without the name it typed."""
    client = client or desk.app.test_client()
    told = []
    for _ in range(tries):
        page = client.post("/running/sign_in/in", data={"name": name, "password": "not it"})
        text = page.text.replace(name, "…")
        told.append((page.status_code, text.split("<main", 1)[-1]))
    return told


def test_a_browser_is_told_the_same_for_an_unknown_name_after_as_many_hashes(desk, ana, hashes) -> None:
    """Status, words and work; the seventh try is answered without any hash for both."""
    known = answers(desk, ana.name, 7)
    of_known = len(hashes)
    assert of_known == passwords.FREE
    unknown = answers(desk, "无此人", 7)
    assert len(hashes) - of_known == of_known
    assert [status for status, _ in unknown] == [status for status, _ in known]
    for (_, said), (_, said_of_known) in zip(unknown, known, strict=True):
        assert _plain(said) == _plain(said_of_known)


def _plain(text: str) -> str:
    """Without what is made anew for each page."""
    return re.sub(r'name="(?:_key|csrf_token)" value="[^"]*"', "", text)


def test_somebody_who_left_and_somebody_without_a_password_are_answered_alike(desk, ana, cast, hashes) -> None:
    people.Staff.update(active=0).where(people.Staff.id == ana.id).execute()
    left, never = answers(desk, ana.name, 6), answers(desk, cast.ben.name, 6)
    assert [_plain(said) for _, said in left] == [_plain(said) for _, said in never]
    assert len(hashes) == 2 * passwords.FREE


def test_strangers_tries_never_lock_the_clerk_at_the_desk_out(desk, ana, nine) -> None:
    """Over HTTP, with the cookie that the first sign-in left in the clerk's own browser."""
    window = desk.app.test_client()
    right = {"name": ana.name, "password": PASSWORD}
    assert window.post("/running/sign_in/in", data=right).status_code == 303
    window.post("/running/sign_in/out", data={"_key": desk.key()})
    answers(desk, ana.name, 9)
    stranger = desk.app.test_client()
    assert stranger.post("/running/sign_in/in", data=right).status_code == 422, "even the right one waits elsewhere"
    assert window.post("/running/sign_in/in", data=right).status_code == 303
    assert stranger.post("/running/sign_in/in", data=right).status_code == 422, "and goes on waiting"


def test_the_clerks_own_browser_has_a_counter_of_its_own_and_is_throttled_too(ana, nine) -> None:
    signing.sign_in(ana.name, PASSWORD, station="", device="window")
    for _ in range(passwords.FREE):
        _wrong(lambda: signing.sign_in(ana.name, "not it", station="", device="window"), "is wrong")
    _wrong(lambda: signing.sign_in(ana.name, PASSWORD, station="", device="window"), "Wait 1 seconds")
    signing.sign_in(ana.name, PASSWORD, station="", device="")  # strangers' counter has not moved


def test_each_counter_survives_a_restart_and_is_forgotten_after_a_day(ana, nine, books) -> None:
    signing.sign_in(ana.name, PASSWORD, station="", device="window")
    for device in ("window", ""):
        for _ in range(passwords.FREE):
            _wrong(lambda device=device: signing.sign_in(ana.name, "not it", station="", device=device), "is wrong")
    db.close()
    db.open(books / "qiantai.db")
    for device in ("window", ""):
        _wrong(lambda device=device: signing.sign_in(ana.name, PASSWORD, station="", device=device), "Wait 1 seconds")
    nine.shift(timedelta(days=1, seconds=1))
    for _ in range(passwords.FREE):
        _wrong(lambda: signing.sign_in(ana.name, "not it", station=""), "is wrong")


def test_the_pin_is_throttled_at_each_of_its_doors_by_one_counter(desk, ana, cast, nine) -> None:
    """Waking a session, switching by badge, vouching in place: a PIN of four digits is not guessed at any of them."""
    badge = staffing.issue_badge(ana.id, by=cast.mia).badge
    session, _ = signing.sign_in(ana.name, PASSWORD, station="", device="window")
    doors = (
        lambda pin: signing.unlock(session, pin, device="window"),
        lambda pin: signing.switch(badge, pin, station="", device="window", before=None),
        lambda pin: signing.vouch(ana.name, pin, act="keys.lend", rule="KEY-8", device="window"),
    )
    for n in range(passwords.FREE):
        _wrong(lambda n=n: doors[n % 3]("1357"), "wrong|not it")
    for door in doors:
        _wrong(lambda door=door: door("2468"), "Wait")


def test_the_old_password_is_throttled_where_a_new_one_is_chosen(desk, ana, cast, nine) -> None:
    client = desk.client(cast.ana)

    def change(old: str) -> str:
        form = {"old": old, "password": "another long one", "pin": "", "_key": desk.key()}
        return client.post("/running/sign_in/change", data=form).text

    for _ in range(passwords.FREE):
        assert "当前密码不正确" in change("not it")
    assert "请等待" in change(PASSWORD)
    assert signing.fits(PASSWORD, people.Staff.get_by_id(ana.id).password_hash)


def _wrong(act, match: str) -> None:
    with pytest.raises(Refused, match=match):
        act()


class _Busy:
    """Stands where the hasher stands: says how many compute at once. Nobody is done before all eight have asked."""

    def __init__(self) -> None:
        self.now = self.most = self.done = 0
        self.lock, self.gate = threading.Lock(), threading.Event()

    def verify(self, hashed: str, secret: str) -> bool:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        assert self.gate.wait(60)
        with self.lock:
            self.now -= 1
            self.done += 1
        return False


def _eight_at_once(busy: _Busy, pool: ThreadPoolExecutor, patch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def submit(*call: object) -> object:
        future = pool.submit(*call)  # type: ignore[arg-type]
        asked.append(1)
        if len(asked) == 8:
            busy.gate.set()
        return future

    patch.setattr(passwords, "_hasher", busy)
    patch.setattr(passwords, "_two_at_once", SimpleNamespace(submit=submit))
    threads = [threading.Thread(target=passwords.fits, args=("x", None)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert busy.done == 8


def test_eight_logins_at_once_compute_two_hashes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = _Busy()
    _eight_at_once(busy, passwords._two_at_once, monkeypatch)
    assert busy.most == 2


def test_control_more_at_once_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = _Busy()
    busy.gate = threading.Barrier(8)  # type: ignore[assignment]
    busy.gate.set = lambda: None  # type: ignore[attr-defined]
    busy.gate.wait = lambda _, wait=busy.gate.wait: wait(60) >= 0  # type: ignore[method-assign]
    with ThreadPoolExecutor(8) as wide:
        _eight_at_once(busy, wide, monkeypatch)
    assert busy.most == 8
