"""The box: what a typed text can be, ranked; one hit and Enter goes there; never slower with the estate's size."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from app.base import clock, db
from app.base import text as texts
from app.desk.accounts import ledger, receipt
from app.desk.accounts.receipt import Receipt
from app.desk.homes import households, lookup
from app.desk.homes.households import Entrance, Person, Relation, Unit, Vehicle
from app.desk.record import numbering
from app.desk.record.journal import deed
from app.desk.who.people import Actor
from app.procedures.counter import water_cards
from app.procedures.counter.keys import register
from app.procedures.counter.release_slips import Slip


def somebody(name, phone="", unit=None, kind="owner", **more):
    person = Person.create(name=name, phone=phone, **households.keys_of(name, phone), **more)
    if unit is not None:
        Relation.create(person=person, unit=unit, kind=kind)
    return person


@pytest.fixture
def estate(home):
    """3-2-1101 李伟, 5-1-302 张敏, 3-2-1102 王建国 and his second home, a shop, and people with odd names."""
    stairs = home.unit.entrance
    home.wang = Unit.create(entrance=stairs, room="1102", label="3-2-1102")
    home.first = Unit.create(entrance=Entrance.create(building="3", code="1"), room="1101", label="3-1-1101")
    home.shop = Unit.create(entrance=Entrance.create(building="1", code="0"), room="商铺01", label="1-0-商铺01")
    king = somebody("王建国", "13800138001", home.wang)
    Relation.create(person=king, unit=home.first, kind="owner")
    somebody("王建军", "13800138002", home.wang, "family")
    somebody("单小明", "13800131234", home.shop)
    somebody("阿依古丽·买买提", "13800138004", home.shop, "staff")
    somebody("O'Brien", "020-85551234", home.shop, "staff")
    Vehicle.create(plate="粤A12345", unit=home.unit, brand="大众", colour="白")
    Vehicle.create(plate="粤AD98765", person=king)
    return home


def hits(asked):
    return [(hit.kind, hit.label, hit.detail, hit.unit_id) for hit in lookup.find(asked).hits]


def goes_to(asked):
    one = lookup.find(asked).one
    return one and (one.kind, one.unit_id or one.about)


@pytest.mark.parametrize(
    "asked",
    [
        "3-2-1101",
        "3栋2单元1101",
        "3-2-1101室",
        "３－２－１１０１",
        "3 2 1101",
        "李伟",
        "liwei",
        "LIWEI",
        "lw",
        "13812341234",
        "138 1234 1234",
        "粤A12345",
        "粤a·12345",
        "a12345",
        "41234",
    ],
)
def test_one_household_is_meant_and_enter_goes_there(estate, asked):
    assert goes_to(asked) == ("unit", estate.unit.id)


def test_a_room_is_shown_with_its_owner(estate):
    assert hits("3-2-1101") == [("unit", "3-2-1101", "李伟", estate.unit.id)]
    assert hits("1-0-商铺01") == [("unit", "1-0-商铺01", "单小明", estate.shop.id)]


def test_a_room_said_in_part_gives_all_it_can_be(estate):
    assert [hit[1] for hit in hits("3-1101")] == ["3-1-1101", "3-2-1101"]
    assert [hit[1] for hit in hits("1101")] == ["3-1-1101", "3-2-1101"]
    assert [hit[1] for hit in hits("3-2-11")] == ["3-2-1101", "3-2-1102"]
    assert lookup.find("3-1101").one is None


def test_names_are_found_by_characters_initials_and_pinyin(estate):
    assert {hit[1] for hit in hits("wjg")} == {"王建国"}
    assert {hit[1] for hit in hits("wangjian")} == {"王建国", "王建军"}
    assert {hit[1] for hit in hits("王建")} == {"王建国", "王建军"}
    assert {hit[1] for hit in hits("建军")} == {"王建军"}
    assert {hit[1] for hit in hits("shan")} == {"单小明"}, "a surname is read as a surname"
    assert {hit[1] for hit in hits("阿依古丽买买提")} == {"阿依古丽·买买提"}
    assert {hit[1] for hit in hits("obrien")} == {"O'Brien"}


def test_a_whole_name_stands_before_a_part_of_one(estate):
    somebody("王建", unit=estate.other)
    assert lookup.find("王建").hits[0].label == "王建"
    assert goes_to("王建") == ("unit", estate.other.id), "the one exact hit is meant"


def test_an_owner_of_two_units_is_offered_with_both(estate):
    assert [hit[2] for hit in hits("王建国")] == ["3-1-1101 · 138****8001", "3-2-1102 · 138****8001"]
    assert lookup.find("王建国").one is None


def test_phones_are_found_whole_and_by_their_end_and_shown_masked(estate):
    by_end = [hit for hit in lookup.find("1234").hits if hit.why == lookup.TAIL]
    assert {hit.label for hit in by_end} == {"李伟", "单小明", "O'Brien"}
    assert {hit[1] for hit in hits("31234")} == {"单小明"}
    assert {hit[1] for hit in hits("85551234")} == {"O'Brien"}
    assert {hit[1] for hit in hits("020-85551234")} == {"O'Brien"}
    assert all("1381234" not in str(hit) for hit in hits("1234"))
    assert lookup.find("1234").understood[0] == lookup.TAIL


def test_a_car_leads_to_its_unit_or_to_its_owners(estate):
    assert goes_to("粤AD98765") == ("unit", estate.first.id)
    assert hits("A12345") == [("unit", "粤A12345", "3-2-1101 · 大众 · 白", estate.unit.id)]
    Vehicle.create(plate="粤B55555", person=somebody("车主"))
    assert lookup.find("粤B55555").one.kind == "person"


def test_who_left_is_no_longer_found_in_the_unit(estate):
    Relation.update(until=clock.today() - timedelta(days=1)).where(Relation.person == estate.owner).execute()
    assert goes_to("李伟") == ("person", estate.owner.id)
    assert hits("3-2-1101")[0][2] == ""


@deed("test.received", act="desk.see")
def _receipt(unit: Unit, *, by: Actor) -> Receipt:
    item = receipt.Item("预存", "", 100, "prepaid")
    return receipt.issue(unit=unit, payer="李伟", items=[item], tenders=[receipt.Tender("cash", 100)], by=by)


def test_numbers_on_papers_are_read_typed_or_scanned(estate, cast):
    made = _receipt(estate.unit, by=cast.chen)
    year = clock.today().year
    for asked in (made.number, f"sj {year} 1", "SJ-1", "sj1", made.code):
        one = lookup.find(asked).one
        assert (one.kind, one.about, one.unit_id) == ("receipt", made.id, estate.unit.id), asked
    assert lookup.find("SJ-999").hits == ()
    assert lookup.number("FX-2026-000007") == ("release", 2026, 7)
    assert lookup.number("ys12") == ("key", year, 12)
    assert lookup.number("ZZ-2026-000007") is None
    assert lookup.find("SK-2026-000003").hits == ()
    assert ledger.prepaid(estate.unit) == 100


@pytest.mark.parametrize(
    "asked", ["", "   ", "%", "_", "'; DROP TABLE person; --", "\x00", "😀", "zzzzzz", "999-9-9999", "粤"]
)
def test_what_means_nothing_finds_nothing(estate, asked):
    found = lookup.find(asked)
    assert (found.hits, found.one, found.understood, found.more) == ((), None, (), False)


def test_more_than_fit_are_cut_and_said_so(estate):
    for n in range(30):
        somebody(f"刘{'一二三四五六七八九十'[n % 10]}{n}", unit=estate.other)
    found = lookup.find("刘")
    assert (len(found.hits), found.more) == (lookup.MOST, True)


def test_the_box_goes_to_the_one_hit_and_lists_several(desk, cast, estate):
    client = desk.client(cast.ana)
    assert client.get("/homes/lookup/?q=3栋2单元1101").location.endswith(f"/homes/households/{estate.unit.id}")
    html = client.get("/homes/lookup/?q=1234").text
    assert "138****1234" in html
    assert "电话尾号" in html
    assert "没有找到" in client.get("/homes/lookup/?q=zzzz").text
    typing = client.get("/homes/lookup/?q=3-2-1101&live=1", headers={"HX-Request": "true"})
    assert typing.status_code == 200
    assert typing.text.lstrip().startswith("<table")
    assert client.get("/homes/lookup/?q=&live=1", headers={"HX-Request": "true"}).text == ""
    made = _receipt(estate.unit, by=cast.chen)
    assert f"/counter/cashier/receipt/{made.id}" in client.get(f"/homes/lookup/?q={made.number}").location
    away = client.get("/homes/lookup/?q=3-2-1101", headers={"HX-Request": "true"})
    assert away.headers["HX-Redirect"].endswith(f"/homes/households/{estate.unit.id}")
    lone = somebody("孤家")
    assert client.get("/homes/lookup/?q=孤家").location.endswith(f"/person/{lone.id}")


@pytest.fixture
def papers(estate, cast):
    """A slip, a key under its tag, a custody letter, a card with a top-up: rows as their procedures write them."""
    now, staff = clock.now(), cast.ana.id
    slip = Slip.create(
        unit=estate.unit,
        number="FX-2026-000001",
        applicant_kind="owner",
        applicant="李伟",
        owner_name="李伟",
        made=now,
        staff=staff,
        issued=now,
        until=clock.today(),
    )
    letter = register.Custody.create(
        number="TG-2026-000002",
        unit=estate.unit,
        owner=estate.owner,
        kind="hardship",
        reason="行动不便",
        since=now,
        handler=staff,
    )
    key = register.Key.create(
        store="entrusted", name="大门", hook=register.Hook.create(label="E1", store="entrusted"), custody=letter
    )
    register.Label.create(code=numbering.code(30, 2026, 3), key=key, since=now)
    account = water_cards.Account.create(unit=estate.unit, holder="李伟", opened=now)
    meter = water_cards.Meter.create(number="12345678", unit=estate.unit, mode="card", since=now)
    card = water_cards.Card.create(uid="04A1B2C3", state="active", account=account, meter=meter, issue=1, since=now)
    water_cards.TopUp.create(
        number="SK-2026-000004",
        account=account,
        card=card,
        meter=meter,
        unit=estate.unit,
        payer="李伟",
        volume=100,
        price=300,
        fen=300,
        expression="",
        old=[0, 0, 0, 0],
        seq=1,
        cumulative=100,
        at=now,
        day=clock.today(),
        staff=staff,
    )
    return {
        "FX-2026-000001": f"/counter/release_slips/{slip.id}",
        "fx 2026 1": f"/counter/release_slips/{slip.id}",
        numbering.code(30, 2026, 3): f"/counter/keys/{key.id}",
        key.number.lower(): f"/counter/keys/{key.id}",
        "TG-2026-000002": f"/counter/custody/{letter.id}",
        "SK-2026-000004": f"/counter/water_cards/?unit={estate.unit.id}",
        "04a1b2c3": f"/counter/water_cards/?unit={estate.unit.id}",
    }


def test_slips_keys_letters_top_ups_and_cards_are_gone_to(desk, cast, papers):
    client = desk.client(cast.ana)
    for asked, place in papers.items():
        assert client.get(f"/homes/lookup/?q={asked}").location == place, asked
        assert client.get(place).status_code == 200


def test_numbers_of_papers_that_are_not_in_the_books_lead_nowhere(desk, cast, papers):
    client = desk.client(cast.ana)
    for asked in (
        "FX-2026-000099",
        "TG-2026-000099",
        "SK-2026-000099",
        numbering.code(30, 2026, 99),
        "K9999",
        "04FFFFFF",
    ):
        assert "没有找到" in client.get(f"/homes/lookup/?q={asked}").text, asked


def test_the_household_shows_what_other_procedures_hold_for_it(desk, cast, papers, estate):
    _receipt(estate.unit, by=cast.chen)
    html = desk.client(cast.ana).get(f"/homes/households/{estate.unit.id}").text
    for shown in ("FX-2026-000001", "大门", "04A1B2C3", "SK-2026-000004", "SJ-"):
        assert shown in html
    assert "大门" not in desk.client(cast.ana).get(f"/homes/households/{estate.other.id}").text


def test_what_is_typed_is_shown_literally(desk, cast, estate):
    html = desk.client(cast.ana).get("/homes/lookup/?q=<script>alert(1)</script>{{7*7}}").text
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
    assert "{{7*7}}" in html


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """20,000 households with 40,000 people and 10,000 cars."""
    from app import factory
    from app.settings import Settings

    db.close()
    factory.open_books(Settings(data=tmp_path_factory.mktemp("city")))
    surnames, names = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂"
    units, people, relations, cars = [], [], [], []
    made = {(b, e): Entrance.create(building=str(b), code=str(e)).id for b in range(1, 101) for e in (1, 2)}
    for n in range(20_000):
        building, entrance, floor, door = n // 200 + 1, n // 100 % 2 + 1, n // 4 % 25 + 1, n % 4 + 1
        room = f"{floor}0{door}"
        units.append({"entrance": made[building, entrance], "room": room, "label": f"{building}-{entrance}-{room}"})
        for kind in ("owner", "family"):
            m = len(people)
            name = surnames[m % 20] + names[m // 20 % 22] + names[m // 440 % 22]
            phone = f"199{m * 7919 % 10**8:08d}"
            people.append({"name": name, "phone": phone, **households.keys_of(name, phone)})
            relations.append({"person": m + 1, "unit": n + 1, "kind": kind})
        if n % 2:
            cars.append({"plate": f"粤A{n:05d}", "unit": n + 1})
    with db.write():
        for table, rows in ((Unit, units), (Person, people), (Relation, relations), (Vehicle, cars)):
            for at in range(0, len(rows), 500):
                table.insert_many(rows[at : at + 500]).execute()
        db.database.execute_sql("ANALYZE")
    yield
    db.close()


ASKED = [
    "3-2-1101",
    "1101",
    "3-1101",
    "3-2-1",
    "王",
    "王伟",
    "伟静",
    "w",
    "wwj",
    "wang",
    "wangwei",
    "19900007919",
    "7919",
    "07919",
]
ASKED += ["粤A00101", "A00101", "0101", "SJ-2026-000001", "zzz", "10202600041326"]


def test_each_answer_is_a_bounded_number_of_statements(city):
    for asked in ASKED:
        before = db.statements()
        found = lookup.find(asked)
        assert db.statements() - before <= 10, asked
        assert len(found.hits) <= lookup.MOST


def test_nothing_but_parts_of_names_and_plates_reads_a_whole_table(city):
    """The plans of the statements: every table is searched by an index, but for two `LIKE '%...%'` with a limit."""
    seen = []
    real = type(db.database).execute_sql

    def explained(self, sql, params=None, *rest, **named):
        if sql.startswith("SELECT"):
            plan = real(self, "EXPLAIN QUERY PLAN " + sql, params).fetchall()
            seen.extend((row[3], sql) for row in plan if row[3].startswith("SCAN"))
        return real(self, sql, params, *rest, **named)

    type(db.database).execute_sql = explained
    try:
        for asked in ASKED:
            lookup.find(asked)
    finally:
        type(db.database).execute_sql = real
    assert all("LIKE" in sql for _, sql in seen), [step for step in seen if "LIKE" not in step[1]]


def test_the_time_of_an_answer_is_printed(city, capsys):
    """Printed, not judged (a busy machine is no fault of the box); the bench holds the bound of 50 ms."""
    worst = 0.0
    for asked in ASKED:
        start = time.perf_counter()
        lookup.find(asked)
        worst = max(worst, time.perf_counter() - start)
    with capsys.disabled():
        print(f"\nslowest answer of the box on 20,000 households: {worst * 1000:.1f} ms")
    assert texts.initials("王")
