"""python -m app: serve the desk, or one of its verbs (import, export-journal ...)."""

from __future__ import annotations

import argparse
import gettext
import json
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import apsw
import peewee
from flask import Flask

from app import devices, factory, settings, start, translations
from app.base import db
from app.procedures.running import backups, clock_check, proof, second_journal
from app.settings import Settings

SAID = (settings.WrongSetting, start.WrongPlace, db.Damaged)  # their words are meant for whoever typed the command
UNREADABLE = (OSError, peewee.DatabaseError, apsw.Error, json.JSONDecodeError, UnicodeDecodeError)


def main(arguments: list[str]) -> int:
    if arguments and not arguments[0].startswith("-"):
        return verb(arguments[0], arguments[1:])
    return serve(arguments)


def verb(name: str, arguments: list[str]) -> int:
    """`python -m app import FILE` -> `command` (or the function after the colon) of the module that does it."""
    from importlib import import_module

    verbs = {
        "import": "app.procedures.running.imports",
        "export-journal": "app.procedures.money.journal_export",
        "export-chain": "app.procedures.money.chain_export",
        "verify": "app.procedures.running.proof",
        "backup": "app.backup_verbs:backup",
        "restore": "app.backup_verbs:bring",
        "drill": "app.backup_verbs:practise",
    }
    if name not in verbs:
        print(f"no such verb: {name}. Known: {', '.join(sorted(verbs))}", file=sys.stderr)
        return 2
    try:
        module, _, function = verbs[name].partition(":")
        do = getattr(import_module(module), function or "command")
        return int(do(arguments, open_books=_make_books if name == "import" else _open_books, t=_spoken))
    except (*SAID, *UNREADABLE) as no:
        print(f"qiantai {name}: {_in_words(no)}", file=sys.stderr)
        return 1
    finally:
        db.close()


def _in_words(error: Exception) -> str:
    """What is wrong and what to do, for somebody at a terminal."""
    if isinstance(error, SAID):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    if known := db.trouble(error):
        return _spoken(known)
    return f"the books cannot be read ({error}). Restore the newest backup: python -m app restore FILE --data DIR"


def _open_books(data: Path) -> None:
    """For a verb that works on books that are there."""
    if not settings.load(data).database.exists():
        raise db.Damaged(_spoken("There is no desk in {place}.", place=data))
    _make_books(data)


def _make_books(data: Path) -> None:
    """For a verb: the books, and the second journal where the settings name one."""
    chosen = settings.load(data)
    factory.open_books(chosen)
    if chosen.second_journal:
        second_journal.at_boot(Path(chosen.second_journal))


def _spoken(msgid: str, **values: object) -> str:
    """Texts of a verb: Chinese, or English where LANG says so."""
    translations.compile_if_stale()
    spoken = "en" if os.environ.get("LANG", "").startswith("en") else translations.COMPILED.parents[1].name
    text = gettext.translation("messages", translations.HERE, [spoken], fallback=True).gettext(msgid)
    return text.format(**values) if values else text


def serve(arguments: list[str]) -> int:
    """Open the books, start the workers, serve until SIGTERM."""
    try:
        chosen, workers, desk = _prepare(_options(arguments))
    except (*SAID, *UNREADABLE) as no:
        print(f"qiantai does not start: {_in_words(no)}", file=sys.stderr)
        return 1
    import waitress

    try:
        server = waitress.create_server(
            desk,
            host=chosen.host,
            port=chosen.port,
            threads=8,
            connection_limit=200,
            channel_timeout=20,
            max_request_body_size=6 * 1024 * 1024,
            ident=None,
        )
    except OSError as error:
        print(f"qiantai does not start: port {chosen.port} on {chosen.host}: {error.strerror}", file=sys.stderr)
        return 1
    port = getattr(server, "effective_port", chosen.port)
    workers.start()
    signal.signal(signal.SIGTERM, _stop)
    print(start.greeting(chosen, port))
    print(f"ready http://127.0.0.1:{port}", flush=True)
    try:
        server.run()
    except (SystemExit, KeyboardInterrupt):
        pass
    finally:
        server.close()
        workers.stop()
        db.close()
    return 0


def _prepare(options: argparse.Namespace) -> tuple[Settings, Any, Flask]:
    """Everything before the first request: the books opened and looked at, the devices' workers, the application."""
    chosen = start.choose(options.data, asked=options.demo, host=options.host, port=options.port)
    devices.check(chosen)
    chosen = start.open_books(chosen, asked=options.demo)
    workers = devices.of(chosen)
    if chosen.second_journal:
        second_journal.at_boot(Path(chosen.second_journal))
    proof.at_boot(report=_damaged)
    clock_check.check()
    backups.fenced()
    return chosen, workers, factory.create_app(chosen, workers)


def _damaged(found: list[str]) -> None:
    for each in found:
        print(f"money is off: {each}", file=sys.stderr, flush=True)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app", description=__doc__)
    parser.add_argument("--data", type=Path, help="directory of the books (default: data, a demo's: data/demo)")
    parser.add_argument("--host", help="address to listen on (0.0.0.0 for the LAN)")
    parser.add_argument("--port", type=int, help="port to listen on (0 = any free one)")
    parser.add_argument(
        "--demo", action=argparse.BooleanOptionalAction, default=None, help="an estate of its own making"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    threading.current_thread().name = "main"
    sys.exit(main(sys.argv[1:]))
