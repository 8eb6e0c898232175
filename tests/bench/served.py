"""A desk (or the floor) in a process of its own, and clerks who speak HTTP with it as a browser does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

HOUSE = Path(__file__).parent.parent.parent


@dataclass
class Process:
    port: int
    pid: int
    started: float  # ms from the command to "ready"

    def rss(self) -> float:
        """MB"""
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    def cpu(self) -> float:
        """Milliseconds of processor time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(*arguments: str) -> Iterator[Process]:
    begun = time.monotonic()
    process = subprocess.Popen([sys.executable, *arguments], cwd=HOUSE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = next((line for line in process.stdout if line.startswith("ready")), "")
        if not line:
            raise SystemExit(f"{' '.join(arguments)} did not start")
        port = int(re.findall(r"\d+", line)[-1])
        yield Process(port, process.pid, (time.monotonic() - begun) * 1000)
    finally:
        process.terminate()
        process.wait()


class Clerk:
    """One browser: keeps its connection and cookies. The last answer's text is in `shown`."""

    def __init__(self, port: int) -> None:
        self.http = HTTPConnection("127.0.0.1", port, timeout=60)
        self.host = f"localhost:{port}"
        self.cookies: dict[str, str] = {}
        self.shown, self.csrf, self.status, self.last = "", "", 0, time.perf_counter()

    def get(self, url: str, *, part: bool = False) -> float:
        return self._ask("GET", url, None, part)

    def post(self, url: str, values: dict[str, object]) -> float:
        body = urlencode({"csrf_token": self.csrf, **values}, doseq=True)
        return self._ask("POST", url, body, True)

    def _ask(self, method: str, url: str, body: str | None, part: bool) -> float:
        """Milliseconds until the whole answer is here."""
        headers = {"Host": self.host, "Origin": f"http://{self.host}"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if part:
            headers["HX-Request"] = "true"
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if time.perf_counter() > self.last + 10:  # the desk hangs up after twenty quiet seconds
            self.http.close()
        begun = time.perf_counter()
        self.http.request(method, url, body, headers)
        answer = self.http.getresponse()
        text = answer.read()
        self.last = time.perf_counter()
        took = (self.last - begun) * 1000
        self.status, self.shown = answer.status, text.decode()
        for each in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(each).items()}
        if answer.status >= 400:
            raise SystemExit(f"{method} {url}: {answer.status} {re.sub('<[^>]+>', ' ', self.shown)[:400]}")
        return took

    def sign_in(self, name: str, password: str) -> Clerk:
        self.get("/running/sign_in/")
        self.csrf = self.hidden("csrf_token")
        self.post("/running/sign_in/in", {"name": name, "password": password, "next": ""})
        self.get("/running/today/")
        self.csrf = self.hidden("csrf_token")
        return self

    def hidden(self, name: str) -> str:
        """The last hidden field of that name in what is shown."""
        found = re.findall(rf'name="{name}" value="([^"]*)"', self.shown)
        if not found:
            raise SystemExit(f"no {name} in: {self.shown[:300]}")
        return str(found[-1])

    def owing(self, unit: int) -> dict[str, object]:
        """Put one thing on a household's list; the payment form as a clerk fills it in."""
        self.get(f"/counter/cashier/?unit={unit}", part=True)
        self.post("/counter/cashier/add", {"_key": self.hidden("_key"), "unit": unit, "item": "resident_card"})
        charge = re.findall(r'name="charge"\s+value="(\d+)"', self.shown)[-1]
        return {"_key": self.hidden("_key"), "unit": unit, "charge": charge, "payer": "业主", "cash": "5"}
