"""Rules of the house that hold for every screen, deed and table, whoever wrote it."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import app
from app import schema
from app.desk.record import journal, manual
from app.desk.who import people

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden" / "role_x_route.txt"
SOURCES = sorted((ROOT / "app").rglob("*.py"))


def calls(*names: str) -> list[tuple[Path, ast.Call]]:
    """Every call of a function of one of these names in app/."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                found.append((path, node))
    return found


def text_of(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def routes(desk) -> list[tuple[str, str, object]]:
    """(method, rule, view) of every address but files."""
    return sorted(
        (method, rule.rule, desk.app.view_functions[rule.endpoint])
        for rule in desk.app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    )


# ---- pages ----


def test_every_template_and_block_that_a_page_names_exists(desk) -> None:
    environment = desk.app.jinja_env
    asked = [name for _, call in calls("page", "part") if (name := text_of(call.args[0]))]
    assert len(asked) > 20
    for name in asked:
        template, _, block = name.partition("#")
        made = environment.get_template(template)
        assert not block or block in made.blocks, f"{template} has no block {block}"


def test_every_form_carries_a_token_and_every_page_names_itself() -> None:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        source = path.read_text("utf-8")
        for form in re.findall(r'<form[^>]*method="post".*?</form>', source, re.S | re.I):
            assert "csrf_token" in form or "{{ token() }}" in form, f"{path.name}: a form without a token"
        if "shared/base.html" in source and path.name != "refused.html":
            assert "block title" in source, f"{path.name} has no title"


def test_no_page_has_script_or_style_of_its_own() -> None:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        source = re.sub(r"{#.*?#}", "", path.read_text("utf-8"), flags=re.S)
        assert not re.search(r"<script(?![^>]*\bsrc=)", source), f"{path.name}: inline script"
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|hx-on|javascript:", source), (
            f"{path.name}: inline style or handler"
        )


def test_every_template_compiles(desk) -> None:
    for name in desk.app.jinja_env.list_templates(extensions=["html"]):
        desk.app.jinja_env.get_template(name)


# ---- who gets in ----


def test_nobody_unsigned_gets_in_anywhere(desk) -> None:
    """Every address without an argument answers an unsigned browser with the sign-in page, unless it says `anybody`."""
    client = desk.app.test_client()
    seen = 0
    for method, rule, view in routes(desk):
        if getattr(view, "act", "") is None or rule in ("/", "/live"):
            continue
        url = re.sub(r"<(?:int:)?[a-z_]+>", "1", rule)
        answer = client.open(url, method=method)
        assert answer.status_code == 302, f"{method} {rule}: {answer.status_code}"
        assert answer.location.startswith("/running/sign_in/"), rule
        assert client.open(url, method=method, headers={"HX-Request": "true"}).status_code == 401, rule
        seen += 1
    assert seen > 40


def test_every_route_names_an_act_that_stands_in_the_table(desk) -> None:
    for method, rule, view in routes(desk):
        act = getattr(view, "act", "")
        if rule not in ("/", "/live") and act is not None:
            assert act in people.ACTS, f"{method} {rule}: {act!r} is nobody's"
    for act, roles in people.ACTS.items():
        assert roles <= set(people.ROLES), act


def _table(desk) -> str:
    """Who may use which route: one line a route, one column a role."""
    short = {role: "esup" if role == "engineering_supervisor" else role[:4] for role in people.ROLES}
    lines = ["# Reviewed by hand: x = may, . = may not, * = anybody, even unsigned. Made by tests/test_house_rules.py."]
    lines += [f"# {short[role]:4} {role}" for role in people.ROLES]
    lines.append(" ".join(["method", "route".ljust(52), *(short[role].ljust(4) for role in people.ROLES)]).rstrip())
    for method, rule, view in routes(desk):
        act = getattr(view, "act", "")
        cells = [
            "*" if act is None or rule in ("/", "/live") else "x" if role in people.ACTS[act] else "."
            for role in people.ROLES
        ]
        lines.append(" ".join([method.ljust(6), rule.ljust(52), *(cell.ljust(4) for cell in cells)]).rstrip())
    return "\n".join(lines) + "\n"


def test_role_x_route_is_what_was_reviewed(desk) -> None:
    """A changed cell is a decision: delete the golden, run this, read what was written, commit it."""
    table = _table(desk)
    if not GOLDEN.exists():
        GOLDEN.write_text(table, "utf-8")
        pytest.fail(f"{GOLDEN.name} was written: read every changed line, and keep it if it is right")
    assert GOLDEN.read_text("utf-8") == table


# ---- deeds ----


def deeds() -> dict[str, Any]:
    """Verb -> the deed of app/ that has it."""
    found: dict[str, Any] = {}
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name == "app.__main__":
            continue
        for function in vars(importlib.import_module(module.name)).values():
            verb = inspect.isfunction(function) and getattr(function, "__deed__", None)
            if verb and function.__module__ == module.name:
                assert found.setdefault(verb, function) is function, f"two deeds are called {verb!r}"
    return found


def test_every_deed_takes_who_did_it_and_has_a_name_of_its_own() -> None:
    assert len(deeds()) > 120
    for verb, function in deeds().items():
        by = inspect.signature(function).parameters.get("by")
        assert by is not None, f"{verb} has no `by`"
        assert by.kind is inspect.Parameter.KEYWORD_ONLY, f"{verb} takes `by` without its name"


def test_every_deed_says_who_may_do_it() -> None:
    """An act of the table, the desk alone, or inside another's deed: `deed` takes nothing else."""
    acts = {verb: function.act for verb, function in deeds().items()}
    unknown = {act for act in acts.values() if act not in (None, journal.DESK_ONLY)} - set(people.ACTS)
    assert unknown == set()
    alone = {verb for verb, act in acts.items() if act == journal.DESK_ONLY and not verb.startswith("demo.")}
    assert alone == {"first_code.made", "loss.found", "paper.uncertain", "recurring.armed", "water_card.seen"}
    with pytest.raises(TypeError, match=r"key\.hidden: a deed says who may do it"):
        journal.deed("key.hidden")


def test_no_route_can_be_the_desk_itself() -> None:
    """The desk passes every act: who acts for it stands in workers, commands and the demo, never in a screen."""
    for folder in ("screens", "web"):
        for path in sorted((ROOT / "app" / folder).rglob("*.py")):
            found = re.search(r"\bDESK\b|cleared", path.read_text("utf-8"))
            assert not found, f"{path.relative_to(ROOT)}: {found and found.group()}"


def test_screens_write_nothing_themselves() -> None:
    """A row is made, changed or deleted in a deed of a procedure or a primitive, never in a screen."""
    for path in sorted((ROOT / "app" / "screens").rglob("*.py")):
        text = path.read_text("utf-8")
        found = re.search(r"\.(create|save|execute|delete_instance|insert_many)\(", text)
        assert not found, f"{path.relative_to(ROOT)}: {found and found.group()}"


def queries(source: str) -> list[int]:
    """The lines that read a table: `Unit.get(...)`, `.select(...)`, `.where(...)` and their kind."""
    tables = {table.__name__ for table in schema.TABLES}
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            on = node.func.value
            named = on.attr if isinstance(on, ast.Attribute) else on.id if isinstance(on, ast.Name) else ""
            if node.func.attr in ("select", "get_or_none", "get_by_id", "where") or (
                node.func.attr in ("get", "filter") and named in tables
            ):
                found.append(node.lineno)
    return found


def test_screens_write_no_query() -> None:
    """A screen asks `web.row` for the row of an id, and a procedure or a primitive for anything else."""
    for planted in ("Unit.get(Unit.id == 1)", "households.Unit.select()", "Unit.get_by_id(1)", "rows.where(True)"):
        assert queries(planted) == [1], planted
    assert queries("request.args.get('q')") == []
    for path in sorted((ROOT / "app" / "screens").rglob("*.py")):
        assert queries(path.read_text("utf-8")) == [], path.relative_to(ROOT)


# ---- choices ----


def choices(source: str) -> list[tuple[str, ...]]:
    """The codes of every mapping from codes to msgids at the top of a module."""
    found = []
    for node in ast.parse(source).body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, ast.Dict) and len(value.keys) > 1 and "N_(" in ast.unparse(value):
            found.append(tuple(sorted(ast.unparse(key) for key in value.keys if key)))
    return found


def test_a_choice_stands_in_one_place() -> None:
    """What a form offers, a rule checks and a page names is one mapping: no second one has the same codes."""
    assert choices('HOW = {"phone": N_("by phone"), "letter": N_("by letter")}') == [("'letter'", "'phone'")]
    places: dict[tuple[str, ...], list[str]] = {}
    for path in SOURCES:
        for codes in choices(path.read_text("utf-8")):
            places.setdefault(codes, []).append(str(path.relative_to(ROOT)))
    assert len(places) > 25
    assert {codes: where for codes, where in places.items() if len(where) > 1} == {}


# ---- refusals ----


def test_every_override_is_the_one_the_manual_names() -> None:
    """Which rules can be overridden, and by whom, stands in app/manual/; a refusal says the same."""
    seen = 0
    for path, call in calls("Refused"):
        said = {word.arg: text_of(word.value) for word in call.keywords}
        if said.get("override") and said.get("rule"):
            rule = manual.rules().get(said["rule"])
            where = f"{path.relative_to(ROOT)}:{call.lineno}"
            assert rule is not None, f"{where}: {said['rule']} is not in app/manual/"
            assert rule.override == said["override"], f"{where}: {said['rule']} is overridden by {rule.override}"
            assert rule.override in people.ACTS, where
            seen += 1
    assert seen > 0


def test_a_rule_that_a_refusal_cites_is_in_the_manual() -> None:
    for path, call in calls("Refused", "Conflict"):
        code = next((text_of(word.value) for word in call.keywords if word.arg == "rule"), None)
        assert code is None or code in manual.rules(), f"{path.relative_to(ROOT)}:{call.lineno}: {code}"


# ---- tables ----


def test_tables_are_strict(books) -> None:
    from app.base import db

    strict = {row[1]: row[5] for row in db.database.execute_sql("PRAGMA table_list")}
    for table in schema.TABLES:
        assert strict[table._meta.table_name] == 1, table
