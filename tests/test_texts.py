"""Every text is English in the source and Chinese in its noun's .po: none missing, borrowed, left over or half done."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from app import translations
from app.base import clock
from app.base.refusal import Refused, fill, word, worded
from app.desk.work import due
from app.translations import Entry
from app.translations.extract import Use, _python, _template, uses
from app.translations.judge import judge
from app.translations.nouns import ROOT, noun_of

THERE = translations.entries()


def wrong(*, said: tuple[Use, ...] = (), there: tuple[Entry, ...] = ()) -> list[str]:
    """What is wrong once these are planted in the tree."""
    return judge([*uses(), *said], [*THERE, *there])


def test_every_text_stands_translated_in_its_nouns_part_or_in_the_shared_one() -> None:
    found = wrong()
    assert not found, "\n".join(["", *found])
    assert len(uses()) > 1300
    assert len(THERE) > 1300


def test_a_text_that_is_nowhere_is_refused_with_its_place_and_what_to_do() -> None:
    (found,) = wrong(said=(Use("Poste restante", "app/screens/around/gate.py", 12),))
    assert found == (
        "app/screens/around/gate.py:12: 'Poste restante' has no Chinese. Run scripts/texts, fill in what it wrote"
    )


def test_a_noun_does_not_borrow_anothers_words() -> None:
    slips = next(each for each in THERE if each.noun == "counter/release_slips")
    (found,) = wrong(said=(Use(slips.msgid, "app/screens/running/today.py", 7),))
    assert found.startswith(f"app/screens/running/today.py:7: {slips.msgid!r} of running/today shows the Chinese of ")
    assert "app/translations/zh_CN/counter/release_slips.po:" in found
    shared = next(each for each in THERE if each.noun == "shared")
    assert not wrong(said=(Use(shared.msgid, "app/screens/running/today.py", 7),))


@pytest.mark.parametrize(
    ("planted", "says"),
    [
        (
            Entry("counter/keys", "Nobody says this", "没人说"),
            "does not say 'Nobody says this'. Run scripts/texts --prune",
        ),
        (Entry("shared", "Nobody says this", "没人说"), "does not say 'Nobody says this'. Run scripts/texts --prune"),
        (Entry("counter/keys", "Entrusted keys", "托管钥匙"), "stands in app/translations/zh_CN/counter/keys.po:"),
        (Entry("shared", "Entrusted keys", "托管钥匙"), "stands in app/translations/zh_CN/counter/keys.po:"),
        (Entry("shared", "Brand new", ""), "is empty"),
        (Entry("shared", "Brand new", "全新", fuzzy=True), "is fuzzy"),
        (Entry("shared", "Brand new {n}", "全新"), "differ in {n}"),
        (Entry("shared", "Brand new", "全新 {n}"), "differ in {n}"),
    ],
)
def test_an_entry_that_is_unused_double_half_done_or_differs_in_places_is_refused(planted: Entry, says: str) -> None:
    said = (Use(planted.msgid, "app/factory.py", 1),) if "Brand new" in planted.msgid else ()
    (found,) = wrong(said=said, there=(planted,))
    assert says in found
    assert found.startswith(f"app/translations/zh_CN/{planted.noun}.po:0: ")


@pytest.mark.parametrize(
    ("path", "noun"),
    [
        ("app/procedures/counter/keys/lending.py", "counter/keys"),
        ("app/procedures/around/gate.py", "around/gate"),
        ("app/screens/counter/cashier.py", "counter/cashier"),
        ("app/screens/counter/custody.py", "counter/keys"),
        ("app/screens/running/today.py", "running/today"),
        ("templates/counter/keys_said.html", "counter/keys"),
        ("templates/counter/water_bench.html", "counter/water_cards"),
        ("templates/shared/header.html", "shared"),
        ("app/desk/work/loan.py", "shared"),
        ("app/procedures/__init__.py", "shared"),
        ("hardware/ports.py", "shared"),
    ],
)
def test_a_text_belongs_to_the_noun_of_its_file(path: str, noun: str) -> None:
    assert (ROOT / path).exists()
    assert noun_of(path) == noun


def test_a_text_is_found_in_either_arm_and_in_a_table_that_is_looked_up() -> None:
    found = _python('t("a" if x else "b"); say(page, {1: "c"}[n]); web.t("d"); Refused(f"{e}"); Refused(name or "f")')
    assert [text for text, _ in found] == ["a", "b", "c", "d", "f"]
    found = _template('{{ t("a" if x else "b") }}\n{{ t({1: "c"}[n]) }}{% if t(name or "d") %}{{ f("e") }}{% endif %}')
    assert list(found) == [("a", 1), ("b", 1), ("c", 2), ("d", 2)]


# ---- scripts/texts ----


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tree's sources, to be changed."""
    for folder in ("app", "hardware", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    return tmp_path


def run(copy: Path, *asked: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "app.translations", *asked]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def parts(copy: Path) -> dict[str, str]:
    folder = copy / "app" / "translations" / "zh_CN"
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.po")}


def test_the_command_changes_nothing_in_a_clean_tree(copy: Path) -> None:
    """So the parts stand in its one form: where this fails, run scripts/texts."""
    before = parts(copy)
    status, said = run(copy, "--prune")
    assert status == 0, said
    assert parts(copy) == before


def test_the_command_writes_an_empty_entry_into_the_part_of_the_noun_and_prunes_what_is_gone(copy: Path) -> None:
    before = parts(copy)
    screens, pages = copy / "app" / "screens" / "around", copy / "templates" / "around"
    (screens / "mail.py").write_text('title = N_("Mail held"); page("around/parcel.html"); t("Name of the parcel")\n')
    (pages / "parcel.html").write_text('{{ t("A parcel for {name}", name=x) }}{{ t("Name of the parcel") }}\n')
    (pages / "gate.html").write_text((pages / "gate.html").read_text("utf-8") + '{{ t("Name of the parcel") }}')
    status, said = run(copy)
    assert status == 1
    assert "around/mail.po:9: 'A parcel for {name}' is empty. Write its Chinese there" in said
    made = parts(copy)
    assert made["around/mail.po"].partition("\n\n")[2] == (
        '#: templates/around/parcel.html\nmsgid "A parcel for {name}"\nmsgstr ""\n\n'
        '#: app/screens/around/mail.py\nmsgid "Mail held"\nmsgstr ""\n'
    )
    assert re.search(r'#: \S+\nmsgid "Name of the parcel"\nmsgstr ""\n', made["shared.po"])  # two nouns say it

    (screens / "mail.py").unlink()
    (pages / "parcel.html").unlink()
    (pages / "gate.html").write_text(
        (pages / "gate.html").read_text("utf-8").replace("Name of the parcel", "Applicant")
    )
    status, said = run(copy)
    assert "around/mail does not say 'Mail held'. Run scripts/texts --prune" in said
    assert run(copy, "--prune")[0] == 0
    assert parts(copy) == before


def test_the_command_takes_an_entry_along_with_the_page_that_says_it(copy: Path) -> None:
    before, chapter = parts(copy), copy / "templates" / "running"
    manual, options = (chapter / name for name in ("manual.html", "options.html"))
    manual.write_text(manual.read_text("utf-8").replace('t("All rules")', 't("Manual")'))
    options.write_text(options.read_text("utf-8") + '{{ t("All rules") }}')
    status, said = run(copy)
    assert status == 0, said
    made, entry = parts(copy), 'msgid "All rules"\nmsgstr "全部条款"\n'
    assert made["running/manual.po"] == before["running/manual.po"].replace(f"{entry}\n", "")
    assert entry in made["running/options.po"]


# ---- values that are texts themselves ----


def test_a_value_that_is_a_text_is_said_in_the_readers_language_at_any_depth() -> None:
    chinese = {"{who} of {of}": "{of} {who}", "Finance department": "财务部", "{a} and {b}": "{a}和{b}"}
    values = {"who": "{赵红}", "of": word("Finance department")}
    assert fill("{who} of {of}", values) == "{赵红} of Finance department"
    assert fill("{who} of {of}", values, lambda text: chinese.get(text, text)) == "财务部 {赵红}"
    nested = word("{a} and {b}", a=word("Finance department"), b=[1, word("Finance department")])
    assert worded(nested, lambda text: chinese.get(text, text)) == "财务部和1、财务部"
    assert (
        worded("Finance department", lambda text: chinese.get(text, text)) == "Finance department"
    )  # somebody typed it
    assert str(Refused("{who} waits.", who=word("Finance department"))) == "Finance department waits."


def test_a_promise_says_its_facts_in_the_readers_language(desk, cast: SimpleNamespace, home: SimpleNamespace) -> None:
    text = "Overdue: {key} {name} is still with {holder} ({of})."
    facts = {"key": "K0007", "holder": "王海", "unit_id": home.unit.id}
    moment = clock.now() + timedelta(minutes=5)
    due.expect("counter.keys", 1, at=moment, text=text, name="水泵房", of=word("Engineering department"), **facts)
    entrusted = word("entrusted {unit} {name}", unit=home.unit.label, name="大门")
    due.expect(
        "counter.keys", 2, at=moment, text=text, name=entrusted, of="工程部", **facts
    )  # as rows from before have it
    client = desk.client(cast.ana)
    household = f"/homes/households/{home.unit.id}"
    for page in ("/running/today/", household):
        shown = client.get(page).text
        assert "逾期未还：K0007 水泵房 仍在 王海（工程部）手中。" in shown
        assert f"逾期未还：K0007 托管 {home.unit.label} 大门 仍在 王海（工程部）手中。" in shown
    client.post("/running/sign_in/language", data={"language": "en", "next": "/running/today/"})
    for page in ("/running/today/", household):
        shown = client.get(page).text
        assert "Overdue: K0007 水泵房 is still with 王海 (Engineering department)." in shown
        assert f"Overdue: K0007 entrusted {home.unit.label} 大门 is still with 王海 (工程部)." in shown


def test_a_refusal_names_the_roles_in_the_readers_language(desk, cast: SimpleNamespace) -> None:
    client = desk.client(cast.ana)
    assert "请找有权限的同事：服务中心主管" in client.get("/running/staff/").text
    client.post("/running/sign_in/language", data={"language": "en", "next": "/running/today/"})
    assert "Ask a colleague who may: Centre supervisor" in client.get("/running/staff/").text
