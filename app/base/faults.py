"""Named points where a test may end the process or raise: `faults.at("topup.intent")`. Costs one dict look-up."""

from __future__ import annotations

from collections.abc import Callable

_armed: dict[str, Callable[[], None]] = {}


def at(name: str) -> None:
    if _armed and (act := _armed.get(name)):
        act()


def arm(name: str, act: Callable[[], None]) -> None:
    _armed[name] = act


def disarm() -> None:
    _armed.clear()
