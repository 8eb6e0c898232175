"""create_app: the only file that sees everything."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import apsw
import peewee
from flask import Flask, redirect, request, url_for
from flask_babel import Babel
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect
from jinja2.runtime import Macro
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter

import app.screens
from app import migrations, schema, translations, web
from app.base import clock, db, keyfile, live, money
from app.base.refusal import Refused
from app.desk.homes import instructions
from app.desk.record import chain, options
from app.desk.who import people, sessions
from app.desk.work import listing
from app.settings import Settings
from app.web import answers, fields, frame, guards, refusing
from hardware.ports import DeviceError

ROOT = Path(__file__).parent.parent


def find_screens() -> list[web.Screen]:
    """Every module of app/screens with a `screen`, in the order of the menu."""
    found = []
    for module in pkgutil.walk_packages(app.screens.__path__, app.screens.__name__ + "."):
        screen = getattr(importlib.import_module(module.name), "screen", None)
        if screen is not None:
            found.append(screen)
    return sorted(found, key=lambda each: (list(web.CHAPTERS).index(each.chapter), each.order, each.noun))


def _secret(data: Path) -> str:
    """The secret beside the database: signs cookies and form keys. A damaged one is made anew: all sign in again."""
    path = data / "secret"
    try:
        key = keyfile.read(path)
    except ValueError:
        path.unlink()
        key = None
    return (key or keyfile.make(path)).hex()


def create_app(settings: Settings, devices: Any = None) -> Flask:
    """The desk's web application on an opened database; `devices` are the running workers (None = no devices)."""
    translations.compile_if_stale()
    options.forget()
    desk = Flask("qiantai", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    secret = _secret(settings.data)
    desk.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=6 * 1024 * 1024,
        TRUSTED_HOSTS=list(settings.hosts),
        WTF_CSRF_TIME_LIMIT=None,  # a desk page stays open all day (platform.md 1)
        WTF_CSRF_SSL_STRICT=False,
        MAX_FORM_PARTS=2000,
        BABEL_DEFAULT_LOCALE="zh_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        BABEL_TRANSLATION_DIRECTORIES=str(translations.HERE),
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    desk.extensions |= {"settings": settings, "devices": devices, "form-keys": fields.FormKeys(secret)}
    Babel(desk, locale_selector=lambda: answers.language() if request else "zh_CN")
    desk.url_map.converters["int"] = _Id
    _login(desk)
    guards.post(desk)
    CSRFProtect(desk)
    for screen in (screens := find_screens()):
        desk.register_blueprint(screen)
    desk.extensions["screens"] = screens
    frame.register_keys(screens)
    _templates(desk, screens)
    _refusals(desk)
    desk.add_url_rule("/", "home", lambda: redirect(url_for("running_today.board")))
    desk.add_url_rule("/live", "live", _live)
    return desk


class _Id(IntegerConverter):
    """The id of a row in an address: more digits are no address of ours."""

    regex = r"[0-9]{1,18}"


def _login(desk: Flask) -> None:
    manager = LoginManager(desk)
    manager.session_protection = None  # sessions are ours (app.desk.who.sessions)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def _clerk(token: str) -> web.Clerk | None:
        found = sessions.find(token)
        return web.Clerk(found, token) if found else None

    manager.login_view = "running_sign_in.sign_in_page"


def _templates(desk: Flask, screens: list[web.Screen]) -> None:
    desk.jinja_env.globals.update(
        t=web.t,
        worded=web.worded,
        typed=web.typed,
        key=lambda: web.keys().make(),
        yuan=money.show,
        capitals=money.capitals,
        option=options.get,
        may=web.may,
        now=clock.now,
        language=answers.language,
        screens=screens,
        chapters=web.CHAPTERS,
        roles=people.ROLES,
        instruction_kinds=instructions.KINDS,
        states_of=listing.states,
        banners=frame.banners,
        lamps=frame.lamps,
        hotkeys=frame.hotkeys,
        hotkey=frame.key_of,
        footer_keys=frame.footer_keys,
        settings=desk.extensions["settings"],
    )
    desk.jinja_env.trim_blocks = desk.jinja_env.lstrip_blocks = True
    for kind in ("words", "forms", "tables", "people", "lists"):  # each may use those before it
        macros = desk.jinja_env.get_template(f"shared/macros/{kind}.html").module
        desk.jinja_env.globals.update({name: macro for name, macro in vars(macros).items() if isinstance(macro, Macro)})


def _refusals(desk: Flask) -> None:
    desk.register_error_handler(Refused, refusing.refused)
    desk.register_error_handler(DeviceError, refusing.device_failed)
    desk.register_error_handler(peewee.OperationalError, refusing.books_failed)
    desk.register_error_handler(apsw.Error, refusing.books_failed)
    desk.register_error_handler(db.OutOfRange, refusing.no_such_row)
    desk.register_error_handler(HTTPException, refusing.broken)


def _live() -> Any:
    """204 when nothing changed since `v`; else the version and the topics that moved. Polling is no activity."""
    asked = request.args.get("v", "0")
    locked = not current_user.is_authenticated or sessions.locked(current_user.session)
    if locked:
        return {"locked": True}
    version, topics = live.since(int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 18 else 0)
    return ("", 204) if str(version) == asked else {"v": version, "topics": topics}


def open_books(settings: Settings) -> None:
    """Open the database and bring its tables to where this program stands (Damaged where it may not)."""
    settings.data.mkdir(parents=True, exist_ok=True)
    assert schema.TABLES  # all loaded: what is opened must know every append-only table by then
    is_there = settings.database.exists() and settings.database.stat().st_size > 0
    if not is_there and (settings.data / chain.KEY_FILE).exists():
        raise db.Damaged(
            f"{settings.database.name} is gone from {settings.data}, its key is still there: restore the newest backup "
            f"(python -m app restore FILE --data {settings.data}), or move {chain.KEY_FILE} away to begin new books."
        )
    db.open(settings.database)
    migrations.up()
    chain.check_key()
