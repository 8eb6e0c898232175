"""The shell: the menu, scans, keys, windows, options, the 工作台."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import time_machine

from app import factory
from app.base import clock, live
from app.desk.record import journal, modes, numbering, options
from app.desk.who import people, sessions
from app.desk.work import due
from app.procedures.running import sign_in as signing
from app.procedures.running import staff as staffing
from app.settings import Settings


def test_nobody_sees_a_page_unsigned(desk) -> None:
    answer = desk.app.test_client().get("/running/today/?due=3", headers={"Host": "desk.lan"})
    assert answer.status_code == 302
    assert answer.location == "/running/sign_in/?next=/running/today/?due%3D3"


def test_the_menu_shows_what_the_person_may_open(desk, cast: SimpleNamespace) -> None:
    supervisors, guards = (desk.client(who).get("/running/today/").text for who in (cast.mia, cast.gao))
    assert "工作台" in supervisors
    assert "/running/staff/" in supervisors
    assert "/running/staff/" not in guards
    assert "/around/gate/" in guards


def test_the_language_is_chosen_on_the_page(desk, cast: SimpleNamespace) -> None:
    client = desk.client(cast.ana)
    assert '<html lang="zh-CN">' in client.get("/running/today/").text
    client.post("/running/sign_in/language", data={"language": "en", "next": "/running/today/"})
    page = client.get("/running/today/").text
    assert '<html lang="en">' in page
    assert "Today" in page
    assert client.post("/running/sign_in/language", data={"language": "xx"}).status_code == 422


# ---- scans ----


def scan(desk, client, code: str, htmx, at: str = "/running/today/"):
    headers = {**htmx, "HX-Current-URL": f"http://desk.lan{at}"}
    return client.post("/counter/scan/read", data={"code": code, "_key": f"{desk.key()}~1"}, headers=headers)


def test_a_scan_with_a_wrong_check_digit_is_refused(desk, cast: SimpleNamespace, htmx) -> None:
    code = numbering.code(30, 2026, 7)
    answer = scan(desk, desk.client(cast.ana), code[:-1] + str((int(code[-1]) + 1) % 10), htmx)
    assert answer.status_code == 422
    assert "不是本处的条码" in answer.text


def test_a_badge_nobody_waits_for_asks_for_its_pin(desk, cast: SimpleNamespace, htmx) -> None:
    badge = staffing.issue_badge(cast.ben.id, by=cast.mia).badge
    answer = scan(desk, desk.client(cast.ana), badge, htmx)
    assert answer.headers["HX-Retarget"] == "#dialog"
    assert badge in answer.text


def test_a_scan_on_another_page_shows_its_notice_and_leaves_the_page(desk, cast, htmx, monkeypatch) -> None:
    from flask import make_response

    from app import web

    screen = next(each for each in desk.app.extensions["screens"] if each.name == "running_staff")
    monkeypatch.setitem(
        screen.scanners, "topup", ("desk.see", lambda code: web.say(make_response(f"<p>{code.n}</p>"), "Done"))
    )
    for each in desk.app.extensions["screens"]:
        if each is not screen:
            monkeypatch.delitem(each.scanners, "topup", raising=False)
    client, code = desk.client(cast.mia), numbering.code(50, 2026, 7)
    elsewhere = scan(desk, client, code, htmx)
    assert (elsewhere.text, elsewhere.headers["HX-Reswap"]) == ("", "none")
    assert "desk:notice" in elsewhere.headers["HX-Trigger"]
    at_home = scan(desk, client, code, htmx, at="/running/staff/")
    assert (at_home.text, at_home.headers["HX-Retarget"]) == ("<p>7</p>", "#board")


def test_each_scan_of_a_page_has_a_key_of_its_own(desk) -> None:
    keys = desk.app.extensions["form-keys"]
    page = keys.make()
    assert keys.read(f"{page}~1") != keys.read(f"{page}~2") != keys.read(page)
    for bad in (f"{page}~", f"{page}~x", f"{page}~1234567", f"x{page}~1", f"{page}~1~2", ""):
        assert keys.read(bad) in (None, keys.read(page))
    assert keys.read(f"{page}~-1") is None


# ---- live pages ----


def test_polling_says_only_what_moved(desk, cast: SimpleNamespace) -> None:
    client = desk.client(cast.ana)
    live.bump("keys")
    version = client.get("/live?v=0").json["v"]
    assert client.get(f"/live?v={version}").status_code == 204
    live.bump("papers")
    assert client.get(f"/live?v={version}").json == {"v": version + 1, "topics": ["papers"]}
    for odd in ("", "x", "-1", "９", "9" * 40):
        assert client.get(f"/live?v={odd}").status_code == 200


# ---- lamps, banners, function keys ----


def test_lamps_say_in_a_word_how_each_device_of_this_window_is(data, desk, cast) -> None:
    worker = SimpleNamespace(state="ready")
    desk.app = factory.create_app(Settings(data=data), SimpleNamespace(printer=worker, reader=worker, scanner=None))
    desk.app.test_client_class = type(desk.client(cast.mia))
    client = desk.client(cast.mia)

    def lamps() -> list[tuple[str, str]]:
        page = client.get("/running/today/lamps", base_url="http://desk.lan").text
        return re.findall(r'<span class="dot \w+"></span>([^<]*?)\s*(?:<b[^>]*>([^<]*)</b>)?</span>', page)

    assert lamps() == [("打印机", ""), ("水卡读写器", "")]
    worker.state = "lost"
    assert lamps() == [("打印机", "已断开"), ("水卡读写器", "已断开")]
    sessions.Station.create(name="1", reader=False)
    assert lamps() == [("打印机", "已断开")], "the reader stands at another window"


def test_a_window_without_the_reader_sends_the_clerk_to_the_one_that_has_it(books) -> None:
    for name, reader in (("一号", True), ("二号", False)):
        sessions.Station.create(name=name, reader=reader)
    assert sessions.elsewhere("reader", "二号") == "一号"
    assert sessions.elsewhere("reader", "一号") == ""
    assert sessions.elsewhere("reader", "no window") == ""


def test_modes_are_banners_until_they_end(desk, cast: SimpleNamespace) -> None:
    client = desk.client(cast.ana)
    why = "The disk is full: nothing was written. Free some space, then do it again."
    modes.stop_money("a test", why)
    try:
        assert 'class="banner stop"' in client.get("/running/today/").text
    finally:
        modes.let_money("a test")
    assert 'class="banner stop"' not in client.get("/running/today/").text


def test_function_keys_follow_the_options(desk, cast: SimpleNamespace) -> None:
    client = desk.client(cast.mia)
    assert 'href="#find" data-key-name="F4"' in client.get("/running/today/").text
    options.change("key.find", "F3", since=clock.today(), by=cast.mia)
    page = client.get("/running/today/").text
    assert 'href="#find" data-key-name="F3"' in page
    assert re.search(r"<kbd>F3</kbd>\s*</form>", page), "printed on the box too"


def test_no_two_functions_share_a_key(desk) -> None:
    keys = [option.default for name, option in options.OPTIONS.items() if name.startswith("key.")]
    assert len(keys) == len(set(keys)), keys


# ---- options ----


def test_an_option_holds_from_its_day_and_the_old_value_stays(desk, cast: SimpleNamespace, htmx) -> None:
    client, tomorrow = desk.client(cast.mia), clock.today() + timedelta(days=1)
    form = {"_key": desk.key(), "value": "锦绣家园", "since": tomorrow.isoformat()}
    assert client.post("/running/options/change/estate.name", data=form, headers=htmx).status_code == 200
    assert options.get("estate.name") == "翠湖花园"
    assert options.get("estate.name", on=tomorrow) == "锦绣家园"
    line = journal.Line.get(journal.Line.verb == "option.changed")
    assert (line.detail["old"], line.detail["new"]) == ("翠湖花园", "锦绣家园")


def test_only_the_supervisor_changes_options(desk, cast: SimpleNamespace, htmx) -> None:
    signing.come(people.Staff.get_by_id(cast.mia.id))
    form = {"_key": desk.key(), "value": "锦绣家园", "since": clock.today().isoformat()}
    for who in (cast.ana, cast.ben, cast.fei):
        assert desk.client(who).post("/running/options/change/estate.name", data=form, headers=htmx).status_code == 422
    assert options.get("estate.name") == "翠湖花园"


def test_every_option_can_be_read_back_from_how_it_is_shown(books, desk) -> None:
    from app.screens.running import options as page

    with desk.app.test_request_context():
        for name, option in options.OPTIONS.items():
            if option.default not in ("", [], ()) or option.choices:
                assert page.read(option, page.shown(option.default)) == (
                    list(option.default) if isinstance(option.default, tuple) else option.default
                ), name


def test_a_value_of_another_kind_is_refused(desk, cast: SimpleNamespace, htmx) -> None:
    form = {"_key": desk.key(), "value": "F13", "since": clock.today().isoformat()}
    assert desk.client(cast.mia).post("/running/options/change/key.find", data=form, headers=htmx).status_code == 422
    assert desk.client(cast.mia).post("/running/options/change/no.such", data=form, headers=htmx).status_code == 422


# ---- windows ----


def test_a_browser_becomes_a_window_and_stays_it_for_whoever_signs_in(desk, cast: SimpleNamespace) -> None:
    client = desk.client(cast.mia)
    client.post(
        "/running/stations/keep", data={"_key": desk.key(), "name": "一号", "printer": "receipt", "active": "1"}
    )
    row = sessions.Station.get(sessions.Station.name == "一号")
    assert not row.scanner
    client.post(f"/running/stations/take/{row.id}", data={"_key": desk.key()})
    assert "一号" in client.get("/running/today/").text
    people.Staff.update(password_hash=signing.hash_secret("a long enough one")).where(
        people.Staff.id == cast.ana.id
    ).execute()
    client.post("/running/sign_in/out", data={"_key": desk.key()})
    client.post("/running/sign_in/in", data={"name": cast.ana.name, "password": "a long enough one"})
    assert sessions.Session.select().order_by(sessions.Session.id.desc()).first().station == "一号"


def test_a_window_gets_another_printer_and_one_that_was_closed_is_taken_by_no_browser(desk, cast) -> None:
    client = desk.client(cast.mia)
    window = {"name": "一号", "printer": "receipt"}
    client.post("/running/stations/keep", data={**window, "active": "1", "_key": desk.key()})
    row = sessions.Station.get()
    client.post("/running/stations/keep", data={**window, "printer": "slip", "scanner": "1", "_key": desk.key()})
    row = sessions.Station.get_by_id(row.id)
    assert (row.name, row.printer, row.scanner, row.active) == ("一号", "slip", True, False)
    assert client.post(f"/running/stations/take/{row.id}", data={"_key": desk.key()}).status_code == 422


def test_a_made_up_window_cookie_is_no_window(desk, cast: SimpleNamespace) -> None:
    client = desk.client(cast.mia)
    for made_up in ("一号".encode().hex(), "zz", "", "一号"):
        client.set_cookie("station", made_up, domain="desk.lan")
        assert "本机尚未登记为窗口" in client.get("/running/stations/").text


# ---- the 工作台 ----


def test_what_is_promised_is_grouped_late_soon_today_later(desk, cast: SimpleNamespace, home) -> None:
    noon = clock.at(clock.today(), 12)
    with time_machine.travel(noon, tick=False):
        for n, hours in enumerate((-26, 1, 5, 20, 60)):
            due.expect("counter.keys", n, at=noon + timedelta(hours=hours), text="Printer")
        page = desk.client(cast.ana).get("/running/today/").text
    groups = re.findall(r'<tr class="(\w+)"', page)
    assert groups == ["late", "soon", "today", "later"]
    assert "60 分钟" in page
    assert page.index("逾期") < page.index("60 分钟")


def test_a_promise_for_the_supervisor_is_shown_to_the_supervisor_and_a_deputy(desk, cast: SimpleNamespace) -> None:
    due.expect("counter.keys", 1, at=clock.now(), text="Printer", role="supervisor")

    def sees(who: people.Actor) -> bool:
        return "打印机" in re.sub(r"<header.*?</header>", "", desk.client(who).get("/running/today/").text, flags=re.S)

    assert sees(cast.mia)
    assert sees(cast.ben), "nobody else leads today (ORG-1)"
    assert not sees(cast.ana)
    signing.come(people.Staff.get_by_id(cast.mia.id))
    assert not sees(cast.ben)


def test_each_promise_leads_to_where_it_is_dealt_with(desk, cast: SimpleNamespace) -> None:
    from app.screens.running import today

    with desk.app.test_request_context():
        for each in desk.app.extensions["screens"]:
            assert today.way(each.name.replace("_", ".", 1), 1).startswith("/"), each.name
        assert today.way("nothing.here", 1) == ""


def test_the_board_reads_a_bounded_number_of_rows(desk, cast: SimpleNamespace) -> None:
    from app.base import db

    for n in range(300):
        due.expect("counter.keys", n, at=clock.now(), text="Printer")
    client = desk.client(cast.ana)
    client.get("/running/today/")
    before = db.statements()
    page = client.get("/running/today/").text
    assert page.count("<tr class=") <= 200
    assert db.statements() - before < 40


def test_a_deputys_page_asks_once_who_leads(desk, cast: SimpleNamespace) -> None:
    """The menu asks for dozens of acts: a senior's page costs two statements more than an assistant's, not dozens."""
    from app.base import db

    cost = {}
    for who in (cast.ana, cast.ben):
        client = desk.client(who)
        client.get("/running/today/")
        before = db.statements()
        client.get("/running/today/")
        cost[who.name] = db.statements() - before
    assert cost[cast.ben.name] <= cost[cast.ana.name] + 4, cost
