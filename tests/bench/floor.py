"""What this machine and these libraries cost at least: waitress + Flask + one indexed read, + one fsynced insert.

python tests/bench/floor.py FILE.db ROWS      prints "ready PORT"
"""

from __future__ import annotations

import sys
import threading

import apsw
import waitress
from flask import Flask, request


def serve(path: str, rows: int) -> None:
    local = threading.local()
    writing = threading.Lock()

    def connection() -> apsw.Connection:
        if not hasattr(local, "connection"):
            local.connection = apsw.Connection(path)
            for pragma in ("journal_mode = wal", "synchronous = 2", "busy_timeout = 5000"):
                local.connection.execute(f"PRAGMA {pragma}").fetchall()
        return local.connection

    books = connection()
    books.execute("CREATE TABLE IF NOT EXISTS paid (id INTEGER PRIMARY KEY, number TEXT UNIQUE, fen INTEGER) STRICT")
    with books:
        books.executemany("INSERT INTO paid (number, fen) VALUES (?, ?)", ((f"A{n:07d}", n) for n in range(rows)))
    floor = Flask("floor")

    @floor.get("/read")
    def read() -> str:
        query = "SELECT number, fen FROM paid WHERE number = ?"
        return str(connection().execute(query, (request.args["number"],)).fetchone())

    @floor.post("/write")
    def write() -> str:
        own = connection()
        with writing:
            own.execute("BEGIN IMMEDIATE")
            own.execute("INSERT INTO paid (number, fen) VALUES (?, ?)", (request.form["number"], 500))
            own.execute("COMMIT")
        return "done"

    server = waitress.create_server(floor, host="127.0.0.1", port=0, threads=8)
    print("ready", server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
