"""Who may do what."""

from __future__ import annotations

import pytest

from app.base import clock
from app.base.refusal import Refused
from app.desk.who import people


def test_an_act_that_is_not_in_the_table_is_nobodys(cast) -> None:
    assert not people.may(cast.mia, "no.such.act")


@pytest.mark.rule("ORG-1")
def test_the_senior_assistant_signs_as_deputy_only_while_the_supervisor_is_off_duty(cast) -> None:
    assert people.require(cast.ben, "people.manage").deputy
    on = people.Presence.create(staff=cast.mia.id, since=clock.now())
    with pytest.raises(Refused) as no:
        people.require(cast.ben, "people.manage")
    assert no.value.rule == "ORG-1"
    people.Presence.update(until=clock.now()).where(people.Presence.id == on.id).execute()
    assert people.require(cast.ben, "people.manage").deputy


def test_the_supervisors_own_act_is_not_marked_as_deputy(cast) -> None:
    assert not people.require(cast.mia, "people.manage").deputy


def test_an_ordinary_clerk_does_not_deputise(cast) -> None:
    assert not people.may(cast.ana, "people.manage")
