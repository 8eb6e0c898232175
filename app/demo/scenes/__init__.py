"""What happened at the demo's desk before it is opened: yesterday and this morning, by the deeds a clerk uses.

One file a noun, found by its name: `@yesterday(10, 0)` or `@this_morning(2)` above a deed of the desk's own.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from app.desk.homes import households
from app.desk.homes.households import Unit
from app.desk.who.people import Actor

SEED = 20261122
BASE_URL = "http://desk.lan"
OWNER_AWAY, BEING_REPAIRED = "2-1-801", "4-2-602"  # units whose owners left a key

Cast = dict[str, Actor]  # role -> who has it
Scene = Callable[..., None]  # (cast, *, by)
_yesterday: list[tuple[int, int, Scene]] = []
_this_morning: list[tuple[int, Scene]] = []


def yesterday(hour: int, minute: int) -> Callable[[Scene], Scene]:
    """It happened then."""

    def wrap(scene: Scene) -> Scene:
        _yesterday.append((hour, minute, scene))
        return scene

    return wrap


def this_morning(place: int) -> Callable[[Scene], Scene]:
    """It happened just before the desk is opened, in the order of `place`."""

    def wrap(scene: Scene) -> Scene:
        _this_morning.append((place, scene))
        return scene

    return wrap


def of_yesterday() -> list[tuple[int, int, Scene]]:
    """Hour, minute and scene, in the order of time."""
    _load()
    return sorted(_yesterday, key=lambda each: each[:2])


def of_this_morning() -> list[Scene]:
    _load()
    return [scene for _, scene in sorted(_this_morning, key=lambda each: each[0])]


def _load() -> None:
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)


def unit(label: str) -> Unit:
    found: Unit = Unit.get(Unit.label == label)
    return found


def owner(home: Unit) -> households.Person:
    found = households.owner_of(home)
    assert found is not None
    return found
