"""Deeds of the tests' own: what a primitive does inside a procedure's deed, done by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.desk.record.journal import deed
from app.desk.who.people import Actor


@deed("test.did", act="desk.see")
def within(do: Callable[..., Any], *args: Any, by: Actor, **more: Any) -> Any:
    """`within(charge.add, unit=..., by=cast.chen)`: a primitive that is done inside a deed, in one that anybody may do."""
    return do(*args, by=by, **more)
