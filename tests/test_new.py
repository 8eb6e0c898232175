"""`scripts/new` begins a procedure that is whole at once: the house's checks and the crawls pass, no other file is edited."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
NOUN = "around/parcels"
MADE = {
    "app/acts/parcels.toml",
    "app/procedures/around/parcels.py",
    "app/screens/around/parcels.py",
    "app/translations/zh_CN/around/parcels.po",
    "templates/around/parcels.html",
    "tests/procedures/around/test_parcels.py",
    "tests/samples/around/parcels.py",
}


def ran(tree: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


def files(tree: Path) -> dict[str, bytes]:
    """Everything in the tree that is not made by running it."""
    names = (path for path in tree.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(tree).as_posix(): path.read_bytes() for path in names if path.suffix != ".mo"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house with the new noun in it."""
    copy = tmp_path_factory.mktemp("house") / "copy"
    left_out = shutil.ignore_patterns(".*", "__pycache__", "data", "*.mo", "zh_Hans_CN")
    shutil.copytree(HOUSE, copy, ignore=left_out)
    before = files(copy)
    made = ran(copy, sys.executable, "scripts/new", NOUN, "Parcels", "包裹")
    assert made.returncode == 0, made.stdout + made.stderr
    after = files(copy)
    assert {name for name in before if after[name] != before[name]} == set(), "an edit that nobody should need"
    migration = {f"app/migrations/{len(list((HOUSE / 'app/migrations').glob('0*.py'))) + 1:04d}_add_parcels.py"}
    assert after.keys() - before.keys() == MADE | migration
    return copy


def test_its_own_tests_the_texts_and_every_crawl_pass_with_no_other_file_edited(tree: Path) -> None:
    crawls = ["tests/promises/test_every_page.py", "tests/promises/test_hostile_strings.py", "tests/promises/test_p11_masks.py",
              "tests/promises/test_speed_statements.py", "tests/promises/test_routes_and_deeds_agree.py"]  # fmt: skip
    own = [
        "tests/procedures/around/test_parcels.py",
        "tests/test_migrations.py",
        "tests/test_templates_are_readable.py",
    ]
    texts = "tests/test_texts.py::test_every_text_stands_translated_in_its_nouns_part_or_in_the_shared_one"
    run = ran(
        tree, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--noun", NOUN, texts, *own, *crawls
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]


def test_what_it_writes_passes_format_lint_types_and_the_pages_form(tree: Path) -> None:
    tools = Path(sys.executable).parent
    python = [name for name in files(tree) if "parcels" in name and name.endswith(".py")]
    assert len(python) == 5
    for command in (
        ["ruff", "format", "--check", *python],
        ["ruff", "check", *python],
        ["mypy", "app/procedures/around/parcels.py", "app/screens/around/parcels.py"],
        ["djlint", "templates/around/parcels.html", "--check", "--lint", "--quiet"],
    ):
        run = ran(tree, str(tools / command[0]), *command[1:])
        assert run.returncode == 0, f"{command[0]}: {run.stdout}{run.stderr}"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "scripts/new CHAPTER/NOUN"),
        (("kitchen/pots", "Pots", "锅"), "is no chapter"),
        (("around/Parcel", "Parcels", "包裹"), "is no noun of a register"),
        (("counter/keys", "Keys", "钥匙"), "is there already"),
    ],
)
def test_what_it_cannot_make_is_refused_in_words(arguments: tuple[str, ...], said: str) -> None:
    run = ran(HOUSE, sys.executable, "scripts/new", *arguments)
    assert run.returncode in (1, 2)
    assert said in run.stdout + run.stderr
