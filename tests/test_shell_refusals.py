"""What the rules, a device or the disk refuse: said in one place, answered in place (counter.md 5, 7)."""

from __future__ import annotations

import re
from types import SimpleNamespace

import apsw
import peewee
import pytest

from app.base import clock
from app.base.refusal import Refused
from app.desk.accounts import charge
from app.desk.record import journal
from app.desk.who import people, sessions
from app.procedures.running import sign_in as signing
from app.procedures.running import staff as staffing
from hardware.ports import DeviceError
from tests.within import within

# ---- refusals, and answering them in place (counter.md 7) ----


@pytest.fixture
def charged(cast: SimpleNamespace, home: SimpleNamespace) -> charge.Charge:
    """Something Ben charged: Ana takes it back only with the supervisor (CASH-1)."""
    return within(
        charge.add, unit=home.unit, item="card_fee", text="住户证工本费", fen=500, due=clock.today(), by=cast.ben
    )


@pytest.fixture
def here(cast: SimpleNamespace) -> None:
    """The supervisor is on duty and has a PIN; so has the senior."""
    for nick, pin in (("mia", "2468"), ("ben", "1357")):
        people.Staff.update(pin_hash=signing.hash_secret(pin)).where(
            people.Staff.id == getattr(cast, nick).id
        ).execute()
    signing.come(people.Staff.get_by_id(cast.mia.id))


def take_back(desk, client, row: charge.Charge, htmx, **more: str):
    form = {"_key": desk.key(), "reason": "登记错误", **more}
    return client.post(f"/counter/cashier/take_back/{row.id}", data=form, headers={**htmx, "HX-Target": "board"})


def is_open(row: charge.Charge) -> bool:
    return row.id in [each.id for each in charge.open_of(row.unit)]


@pytest.mark.usefixtures("here")
def test_a_refusal_cites_its_rule_and_offers_what_can_be_done(desk, cast, charged, htmx) -> None:
    answer = take_back(desk, desk.client(cast.ana), charged, htmx)
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#notice"
    assert "/running/manual/CASH-1" in answer.text
    assert 'data-answer="2"' in answer.text
    assert 'data-answer="1"' not in answer.text, "she may not do it on her own"
    assert 'name="reason" value="登记错误"' in answer.text, "the same form, kept"
    assert is_open(charged)


@pytest.mark.usefixtures("here")
def test_the_supervisor_allows_it_in_the_same_dialog_and_the_journal_says_who(desk, cast, charged, htmx) -> None:
    answer = take_back(
        desk, desk.client(cast.ana), charged, htmx, _override="CASH-1", _approver=cast.mia.name, _pin="2468"
    )
    assert answer.status_code == 200
    assert not is_open(charged)
    line = journal.Line.get(journal.Line.verb == "charge.taken_back")
    assert line.staff_id == cast.ana.id
    assert line.detail["overrides"] == {"CASH-1": cast.mia.name}


@pytest.mark.usefixtures("here")
def test_who_allows_may_show_a_badge_but_never_without_the_pin(desk, cast, charged, htmx) -> None:
    badge = staffing.issue_badge(cast.mia.id, by=cast.mia).badge
    client = desk.client(cast.ana)
    for pin in ("", "1357", badge):
        answer = take_back(desk, client, charged, htmx, _override="CASH-1", _approver=badge, _pin=pin)
        assert answer.status_code == 422
        assert "不正确" in answer.text
        assert 'data-answer="2"' in answer.text, "the question stays open"
    assert is_open(charged)
    assert take_back(desk, client, charged, htmx, _override="CASH-1", _approver=badge, _pin="2468").status_code == 200


@pytest.mark.usefixtures("here")
def test_who_may_not_cannot_allow_it_for_another(desk, cast, charged, htmx) -> None:
    answer = take_back(
        desk, desk.client(cast.ana), charged, htmx, _override="CASH-1", _approver=cast.ben.name, _pin="1357"
    )
    assert answer.status_code == 422
    assert cast.ben.name in answer.text
    assert is_open(charged)


@pytest.mark.usefixtures("here")
def test_an_override_must_be_asked_for_and_must_be_ones_own_to_give(desk, cast, charged, htmx) -> None:
    client = desk.client(cast.ana)
    assert take_back(desk, client, charged, htmx, _override="CASH-1").status_code == 422, "saying it is not enough"
    assert take_back(desk, client, charged, htmx, _override="KEY-1").status_code == 422, (
        "another rule is another question"
    )
    forged = desk.app.extensions["form-keys"].grant("CASH-1", cast.mia.name, "another form")
    assert take_back(desk, client, charged, htmx, _granted=forged).status_code == 422
    assert take_back(desk, client, charged, htmx, _granted="CASH-1|x").status_code == 422
    assert is_open(charged)


@pytest.mark.usefixtures("here")
def test_a_grant_that_was_verified_comes_back_with_the_same_form_only(desk, cast, charged, htmx) -> None:
    """A form that meets a second question carries the answer to the first as a signed grant."""
    key = desk.key()
    grant = desk.app.extensions["form-keys"].grant("CASH-1", cast.mia.name, desk.app.extensions["form-keys"].read(key))
    client = desk.client(cast.ana)
    assert take_back(desk, client, charged, htmx, _granted=grant).status_code == 422, "another form"
    assert take_back(desk, client, charged, htmx, _granted=grant, _key=key).status_code == 200


def test_an_override_is_remembered_for_this_household_only(books, cast, home) -> None:
    """People's own view of it: `check` with the household's id holds until another one is opened."""
    session = SimpleNamespace(token="t", since=clock.now())
    no = Refused("no", rule="GOODS-1", override="slips.release_against_instruction")
    sessions.opened(session, home.unit.id)
    sessions.remember(session, {"GOODS-1": "米娅"})

    def actor() -> people.Actor:
        memory = sessions.memory(session)
        return people.Actor(1, "安娜", frozenset(), customer=memory.customer, remembered=memory.overrides, overrides={})

    by = actor()
    people.check(False, no, by=by, unit_id=home.unit.id)
    assert by.overrides == {"GOODS-1": "米娅"}, "so that this deed's line says it too"
    for unit_id in (home.other.id, None):
        with pytest.raises(Refused):
            people.check(False, no, by=actor(), unit_id=unit_id)
    with pytest.raises(Refused):
        people.check(False, Refused("no", rule="KEY-4", override="keys.lend"), by=actor(), unit_id=home.unit.id)
    sessions.opened(session, home.other.id)
    sessions.opened(session, home.unit.id)
    with pytest.raises(Refused):
        people.check(False, no, by=actor(), unit_id=home.unit.id)


def test_without_htmx_the_refusal_stands_on_the_page_with_what_was_typed(desk, cast: SimpleNamespace) -> None:
    answer = desk.client(cast.mia).post(
        "/running/staff/add", data={"_key": desk.key(), "name": cast.ana.name, "roles": "gate"}
    )
    assert answer.status_code == 422
    assert f'value="{cast.ana.name}"' in answer.text
    assert "已有同名人员" in answer.text
    assert re.search(r'name="name"\s+type="text"', answer.text)
    assert 'aria-invalid="true"' in answer.text


def test_after_a_deed_the_form_is_empty_and_has_a_fresh_key(desk, cast: SimpleNamespace, htmx) -> None:
    key = desk.key()
    answer = desk.client(cast.mia).post(
        "/running/staff/add", data={"_key": key, "name": "新同事", "roles": "gate"}, headers=htmx
    )
    assert answer.status_code == 200
    assert re.search(r'name="name"\s+type="text"\s+value=""', answer.text)
    assert key not in answer.text


def test_the_same_form_twice_is_one_deed(desk, cast: SimpleNamespace, htmx) -> None:
    client, form = desk.client(cast.mia), {"_key": desk.key(), "name": "新同事", "roles": "gate"}
    for _ in range(2):
        assert client.post("/running/staff/add", data=form, headers=htmx).status_code == 200
    assert people.Staff.select().where(people.Staff.name == "新同事").count() == 1
    other = client.post("/running/staff/add", data={**form, "name": "另一位"}, headers=htmx)
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (peewee.OperationalError("database or disk is full"), "磁盘已满"),
        (apsw.FullError("FullError: database or disk is full"), "磁盘已满"),
        (peewee.OperationalError("attempt to write a readonly database"), "只读"),
        (peewee.OperationalError("disk I/O error"), "读写出错"),
        (DeviceError("The printer is out of paper. Papers wait and are printed when there is some."), "缺纸"),
    ],
)
def test_what_the_disk_or_a_device_did_not_do_is_said_in_the_one_place(
    desk, cast, htmx, monkeypatch, error, said
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(staffing, "add", fails)
    answer = desk.client(cast.mia).post("/running/staff/add", data={"_key": desk.key(), "name": "新同事"}, headers=htmx)
    assert answer.status_code == 503
    assert said in answer.text
    assert answer.headers["HX-Retarget"] == "#notice"


def test_a_fault_of_ours_is_not_called_a_full_disk(desk, cast, htmx, monkeypatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise peewee.OperationalError("no such column: oops")

    monkeypatch.setattr(staffing, "add", fails)
    desk.app.config.update(PROPAGATE_EXCEPTIONS=False, TESTING=False)
    answer = desk.client(cast.mia).post("/running/staff/add", data={"_key": desk.key(), "name": "新同事"}, headers=htmx)
    assert answer.status_code == 500
    assert "磁盘" not in answer.text
    whole = desk.client(cast.mia).post("/running/staff/add", data={"_key": desk.key(), "name": "新同事"})
    assert whole.status_code == 500
    assert "程序出错" in whole.text


@pytest.mark.usefixtures("here")
def test_an_answer_given_at_the_counter_is_kept_until_another_household_is_opened(
    desk, cast, charged, home, htmx
) -> None:
    client = desk.client(cast.ana)
    session = sessions.Session.select().order_by(sessions.Session.id.desc()).first()
    client.get(f"/counter/cashier/?unit={home.unit.id}")
    take_back(desk, client, charged, htmx)
    assert sessions.memory(session).overrides == {}, "a refusal allows nothing"
    take_back(desk, client, charged, htmx, _override="CASH-1", _approver=cast.mia.name, _pin="2468")
    assert sessions.memory(session).overrides == {"CASH-1": cast.mia.name}
    client.get(f"/homes/households/{home.unit.id}")
    assert sessions.memory(session).overrides == {"CASH-1": cast.mia.name}, "the same household"
    client.get(f"/homes/households/{home.other.id}")
    assert sessions.memory(session).overrides == {}
