"""Promises with a moment."""

from __future__ import annotations

from datetime import timedelta

from app.base import clock
from app.base.refusal import word
from app.desk.work import due


def test_the_soonest_promise_comes_first_and_a_kept_one_is_gone(cast) -> None:
    now = clock.now()
    due.expect("counter.keys", 1, at=now + timedelta(hours=2), text="b")
    due.expect("counter.keys", 2, at=now, text="a")
    assert [each.text for each in due.open_list()] == ["a", "b"]
    due.meet("counter.keys", 2, at=now)
    assert [each.text for each in due.open_list()] == ["b"]


def test_a_fact_that_is_a_text_comes_back_as_it_was_promised(cast) -> None:
    due.expect("counter.keys", 1, at=clock.now(), text="a", of=word("{n} days", n=3))
    assert due.open_list()[0].facts == {"of": word("{n} days", n=3)}


def test_promising_again_moves_the_moment_and_makes_no_second_row(cast) -> None:
    now = clock.now()
    due.expect("counter.keys", 1, at=now, text="a", who="王海")
    due.expect("counter.keys", 1, at=now + timedelta(hours=1), text="a", who="刘强")
    (only,) = due.open_list()
    assert (only.at, only.facts) == (now + timedelta(hours=1), {"who": "刘强"})
