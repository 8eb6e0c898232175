"""P5: money taken <=> water on the card, or listed as pending, whatever breaks at whatever byte."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from app.base.refusal import Refused
from tests.promises.water_machine import WaterMachine
from tests.promises.water_mutants import MUTANTS

HALF, HALF_LONG = 125, 2500  # 250 examples of 20 steps in all, 5,000 with --long


def config(examples: int, **how: object) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        **how,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("half", [1, 2])
def test_money_and_water_agree_whatever_breaks(half: int, times: int) -> None:
    run_state_machine_as_test(WaterMachine, settings=config(HALF if times == 1 else HALF_LONG))


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_each_planted_bug_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant, favours = MUTANTS[name]
    plant(monkeypatch)
    monkeypatch.setattr(WaterMachine, "favours", favours)
    quick = config(300, phases=[Phase.generate], derandomize=True, database=None, report_multiple_bugs=False)
    with pytest.raises((AssertionError, Refused)):
        run_state_machine_as_test(WaterMachine, settings=quick)


def test_there_are_at_least_twelve_planted_bugs() -> None:
    assert len(MUTANTS) >= 12
