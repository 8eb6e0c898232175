"""How pages ask for a household and a colleague, and let an instruction be read where it matters."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.base import clock
from app.desk.homes import households, instructions, lookup
from app.desk.who import people

PLACES = ("/counter/release_slips/", "/counter/custody/", "/counter/water_cards/")


def test_a_room_a_name_or_a_phone_means_its_household(home: SimpleNamespace) -> None:
    for typed in ("3-2-1101", "李伟", "lw", "13812341234", "1234"):
        assert lookup.whose(typed).unit == home.unit.id, typed
    assert (lookup.whose("").unit, lookup.whose("").hits) == (None, ())


def test_several_households_are_offered_and_none_is_chosen(home: SimpleNamespace) -> None:
    households.Relation.create(person=home.owner, unit=home.other, kind="owner")
    found = lookup.whose("李伟")
    assert found.unit is None
    assert {hit.unit_id for hit in found.hits} == {home.unit.id, home.other.id}


@pytest.mark.parametrize("place", PLACES)
def test_every_page_that_asks_whose_goes_to_the_one_household_and_shows_several(desk, cast, home, place) -> None:
    client = desk.client(cast.ana)
    there = client.get(place, query_string={"room": "3-2-1101"})
    assert (there.status_code, there.location[-len(f"unit={home.unit.id}") :]) == (303, f"unit={home.unit.id}")
    households.Relation.create(person=home.owner, unit=home.other, kind="owner")
    several = client.get(place, query_string={"room": "李伟"}).text
    assert {f"unit={n}" for n in (1, 2) if f"unit={n}" in several} == {"unit=1", "unit=2"}
    assert "5-1-302" in several
    assert "没有找到“无此人”" in client.get(place, query_string={"room": "无此人"}).text


def test_colleagues_on_duty_are_offered_first(cast: SimpleNamespace) -> None:
    people.Presence.create(staff=cast.wang.id, since=clock.now())
    offered = people.colleagues()
    assert (offered[0].name, offered[0].on_duty) == (cast.wang.name, True)
    assert not any(each.on_duty for each in offered[1:])
    people.Staff.update(active=False).where(people.Staff.id == cast.wang.id).execute()
    assert cast.wang.name not in {each.name for each in people.colleagues()}


def test_only_those_are_offered_who_may_do_it(cast: SimpleNamespace) -> None:
    assert [each.name for each in people.colleagues("gate.release")] == [cast.gao.name]


def test_an_instruction_is_read_at_its_act_and_the_page_comes_back(desk, cast, home, htmx) -> None:
    one = instructions.give(home.unit, "release", "出国期间不放行", by=cast.ana)
    client, place = desk.client(cast.ana), f"/counter/release_slips/new?unit={home.unit.id}"
    for page in (place, f"/counter/cashier/?unit={home.unit.id}", f"/homes/households/{home.unit.id}"):
        assert f"/homes/households/{home.unit.id}/read/{one.id}" in client.get(page).text, page
    url = f"/homes/households/{home.unit.id}/read/{one.id}"
    answer = client.post(url, data={"_key": desk.key(), "back": place}, headers=htmx)
    assert answer.headers["HX-Redirect"] == place
    assert instructions.unread(home.unit, by=cast.ana) == []
    assert client.post(url, data={"_key": desk.key(), "back": place}).location == place


@pytest.mark.parametrize("foreign", ["https://evil.example/", "//evil.example/", "/\\evil.example", ""])
def test_the_way_back_never_leaves_the_desk(desk, cast, home, foreign: str) -> None:
    one = instructions.give(home.unit, "general", "先电话联系", by=cast.ana)
    url = f"/homes/households/{home.unit.id}/read/{one.id}"
    answer = desk.client(cast.ana).post(url, data={"_key": desk.key(), "back": foreign})
    assert answer.location == f"/homes/households/{home.unit.id}"
