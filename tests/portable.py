"""A PostgreSQL of our own, with the desk's tables, and whether it takes what the product asks (tests/asked.py)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import peewee

from app import schema
from tests.asked import Asked

try:
    import psycopg
    from psycopg.adapt import PyFormat, Transformer
except ImportError:  # the desk itself does not need it
    psycopg = None

NUMERIC = 1700  # PostgreSQL's type of what is neither a whole nor a floating number


class Missing(Exception):
    """Why there is no PostgreSQL to ask."""


@contextmanager
def postgres() -> Iterator[peewee.PostgresqlDatabase]:
    """A new cluster on a socket in a folder of its own, with the desk's tables; gone afterwards."""
    if psycopg is None:
        raise Missing("psycopg is not installed (extra “test”)")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found or int(found[-1].parts[-3]) < 15:
        raise Missing("PostgreSQL 15 or newer is not installed: apt-get install postgresql")
    programs = found[-1].parent
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    # It refuses to run as root.
    who: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if who:
        shutil.chown(folder, "postgres", "postgres")
    quiet: dict[str, Any] = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **who}
    make = ["initdb", "-D", "data", "-U", "desk", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    serve = ["postgres", "-D", "data", "-k", str(folder), *_options(listen_addresses="", fsync="off", autovacuum="off")]
    try:
        subprocess.run([programs / make[0], *make[1:]], check=True, **quiet)
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([programs / serve[0], *serve[1:]], **(quiet | {"stderr": log}))
        try:
            twin = _connected(folder, server)
            yield twin
            twin.close()
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _options(**options: str) -> list[str]:
    return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]


def _connected(folder: Path, server: subprocess.Popen[bytes]) -> peewee.PostgresqlDatabase:
    twin = peewee.PostgresqlDatabase("postgres", user="desk", host=str(folder))
    for _ in range(1000):
        try:
            twin.connect()
            break
        except peewee.OperationalError:
            if server.poll() is not None:
                raise Missing((folder / "log").read_text()) from None
            time.sleep(0.02)
    with bound(twin):
        twin.create_tables(schema.TABLES)
    return twin


@contextmanager
def bound(twin: peewee.Database) -> Iterator[None]:
    """The models speak to that database; STRICT is a word of SQLite's alone."""
    with ExitStack() as back, twin.bind_ctx(schema.TABLES):
        for table in schema.TABLES:
            back.callback(setattr, table._meta, "strict_tables", table._meta.strict_tables)
            table._meta.strict_tables = False
        yield


def complaints(asked: Iterable[Asked], twin: peewee.PostgresqlDatabase) -> list[str]:
    """What PostgreSQL does not take, each with where it came from."""
    connection = twin.connection()
    said = []
    for each in asked:
        why = each.refused or _refusal(connection, *each.there)
        if why:
            said.append(f"{each.origin}: PostgreSQL\n    {each.there[0] or each.here[0]}\n    {why}")
    return sorted(said)


def _refusal(connection: Any, sql: str, params: tuple[Any, ...]) -> str:
    """Why PostgreSQL cannot prepare it with parameters of these types; empty where it can."""
    count = iter(range(1, len(params) + 1))
    sql = re.sub("%[s%]", lambda found: f"${next(count)}" if found[0] == "%s" else "%", sql)
    kinds = Transformer(connection)
    kinds.dump_sequence(params, [PyFormat.AUTO] * len(params))
    made = connection.pgconn.prepare(b"", sql.encode(), kinds.types)
    if made.error_message:
        return str(made.error_message.decode().strip())
    answer = connection.pgconn.describe_prepared(b"")
    decimals = [answer.fname(n).decode() for n in range(answer.nfields) if answer.ftype(n) == NUMERIC]
    return f"answers with a decimal, not with a whole number: {', '.join(decimals)}; use db.total" if decimals else ""
