"""An estate with a row for every page, the addresses of all pages with those rows' ids, and the forms that stand on them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import html5lib
from flask.testing import FlaskClient

from app.base import clock, db
from app.base import text as texts
from app.desk.accounts import charge
from app.desk.accounts.receipt import Receipt, ReceiptItem, Tender
from app.desk.homes import households, instructions, residents
from app.desk.homes.households import Person, Relation, Unit, Vehicle
from app.desk.homes.instructions import Instruction
from app.desk.papers import outbox
from app.desk.papers.outbox import Job
from app.desk.record.options import OPTIONS
from app.desk.who import people
from app.desk.who.sessions import Station
from app.desk.work import signatures
from app.desk.work.loan import Holder, Loan
from app.procedures.around import gate
from app.procedures.counter import cashier
from app.procedures.counter import release_slips as slips
from app.procedures.counter.keys import consent, counts, custody, lending, register
from app.procedures.counter.release_slips import Exit, Slip
from app.procedures.counter.water_cards import Account, Card, TopUp
from app.procedures.running import stations
from hardware.ports import DeviceError
from hardware.simulators.water_bench import WaterBench
from tests.procedures.counter.slip_forms import png
from tests.procedures.counter.water_desk import WaterDesk
from tests.within import within

sys.path.insert(0, str(Path(__file__).parents[1] / "procedures" / "running"))
BASE = "http://desk.lan"


def identity(n: int) -> str:
    """The n-th made-up ID, with the check character that belongs to it."""
    plain = f"44010619790315{n:03d}"
    return plain + texts.id_check(plain + "0")


@dataclass
class Canaries:
    """Numbers that stand nowhere else; `of` says to which place each was given."""

    of: dict[str, str] = field(default_factory=dict)

    def phone(self, place: str) -> str:
        self.of[number := f"1395550{len(self.of):04d}"] = place
        return number

    def identity(self, place: str) -> str:
        self.of[number := identity(len(self.of))] = place
        return number


@dataclass
class Everywhere:
    """What `furnish` made."""

    desk: Any
    cast: dict[str, people.Actor]  # by nickname; a role that conftest's cast lacks by its own name
    home: SimpleNamespace
    numbers: Canaries
    counter: WaterDesk
    ids: dict[str, list[int | str]]  # the arguments of addresses: table -> some ids
    _clients: dict[str, FlaskClient] = field(default_factory=dict)

    def client(self, nick: str) -> FlaskClient:
        if nick not in self._clients:
            self._clients[nick] = self.desk.client(self.cast[nick])
        return self._clients[nick]


def furnish(desk: Any, cast: SimpleNamespace, home: SimpleNamespace, data: Path) -> Everywhere:
    """A phone or an ID wherever one can be kept, each its own canary; at least one row for every page."""
    numbers = Canaries()
    everybody = dict(vars(cast))
    for role in people.ROLES:
        if not any(role in actor.roles for actor in everybody.values()):
            everybody[role] = people.actor(people.Staff.create(name=f"职员{role}", roles=[role]), station="1")
    desk.app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    counter = WaterDesk(home, cast.chen, cast.mia)
    bench = WaterBench(counter.reader, data / "bench")
    desk.app.extensions["devices"] = SimpleNamespace(reader=counter.worker, water_bench=bench)
    with clock.moved_to(clock.now() - timedelta(days=1)):
        paid = cashier.add(home.unit, "resident_card", by=cast.chen)
        cashier.pay(
            home.unit, payer=home.owner.name, charges=[paid.id], tenders=[Tender("cash", paid.fen)], by=cast.chen
        )
    _people(home, numbers, cast)
    _keys(home, numbers, cast)
    _slips(home, numbers, cast)
    _money(home, numbers, cast)
    card = counter.issue()
    counter.sell()
    counter.meter().insert(card)
    counter.lay(card)
    counter.intend()
    counter.issue("00821178", unit=home.other)
    Unit.create(entrance=home.unit.entrance, room="1102", label="3-2-1102", area=8000)
    gate.stop("沙发一张", plate="粤A12345", why="无放行条", by=cast.gao)
    stations.keep("1", printer="receipt", scanner=True, reader=True, active=True, by=cast.mia)
    instructions.give(home.unit, "general", "家中有老人，敲门请轻。", by=cast.ana)
    _uncertain_paper(cast)
    return Everywhere(desk, everybody, home, numbers, counter, _ids())


def _people(home: SimpleNamespace, numbers: Canaries, cast: SimpleNamespace) -> None:
    numbers.of |= {home.owner.phone: "owner", home.owner.id_number: "owner", home.tenant.phone: "tenant"}
    Person.update(id_number=numbers.identity("tenant")).where(Person.id == home.tenant.id).execute()
    since = clock.today() - timedelta(days=30)
    for kind in ("family", "staff", "temporary"):
        residents.add_resident(
            home.unit, f"住户{kind}", kind, since=since,
            phone=numbers.phone(kind), id_number=numbers.identity(kind), by=cast.ana,
        )  # fmt: skip
    was = residents.add_resident(
        home.unit, "前租客", "tenant", since=since,
        phone=numbers.phone("former"), id_number=numbers.identity("former"), by=cast.ana,
    )  # fmt: skip
    residents.end_relation(was, until=clock.today() - timedelta(days=2), by=cast.ana)
    owner = residents.add_resident(
        home.other, "周明", "owner", since=since,
        phone=numbers.phone("owner abroad"), id_number=numbers.identity("owner abroad"), by=cast.ana,
    )  # fmt: skip
    alone = residents.add_person(
        "无房客", phone=numbers.phone("of no unit"), id_number=numbers.identity("of no unit"), by=cast.ana
    )
    residents.change_person(alone, version=1, phone=numbers.phone("of no unit, new"), by=cast.ana)
    residents.add_vehicle(home.unit, "粤A12345", brand="大众", colour="白", by=cast.ana)
    Vehicle.create(plate="粤B54321", person=owner.person)


def _keys(home: SimpleNamespace, numbers: Canaries, cast: SimpleNamespace) -> None:
    pump = register.add(name="水泵房", hook="A01", by=cast.ana)
    register.add(name="垃圾房", hook="A02", by=cast.ana)
    shown = f"身份证 {numbers.identity('paper of a key borrower')}"
    lending.lend(pump, to=Holder(name="赵红", of="保洁公司", checked=shown), signed="paper", by=cast.ana)
    held = custody.accept(
        unit=home.unit, owner=home.owner, kind="hardship", reason="独居，腿脚不便，需邻居送药", no_trouble=True,
        keys=[("入户门", "E14", 2)], signed=True, by=cast.ana,
    )  # fmt: skip
    called = numbers.phone("consent call for a key")
    consent.give(held, agreed_by="李伟", how="phone", phone=called, scope="保洁 打扫", by=cast.ana)
    gone = custody.accept(
        unit=home.other, owner=households.owner_of(home.other), kind="rectification", reason="渗水", no_trouble=True,
        keys=[("入户门", "E15", 1)], seal="0417", review=clock.today() + timedelta(days=5), signed=True, by=cast.ana,
    )  # fmt: skip
    custody.hand_back(
        gone, received_by="周明", checked=f"身份证 {numbers.identity('paper of who collects a key')}", signed=True,
        by=cast.ana,
    )  # fmt: skip
    counts.begin("internal", shift="morning", by=people.actor(people.Staff.get_by_id(cast.ben.id), station="2"))


def _slips(home: SimpleNamespace, numbers: Canaries, cast: SimpleNamespace) -> None:
    tenant = Relation.get(Relation.unit == home.other, Relation.kind == "tenant")
    made = slips.make(
        home.other,
        applicant=slips.Applicant(relation_id=tenant.id),
        consent=slips.Consent(
            how="call", owner_name="周明", number=numbers.phone("consent call for goods"),
            at=clock.now() - timedelta(minutes=3), caller=cast.ana.name,
        ),
        lines=[slips.Line("双开门冰箱", 1, "台", "appliance"), slips.Line("餐椅", 4, "把")],
        base_url=BASE, by=cast.ana,
    )  # fmt: skip
    slips.let_out(made, {slips.sheet(made.id, by=cast.gao).things[0].id: 1}, plate="粤A12345", by=cast.gao)
    slips.make(
        home.unit,
        applicant=slips.Applicant(
            kind="crew", name="赵工", firm="宏达装饰", id_number=numbers.identity("crew with goods")
        ),
        consent=slips.Consent(),
        lines=[slips.Line("电锤", 1, "台")], base_url=BASE, by=cast.ana,
    )  # fmt: skip
    within(signatures.keep, "counter.release_slips", made.id, "owner", png(), by=cast.ana)


def _money(home: SimpleNamespace, numbers: Canaries, cast: SimpleNamespace) -> None:
    paid = cashier.add(home.unit, "deposit_lift", by=cast.chen)
    cashier.add(home.unit, "resident_card", by=cast.chen)
    made = cashier.pay(
        home.unit, payer=home.owner.name, charges=[paid.id], tenders=[Tender("cash", paid.fen)], by=cast.chen
    )
    cashier.reprint(made, copy="客户联", by=cast.chen)


def _uncertain_paper(cast: SimpleNamespace) -> None:
    job = Job.select().order_by(Job.id).first()
    outbox.uncertain(job, state="unknown", why=DeviceError("The printer does not answer."), by=people.DESK)


def _ids() -> dict[str, list[int | str]]:
    """The first and the last row of every table that an address names."""
    tables = {
        "unit": Unit, "person": Person, "relation": Relation, "vehicle": Vehicle, "instruction": Instruction,
        "receipt": Receipt, "item": ReceiptItem, "charge": charge.Charge, "key": register.Key, "count": counts.Count,
        "custody": register.Custody, "slip": Slip, "passage": Exit, "loan": Loan, "job": Job, "staff": people.Staff,
        "station": Station, "picture": signatures.Signature, "topup": TopUp, "card": Card, "account": Account,
        "stop": gate.Stop,
    }  # fmt: skip
    found: dict[str, list[int | str]] = {}
    for name, table in tables.items():
        rows = [row.id for row in table.select(table.id).order_by(table.id)]
        assert rows, f"nothing in {name}: a page of it would not be seen"
        found[name] = rows
    found["code"] = [row.code for row in Slip.select() if row.number]
    return found


# ---- addresses

# What the argument of an address names, where its own name does not say so: endpoint -> table of `ids`.
_NAMES = {
    "counter_cashier.take_back": "charge", "counter_cashier.read": "instruction", "counter_cashier": "receipt",
    "running_devices": "job", "running_staff": "staff", "running_stations": "station", "running_signatures": "picture",
    "counter_custody": "custody", "counter_water_cards": "topup", "money_deposits": "item",
}  # fmt: skip
# What pages take after the question mark.
_QUERIES: dict[str, list[dict[str, Any]]] = {
    "homes_lookup.find": [{"q": q, "live": 1} for q in ("1234", "李伟", "lw", "zm", "3-2-1101", "粤A12345", "K0001", "住户")],
    "counter_cashier.board": [{"unit": 1}, {"unit": 0}],
    "counter_cashier.account": [{"unit": 1}],
    "counter_cashier.sums": [{"unit": 1, "charge": 1, "cash": "5"}],
    "counter_custody.board": [{}, {"unit": 1}, {"room": "李伟"}],
    "counter_custody.new": [{"unit": 1}],
    "counter_keys.board": [{}, {"q": "水泵"}, {"q": "K0001"}],
    "counter_release_slips.board": [{}, {"unit": 2}, {"q": "5-1-302"}, {"room": "李"}, *({"show": s} for s in slips.SHOWS)],
    "counter_release_slips.new": [{"unit": 1}, {"unit": 2}],
    "counter_water_cards.board": [{}, {"unit": 1}, {"unit": 2}, {"unit": 3}, {"room": "李"}],
    "counter_water_cards.sums": [{"by": "volume", "quantity": "15"}],
    "running_sign_in.badge": [{"code": "12345678901234"}],
    "running_today.menu": [{"at": "/running/today/"}],
}  # fmt: skip


def addresses(made: Everywhere, method: str = "GET") -> list[tuple[str, str]]:
    """(endpoint, URL) of every address, with the first and the last row for its arguments."""
    found = []
    for rule in made.desk.app.url_map.iter_rules():
        if method not in rule.methods or rule.endpoint == "static":
            continue
        with made.desk.app.test_request_context(base_url=BASE):
            for values in _arguments(made, rule):
                url = made.desk.app.url_for(rule.endpoint, **values)
                for query in _QUERIES.get(rule.endpoint, [{}]) if method == "GET" else [{}]:
                    found.append((rule.endpoint, url + ("?" + urlencode(query) if query else "")))
    return sorted(set(found))


def _arguments(made: Everywhere, rule: Any) -> list[dict[str, Any]]:
    if not rule.arguments:
        return [{}]
    rows = {name: _rows(made, rule.endpoint, name) for name in sorted(rule.arguments)}
    columns = {
        name: found if len(found) < 3 or isinstance(found[0], str) else [found[0], found[-1]]
        for name, found in rows.items()
    }
    longest = max(len(rows) for rows in columns.values())
    return [{name: rows[n % len(rows)] for name, rows in columns.items()} for n in range(longest)]


def _rows(made: Everywhere, endpoint: str, name: str) -> list[Any]:
    if endpoint.startswith("running_manual"):
        return ["KEY-3", "GOODS-1"]
    if endpoint.startswith("running_options"):
        kinds = {type(option.default): name for name, option in sorted(OPTIONS.items()) if not option.choices}
        return ["estate.name", *kinds.values(), sorted(OPTIONS)[0]]
    if name == "name":
        return ["printer"]
    if name == "nth":
        return [1]
    if name == "act":
        return ["new", "take_off"]
    if endpoint == "homes_households.show" and name == "unit":
        return made.ids["unit"]
    table = name if name not in ("id", "row") else _NAMES.get(endpoint) or _NAMES[endpoint.partition(".")[0]]
    return made.ids[table]


# ---- forms


@dataclass(frozen=True)
class Input:
    """One field of a form. `kind`: its type, or "select" / "textarea". `options` of a select or of radio buttons."""

    name: str
    kind: str
    value: str
    options: tuple[str, ...] = ()
    most: int = 0


@dataclass(frozen=True)
class Form:
    """A form as it stands on the page at `page`."""

    page: str
    method: str
    action: str
    inputs: tuple[Input, ...]

    def filled(self, **typed: str) -> dict[str, str]:
        """What a browser would send, with these fields typed over."""
        sent = {each.name: each.value for each in self.inputs if each.value or each.kind != "checkbox"}
        return sent | typed

    def texts(self) -> list[Input]:
        return [each for each in self.inputs if each.kind in _TYPED]

    def one(self, name: str) -> Input | None:
        return next((each for each in self.inputs if each.name == name), None)


_TYPED = {"text", "search", "tel", "textarea", "number", "date", "time", "password", "email", "url"}


def tree(markup: str) -> Any:
    return html5lib.parse(markup, namespaceHTMLElements=False)


def forms(page: str, markup: str) -> list[Form]:
    """Every form of a page, with the fields that stand elsewhere on it (`form="id"`)."""
    whole = tree(markup)
    elsewhere = [node for node in whole.iter() if node.get("form") is not None]
    return [
        Form(
            page,
            form.get("method", "get").lower(),
            form.get("action") or page,
            tuple(_inputs([*form.iter(), *(node for node in elsewhere if node.get("form") == form.get("id"))])),
        )
        for form in whole.iter("form")
    ]


def _inputs(nodes: list[Any]) -> Iterator[Input]:
    for node in nodes:
        name = node.get("name")
        if not name or node.tag not in ("input", "select", "textarea"):
            continue
        if node.tag == "select":
            options = [_code(each) for each in node.iter("option")]
            chosen = [_code(each) for each in node.iter("option") if each.get("selected") is not None]
            yield Input(name, "select", (chosen or options or [""])[0], tuple(options))
        elif node.tag == "textarea":
            yield Input(name, "textarea", "".join(node.itertext()))
        else:
            kind = node.get("type", "text").lower()
            on = kind not in ("checkbox", "radio") or node.get("checked") is not None
            options = (node.get("value", "on"),)
            yield Input(name, kind, node.get("value", "") if on else "", options, int(node.get("maxlength") or 0))


def _code(option: Any) -> str:
    return option.get("value") if option.get("value") is not None else "".join(option.itertext()).strip()


def words(markup: str) -> str:
    """Everything a reader can see of a page: text, values of fields, titles; blanks made one."""
    seen = []
    for node in tree(markup).iter():
        if not isinstance(node.tag, str):
            continue
        seen += [node.text or "", node.tail or ""]
        seen += [node.get(name) or "" for name in ("value", "placeholder", "title", "alt", "aria-label")]
    return re.sub(r"\s+", " ", " ".join(seen))


class _Undone(Exception):
    pass


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back: each form meets the same books, and nothing waits for the disk."""
    with suppress(_Undone), db.write():
        yield
        raise _Undone
