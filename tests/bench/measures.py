"""What is measured on ten years of an estate: by HTTP, beside the floor of the same machine in the same run."""

from __future__ import annotations

import random
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.bench import ten_years
from tests.bench.served import HOUSE, Clerk, Process, running
from tests.bench.ten_years import BORROWER, CLERKS, KEYS, PASSWORD, Size

Found = dict[str, Any]
TYPED = ("3-2-1", "1802", "李", "李伟", "wang", "lw", "liw", "1234", "粤A12", "9-1-2203", "张建", "zh")


def whole(size: Size, below: Path, rounds: int) -> Found:
    """Every measure of one estate: name -> {p50, p95, max, ratio ...} or a number."""
    data = ten_years.ready(size, below)
    found: Found = {"households": size.households, "books (MB)": (data / "qiantai.db").stat().st_size / 1e6}
    with running(str(HOUSE / "tests/bench/floor.py"), tempfile.mktemp(dir=below), "200000") as floor:
        found |= _floor(floor, rounds)
    with running("-m", "app", "--data", str(data), "--port", "0", "--no-demo") as desk:
        found["cold start (ms)"] = desk.started
        found["RSS at start (MB)"] = desk.rss()
        clerk = Clerk(desk.port).sign_in("米娅", PASSWORD)
        _confirm_date(clerk)
        found["money allowed after start (ms)"] = desk.started + _until_money(clerk)
        found["household page while the rest is proved"] = _while_proving(clerk, size)
        found["whole books proved after start (ms)"] = desk.started + _until_idle(desk)
        found |= _pages(clerk, size, rounds)
        found |= _payments(desk, size, rounds)
        found |= _keys(clerk)
        found |= _backup(clerk, desk, data, size)
        found["RSS after work (MB)"] = desk.rss()
    found |= statements(data, size)
    for name, value in found.items():
        if isinstance(value, dict):
            under = found["floor: insert" if name.startswith(("take", "key")) else "floor: read"]
            value["to the floor"] = value["p50"] / under["p50"]
    return found


def _spread(took: list[float]) -> dict[str, float]:
    took = sorted(took)
    return {"p50": statistics.median(took), "p95": took[int(0.95 * (len(took) - 1))], "max": took[-1]}


def _floor(floor: Process, rounds: int) -> Found:
    clerk = Clerk(floor.port)
    reads = [clerk.get(f"/read?number=A{n * 331:07d}") for n in range(5 * rounds)]
    writes = [clerk.post("/write", {"number": f"B{n}"}) for n in range(3 * rounds)]
    return {"floor: read": _spread(reads[rounds:]), "floor: insert": _spread(writes[rounds:])}


def _confirm_date(clerk: Clerk) -> None:
    """The books end some weeks ago: as after any long pause, a supervisor says that the date is right."""
    clerk.get("/running/clock/")
    if "/running/clock/confirm" in clerk.shown:
        clerk.post("/running/clock/confirm", {"_key": clerk.hidden("_key")})


def _until_money(clerk: Clerk) -> float:
    """Until no banner says that the books are still being checked."""
    begun = time.monotonic()
    while time.monotonic() < begun + 300:
        clerk.get("/running/today/")
        if 'class="banner stop"' not in clerk.shown:
            return (time.monotonic() - begun) * 1000
        time.sleep(0.2)
    raise SystemExit("money is still off after five minutes: " + " ".join(re.findall("banner stop.*", clerk.shown)))


def _while_proving(clerk: Clerk, size: Size) -> dict[str, float]:
    return _spread([clerk.get(f"/homes/households/{2 + n % (size.households - 1)}") for n in range(0, 1000, 50)])


def _until_idle(desk: Process) -> float:
    """Until the desk has used next to no processor for two seconds: the proof in the background is done."""
    begun = time.monotonic()
    while time.monotonic() < begun + 400:
        before = desk.cpu()
        time.sleep(2)
        if desk.cpu() - before < 100:
            break
    return (time.monotonic() - begun) * 1000


def _pages(clerk: Clerk, size: Size, rounds: int) -> Found:
    dice = random.Random(size.seed)
    some = [2 + dice.randrange(size.households - 1) for _ in range(rounds)]
    new = size.households // 2  # an ordinary household

    def each(urls: Iterator[str] | list[str], **how: bool) -> dict[str, float]:
        return _spread([clerk.get(url, **how) for url in urls])

    each([f"/homes/lookup/?live=1&q={quote(text)}" for text in TYPED], part=True)  # warm
    found: Found = {
        "omnibox": each([f"/homes/lookup/?live=1&q={quote(text)}" for text in TYPED * (rounds // 8)], part=True),
        "household page": each([f"/homes/households/{unit}" for unit in some]),
        "open a slip": each([f"/counter/release_slips/{1 + n * 7}" for n in range(rounds)]),
        "today page": each(["/running/today/"] * rounds),
        "cashier's page": each([f"/counter/cashier/?unit={unit}" for unit in some]),
    }
    one, other = [], []
    for _ in range(rounds):  # in turns: whatever else the machine does falls on both
        one.append(clerk.get("/homes/households/1"))
        other.append(clerk.get(f"/homes/households/{new}"))
    found[f"household with {size.of_one:,} receipts"] = _spread(one)
    found["its ratio to another household"] = statistics.median(one) / statistics.median(other)
    return found


def _payments(desk: Process, size: Size, rounds: int) -> Found:
    clerks = [Clerk(desk.port).sign_in(name, PASSWORD) for name in CLERKS]
    units = iter(range(size.households // 4, size.households))
    forms = [clerks[0].owing(next(units)) for _ in range(rounds)]
    found: Found = {"take a payment": _spread([clerks[0].post("/counter/cashier/pay", form) for form in forms][5:])}
    for many in (1, 4, 8):
        queues = [[clerk.owing(next(units)) for _ in range(max(4, rounds // many))] for clerk in clerks[:many]]
        begun, done = time.monotonic(), sum(map(len, queues))
        with ThreadPoolExecutor(many) as pool:
            list(pool.map(_pay_all, clerks[:many], queues))
        found[f"payments a second, {many} clerks"] = done / (time.monotonic() - begun)
    return found


def _pay_all(clerk: Clerk, forms: list[dict[str, object]]) -> None:
    for form in forms:
        clerk.post("/counter/cashier/pay", form)


def _backup(supervisor: Clerk, desk: Process, data: Path, size: Size) -> Found:
    """Payments one after the other from the press of the button until the copy is whole (P15: none over a second)."""
    place = data / "backups"
    before, clerk = set(place.glob("*")), Clerk(desk.port).sign_in(CLERKS[0], PASSWORD)
    units = iter(range(2, size.households // 4))
    supervisor.get("/running/backups/")
    begun, took = time.monotonic(), []
    supervisor.post("/running/backups/make", {"_key": supervisor.hidden("_key")})
    while not (made := set(place.glob("*.db")) - before):
        took.append(clerk.post("/counter/cashier/pay", clerk.owing(next(units))))
    seconds = time.monotonic() - begun
    for path in made:
        path.with_name(path.name + ".json").unlink()
        path.unlink()
    return {"take a payment while a backup is made": _spread(took), "backup (s)": seconds}


def _keys(clerk: Clerk) -> Found:
    """Out: the label, then the taker from the list. In: the label alone, more than three seconds later."""
    clerk.get("/counter/keys/", part=True)
    out, back = [], []
    for n in range(1, KEYS + 1):
        label = {"_key": clerk.hidden("_key"), "code": f"K{n}"}
        took = clerk.post("/counter/keys/scan", label)
        staff = _option(clerk.shown, BORROWER)
        hand = {"_key": clerk.hidden("_key"), "staff": staff, "purpose": "", "until": "", "name": "", "of": ""}
        out.append(took + clerk.post("/counter/keys/hand", hand))
    threading.Event().wait(3.1)
    for n in range(1, KEYS + 1):
        back.append(clerk.post("/counter/keys/scan", {"_key": clerk.hidden("_key"), "code": f"K{n}"}))
    return {"key out (two requests)": _spread(out), "key in": _spread(back)}


def _option(shown: str, name: str) -> str:
    return re.findall(rf'<option value="(\d+)"[^>]*>{name}', shown)[0]


def statements(data: Path, size: Size) -> Found:
    """SQL statements of a request: counted in this process, on the same books."""
    from app import factory
    from app.base import db
    from app.desk.who import people, sessions
    from app.settings import Settings

    factory.open_books(Settings(data=data))
    try:
        desk = factory.create_app(Settings(data=data))
        client = desk.test_client()
        with db.write():
            token = sessions.begin(people.Staff.get(people.Staff.name == "米娅"), station="")
        with client.session_transaction(base_url="http://localhost") as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True

        def count(url: str) -> Callable[[], int]:
            client.get(url, base_url="http://localhost")
            before = db.statements()
            answer = client.get(url, base_url="http://localhost")
            assert answer.status_code == 200, url
            return db.statements() - before

        some = size.households // 2
        return {
            "statements: omnibox": count("/homes/lookup/?live=1&q=wang"),
            "statements: household page": count(f"/homes/households/{some}"),
            "statements: household with the most receipts": count("/homes/households/1"),
            "statements: cashier's page": count(f"/counter/cashier/?unit={some}"),
            "statements: today page": count("/running/today/"),
            "statements: open a slip": count("/counter/release_slips/8"),
            "statements: keys page": count("/counter/keys/"),
        }
    finally:
        db.close()
