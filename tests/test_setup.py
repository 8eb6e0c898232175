"""The two commands: what can be seen of them without a fresh machine."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent
SHELL = ["setup.sh", "run", "test", "lock", "install-pi"]


@pytest.mark.parametrize("name", SHELL)
def test_every_shell_script_parses(name):
    subprocess.run(["bash", "-n", HOUSE / "scripts" / name], check=True)


@pytest.mark.parametrize("name", ["scripts/run", "scripts/test", "scripts/lock", "scripts/install-pi", ".ci/run"])
def test_every_command_has_its_run_bit(name):
    assert os.access(HOUSE / name, os.X_OK)


def test_ci_runs_the_one_command_and_nothing_else():
    lines = (HOUSE / ".ci/run").read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == ['exec "$(dirname "$0")/../scripts/test"']


def shell(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a line of bash after sourcing the set-up, as run and test do."""
    return subprocess.run(
        ["bash", "-c", f". scripts/setup.sh; {code}"],
        cwd=HOUSE,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,  # how long a loop that does not end is looked at
    )


@pytest.fixture
def machine(tmp_path):
    """A directory of commands that stands before the real ones: a machine with other things on it."""

    def put(name: str, code: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{code}\n")
        (tmp_path / name).chmod(0o755)

    put.path = f"{tmp_path}:{os.environ['PATH']}"
    return put


def test_a_missing_package_without_root_stops_with_the_line_to_type(machine):
    machine("id", "echo 1000")
    machine("sudo", "exit 1")
    machine("apt-get", "exit 100")
    said = shell("packages zbar-tools mfoc; echo went on", PATH=machine.path)
    assert said.returncode == 1
    assert "sudo apt-get install -y --no-install-recommends zbar-tools mfoc" in said.stderr
    assert "went on" not in said.stdout


HELD = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (unattended-upgr)"


@pytest.mark.parametrize("verb", ["update", "install"])
def test_while_another_program_installs_the_set_up_waits_and_says_for_whom(machine, tmp_path, verb):
    # The lock is free at the third try.
    machine("id", "echo 0")
    machine("sleep", f'echo slept >>"{tmp_path}/naps"')
    machine(
        "apt-get",
        f'echo "$*" >>"{tmp_path}/asked"\n'
        f'[ "$1" != {verb} ] || [ "$(grep -c ^{verb} "{tmp_path}/asked")" -ge 3 ] || {{ echo "{HELD}" >&2; exit 100; }}',
    )
    said = shell("set -euo pipefail; packages mfoc; echo went on", PATH=machine.path)
    assert said.stdout == "went on\n", said.stderr
    assert said.stderr.count("Waiting for process 812 (unattended-upgr)") == 1
    asked = (tmp_path / "asked").read_text().splitlines()
    install = "install -y --no-install-recommends mfoc"
    assert asked == (["update"] * 3 + [install] if verb == "update" else ["update"] + [install] * 3)
    assert (tmp_path / "naps").read_text() == "slept\n" * 2


def test_a_lock_that_is_never_let_go_ends_with_who_holds_it_and_the_line_to_type(machine):
    machine("id", "echo 0")
    machine("apt-get", f'echo "{HELD}" >&2; exit 100')
    said = shell("PATIENCE=1; packages mfoc; echo went on", PATH=machine.path)
    assert (said.returncode, said.stdout) == (1, "")
    assert "Waiting for process 812 (unattended-upgr)" in said.stderr
    assert said.stderr.endswith(
        f"{HELD}\nThese packages are missing. Type this line, then start again:\n"
        "  sudo apt-get install -y --no-install-recommends mfoc\n"
    )


def test_another_fault_of_apt_is_not_waited_for(machine):
    machine("id", "echo 0")
    machine("apt-get", 'echo "E: Unable to locate package mfoc" >&2; exit 100')
    machine("sleep", "echo slept >&2")
    said = shell("packages mfoc; echo went on", PATH=machine.path)
    assert (said.returncode, said.stdout) == (1, "")
    assert "Unable to locate package" in said.stderr
    assert "slept" not in said.stderr


@pytest.mark.parametrize(("fails", "status"), [(1, 0), (2, 1)])
def test_what_comes_over_the_network_is_tried_twice_and_that_is_said(machine, tmp_path, fails, status):
    machine("npm", f'echo tried >>"{tmp_path}/tries"; [ "$(wc -l <"{tmp_path}/tries")" -gt {fails} ]')
    said = shell("again npm ci", PATH=machine.path)
    assert (said.returncode, said.stderr) == (status, "That did not work; trying once more.\n")
    assert (tmp_path / "tries").read_text() == "tried\n" * 2
    for script, command in [("setup.sh", "-m pip install"), ("test", "pip install"), ("test", "npm ci --prefix")]:
        lines = [line for line in (HOUSE / "scripts" / script).read_text().splitlines() if command in line]
        assert [line.split()[0] for line in lines] == ["again"]


def test_a_32_bit_system_is_told_that_it_is_not_supported(machine):
    # Such a Python is new enough and has venv; only its pointers are small.
    machine("python3", 'case "$2" in *maxsize*) exit 1;; esac; exit 0')
    said = shell("find_python; echo went on", PATH=machine.path)
    assert said.returncode == 1
    assert "32-bit systems are not supported" in said.stderr
    assert "went on" not in said.stdout


def test_an_old_python_is_named(machine):
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        machine(name, 'case "$1" in -V) echo Python 3.9.2; exit 0;; esac; exit 1')
    said = shell("find_python; echo went on", PATH=machine.path)
    assert said.returncode == 1
    assert "3.11 or newer" in said.stderr
    assert "3.9.2" in said.stderr


def test_a_stamp_changes_with_the_lock_and_only_then(tmp_path):
    lock = tmp_path / "lock"
    lock.write_text("a==1\n")
    first, again = (shell(f"stamp {lock}").stdout for _ in "12")
    lock.write_text("a==2\n")
    changed = shell(f"stamp {lock}").stdout
    assert first == again != changed
    assert re.fullmatch(r"[0-9a-f]{64}\n", first)


def test_under_ci_nothing_waits_for_a_keyboard():
    done = subprocess.run(
        ["bash", "-c", ". scripts/setup.sh; cat; echo ended"],
        cwd=HOUSE, env={**os.environ, "CI": "true"}, input="typed", capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "ended\n"
