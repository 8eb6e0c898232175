"""Modes that hold for the whole desk until they end. `money off`: nothing is taken or given back while a reason stands."""

from __future__ import annotations

from typing import Any

from app.base.refusal import Refused

_stopped: dict[str, tuple[str, dict[str, Any]]] = {}


def stop_money(why: str, msgid: str, /, **values: Any) -> None:
    """Money is off for this reason (`why` names it so that it can end); `msgid` says what to do about it."""
    _stopped[why] = (msgid, values)


def let_money(why: str) -> None:
    _stopped.pop(why, None)


def reasons() -> list[tuple[str, dict[str, Any]]]:
    """Why money is off now, for the banner (empty = money is on)."""
    return list(_stopped.values())


def require_money() -> None:
    """Refused while money is off. Asked by the ledger before it posts."""
    for msgid, values in _stopped.values():
        raise Refused(msgid, **values)
