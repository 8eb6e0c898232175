"""A start: which books it opens (the demo's or real ones, never one for the other), and what it tells whoever started it."""

from __future__ import annotations

import fcntl
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

from app import demo, factory, settings
from app.base import db
from app.desk.record import chain, journal
from app.desk.record import demo as mark
from app.procedures.running import sign_in
from app.settings import Settings

DATA = Path("data")
LOOPBACK = ("127.0.0.1", "localhost")
_held: dict[Path, int] = {}  # the lock of each directory this process serves


class WrongPlace(Exception):
    """These books cannot be opened like this; says what to do instead."""


def choose(data: Path | None, *, asked: bool | None, **overrides: Any) -> Settings:
    """The settings of a start. `asked`: --demo, --no-demo or neither: then a place with no settings and no data is a demo.

    Without `data` real books lie in data/ and the demo in data/demo/. Opens nothing.
    """
    where = data or DATA
    fresh = not (where / settings.FILE).exists() and not Settings(data=where).database.exists()
    chosen = settings.load(where, **overrides)
    wants_demo = asked if asked is not None else chosen.demo or fresh
    if wants_demo and data is None:
        chosen = settings.load(where / "demo", **overrides)
    return replace(chosen, demo=wants_demo, hosts=(*chosen.hosts, *own_names()), base_url=_base_url(chosen))


def _base_url(chosen: Settings) -> str:
    """What a slip's square code opens: as it is set, else this machine's own address where the LAN may reach it."""
    if chosen.base_url != Settings.base_url or chosen.host in LOOPBACK:
        return chosen.base_url
    return f"http://{own_names()[-1]}" + (f":{chosen.port}" if chosen.port != 80 else "")


def own_names() -> list[str]:
    """How browsers on the LAN may call this machine besides the names in the settings."""
    name = socket.gethostname()
    names = [name, f"{name}.local"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: asks which own address would be used
            names.append(str(probe.getsockname()[0]))
        except OSError:
            pass
    return names


def open_books(chosen: Settings, *, asked: bool | None) -> Settings:
    """Open the books, make the demo where it is wanted and nothing is there yet. WrongPlace for one in the other's place."""
    chosen.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    _alone(chosen.data)
    factory.open_books(chosen)
    if demo.is_half_made(chosen.data):
        _clear(chosen)
        chosen = replace(chosen, demo=True)
    if not journal.Line.select().exists():
        if chosen.demo:
            demo.make(chosen.data)
    elif mark.is_on() != chosen.demo:
        if asked is not None or chosen.demo:
            raise WrongPlace(_refusal(chosen.data))
        chosen = replace(chosen, demo=True)
    if chosen.demo:
        chosen = _simulated(chosen)
    return chosen


def _clear(chosen: Settings) -> None:
    """Begin anew with a demo that was cut off while it was made. Real books never carry a demo's mark."""
    db.close()
    for path in (*chosen.data.glob(f"{chosen.database.name}*"), chosen.data / chain.KEY_FILE):
        path.unlink(missing_ok=True)
    factory.open_books(chosen)


def _simulated(chosen: Settings) -> Settings:
    """A demo's devices, where nobody plugged in real ones."""
    return replace(
        chosen,
        printer=chosen.printer or "sim://printer",
        slip_printer=chosen.slip_printer or "sim://printer/slips?columns=48",
        card_reader=chosen.card_reader or "sim://card-reader",
        key_scanner=chosen.key_scanner or "sim://key-scanner",
    )


def _refusal(data: Path) -> str:
    if mark.is_on():
        return f"{data} holds a demo's books. Give real ones another place (--data DIR), or delete that directory."
    return f"{data} holds real books. Give the demo another place: --demo --data DIR."


def _alone(data: Path) -> None:
    """One desk a directory: two would print every paper twice. The lock goes with the process, however it ends."""
    handle = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise WrongPlace(f"Another desk is running on {data}. Use that one, or stop it first.") from None
    _held[data] = handle


def let_go(data: Path) -> None:
    """The desk on this directory has ended (for one that starts several in a process)."""
    if data in _held:
        os.close(_held.pop(data))


def greeting(chosen: Settings, port: int) -> str:
    """Where the desk is and how to get in."""
    lines = [f"The desk: http://127.0.0.1:{port}"]
    if chosen.host not in LOOPBACK:
        lines += [f"On the LAN: http://{name}:{port}" for name in own_names()]
    if chosen.demo:
        lines += [
            f"DEMO in {chosen.data}: made-up people, simulated devices.",
            "Sign in by name,",
            demo.sign_in(chosen.data),
        ]
    elif code := sign_in.first_code():
        lines += [
            f"Nobody is on the staff list yet. Open http://127.0.0.1:{port}/running/sign_in/ and make the first supervisor",
            f"with this one-time code: {code}",
        ]
    return "\n".join(lines)
