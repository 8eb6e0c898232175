"""The household's page over HTTP: alerts first, masks, logged sights of full numbers, dated relations."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.base import clock, db
from app.base.refusal import word
from app.desk.accounts import charge
from app.desk.homes import households, instructions, residents
from app.desk.homes.households import Person, Relation, Unit, Vehicle
from app.desk.record import journal
from app.desk.who import people
from tests.within import within

ID, PHONE = "440106198201011230", "13812341234"
RIGHT_ID = "11010519491231002X"  # the example of GB 11643


@pytest.fixture
def url(home):
    return f"/homes/households/{home.unit.id}"


@pytest.fixture
def at(desk, cast, url, htmx):
    """Post a form of the household's page as Ana: path under it and fields."""

    def post(path, who=cast.ana, **fields):
        return desk.client(who).post(f"{url}/{path}", data={"_key": desk.key(), **fields}, headers=htmx)

    return post


def lines(verb):
    return list(journal.Line.select().where(journal.Line.verb == verb))


def test_a_household_shows_its_people_masked(desk, cast, url):
    html = desk.client(cast.ana).get(url).text
    assert "3-2-1101" in html
    assert "李伟" in html
    assert "138****1234" in html
    assert "4****************0" in html
    assert PHONE not in html
    assert ID not in html


def test_no_page_of_any_role_shows_a_full_number_unasked(desk, cast, home, url, htmx):
    """P11 as far as these pages: canaries in the books, every page, fragment and error, every role."""
    pages = [
        url,
        "/homes/households/",
        "/homes/lookup/?q=李伟",
        "/homes/lookup/?q=1234",
        "/homes/lookup/?q=3-2-1101",
        "/running/imports/",
    ]
    pages += [f"/homes/households/person/{home.owner.id}", "/homes/households/999", "/homes/households/last"]
    for nick in vars(cast):
        client = desk.client(getattr(cast, nick))
        for page in pages:
            for headers in ({}, htmx):
                answer = client.get(page, headers=headers)
                seen = answer.text + str(answer.headers)
                assert PHONE not in seen, (nick, page)
                assert ID not in seen, (nick, page)


def test_a_full_number_is_shown_for_a_reason_that_is_in_the_journal(at, home):
    answer = at("reveal", person=home.owner.id, field="phone", reason="业主来电核对")
    assert PHONE in answer.text
    assert ID not in answer.text
    (line,) = lines("person.revealed")
    assert line.detail == {"field": word("Phone"), "name": "李伟", "reason": "业主来电核对"}
    assert line.unit_id == home.unit.id
    assert ID in at("reveal", person=home.owner.id, field="id_number", reason="办理过户").text


def test_every_sight_has_its_line_also_when_the_same_form_is_sent_again(desk, cast, home, url, htmx):
    client, form = (
        desk.client(cast.ana),
        {"_key": desk.key(), "person": home.owner.id, "field": "phone", "reason": "核对"},
    )
    for _ in range(3):
        assert PHONE in client.post(f"{url}/reveal", data=form, headers=htmx).text
    assert len(lines("person.revealed")) == 3


@pytest.mark.parametrize("reason", ["", " ", "x"])
def test_without_a_reason_nothing_is_shown(at, home, reason):
    answer = at("reveal", person=home.owner.id, field="phone", reason=reason)
    assert answer.status_code == 422
    assert PHONE not in answer.text
    assert not lines("person.revealed")


def test_who_may_not_reveal_sees_only_the_mask(at, desk, cast, home, url):
    answer = at("reveal", who=cast.fei, person=home.owner.id, field="phone", reason="想看")
    assert answer.status_code == 422
    assert PHONE not in answer.text
    assert "reveal" not in desk.client(cast.fei).get(url).text


def test_a_sight_that_cannot_be_logged_is_not_shown(at, home, monkeypatch):
    def full(*_args, **_named):
        raise OSError("disk full")

    monkeypatch.setattr(journal, "_write", full)
    with pytest.raises(OSError, match="disk full"):
        at("reveal", person=home.owner.id, field="phone", reason="核对")


def test_only_people_of_this_household_are_revealed_here(at, home):
    assert at("reveal", person=home.tenant.id, field="phone", reason="核对").status_code == 404


def test_a_standing_instruction_is_shown_first_until_it_is_acknowledged(desk, cast, home, url, at):
    given = instructions.give(home.unit, "release", "11-25 前勿放行大件家具", blocks=True, by=cast.ben)
    html = desk.client(cast.ana).get(url).text
    assert html.index("勿放行大件") < html.index("李伟")
    assert "本杰" in html
    assert at(f"read/{given.id}").headers["HX-Redirect"] == url
    html = desk.client(cast.ana).get(url).text
    assert 'class="notice stop" role="alert"' not in html
    assert "勿放行大件" in html, "it stays among the standing instructions"
    assert 'class="notice stop" role="alert"' in desk.client(cast.chen).get(url).text, "another clerk has not read it"


def test_an_instruction_holds_until_its_last_day_or_until_it_is_ended(at, home):
    tomorrow = clock.today() + timedelta(days=1)
    at("instruct", text="老人独居", kind="general", until=tomorrow.isoformat())
    (given,) = instructions.open_of(home.unit)
    assert (given.kind, given.blocks, given.until) == ("general", False, tomorrow)
    at(f"uninstruct/{given.id}")
    assert instructions.open_of(home.unit) == []
    assert instructions.Instruction.select().count() == 1, "it is ended, not deleted"
    assert at(f"uninstruct/{given.id}").status_code == 422


@pytest.mark.parametrize(
    "fields",
    [{"text": ""}, {"text": "注" * 501}, {"text": "x", "until": "2020-01-01"}, {"text": "x", "kind": "nothing"}],
)
def test_an_instruction_that_says_nothing_or_ends_before_it_starts_is_refused(at, home, fields):
    assert at("instruct", **({"kind": "key"} | fields)).status_code == 422
    assert instructions.open_of(home.unit) == []


def test_a_relation_is_added_and_ended_and_never_overwritten(at, home):
    answer = at("add", name="赵租", kind="tenant", since="2026-03-01", phone="139 0013 9000")
    assert "赵租" in answer.text
    assert "139****9000" in answer.text
    tenant = Relation.get(Relation.kind == "tenant", Relation.unit == home.unit)
    gone = (clock.today() - timedelta(days=1)).isoformat()
    assert "以前和以后" in at(f"end/{tenant.id}", until=gone).text
    assert [relation.person.name for relation in households.people_of(home.unit)] == ["李伟"]
    assert [relation.person.name for relation in households.former_of(home.unit)] == ["赵租"]
    assert at(f"end/{tenant.id}", until=gone).status_code == 409
    assert [line.detail["name"] for line in lines("relation.ended")] == ["赵租"]


def test_a_relation_does_not_end_before_it_starts_nor_is_it_entered_twice(at, home):
    at("add", name="赵租", kind="tenant", since="2026-03-01")
    tenant = Relation.get(Relation.kind == "tenant", Relation.unit == home.unit)
    assert at(f"end/{tenant.id}", until="2026-02-01").status_code == 422
    assert at("add", name="李伟", kind="owner", since="2026-03-01", id_number=ID).status_code == 422
    residents.relate(home.owner, home.unit, "family", since=clock.today(), by=people.DESK)
    with pytest.raises(people.Refused, match="already"):
        residents.relate(home.owner, home.unit, "family", since=clock.today(), by=people.DESK)


def test_an_id_in_the_books_is_its_person_and_no_second_one(at, home, cast):
    good = "440106197603150014"
    at("add", name="王建国", kind="family", since="2026-03-01", id_number=good)
    before = Person.select().count()
    other = residents.add_resident(home.other, "王建国", "owner", since=clock.today(), id_number=good, by=cast.ana)
    assert Person.select().count() == before
    assert other.person.id_number == good
    assert at("add", name="别人", kind="tenant", since="2026-03-01", id_number=good).status_code == 422


def test_an_imported_relation_is_confirmed_by_a_clerk(at, home):
    person = Person.create(name="家属", name_key="家属")
    relation = Relation.create(person=person, unit=home.unit, kind="family", confirmed=False)
    assert "未确认" not in at(f"confirm/{relation.id}").text
    assert len(lines("relation.confirmed")) == 1


def test_a_phone_changed_meanwhile_by_somebody_else_is_a_conflict_that_shows_both(at, home):
    assert at(f"correct/{home.owner.id}", version=1, phone="13900001111").status_code == 200
    answer = at(f"correct/{home.owner.id}", version=1, phone="13900002222")
    assert answer.status_code == 409
    assert "139****1111" in answer.text
    assert "139****2222" in answer.text
    assert Person.get_by_id(home.owner.id).phone_tail == "1111"
    (line,) = lines("person.changed")
    assert [line.detail[name].split()[1] for name in ("before", "after")] == ["138****1234", "139****1111"]


def test_a_car_is_entered_once_and_ended(at, home):
    assert "粤A12345" in at("car", plate="粤a·12345", brand="大众").text
    assert at("car", plate="粤A12345").status_code == 422
    car = Vehicle.get(Vehicle.plate == "粤A12345")
    at(f"car/{car.id}/end")
    assert Vehicle.get_by_id(car.id).until == clock.today()
    assert at("car", plate="粤A").status_code == 422


def test_foreign_rows_are_not_reached_through_this_household(at, home, cast):
    far = Relation.get(Relation.unit == home.other)
    given = instructions.give(home.other, "key", "x", by=cast.ana)
    car = residents.add_vehicle(home.other, "粤A11111", by=cast.ana)
    for path in (
        f"end/{far.id}",
        f"confirm/{far.id}",
        f"read/{given.id}",
        f"uninstruct/{given.id}",
        f"car/{car.id}/end",
    ):
        assert at(path).status_code == 404, path
    assert at(f"correct/{home.tenant.id}", version=1, phone_gone="1").status_code == 404


def test_the_other_units_of_an_owner_are_linked(desk, cast, home, url):
    Relation.create(person=home.owner, unit=home.other, kind="owner")
    assert "5-1-302" in desk.client(cast.ana).get(url).text


def test_the_last_households_are_a_key_away(desk, cast, home):
    client = desk.client(cast.ana)
    assert client.get("/homes/households/last").location.endswith("/homes/households/")
    for unit in (home.other, home.unit):
        client.get(f"/homes/households/{unit.id}")
    html = client.get("/homes/households/").text
    assert html.index("3-2-1101") < html.index("5-1-302")
    here = f"http://desk.lan/homes/households/{home.unit.id}"
    assert client.get("/homes/households/last", headers={"Referer": here}).location.endswith(f"/{home.other.id}")
    assert client.get("/homes/households/last").location.endswith(f"/{home.unit.id}"), "from elsewhere: back to it"


def test_looking_at_households_changes_nothing_in_the_books(desk, cast, home, url):
    client = desk.client(cast.ana)
    before = db.database.execute_sql("SELECT total_changes()").fetchone()
    for page in (url, "/homes/households/", "/homes/households/last", "/homes/lookup/?q=3-2-1101", "/running/imports/"):
        client.get(page)
    assert db.database.execute_sql("SELECT total_changes()").fetchone() == before


def test_a_household_with_a_long_history_costs_no_more_statements(desk, cast, home, url):
    """counter.md 15: bounded reads, whatever lies behind them."""
    client = desk.client(cast.ana)
    client.get(url)

    def cost():
        before = db.statements()
        assert client.get(url).status_code == 200
        return db.statements() - before

    few = cost()
    for n in range(40):
        person = Person.create(name=f"旧租{n}", name_key=f"旧租{n}")
        Relation.create(person=person, unit=home.unit, kind="tenant", until=clock.today() - timedelta(days=n + 1))
        within(charge.add, unit=home.unit, item="other", text="其他", fen=100, due=clock.today(), by=cast.chen)
        instructions.give(home.unit, "general", f"嘱托 {n}", by=cast.ana)
    assert cost() - few <= 2
    assert few <= 45


def test_the_people_and_the_cars_are_blocks_of_their_own(desk, cast, home, url, htmx):
    answer = desk.client(cast.ana).post(f"{url}/car", data={"_key": desk.key(), "plate": "粤A12345"}, headers=htmx)
    assert answer.text.lstrip().startswith('<section class="card pay" id="cars">')
    plain = desk.client(cast.ana).post(f"{url}/car", data={"_key": desk.key(), "plate": "粤A54321"})
    assert "<html" in plain.text, "without JavaScript the whole page comes"


def test_a_person_without_a_unit_has_a_page(desk, cast, books):
    alone = residents.add_person("孤家", phone="13812349999", by=cast.ana)
    html = desk.client(cast.ana).get(f"/homes/households/person/{alone.id}").text
    assert "138****9999" in html
    assert desk.client(cast.ana).get("/homes/households/person/999").status_code == 404


def test_a_gate_guard_does_not_see_households(desk, cast, url):
    assert desk.client(cast.gao).get(url).status_code == 422


def test_the_clerk_must_have_read_what_stands_for_an_act(cast, home):
    given = instructions.give(home.unit, "key", "只交给本人", by=cast.ben)
    with pytest.raises(people.Refused, match="只交给本人"):
        instructions.require_read(home.unit, "key", by=cast.ana)
    instructions.require_read(home.unit, "release", by=cast.ana)
    first = instructions.acknowledge(given, by=cast.ana)
    assert instructions.acknowledge(given, by=cast.ana).id == first.id
    instructions.require_read(home.unit, "key", by=cast.ana)
    assert instructions.blocking(home.unit, "key") is None
    with pytest.raises(people.Refused, match="heeded"):
        instructions.give(home.unit, "key", "  ", by=cast.ben)
    stop = instructions.give(home.unit, "key", "勿借", blocks=True, by=cast.ben)
    assert instructions.blocking(home.unit, "key") == stop


def test_who_owns_what_can_be_read(home, cast):
    assert households.owner_of(home.unit).name == "李伟"
    assert households.owner_of(home.other) is None
    assert [relation.unit.label for relation in households.units_of(home.owner)] == ["3-2-1101"]
    assert households.label("3", "2", "1101") == "3-2-1101"
    assert Unit.get_by_id(home.unit.id).entrance.lift
    with pytest.raises(people.Refused, match="starts"):
        residents.relate(
            home.tenant, home.unit, "family", since=clock.today(), until=clock.today() - timedelta(1), by=cast.ana
        )
    residents.relate(home.tenant, home.unit, "family", since=clock.today(), by=cast.ana)
    with pytest.raises(people.Refused, match="already"):
        residents.relate(home.tenant, home.unit, "family", since=clock.today(), by=cast.ana)
    assert residents.add_person("无证", by=cast.ana).id_number == ""
    with pytest.raises(people.Refused, match="belongs to"):
        residents.add_person("重证", id_number="440106197603150014", by=cast.ana) and residents.add_person(
            "重证二", id_number="440106197603150014", by=cast.ana
        )


def test_a_car_of_nobodys_unit_says_whose_it_is(home, cast):
    Vehicle.create(plate="粤A22222", person=home.owner)
    with pytest.raises(people.Refused, match="李伟"):
        residents.add_vehicle(home.unit, "粤A22222", by=cast.ana)


def test_a_wrong_name_and_an_unknown_id_are_put_right_by_a_paper_seen(at, home):
    Person.update(id_number="", born=None).where(Person.id == home.owner.id).execute()
    told = {"version": 1, "name": "李炜", "id_number": RIGHT_ID}
    assert "请写明核对了哪种证件" in at(f"correct/{home.owner.id}", **told).text
    answer = at(f"correct/{home.owner.id}", **told, reason=f"身份证 {RIGHT_ID}")
    assert answer.status_code == 200
    now = Person.get_by_id(home.owner.id)
    assert (now.name, now.id_number, now.pinyin, now.phone, now.version) == ("李炜", RIGHT_ID, "liwei", PHONE, 2)
    assert f"{now.born}" == "1949-12-31"
    (line,) = lines("person.changed")
    assert line.detail["before"] == "李伟 138****1234"
    assert line.detail["after"] == "李炜 138****1234 1****************X"
    assert "身份证" in line.detail["reason"]
    assert RIGHT_ID not in str(line.detail)


def test_an_id_that_is_somebody_elses_is_refused(at, home):
    other = Person.get(Person.id == home.tenant.id)
    Person.update(id_number=RIGHT_ID).where(Person.id == other.id).execute()
    no = at(f"correct/{home.owner.id}", version=1, id_number=RIGHT_ID, reason="身份证")
    assert no.status_code == 422
    assert 'data-field="id_number"' in no.text
    assert Person.get_by_id(home.owner.id).id_number == ID


def test_a_phone_given_up_is_not_known_any_more_and_nothing_typed_changes_nothing(at, home):
    assert at(f"correct/{home.owner.id}", version=1).status_code == 422
    assert at(f"correct/{home.owner.id}", version=1, phone_gone="1").status_code == 200
    now = Person.get_by_id(home.owner.id)
    assert (now.phone, now.phone_tail, now.name) == ("", "", "李伟")


def test_a_phone_changes_though_a_list_brought_the_same_id_twice(at, home):
    Person.update(id_number=ID).where(Person.id == home.tenant.id).execute()
    assert at(f"correct/{home.owner.id}", version=1, phone="13900001111").status_code == 200
    assert Person.get_by_id(home.owner.id).phone == "13900001111"
