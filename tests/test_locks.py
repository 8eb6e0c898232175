"""The locks are whole: they are installed without asking the packages what else they need (scripts/setup.sh)."""

from __future__ import annotations

import importlib.metadata
import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HOUSE = Path(__file__).parent.parent
LOCKS = ["constraints.txt", "test-lock.txt", "emupos-lock.txt"]
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]
WANTED = {
    "constraints.txt": PROJECT["dependencies"],
    "test-lock.txt": PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"],
    "emupos-lock.txt": (HOUSE / "tests/emupos.txt").read_text().splitlines(),
}
OURS = ["3.11", "3.12", "3.13", "3.14"]
PYTHONS = {"constraints.txt": OURS, "test-lock.txt": OURS, "emupos-lock.txt": OURS[2:]}
MACHINES = [(lock, python, machine) for lock in LOCKS for python in PYTHONS[lock] for machine in ("x86_64", "aarch64")]


def entries(lock: str) -> dict[str, str]:
    """Every pin of a lock: name -> its whole entry, hashes included."""
    lines = (HOUSE / "scripts" / lock).read_text().replace("\\\n", " ").splitlines()
    return {line.split("==")[0]: line for line in lines if line.strip() and not line.startswith("#")}


def pins(lock: str) -> dict[str, Requirement]:
    return {name: Requirement(line.split("--hash")[0]) for name, line in entries(lock).items()}


def marks(python: str, machine: str) -> dict[str, str]:
    """What a package's markers are asked about on such a Linux machine."""
    return {
        "implementation_name": "cpython", "implementation_version": f"{python}.0", "os_name": "posix",
        "platform_machine": machine, "platform_python_implementation": "CPython", "platform_release": "6.12.0",
        "platform_system": "Linux", "platform_version": "#1 SMP", "python_full_version": f"{python}.0",
        "python_version": python, "sys_platform": "linux",
    }  # fmt: skip


class Installed:
    """What the packages that a lock installed say of themselves in their wheels' metadata."""

    def __init__(self, lock: str) -> None:
        places = {}
        if lock == "emupos-lock.txt":
            found = [str(place) for place in HOUSE.glob(".tools/emupos/lib/python3.*/site-packages")]
            if not found:
                pytest.skip("no Python >= 3.13 here, so emupos was not installed")
            places = {"path": found}
        self.packages = {
            canonicalize_name(package.metadata["Name"]): package
            for package in importlib.metadata.distributions(**places)
        }

    def version(self, name: str) -> str:
        return self.packages[name].version

    def needs(self, name: str) -> list[str]:
        return list(self.packages[name].requires or [])

    def extras(self, name: str) -> list[str]:
        return list(self.packages[name].metadata.get_all("Provides-Extra") or [])


def faults(lock: dict[str, Requirement], wanted: list[str], installed: Installed, here: dict[str, str]) -> list[str]:
    """Why this lock, installed as it stands on such a machine, would leave a package without what it needs."""

    def applies(need: Requirement, extra: str = "") -> bool:
        return need.marker is None or need.marker.evaluate({**here, "extra": extra})

    pinned = {name: pin for name, pin in lock.items() if applies(pin)}
    found = [
        f"{pin} is not what is installed, {installed.version(name)}"
        for name, pin in pinned.items()
        if not pin.specifier.contains(installed.version(name), prereleases=True)
    ]
    # Asked for: by the project, and by being pinned at all. An extra ("") brings needs of its own.
    todo = [("the project", Requirement(line)) for line in wanted] + [
        ("the lock", Requirement(name)) for name in pinned
    ]
    seen = set()
    while todo:
        asker, need = todo.pop()
        name = canonicalize_name(need.name)
        if name not in pinned:
            found.append(f"{asker} needs {need}: not pinned")
            continue
        if not need.specifier.contains(installed.version(name), prereleases=True):
            found.append(f"{asker} needs {need}: {pinned[name]} is pinned")
        known = {canonicalize_name(extra) for extra in installed.extras(name)}
        for extra in ["", *need.extras]:
            if extra and canonicalize_name(extra) not in known:
                found.append(f"{asker} needs {need}: it has no such extra")
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            further = [Requirement(line) for line in installed.needs(name)]
            todo += [(f"{name}[{extra}]" if extra else name, one) for one in further if applies(one, extra)]
    return sorted(set(found))


@pytest.mark.parametrize(("lock", "python", "machine"), MACHINES)
def test_a_lock_pins_whatever_its_packages_need_on_every_machine(lock, python, machine):
    assert faults(pins(lock), WANTED[lock], Installed(lock), marks(python, machine)) == []


class Planted(Installed):
    """Packages that say what a test wants them to say: {name: (version, its needs, its extras)}."""

    def __init__(self, packages: dict[str, tuple[str, list[str], list[str]]]) -> None:
        self.packages = packages

    def version(self, name):
        return self.packages[name][0]

    def needs(self, name):
        return self.packages[name][1]

    def extras(self, name):
        return self.packages[name][2]


def planted(lock: list[str], *, wanted: str = "a", here=("3.11", "x86_64"), **packages) -> list[str]:
    made = {name: (said[0], said[1:], ["fast"]) for name, said in packages.items()}
    found = {Requirement(line).name: Requirement(line) for line in lock}
    return faults(found, [wanted], Planted(made), marks(*here))


def test_what_a_lock_lacks_is_named():
    whole = ["a==1", "b==2"]
    assert planted(whole, a=["1", "b>=2"], b=["2"]) == []
    assert planted(["a==1"], a=["1", "b>=2"]) == ["a needs b>=2: not pinned"]
    assert planted(whole, a=["1", "b>=3"], b=["2"]) == ["a needs b>=3: b==2 is pinned"]
    assert planted(whole, a=["1"], b=["2.1"]) == ["b==2 is not what is installed, 2.1"]
    assert planted(whole, wanted="c", a=["1"], b=["2"]) == ["the project needs c: not pinned"]
    assert planted(whole, wanted="a~=2.0", a=["1"], b=["2"]) == ["the project needs a~=2.0: a==1 is pinned"]


def test_what_an_extra_needs_is_looked_for_where_it_is_asked_for():
    b = ["2", "c>=1; extra == 'fast'"]
    assert planted(["a==1", "b==2"], a=["1", "b"], b=b) == []
    assert planted(["a==1", "b==2"], a=["1", "b[fast]"], b=b) == ['b[fast] needs c>=1; extra == "fast": not pinned']
    assert planted(["a==1", "b==2", "c==1"], a=["1", "b[fast]"], b=b, c=["1"]) == []
    assert planted(["a==1", "b==2"], a=["1", "b[quick]"], b=b) == ["a needs b[quick]: it has no such extra"]


def test_what_only_another_machine_needs_is_looked_for_there():
    packages = {"a": ["1", "b; python_version >= '3.13'", "b; platform_machine == 'aarch64'"], "b": ["2"]}
    for here, missing in {("3.12", "x86_64"): 0, ("3.13", "x86_64"): 1, ("3.11", "aarch64"): 1}.items():
        assert len(planted(["a==1"], here=here, **packages)) == missing
        # A pin that is not installed on that machine is none.
        assert len(planted(["a==1", "b==2; sys_platform == 'win32'"], here=here, **packages)) == missing
        assert planted(["a==1", "b==2"], here=here, **packages) == []


def test_the_extra_that_once_broke_a_set_up_is_looked_into():
    # pytest-cov needs coverage[toml]. The pip of Debian 12 (23.0) looks for that apart from the pinned coverage, finds
    # a newer release, and ends: "all requirements must have their versions pinned". With --no-deps it does not look;
    # that is right as long as the extra of the pinned release brings nothing that is not pinned itself.
    lock, real = pins("test-lock.txt"), Installed("test-lock.txt")
    asked = [Requirement(line) for line in real.needs("pytest-cov")]
    assert {"toml"} in [need.extras for need in asked if need.name == "coverage"]

    class Later(Installed):
        def needs(self, name):
            return ["tomli-later>=9; extra == 'toml'"] if name == "coverage" else super().needs(name)

    said = faults(lock, WANTED["test-lock.txt"], Later("test-lock.txt"), marks("3.11", "aarch64"))
    assert said == ['coverage[toml] needs tomli-later>=9; extra == "toml": not pinned']


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_has_one_version_and_hashes(lock):
    found = entries(lock)
    assert len(found) > 20
    for name, entry in found.items():
        assert re.match(r"^[a-z0-9-]+==[0-9][^ ]*", entry), entry
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry)) >= 1, f"{name} has no hash"


@pytest.mark.parametrize("lock", [*(f"scripts/{lock}" for lock in LOCKS), "tests/package-lock.json"])
def test_no_lock_names_an_index_or_a_path_of_some_machine(lock):
    text = (HOUSE / lock).read_text()
    # A funding address in an npm lock is not where anything is fetched from; "resolved" would be.
    assert "resolved" not in text
    assert not re.search(r"index-url|find-links|trusted-host|file:|/home/|/tmp/|@ ?https?:", text)


def test_what_the_tests_run_on_is_what_the_desk_runs_on():
    run, test = entries("constraints.txt"), entries("test-lock.txt")
    assert {name: test.get(name) for name in run} == run


def test_the_peers_from_npm_are_locked_with_their_digests():
    lock = json.loads((HOUSE / "tests/package-lock.json").read_text())
    for path, package in lock["packages"].items():
        if path:
            assert package["integrity"].startswith("sha512-"), path


@pytest.mark.parametrize("script", ["setup.sh", "test"])
def test_a_lock_is_installed_as_it_stands(script):
    lines = [line for line in (HOUSE / "scripts" / script).read_text().splitlines() if "pip install" in line]
    assert len(lines) == 1
    for flag in ("--require-hashes", "--no-deps", "--only-binary :all:"):
        assert flag in lines[0]
