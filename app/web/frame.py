"""What stands around every page: lamps of the devices, banners of the modes, function keys (counter.md 8, 10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import current_app, request, url_for

from app import web
from app.base.refusal import N_
from app.desk.record import modes, options
from app.desk.record.options import OPTIONS, Option
from app.desk.who import sessions
from app.desk.work.state import State

_KEYS = (*(f"F{n}" for n in range(1, 13)), *(f"Shift+F{n}" for n in range(1, 13)), "")
_LAMPS = (("printer", N_("Printer")), ("reader", N_("Card reader")), ("scanner", N_("Key scanner")))
DEVICE_STATES = {
    "ready": State(N_("ready"), "ok"),
    "busy": State(N_("busy"), "ok"),
    "unknown": State(N_("not seen yet"), "note"),
    "lost": State(N_("not connected"), "stop"),
}
# Keys that belong to no screen: the box, the household before, finished.
_OWN = {
    "find": ("F4", N_("Find"), ""),
    "household": ("F8", N_("Household before"), "homes_households.last"),
    "households": ("Shift+F8", N_("Last ten households"), "homes_households.recent"),
    "done": ("F12", N_("Done"), ""),
}
_FOOTER = 8


def register_keys(screens: list[web.Screen]) -> None:
    """Every function key is an option: the default is the screen's, the supervisor may choose another."""
    for name, (key, title, _) in _functions(screens).items():
        OPTIONS.setdefault(f"key.{name}", Option(key, title, choices=_KEYS))


def _functions(screens: list[web.Screen]) -> dict[str, tuple[str, str, str]]:
    """Name -> (default key, title, endpoint; empty = desk.js does it)."""
    found = dict(_OWN)
    taken = {key for key, _, _ in _OWN.values()}
    for screen in screens:
        if screen.key and screen.key not in taken:
            found[screen.name] = (screen.key, screen.title, screen.home)
        for key, title, endpoint in screen.keys:
            found[endpoint] = (key, title, endpoint)
    return found


def key_of(name: str, default: str = "") -> str:
    """The key in force for a function (`counter_keys`, `find`), for printing it on its button."""
    return str(options.get(f"key.{name}")) if f"key.{name}" in OPTIONS else default


def hotkeys() -> list[tuple[str, str, str]]:
    """(key, address or `#find` / `#done`, label) of everything this person may use, in the order of the keys."""
    screens: list[web.Screen] = current_app.extensions["screens"]
    acts = {screen.name: screen.act for screen in screens} | {
        endpoint: getattr(current_app.view_functions[endpoint], "act", "") for s in screens for _, _, endpoint in s.keys
    }
    shown = []
    for name, (_, title, where) in _functions(screens).items():
        key = key_of(name)
        if key and (name in _OWN or web.may(acts[name] or "desk.see")):
            shown.append((key, _address(name, where), web.t(title)))
    return sorted(shown, key=lambda each: (each[0].startswith("Shift"), int(each[0].rpartition("F")[2])))


def _address(name: str, where: str) -> str:
    if not where:
        return f"#{name}"
    if where.startswith("/"):
        return where
    came_from = (request.view_args or {}).get("unit")
    return url_for(where, **({"from": came_from} if name == "household" and came_from else {}))


def footer_keys() -> list[tuple[str, str]]:
    """What the line at the bottom prints: the keys without Shift that leave the page."""
    return [(key, label) for key, url, label in hotkeys() if url.startswith("/") and "+" not in key][:_FOOTER]


def lamps() -> list[tuple[str, str, str]]:
    """(name, ok | note | stop, its state in a word) of each device that serves this window."""
    devices: Any = current_app.extensions["devices"]
    window = sessions.window(web.me().station)
    shown = []
    for name, label in _LAMPS:
        worker = getattr(devices, name, None)
        if worker is not None and getattr(window, name, True):
            state = DEVICE_STATES.get(worker.state, DEVICE_STATES["unknown"])
            shown.append((web.t(label), state.look, web.t(state.word)))
    if (timer := getattr(devices, "backups", None)) is not None and not current_app.extensions["settings"].demo:
        age = _ago(timer.age())  # said always: a lamp that is green alone would not say since when
        shown.append((web.t("Backup"), "stop", age) if timer.is_old() else (f"{web.t('Backup')} {age}", "ok", age))
    return shown


def _ago(age: timedelta | None) -> str:
    if age is None:
        return web.t("no backup yet")
    return web.t("{days} days old", days=age.days) if age.days else web.t("{hours} h old", hours=age.seconds // 3600)


def banners() -> list[tuple[str, str]]:
    """Modes that hold until they end, across the top of every page: (kind, text)."""
    shown = []
    if current_app.extensions["settings"].demo:
        shown.append(("note", web.t("Demo: an invented estate. Nothing here is real, no paper is valid.")))
    paper = getattr(getattr(current_app.extensions["devices"], "printer", None), "paper", "ok")
    if paper == "out":
        shown.append(("stop", web.t("The printer is out of paper. Papers wait and are printed when there is some.")))
    elif paper == "near-end":
        shown.append(("note", web.t("The printer's paper is nearly used up.")))
    shown += [("stop", web.t(msgid, **values)) for msgid, values in modes.reasons()]
    return shown
