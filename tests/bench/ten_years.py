"""Ten years of an estate as the books would hold them: seeded, made once, kept outside the house.

Left out: the facts and second copies of old print jobs, the years' key scans and slips beside a few thousand,
everything of the demo. What is there is whole: every receipt is numbered, chained, posted, allocated and sealed,
and `python -m app verify` finds nothing wrong.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from app import factory
from app.base import clock, db
from app.desk.homes import households
from app.desk.record import numbering
from app.desk.who import passwords, people
from app.procedures.counter.keys import register
from app.procedures.running import staff
from app.settings import Settings
from tests.bench.writer import Writer, canonical

PASSWORD = "ten-years-bench"
CLERKS = [f"收银{n}" for n in "一二三四五六七八"]
BORROWER = "王海"
KEYS = 60
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志红梅文斌婷宇浩然子轩欣怡雨晨佳琪俊凯"


@dataclass(frozen=True)
class Size:
    households: int
    charges: int = 1_020_000  # one pair in fifty is still owed
    receipts: int = 500_000
    of_one: int = 5_000  # receipts of the first household
    loans: int = 1_000  # of one borrower
    slips: int = 2_000
    seed: int = 20261122

    @property
    def name(self) -> str:
        return f"ten-years-{self.households}-{self.charges}-{self.receipts}-{self.seed}"


def ready(size: Size, below: Path) -> Path:
    """The directory of those books; made where it is not there yet (some minutes)."""
    data = below / size.name
    if not (data / "made").exists():
        for path in data.glob("*"):
            path.unlink()
        make(size, data)
        (data / "made").touch()
    return data


def make(size: Size, data: Path) -> None:
    factory.open_books(Settings(data=data))
    db.database.execute_sql("PRAGMA synchronous = 0")  # a load that is begun anew when it is cut off
    db.database.execute_sql("PRAGMA cache_size = -400000")
    dice = random.Random(size.seed)
    _cast()
    _homes(size, dice)
    writer = Writer()
    _years(size, writer, dice)
    _loans(size, writer, dice)
    writer.flush()
    db.database.execute_sql("ANALYZE")
    db.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def _cast() -> None:
    """A supervisor, eight clerks with one password, an engineer who borrows, and keys on hooks."""
    secret = passwords.hash_secret(PASSWORD)
    for name in ("米娅", *CLERKS, BORROWER):
        role = {"米娅": "supervisor", BORROWER: "engineer"}.get(name, "cashier")
        staff.add(name, [role], by=people.DESK)
    people.Staff.update(password_hash=secret).execute()
    for n in range(KEYS):
        register.add(name=f"机房 {n + 1}", hook=f"A{n + 1:02d}", by=people.DESK)


def _homes(size: Size, dice: random.Random) -> None:
    """Buildings of 200 units in two entrances; an owner each, a tenant in every fifth, a car in every third."""
    entrances, units, persons, relations, cars = [], [], [], [], []
    for n in range(size.households):
        building, inside = divmod(n, 200)
        half, place = divmod(inside, 100)
        floor, door = divmod(place, 4)
        if place == 0:
            entrances.append((str(building + 1), str(half + 1), 25, 1))
        room = f"{floor + 1}{door + 1:02d}"
        units.append(
            (len(entrances), room, f"{building + 1}-{half + 1}-{room}", floor + 1, 6000 + dice.randrange(9000))
        )
        for kind in ("owner", "tenant") if n % 5 == 0 else ("owner",):
            name = dice.choice(SURNAMES) + "".join(dice.choices(GIVEN, k=dice.choice((1, 2, 2))))
            phone = f"199{dice.randrange(10**8):08d}"
            looked = households.keys_of(name, phone)
            persons.append(
                (name, looked["name_key"], looked["initials"], looked["pinyin"], phone, looked["phone_tail"])
            )
            relations.append((len(persons), n + 1, kind))
        if n % 3 == 0:
            cars.append((f"粤A{dice.randrange(100_000):05d}", n + 1))
    table = households
    with db.write():
        fields = [table.Entrance.building, table.Entrance.code, table.Entrance.floors, table.Entrance.lift]
        _many(table.Entrance, fields, entrances)
        _many(
            table.Unit,
            [table.Unit.entrance, table.Unit.room, table.Unit.label, table.Unit.floor, table.Unit.area],
            units,
        )
        person = table.Person
        _many(
            person,
            [person.name, person.name_key, person.initials, person.pinyin, person.phone, person.phone_tail],
            persons,
        )
        _many(table.Relation, [table.Relation.person, table.Relation.unit, table.Relation.kind], relations)
        _many(table.Vehicle, [table.Vehicle.plate, table.Vehicle.unit], cars)


def _many(table: type, fields: list, rows: list) -> None:
    for start in range(0, len(rows), 1000):
        table.insert_many(rows[start : start + 1000], fields=fields).execute()


def _years(size: Size, writer: Writer, dice: random.Random) -> None:
    """Month by month: two charges a unit in turn, nearly all of them paid with one receipt; slips now and then."""
    months, numbers = list(_months()), {}
    ordinary = size.receipts - size.of_one
    turn, done = 0, 0
    bar = _Bar(size.receipts)
    unpaid = max(0, size.charges // 2 - size.receipts)
    for at_month, first in enumerate(months):
        payers = []
        for _ in range(_share(ordinary + unpaid, at_month, len(months))):
            payers.append(2 + turn % (size.households - 1))
            turn += 1
        payers += [1] * _share(size.of_one, at_month, len(months))
        raised = _bill(writer, first, payers, at_month)
        late = set(dice.sample(range(len(raised)), _share(unpaid, at_month, len(months)))) if unpaid else set()
        for n, (unit, charges) in enumerate(raised):
            paid = n not in late
            for row in charges:
                _charge(writer, row, paid=paid)
            if paid:
                at = first + timedelta(days=1 + 25 * n // len(raised), seconds=dice.randrange(28_800), hours=1)
                _receipt(writer, at, unit, charges, numbers, dice)
                done += 1
        for _ in range(_share(size.slips, at_month, len(months))):
            _slip(writer, first + timedelta(hours=2), 2 + dice.randrange(size.households - 1), numbers)
        bar.at(done)
    for (name, year), last in numbers.items():
        db.database.execute_sql("INSERT INTO series (name, year, last) VALUES (?, ?, ?)", (name, year, last))
    bar.end()


def _share(total: int, part: int, parts: int) -> int:
    return total * (part + 1) // parts - total * part // parts


def _months() -> Iterator[datetime]:
    """The first working moment of each of the ten years' months before this one."""
    today = clock.today()
    for back in range(120, 0, -1):
        year, month = divmod(today.year * 12 + today.month - 1 - back, 12)
        yield clock.at(date(year, month + 1, 1), 9)


def _bill(writer: Writer, at: datetime, payers: list[int], month: int) -> list[tuple[int, list[dict]]]:
    """One deed raises the month's charges: an entry, two postings a charge."""
    raised = []
    entry = writer.add("entry", at=clock.to_ms(at), day=at.date().isoformat(), text="")
    postings, total = [], 0
    for n, unit in enumerate(payers):
        charges = []
        for item, text, fen in (("fee", "物业服务费", 15_000 + 37 * (n % 400)), ("light", "公共照明费", 300 + n % 90)):
            charges.append({"unit": unit, "item": item, "text": text, "fen": fen, "at": at, "by": writer.staff[0]})
            for account, sign in (("receivable", 1), (f"income.{item}", -1)):
                postings.append(_posting(writer, entry[0], account, unit, 0, sign * fen))
            total += fen
        raised.append((unit, charges))
    detail = canonical({"count": 2 * len(payers), "fen": total})
    writer.line("charges.raised", at, {"entry": [entry], "posting": postings}, detail=detail)
    return raised


def _posting(writer: Writer, entry: int, account: str, unit: int, till: int, fen: int) -> tuple:
    return writer.add("posting", entry_id=entry, account=account, unit_id=unit, till=till, fen=fen)


def _charge(writer: Writer, row: dict, *, paid: bool) -> None:
    first = row["at"].date()
    row["id"] = writer.add(
        "charge", unit_id=row["unit"], person_id=None, item=row["item"], account=f"income.{row['item']}", text=row["text"],
        expression="103.72㎡ × 2.20 × 1 月", period_from=first.isoformat(), period_to=(first + timedelta(27)).isoformat(),
        fen=row["fen"], paid=row["fen"] if paid else 0, due=(first + timedelta(14)).isoformat(), source_kind=None,
        source_id=None, at=clock.to_ms(row["at"]), by_id=row["by"], cancelled=None, reason="",
    )[0]  # fmt: skip


def _receipt(
    writer: Writer,
    at: datetime,
    unit: int,
    charges: list[dict],
    numbers: dict[tuple[str, int], int],
    dice: random.Random,
) -> None:
    """As receipt.issue does it, paid in cash to the fen."""
    n = numbers["SJ", at.year] = numbers.get(("SJ", at.year), 0) + 1
    number, ms, day = f"SJ-{at.year}-{n:06d}", clock.to_ms(at), at.date().isoformat()
    total, clerk = sum(row["fen"] for row in charges), dice.randrange(1, 1 + len(CLERKS))
    items = [
        {"text": row["text"], "period": f"{row['at']:%Y-%m}", "expression": "103.72㎡ × 2.20 × 1 月", "fen": row["fen"],
         "account": f"income.{row['item']}", "charge": row["id"]}
        for row in charges
    ]  # fmt: skip
    facts = canonical({
        "items": items, "tenders": [{"kind": "cash", "fen": total, "ref": ""}], "change": 0, "extra": {},
        "copies": ["客户联", "存根联"], "number": number, "kind": "receipt", "at": at.isoformat(timespec="milliseconds"),
        "company": "翠湖花园物业服务有限公司", "centre": "业主服务中心", "room": writer.labels[unit], "payer": "业主",
        "clerk": CLERKS[clerk - 1], "fen": total,
    })  # fmt: skip
    before, writer.receipt = writer.receipt, writer.link(writer.receipt, facts)
    staff_id = writer.staff[clerk]
    row = writer.add(
        "receipt", number=number, year=at.year, n=n, kind="receipt", of_id=None, unit_id=unit, payer="业主",
        staff_id=staff_id, at=ms, day=day, fen=total, suspense=None, reason="", payee="", facts=facts, previous=before,
        hash=writer.receipt,
    )  # fmt: skip
    entry = writer.add("entry", at=ms, day=day, text=number)
    added = {
        "allocation": [writer.add("allocation", charge_id=c["id"], receipt_id=row[0], fen=c["fen"]) for c in charges],
        "entry": [entry],
        "posting": [
            _posting(writer, entry[0], "receivable", unit, staff_id, -total),
            _posting(writer, entry[0], "tender.cash", unit, staff_id, total),
        ],
        "receipt": [row],
        "receipt_item": [
            writer.add("receipt_item", receipt_id=row[0], text=c["text"], account=f"income.{c['item']}", charge_id=c["id"],
                       fen=c["fen"], of_id=None)
            for c in charges
        ],
        "receipt_tender": [writer.add("receipt_tender", receipt_id=row[0], kind="cash", ref="", fen=total, of_id=None)],
    }  # fmt: skip
    writer.add(
        "print_job", paper="receipt", about="receipt", about_id=row[0], number=number, copy="客户联", reprint=0, facts="{}",
        printer="receipt", drawer=0, state="printed", at=ms, operator=CLERKS[clerk - 1], note="{}", settled=None,
    )  # fmt: skip
    detail = canonical({"number": number, "fen": total})
    writer.line(
        "receipt.issued", at, added, subject="receipt", subject_id=row[0], unit_id=unit, staff=staff_id, detail=detail
    )


def _slip(writer: Writer, at: datetime, unit: int, numbers: dict[tuple[str, int], int]) -> None:
    """A release slip of the past, with two things on it, whose gate copy came back long ago."""
    n = numbers["FX", at.year] = numbers.get(("FX", at.year), 0) + 1
    ms, day, handler = clock.to_ms(at), at.date().isoformat(), writer.staff[1]

    row = writer.add(
        "release_slip", unit_id=unit, number=f"FX-{at.year}-{n:06d}", code=numbering.code(20, at.year, n),
        applicant_kind="owner", applicant="业主", firm="", person_id=None, id_number="", owner_name="业主", call_number="",
        call_at=None, caller="", days=0, made=ms, staff_id=handler, issued=ms, day=day, until=day, cancelled=None,
        reason="", closed=ms,
    )  # fmt: skip
    added = {
        "release_item": [
            writer.add(
                "release_item", slip_id=row[0], line=line, category="furniture", name=name, quantity=1, unit="件"
            )
            for line, name in enumerate(("沙发", "餐桌"), 1)
        ],
        "release_signing": [
            writer.add("release_signing", slip_id=row[0], who=who, how="paper", at=ms, staff_id=handler)
            for who in ("handler", "owner")
        ],
    }
    writer.line("slip.issued", at, added, subject="release_slip", subject_id=row[0], unit_id=unit, staff=handler)


def _loans(size: Size, writer: Writer, dice: random.Random) -> None:
    """One borrower who took and brought back keys a thousand times."""
    borrower = writer.staff[-1]
    first = clock.now() - timedelta(days=size.loans * 3)
    for n in range(size.loans):
        since = first + timedelta(days=3 * n)
        writer.add(
            "loan", kind="key", thing=1 + dice.randrange(KEYS), holder=BORROWER, holder_of="工程部", staff_id=borrower,
            person_id=None, checked="", signed="badge", purpose="巡检", terms="day", since=clock.to_ms(since),
            until=clock.to_ms(since + timedelta(hours=8)), lent_by_id=writer.staff[1], told=None,
            ended=clock.to_ms(since + timedelta(hours=2)), outcome="returned", taken_by_id=writer.staff[2],
        )  # fmt: skip


class _Bar:
    """`[########        ] 51 %`, with what is left."""

    def __init__(self, total: int) -> None:
        self.total, self.begun = total, time.monotonic()

    def at(self, done: int) -> None:
        part = done / self.total if self.total else 1
        left = (time.monotonic() - self.begun) * (1 / part - 1) if part else 0
        print(f"\r[{'#' * int(40 * part):<40}] {part:4.0%}  {left:4.0f} s left", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        print(f"\r[{'#' * 40}] 100%  {time.monotonic() - self.begun:4.0f} s     ", file=sys.stderr)
