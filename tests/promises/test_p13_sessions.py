"""P13, what tests/test_shell_sign_in.py leaves open: a half-typed payment over a locked screen, and every way a session ends."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from app.base import clock
from app.desk.accounts import charge, ledger
from app.desk.accounts.receipt import Receipt
from app.desk.who import people, sessions
from app.procedures.running import sign_in as signing
from app.procedures.running import staff as staffing
from tests.within import within

PASSWORD, PIN = "a long enough one", "2468"
HASHED = {"password_hash": signing.hash_secret(PASSWORD), "pin_hash": signing.hash_secret(PIN)}
PAY = "/counter/cashier/pay"
SEEN = "/counter/cashier/"


@pytest.fixture
def chen(nine, cast: SimpleNamespace) -> people.Actor:
    people.Staff.update(**HASHED).where(people.Staff.id == cast.chen.id).execute()
    return cast.chen


@pytest.fixture
def typed(desk, cast, home, nine) -> dict[str, str]:
    """A payment as it stands in the page, with the key the page was given."""
    owed = within(
        charge.add, unit=home.unit, item="management", text="物业服务费", fen=22818, due=clock.today(), by=cast.fei
    )
    return {
        "_key": desk.key(),
        "unit": str(home.unit.id),
        "payer": "李伟 & <子>",
        "cash": "300",
        "charge": str(owed.id),
    }


def kept_in(page: str) -> dict[str, str]:
    """What the locked page carries on."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found if name != "csrf_token"}


def test_a_half_typed_payment_is_paid_once_after_the_pin_with_the_key_it_had(desk, chen, nine, typed) -> None:
    """Without JavaScript; a wrong PIN in between loses nothing, the right one twice pays nothing twice."""
    client = desk.client(chen)
    assert client.get(SEEN).status_code == 200
    nine.shift(timedelta(minutes=30))
    locked = client.post(PAY, data=typed)
    assert locked.status_code == 401
    assert Receipt.select().count() == 0
    assert kept_in(locked.text) == typed
    assert client.post(PAY, data={**kept_in(locked.text), "_pin": "1357"}).status_code == 422
    assert client.get(SEEN).status_code == 401, "still locked"
    carried = {**kept_in(locked.text), "_pin": PIN}
    for _ in "12":
        assert client.post(PAY, data=carried).status_code in (200, 303)
    assert [row.payer for row in Receipt.select()] == [typed["payer"]]
    assert ledger.balance("tender.cash") == 22818


def test_with_javascript_the_page_stays_and_the_same_form_is_sent_again(desk, chen, nine, typed, htmx) -> None:
    client = desk.client(chen)
    client.get(SEEN)
    nine.shift(timedelta(minutes=30))
    asked = client.post(PAY, data=typed, headers=htmx)
    assert (asked.status_code, asked.headers["HX-Retarget"]) == (401, "#dialog"), "the form is not touched"
    awake = client.post("/running/sign_in/unlock", data={"pin": PIN, "_dialog": "pin"}, headers=htmx)
    assert (awake.status_code, awake.text) == (200, ""), "the page behind the dialog stays as it is"
    assert "desk:unlocked" in awake.headers["HX-Trigger"]
    assert client.post(PAY, data=typed, headers=htmx).status_code == 200
    assert Receipt.select().count() == 1


def test_after_twelve_hours_the_password_is_asked_and_the_half_typed_payment_waits(
    desk, chen, nine, typed, htmx
) -> None:
    client = desk.client(chen)
    for _ in range(47):
        nine.shift(timedelta(minutes=15))
        assert client.get(SEEN).status_code == 200
    nine.shift(timedelta(minutes=15))
    asked = client.post(PAY, data=typed, headers=htmx)
    assert (asked.status_code, asked.headers["HX-Retarget"]) == (401, "#dialog")
    assert client.post("/running/sign_in/unlock", data={"pin": PIN}, headers=htmx).status_code == 401, "no PIN any more"
    name = people.Staff.get_by_id(chen.id).name
    back = {"name": name, "password": PASSWORD, "_dialog": "password"}
    assert client.post("/running/sign_in/in", data=back, headers=htmx).status_code == 200
    assert client.post(PAY, data=typed, headers=htmx).status_code == 200
    assert Receipt.select().count() == 1


def test_a_minute_less_than_half_an_hour_asks_for_nothing_and_twelve_hours_end_a_locked_session_too(
    desk, chen, nine
) -> None:
    client = desk.client(chen)
    client.get(SEEN)
    nine.shift(timedelta(minutes=30) - timedelta(milliseconds=1))
    assert client.get(SEEN).status_code == 200
    nine.shift(timedelta(minutes=30))
    assert client.get(SEEN).status_code == 401
    nine.shift(timedelta(hours=12))
    assert client.post("/running/sign_in/unlock", data={"pin": PIN, "_key": desk.key()}).status_code == 302
    assert client.get(SEEN).status_code == 302


def test_after_a_restart_a_session_that_is_not_fresh_asks_for_the_pin(desk, chen, nine, monkeypatch) -> None:
    """What was seen last lived in memory: the desk rather asks once too often."""
    client = desk.client(chen)
    for _ in range(3):
        nine.shift(timedelta(minutes=20))
        assert client.get(SEEN).status_code == 200
    monkeypatch.setattr(sessions, "_memories", {})
    assert client.get(SEEN).status_code == 401
    client.post("/running/sign_in/unlock", data={"pin": PIN, "_key": desk.key()})
    assert client.get(SEEN).status_code == 200


WAYS = {
    "signs out": lambda desk, client, chen, mia: client.post("/running/sign_in/out", data={"_key": desk.key()}),
    "goes off duty": lambda desk, client, chen, mia: client.post("/running/sign_in/off", data={"_key": desk.key()}),
    "gets a one-time code": lambda desk, client, chen, mia: staffing.reset(chen.id, by=mia),
    "leaves": lambda desk, client, chen, mia: _leave(chen, mia),
}


def _leave(chen: people.Actor, mia: people.Actor) -> None:
    row = people.Staff.get_by_id(chen.id)
    staffing.change(row.id, roles=row.roles, active=False, version=row.version, by=mia)


@pytest.mark.parametrize("way", WAYS)
def test_a_copied_cookie_is_dead_however_the_session_ended(desk, cast, chen, typed, way: str) -> None:
    """It opens no page, pays nothing, and no PIN wakes it."""
    client, thief = desk.client(chen), desk.app.test_client()
    client.get(SEEN)
    thief.set_cookie("session", client.get_cookie("session", domain="desk.lan").value, domain="desk.lan")
    assert thief.get(SEEN).status_code == 200, "until then it works: that is what is to be stopped"
    WAYS[way](desk, client, chen, cast.mia)
    assert thief.get(SEEN).status_code == 302
    assert thief.post(PAY, data={**typed, "_pin": PIN}).status_code == 302
    assert thief.post("/running/sign_in/unlock", data={"pin": PIN, "_key": desk.key()}).status_code == 302
    assert Receipt.select().count() == 0


def test_a_role_that_is_taken_away_or_given_counts_at_the_next_request_of_an_open_page(desk, cast, chen, typed) -> None:
    """A page that was open before: its button does nothing any more, then again, with no new sign-in."""
    client = desk.client(chen)
    assert client.get(SEEN).status_code == 200

    def become(*roles: str) -> None:
        row = people.Staff.get_by_id(chen.id)
        staffing.change(row.id, roles=list(roles), active=True, version=row.version, by=cast.mia)

    become("patrol")
    assert client.post(PAY, data=typed).status_code == 422
    assert Receipt.select().count() == 0
    become("patrol", "cashier")
    assert client.post(PAY, data=typed).status_code == 303
    assert Receipt.select().count() == 1
