"""Promises P12 and P13: signing in, switching, waking, going; and the first supervisor on empty books."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine

from app.base import clock
from app.base.refusal import Refused
from app.desk.record import journal
from app.desk.who import passwords, people, sessions
from app.procedures.running import sign_in as signing
from app.procedures.running import staff as staffing

START = clock.at(clock.today(), 9)
PASSWORD = "a long enough one"


@pytest.fixture
def nine(books):
    with time_machine.travel(START, tick=False) as travel:
        yield travel


@pytest.fixture
def ana(nine, cast: SimpleNamespace) -> people.Staff:
    """Ana with a password and a PIN."""
    hashed = {"password_hash": signing.hash_secret(PASSWORD), "pin_hash": signing.hash_secret("2468")}
    people.Staff.update(**hashed).where(people.Staff.id == cast.ana.id).execute()
    return people.Staff.get_by_id(cast.ana.id)


def wrong(name: str, device: str = "") -> str:
    with pytest.raises(Refused) as no:
        signing.sign_in(name, "not it", station="", device=device)
    return str(no.value)


# ---- throttle ----


def test_four_wrong_tries_are_free_then_waiting_doubles_to_a_minute(ana, nine) -> None:
    for _ in range(passwords.FREE):
        assert "is wrong" in wrong(ana.name)
    for seconds in (1, 2, 4, 8, 16, 32, 60, 60):
        assert f"Wait {seconds} seconds" in wrong(ana.name)
        nine.shift(timedelta(seconds=seconds) - timedelta(milliseconds=1))
        assert "Wait 1 seconds" in wrong(ana.name)
        nine.shift(timedelta(milliseconds=1))
        assert "is wrong" in wrong(ana.name)


def test_the_right_password_ends_the_counting(ana, nine) -> None:
    for _ in range(3):
        wrong(ana.name)
    signing.sign_in(ana.name, PASSWORD, station="")
    for _ in range(passwords.FREE):
        assert "is wrong" in wrong(ana.name)


def test_an_unknown_name_is_answered_and_throttled_like_a_known_one(ana, nine) -> None:
    known = [wrong(ana.name) for _ in range(6)]
    assert [wrong("无此人") for _ in range(6)] == known


def test_an_unknown_name_costs_a_hash_too(ana, nine, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as a known one: counted in hashes, not in milliseconds."""
    hashed: list[str | None] = []
    real = passwords.fits
    monkeypatch.setattr(signing, "fits", lambda secret, kept: hashed.append(kept) or real(secret, kept))
    wrong(ana.name)
    wrong("无此人")
    assert len(hashed) == 2
    assert passwords._hasher.check_needs_rehash(passwords._NOBODY) is False, "the stand-in is as dear as a real hash"


def test_the_clerks_own_browser_does_not_wait_for_somebody_elses_tries(ana, nine) -> None:
    signing.sign_in(ana.name, PASSWORD, station="", device="window")
    for _ in range(9):
        wrong(ana.name, device="stranger")
    assert "Wait" in wrong(ana.name, device="another stranger"), (
        "strangers share one counter, whatever cookie they show"
    )
    signing.sign_in(ana.name, PASSWORD, station="", device="window")


def test_wrong_tries_at_once_are_all_counted(ana, nine) -> None:
    """Counted before they are looked at: eight threads get no more than four looks."""
    answers: list[str] = []

    def tried() -> None:
        from app.base import db

        try:
            signing.sign_in(ana.name, "not it", station="")
        except Refused as no:
            answers.append(str(no))
        finally:
            db.close()

    threads = [threading.Thread(target=tried) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum("is wrong" in answer for answer in answers) == passwords.FREE
    assert sum("Wait" in answer for answer in answers) == 4


def test_counting_survives_a_restart(ana, nine, books) -> None:
    from app.base import db

    for _ in range(5):
        wrong(ana.name)
    db.close()
    db.open(books / "qiantai.db")
    assert "Wait" in wrong(ana.name)


def test_no_more_than_two_hashes_are_made_at_once() -> None:
    assert passwords._two_at_once._max_workers == 2


# ---- sessions ----


def test_signing_out_kills_a_copied_cookie(desk, cast: SimpleNamespace) -> None:
    client, thief = desk.client(cast.ana), desk.app.test_client()
    client.get("/running/today/")
    thief.set_cookie("session", client.get_cookie("session", domain="desk.lan").value, domain="desk.lan")
    assert thief.get("/running/today/").status_code == 200
    client.post("/running/sign_in/out", data={"_key": desk.key()})
    assert thief.get("/running/today/").status_code == 302


def test_a_role_that_is_taken_away_is_gone_at_the_next_request(desk, cast: SimpleNamespace) -> None:
    client = desk.client(cast.mia)
    assert client.get("/running/staff/").status_code == 200
    people.Staff.update(roles=["assistant"]).where(people.Staff.id == cast.mia.id).execute()
    assert client.get("/running/staff/").status_code == 422


def test_who_leaves_is_signed_out_at_once(desk, cast: SimpleNamespace) -> None:
    client = desk.client(cast.ana)
    row = people.Staff.get_by_id(cast.ana.id)
    staffing.change(row.id, roles=row.roles, active=False, version=row.version, by=cast.mia)
    assert client.get("/running/today/").status_code == 302


def test_a_session_ends_after_twelve_hours_whatever_happens(desk, nine, cast: SimpleNamespace) -> None:
    client = desk.client(cast.ana)
    for _ in range(47):
        nine.shift(timedelta(minutes=15))
        assert client.get("/running/today/").status_code == 200
    nine.shift(timedelta(minutes=15))
    assert client.get("/running/today/").status_code == 302


def test_half_an_hour_of_polling_is_nobody(desk, nine, cast: SimpleNamespace) -> None:
    client = desk.client(cast.ana)
    for _ in range(30):
        assert client.get("/live?v=0").json != {"locked": True}
        nine.shift(timedelta(minutes=1))
    assert client.get("/live?v=0").json == {"locked": True}
    assert client.get("/running/today/").status_code == 401


def test_the_pin_wakes_a_locked_session(desk, nine, ana, cast: SimpleNamespace) -> None:
    client = desk.client(cast.ana)
    nine.shift(timedelta(minutes=31))
    assert client.post("/running/sign_in/unlock", data={"pin": "1357", "_key": desk.key()}).status_code == 422
    assert client.get("/running/today/").status_code == 401
    assert client.post("/running/sign_in/unlock", data={"pin": "2468", "_key": desk.key()}).status_code == 303
    assert client.get("/running/today/").status_code == 200


def test_a_half_typed_form_survives_the_pin_without_javascript(desk, nine, cast: SimpleNamespace) -> None:
    """The locked page carries every field and the form's key, and does the deed once the PIN is right."""
    people.Staff.update(pin_hash=signing.hash_secret("2468")).where(people.Staff.id == cast.mia.id).execute()
    client, key = desk.client(cast.mia), desk.key()
    nine.shift(timedelta(minutes=31))
    typed = {"name": "新同事", "roles": ["assistant", "patrol"], "_key": key}
    page = client.post("/running/staff/add", data=typed)
    assert page.status_code == 401
    kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    assert {("name", "新同事"), ("roles", "assistant"), ("roles", "patrol"), ("_key", key)} <= set(kept)
    again = client.post("/running/staff/add", data={**typed, "_pin": "2468"})
    assert again.status_code == 200
    assert people.Staff.get(people.Staff.name == "新同事").roles == ["assistant", "patrol"]


def test_a_locked_page_shows_nothing_of_what_is_behind_it(desk, nine, cast: SimpleNamespace, htmx) -> None:
    client = desk.client(cast.ana)
    nine.shift(timedelta(minutes=31))
    for headers in ({}, htmx):
        page = client.get("/running/today/", headers=headers)
        assert page.status_code == 401
        assert "data-live" not in page.text or "board" not in page.text
    assert client.get("/running/today/", headers=htmx).headers["HX-Retarget"] == "#dialog"


# ---- switching ----


def test_badge_and_pin_switch_the_user_at_a_known_window(desk, nine, ana, cast: SimpleNamespace) -> None:
    badge = staffing.issue_badge(ana.id, by=cast.mia).badge
    window = desk.app.test_client()
    in_ben = {"badge": badge, "pin": "2468"}
    assert window.post("/running/sign_in/switch", data=in_ben).status_code == 422, "a browser nobody knows takes no PIN"
    window.post("/running/sign_in/in", data={"name": ana.name, "password": PASSWORD})
    before = window.get_cookie("session", domain="desk.lan").value
    assert window.post("/running/sign_in/switch", data=in_ben).status_code == 303
    assert window.get("/running/today/").status_code == 200
    thief = desk.app.test_client()
    thief.set_cookie("session", before, domain="desk.lan")
    assert thief.get("/running/today/").status_code == 302, "the session before has ended"


def test_a_badge_alone_is_nobody(desk, nine, ana, cast: SimpleNamespace) -> None:
    badge = staffing.issue_badge(ana.id, by=cast.mia).badge
    passwords.learn("window", ana)
    for pin in ("", badge, "0000"):
        with pytest.raises(Refused, match="PIN is wrong"):
            signing.switch(badge, pin, station="", device="window", before=None)


def test_a_withdrawn_badge_opens_nothing(nine, ana, cast: SimpleNamespace) -> None:
    badge = staffing.issue_badge(ana.id, by=cast.mia).badge
    passwords.learn("window", ana)
    staffing.withdraw_badge(ana.id, by=cast.mia)
    with pytest.raises(Refused):
        signing.switch(badge, "2468", station="", device="window", before=None)


# ---- duty ----


def test_signing_out_is_not_going_off_duty(nine, ana) -> None:
    _, token = signing.sign_in(ana.name, PASSWORD, station="")
    signing.sign_out(token)
    assert [each.name for each in people.present()] == [ana.name]
    signing.go_off(by=people.actor(ana))
    assert people.present() == []


@pytest.mark.rule("ORG-1")
def test_a_supervisor_who_forgot_to_go_off_is_not_there_the_next_day(nine, cast: SimpleNamespace) -> None:
    signing.come(people.Staff.get_by_id(cast.mia.id))
    assert not people.may(cast.ben, "people.manage")
    nine.shift(timedelta(days=1))
    assert people.may(cast.ben, "people.manage")
    assert people.require(cast.ben, "people.manage").deputy


# ---- one-time codes ----


def test_empty_books_print_a_code_that_makes_the_first_supervisor_once(books, desk) -> None:
    code = signing.first_code()
    assert re.fullmatch(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}", code or "")
    client = desk.app.test_client()
    assert client.get("/running/sign_in/").location.endswith("/running/sign_in/code")
    form = {"name": "米娅", "code": "AAAA-BBBB-CCCC", "password": PASSWORD, "password_again": PASSWORD}
    assert client.post("/running/sign_in/redeem", data=form).status_code == 422
    assert client.post("/running/sign_in/redeem", data={**form, "code": code.lower()}).status_code == 303
    assert people.Staff.get().roles == ["supervisor"]
    assert client.get("/running/staff/").status_code == 200
    assert signing.first_code() is None
    again = {**form, "name": "别人", "code": code}
    assert desk.app.test_client().post("/running/sign_in/redeem", data=again).status_code == 422
    assert people.Staff.select().count() == 1


def test_no_password_is_there_from_the_start(books, desk, cast: SimpleNamespace) -> None:
    for guess in ("", "admin", "password", "123456", cast.mia.name):
        with pytest.raises(Refused):
            signing.sign_in(cast.mia.name, guess, station="")
        passwords.Attempt.delete().execute()


def test_a_one_time_code_sets_a_new_password_once_and_ends_old_sessions(desk, nine, ana, cast: SimpleNamespace) -> None:
    client = desk.client(cast.ana)
    _, code = staffing.reset(ana.id, by=cast.mia)
    assert client.get("/running/today/").status_code == 302
    with pytest.raises(Refused):
        signing.sign_in(ana.name, PASSWORD, station="")
    signing.redeem(ana.name, code, "another long one", station="", device="")
    signing.sign_in(ana.name, "another long one", station="")
    with pytest.raises(Refused, match="has been used"):
        signing.redeem(ana.name, code, "yet another one", station="", device="")


def test_a_one_time_code_is_somebodys_own_and_lapses(nine, ana, cast: SimpleNamespace) -> None:
    _, code = staffing.reset(ana.id, by=cast.mia)
    with pytest.raises(Refused):
        signing.redeem(cast.ben.name, code, PASSWORD, station="", device="")
    nine.shift(timedelta(days=3, seconds=1))
    with pytest.raises(Refused):
        signing.redeem(ana.name, code, PASSWORD, station="", device="")


def test_guessing_codes_is_throttled(nine, ana, cast: SimpleNamespace) -> None:
    staffing.reset(ana.id, by=cast.mia)
    for _ in range(passwords.FREE):
        with pytest.raises(Refused, match="is wrong"):
            signing.redeem(ana.name, "AAAA-BBBB-CCCC", PASSWORD, station="", device="")
    with pytest.raises(Refused, match="Wait"):
        signing.redeem(ana.name, "AAAA-BBBB-CCCC", PASSWORD, station="", device="")


@pytest.mark.parametrize("name", ["", "米" * 33])
def test_the_first_supervisor_has_a_name_of_a_readable_length(books, name: str) -> None:
    code = signing.first_code() or ""
    with pytest.raises(Refused) as no:
        signing.redeem(name, code, PASSWORD, station="", device="")
    assert no.value.field == "name"
    assert not people.Staff.select().exists()


@pytest.mark.parametrize("new", [{"password": "another long one"}, {"pin": "97531"}, {}])
def test_a_person_changes_the_own_password_or_pin_with_the_old_password_alone(desk, nine, ana, cast, new) -> None:
    client = desk.client(cast.ana)
    form = {"old": PASSWORD, "password": "", "pin": "", **new}
    wrong_one = client.post("/running/sign_in/change", data={**form, "old": "not it", "_key": desk.key()})
    assert wrong_one.status_code == 422
    assert people.Staff.get_by_id(ana.id).password_hash == ana.password_hash
    assert client.post("/running/sign_in/change", data={**form, "_key": desk.key()}).status_code == 303
    after = people.Staff.get_by_id(ana.id)
    assert signing.fits(new.get("password", PASSWORD), after.password_hash)
    assert signing.fits(new.get("pin", "2468"), after.pin_hash)


def test_secrets_stand_nowhere_in_the_books(nine, ana, cast: SimpleNamespace) -> None:
    from app import schema
    from app.base import db

    _, code = staffing.reset(ana.id, by=cast.mia)
    _, token = signing.redeem(ana.name, code, "another long one", station="", device="x")
    staffing.set_pin(ana.id, "97531", by=cast.mia)
    whole = "".join(
        repr(row)
        for table in schema.TABLES
        for row in db.database.execute_sql(f'SELECT * FROM "{table._meta.table_name}"')
    )
    for secret in (code, code.replace("-", ""), token, "another long one", PASSWORD, "97531"):
        assert secret not in whole, secret


# ---- staff ----


@pytest.mark.rule("ORG-1")
def test_the_last_supervisor_cannot_be_taken_away(nine, cast: SimpleNamespace) -> None:
    row = people.Staff.get_by_id(cast.mia.id)
    with pytest.raises(Refused, match="last supervisor"):
        staffing.change(row.id, roles=["assistant"], active=True, version=row.version, by=cast.mia)
    with pytest.raises(Refused, match="last supervisor"):
        staffing.change(row.id, roles=["supervisor"], active=False, version=row.version, by=cast.mia)


def test_two_supervisors_do_not_overwrite_each_other(nine, cast: SimpleNamespace) -> None:
    row = people.Staff.get_by_id(cast.ana.id)
    staffing.change(row.id, roles=["cashier"], active=True, version=row.version, by=cast.mia)
    with pytest.raises(Refused, match="meanwhile"):
        staffing.change(row.id, roles=["gate"], active=True, version=row.version, by=cast.mia)


def test_somebody_who_left_gets_no_badge(nine, cast: SimpleNamespace) -> None:
    row = people.Staff.get_by_id(cast.ana.id)
    staffing.change(row.id, roles=["assistant"], active=False, version=row.version, by=cast.mia)
    with pytest.raises(Refused, match="does not work here"):
        staffing.issue_badge(row.id, by=cast.mia)
    assert people.Staff.get_by_id(row.id).badge is None


def test_what_happens_to_staff_is_in_the_journal(nine, cast: SimpleNamespace) -> None:
    row = staffing.add("新同事", ["patrol"], by=cast.mia)
    staffing.change(row.id, roles=["patrol", "parking"], active=True, version=row.version, by=cast.mia)
    staffing.issue_badge(row.id, by=cast.mia)
    staffing.reset(row.id, by=cast.mia)
    lines = [line.verb for line in journal.Line.select().where(journal.Line.subject == "staff")]
    assert lines == ["staff.added", "staff.changed", "staff.badge_issued", "staff.password_reset"]


def test_a_weak_password_or_pin_is_refused() -> None:
    for password in ("short", "12345678", "PASSWORD", "x" * 201):
        with pytest.raises(Refused):
            passwords.good_password(password, name="米娅")
    for pin in ("123", "123456789", "1111", "12a4", "１２３４"):
        with pytest.raises(Refused):
            passwords.good_pin(pin)
    assert passwords.good_pin("2468") == "2468"


def test_sessions_are_remembered_within_bounds_and_the_idlest_is_forgotten_first(books, nine) -> None:
    for n in range(sessions._MOST + 20):
        sessions.memory(SimpleNamespace(token=str(n), since=clock.now()))
        nine.shift(timedelta(seconds=1))
    assert len(sessions._memories) == sessions._MOST
    assert str(sessions._MOST + 19) in sessions._memories
    assert "0" not in sessions._memories
