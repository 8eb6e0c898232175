"""python -m app: serve the desk, or do one of the verbs in commands/ (import, export-journal ...)."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask

from app import commands, devices, factory, start
from app.base import db
from app.commands import terminal
from app.procedures.running import backups, clock_check, proof, second_journal
from app.settings import Settings


def main(arguments: list[str]) -> int:
    if arguments and not arguments[0].startswith("-"):
        return commands.run(arguments[0], arguments[1:])
    return serve(arguments)


def serve(arguments: list[str]) -> int:
    """Open the books, start the workers, serve until SIGTERM."""
    try:
        chosen, workers, desk = _prepare(_options(arguments))
    except terminal.SAID as no:
        print(f"qiantai does not start: {terminal.in_words(no)}", file=sys.stderr)
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
