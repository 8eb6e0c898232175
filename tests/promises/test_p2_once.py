"""P2: double click, retry, stale tab and back button never pay twice; a killed server has kept what it acknowledged.

A real server process is killed with SIGKILL while three clients pay. What a client was told is in the books, every form
is there once, the cash adds up. (SIGKILL says nothing about power cuts: that is P1.)
"""

from __future__ import annotations

import http.client
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from app import factory
from app.base import db
from app.desk.accounts import charge, ledger, receipt
from app.desk.accounts.receipt import Receipt
from app.desk.record import journal, numbering
from app.desk.record.journal import Line
from app.desk.who import sessions
from app.desk.who.people import Staff
from app.settings import Settings
from tests.within import within

KILLS = 60  # --long: 600


# ---- one process: the form key


def pay(desk, home, client, htmx, *, key, **more):
    data = {"_key": key, "unit": home.unit.id, "payer": "李伟", "cash": "1", "prepay": "1"} | more
    return client.post("/counter/cashier/pay", data=data, headers=htmx)


def test_a_double_click_pays_once_and_both_see_the_same_receipt(desk, cast, home, htmx) -> None:
    client, key = desk.client(cast.chen), desk.key()
    first, second = (pay(desk, home, client, htmx, key=key).text for _ in range(2))
    number = Receipt.get().number
    assert number in first
    assert number in second
    assert (Receipt.select().count(), ledger.balance("tender.cash")) == (1, 100)


def test_two_clicks_at_the_same_moment_pay_once(desk, cast, home, htmx) -> None:
    key, told = desk.key(), []
    both = threading.Barrier(2)

    def click(window) -> None:
        both.wait()
        told.append(pay(desk, home, window, htmx, key=key).status_code)
        db.close()

    threads = [threading.Thread(target=click, args=(desk.client(cast.chen),)) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert told == [200, 200]
    assert Receipt.select().count() == 1


def test_a_used_form_with_other_content_is_a_conflict_that_names_the_receipt(desk, cast, home, htmx) -> None:
    client, key = desk.client(cast.chen), desk.key()
    pay(desk, home, client, htmx, key=key)
    answer = pay(desk, home, client, htmx, key=key, cash="2", prepay="2")
    assert answer.status_code == 409
    assert Receipt.get().number in answer.text
    assert ledger.balance("tender.cash") == 100


def test_a_refused_form_has_not_used_its_key_up(desk, cast, home, htmx) -> None:
    client, key = desk.client(cast.chen), desk.key()
    assert pay(desk, home, client, htmx, key=key, cash="abc").status_code == 422
    assert pay(desk, home, client, htmx, key=key).status_code == 200


def test_a_key_that_the_server_did_not_make_protects_nothing_and_is_refused(desk, cast, home, htmx) -> None:
    answer = pay(desk, home, desk.client(cast.chen), htmx, key="made-up")
    assert answer.status_code == 422
    assert Receipt.select().count() == 0


def test_a_colleague_who_settles_first_makes_the_stale_tab_a_refusal(desk, cast, home, htmx) -> None:
    from datetime import date

    row = within(charge.add, unit=home.unit, item="fee", text="费", fen=100, due=date(2026, 1, 1), by=cast.fei)
    stale, fresh = desk.client(cast.chen), desk.client(cast.ana)
    assert pay(desk, home, fresh, htmx, key=desk.key(), charge=row.id, prepay="").status_code == 200
    assert pay(desk, home, stale, htmx, key=desk.key(), charge=row.id, prepay="").status_code == 422
    assert Receipt.select().count() == 1


def test_without_the_key_the_same_click_pays_twice(desk, cast, home, htmx, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant: were the earlier form not looked up, the first test of this file would fail."""
    monkeypatch.setattr(journal, "_earlier", lambda *_: (False, None))
    client, key = desk.client(cast.chen), desk.key()
    with pytest.raises(Exception, match="UNIQUE"):
        for _ in range(2):
            pay(desk, home, client, htmx, key=key)


# ---- a real server, killed


@dataclass
class Server:
    """python -m app on a free port; `kill` is SIGKILL."""

    data: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        run = [
            sys.executable,
            "-m",
            "app",
            "--no-demo",
            "--data",
            str(self.data),
            "--port",
            str(self.port),
            "--host",
            "127.0.0.1",
        ]
        env = {name: value for name, value in os.environ.items() if not name.startswith("QIANTAI_")}
        self.process = subprocess.Popen(run, stdout=subprocess.PIPE, text=True, env=env)
        for line in self.process.stdout:
            if line.startswith("ready "):
                self.port = int(line.rsplit(":", 1)[1])
                return
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()


@dataclass
class Client:
    """One browser: fetches the form, pays, and does not give up when the server is gone."""

    server: Server
    cookie: str
    unit: int
    name: str
    acked: dict[str, str] = field(default_factory=dict)  # payer -> receipt number
    sent: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    trouble: list[BaseException] = field(default_factory=list)

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            headers = {"Cookie": self.cookie, "Origin": f"http://127.0.0.1:{self.server.port}", "HX-Request": "true"}
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            line.request(method, path, body, headers)
            answer = line.getresponse()
            text = answer.read().decode()
            if made := answer.getheader("Set-Cookie"):
                self.cookie = made.split(";")[0]
            return answer.status, text
        finally:
            line.close()

    def insist(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        """Ask until there is an answer: the server comes back."""
        while True:
            try:
                return self.ask(method, path, body)
            except (OSError, http.client.HTTPException):
                if self.stop.is_set():
                    raise
                time.sleep(0.02)  # polls a port; what is shown does not depend on it

    def run(self, seed: int) -> None:
        chance = random.Random(seed)
        try:
            while not self.stop.is_set():
                self.once(chance)
        except BaseException as error:
            if not self.stop.is_set():
                self.trouble.append(error)

    def once(self, chance: random.Random) -> None:
        status, html = self.insist("GET", f"/counter/cashier/?unit={self.unit}")
        assert status == 200, html
        form = html[html.index('id="pay"') :]
        hidden = {
            name: unescape(re.search(rf'name="{name}" value="([^"]*)"', form)[1]) for name in ("csrf_token", "_key")
        }
        payer = f"{self.name}{self.sent}"
        self.sent += 1
        body = urlencode(hidden | {"unit": self.unit, "payer": payer, "cash": "1", "prepay": "1"})
        give_up = chance.random() < 0.1
        for _ in range(chance.choice([1, 1, 2, 3])):  # a clerk who clicks again
            try:
                status, text = self.ask("POST", "/counter/cashier/pay", body)
            except (OSError, http.client.HTTPException):
                if give_up:
                    return  # never told: may be in the books or not
                status, text = self.insist("POST", "/counter/cashier/pay", body)
            assert status == 200, text
            number = re.search(r"SJ-\d{4}-\d{6}", text)[0]
            assert self.acked.setdefault(payer, number) == number


@pytest.fixture
def served(cast, home, data):
    """The books made here, then handed to the server process; a signed cookie for each clerk."""
    desk = factory.create_app(Settings(data=data))
    signer = desk.session_interface.get_signing_serializer(desk)
    cookies = []
    for who in (cast.chen, cast.ana, cast.ben):
        with db.write():
            token = sessions.begin(Staff.get_by_id(who.id), station="1")
        cookies.append("session=" + signer.dumps({"_user_id": token, "_fresh": True}))
    name = desk.config["SESSION_COOKIE_NAME"]
    return Server(data), [cookie.replace("session", name, 1) for cookie in cookies]


def test_what_was_acknowledged_is_in_the_books_once_whenever_the_server_is_killed(served, home, times) -> None:
    server, cookies = served
    unit = home.unit.id
    db.close()
    server.start()
    clients = [Client(server, cookie, unit, name) for cookie, name in zip(cookies, "甲乙丙", strict=True)]
    threads = [threading.Thread(target=each.run, args=(seed,)) for seed, each in enumerate(clients)]
    for each in threads:
        each.start()
    chance = random.Random(7)
    try:
        for _ in range(KILLS * times):
            enough = sum(each.sent for each in clients) + chance.randint(2, 12)
            while sum(each.sent for each in clients) < enough and not any(each.trouble for each in clients):
                time.sleep(chance.random() / 100)
            server.kill()
            server.start()
        for each in clients:
            goal = each.sent + 2
            while each.sent < goal and not each.trouble:
                time.sleep(0.01)
    finally:
        for each in clients:
            each.stop.set()
        for thread in threads:
            thread.join()
        server.kill()
    assert [each.trouble for each in clients] == [[], [], []]
    db.connect()
    told = {payer: number for each in clients for payer, number in each.acked.items()}
    kept = {row.payer: row.number for row in Receipt.select()}
    assert len(told) > KILLS
    assert told.items() <= kept.items()
    assert set(kept) - set(told) <= {f"{each.name}{n}" for each in clients for n in range(each.sent)}
    assert Receipt.select().count() == len(kept)
    assert max(Counter(line.key for line in Line.select(Line.key).where(Line.key.is_null(False))).values()) == 1
    assert ledger.balance("tender.cash") == 100 * len(kept)
    assert (receipt.verify(), ledger.check(), charge.check()) == ([], [], [])
    assert numbering.Series.get(name="SJ").last == len(kept)
