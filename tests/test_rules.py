"""The manual's rules and the tests that show them fit each other."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from app.desk.record import manual
from app.desk.who import people

HOUSE = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def script():
    loader = importlib.machinery.SourceFileLoader("rules", str(HOUSE / "scripts/rules"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("rules", loader))
    loader.exec_module(module)
    return module


def test_the_sections_make_592_rules() -> None:
    assert sum(section.rules for section in manual.sections()) == 592
    assert len(manual.sections()) == 60


def test_every_rule_stands_in_the_file_of_its_section() -> None:
    for section, file in manual._read().items():
        found = {code for code, facts in file.items() if isinstance(facts, dict)}
        assert {code.rpartition("-")[0] for code in found} <= {section}, section


def test_every_rule_is_of_its_section_and_says_what_it_wants_in_both_languages() -> None:
    sizes = {section.code: section.rules for section in manual.sections()}
    for code, rule in manual.rules().items():
        assert 1 <= int(code.rpartition("-")[2]) <= sizes[rule.section], code
        assert rule.zh, code
        assert rule.en, code
        assert set(rule.kind) <= set("GTCDRNV"), code
        assert rule.override is None or rule.override in people.ACTS, code


def test_every_marker_is_a_rule_and_every_rule_has_a_test(script) -> None:
    assert script.wrong(script.marked(HOUSE / "tests")) == []


def test_a_marker_that_names_no_rule_and_a_rule_without_a_test_are_told(script, tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text('@pytest.mark.rule("KEY-77", "KEY-3")\ndef test_x(): ...\n')
    marks = script.marked(tmp_path)
    assert marks == {"KEY-77", "KEY-3"}
    found = script.wrong(marks)
    assert found[0].startswith("KEY-77 is marked")
    assert any(line.startswith("KEY-2 is in app/manual/ but") for line in found)
    assert not any(line.startswith("KEY-3 ") for line in found)


def test_the_script_ends_with_the_sum() -> None:
    said = subprocess.run([sys.executable, HOUSE / "scripts/rules"], capture_output=True, text=True, check=False).stdout
    lines = said.splitlines()
    assert lines[-1].startswith("held ")
    assert lines[-1].endswith(" of 592")
    assert sum(" of " in line for line in lines) == 61
