"""A route names the act of the deed it does: the menu, the goldens and the deed say the same of who may."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from app.desk.record import journal
from app.desk.who import people
from tests.promises.everywhere import Everywhere, undone
from tests.promises.hostile import FRAGMENT, Pages, good


def asked(made: Everywhere, pages: Pages, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, set[str]]]:
    """Every form of every page as it would be accepted: address -> the route's act, and those that its deeds ask for."""
    asked_by: list[tuple[str, str]] = []
    real: Callable[..., Any] = people.require

    def require(who: people.Actor, act: str, **more: Any) -> people.Actor:
        asked_by.append((sys._getframe(1).f_globals["__name__"], act))
        return real(who, act, **more)

    found: dict[str, tuple[str, set[str]]] = {}
    monkeypatch.setattr(people, "require", require)
    for nick, form in pages.sent(made):
        if form.method != "post" or "/sign_in/" in form.action:
            continue
        asked_by.clear()
        with undone():
            made.client(nick).post(form.action, data=good(made, form), headers=FRAGMENT)
        deeds = {act for module, act in asked_by if module == journal.__name__}
        found.setdefault(form.action, (asked_by[0][1], set()))[1].update(deeds)
    return found


def test_a_route_and_the_deed_it_does_name_one_act(
    made: Everywhere, pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = asked(made, pages, monkeypatch)
    assert {action: acts for action, acts in found.items() if acts[1] - {acts[0]}} == {}
    assert made.noun or sum(bool(deeds) for _, deeds in found.values()) > 40
