"""A layout that could lose water is refused when it is loaded, and the message says where."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hardware.watercard.layout import LayoutError, known_layouts, load, parse

DESK = known_layouts()["waterdesk-1"]


@pytest.fixture
def table() -> dict[str, Any]:
    return copy.deepcopy(tomllib.loads(DESK.read_text(encoding="utf-8")))


def field(table: dict[str, Any], area: str, name: str) -> dict[str, Any]:
    return next(f for f in table["areas"][area]["fields"] if f["name"] == name)


def refused(table: dict[str, Any], what: str) -> None:
    with pytest.raises(LayoutError, match=what) as error:
        parse(table)
    assert "waterdesk-1" in str(error.value)


def test_both_layouts_load_and_a_vendors_differs_in_policy() -> None:
    assert {load(path).policy for path in known_layouts().values()} == {"ping-pong", "mirror"}


def test_fields_that_overlap_are_refused(table: dict[str, Any]) -> None:
    field(table, "purchase", "amount")["length"] = 4
    refused(table, "amount and cumulative overlap")


def test_a_field_over_its_check_is_refused(table: dict[str, Any]) -> None:
    field(table, "purchase", "tag")["length"] = 3
    refused(table, "tag: no check covers it")


def test_a_copy_over_another_block_is_refused(table: dict[str, Any]) -> None:
    table["areas"]["card"]["copies"] = [{"block": 4, "to": 5}]
    refused(table, "copy overlaps")


def test_two_areas_in_one_sector_are_refused(table: dict[str, Any]) -> None:
    table["areas"]["meter"]["sector"] = 2
    refused(table, "areas overlap")


@pytest.mark.parametrize("block", [11, 15])
def test_a_trailer_is_refused(table: dict[str, Any], block: int) -> None:
    area = "purchase" if block == 11 else "meter"
    table["areas"][area]["slots"][1] = block
    refused(table, "sector trailer")


def test_block_0_is_refused(table: dict[str, Any]) -> None:
    table["areas"]["card"]["sector"] = 0
    for part in [*table["areas"]["card"]["fields"], *table["areas"]["card"]["checks"]]:
        part["block"] -= 4
    table["areas"]["card"]["copies"] = []
    refused(table, "block 0")


def test_a_field_no_check_covers_is_refused(table: dict[str, Any]) -> None:
    table["areas"]["card"]["checks"].pop()
    refused(table, "no check covers block 5")


def test_a_field_behind_its_check_is_refused(table: dict[str, Any]) -> None:
    table["areas"]["purchase"]["checks"][0]["offset"] = 10
    field(table, "purchase", "tag")["offset"] = 14
    refused(table, "tag: no check covers it")


def test_single_needs_an_explicit_not_tear_safe(table: dict[str, Any]) -> None:
    table["policy"] = "single"
    table["areas"]["purchase"]["slots"] = [8]
    refused(table, "tear_safe = false")
    table["tear_safe"] = False
    assert parse(table).policy == "single"


def test_not_tear_safe_is_no_excuse_for_another_policy(table: dict[str, Any]) -> None:
    table["tear_safe"] = False
    refused(table, "policy single alone")


@pytest.mark.parametrize(
    ("where", "value", "what"),
    [
        (("policy",), "round-robin", "not one of"),
        (("medium",), "desfire", "not one of"),
        (("credit",), "", "not one of"),
        (("keys", "scheme"), "none", "not one of"),
        (("keys", "desk"), "C", "not one of"),
        (("areas", "purchase", "slots"), [8], "has 2 slots"),
        (("areas", "purchase", "slots"), [8, 8], "same block twice"),
        (("areas", "purchase", "slots"), [8, 12], "not in sector"),
        (("areas", "purchase", "slots"), [9, 8], "described for slot"),
        (("areas", "purchase", "access"), "FF0780", "let a key be read back"),
        (("areas", "purchase", "access"), "000000", "contradict"),
        (("areas", "purchase", "access"), "0F8F78", "do not let the desk's key|contradict"),
        (("areas", "purchase", "colour"), "red", "not known"),
        (("keys", "version"), "one", "wrong"),
    ],
)
def test_wrong_values_are_refused(table: dict[str, Any], where: tuple[str, ...], value: Any, what: str) -> None:
    place = table
    for name in where[:-1]:
        place = place[name]
    place[where[-1]] = value
    refused(table, what)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"encoding": "float"}, "not one of"),
        ({"endian": None}, "not one of"),
        ({"unit": "litre"}, "not one of"),
        ({"unit": None}, "not one of"),
        ({"length": 0}, "does not fit"),
        ({"offset": 15}, "does not fit"),
        ({"colour": "red"}, "not known"),
        ({"name": "cumulative"}, "stands twice"),
        ({"name": "price", "unit": None}, "amount is missing"),
    ],
)
def test_wrong_fields_are_refused(table: dict[str, Any], change: dict[str, Any], what: str) -> None:
    amount = field(table, "purchase", "amount")
    amount |= change
    for name in [name for name, value in change.items() if value is None]:
        del amount[name]
    refused(table, what)


def test_only_a_volume_has_a_unit(table: dict[str, Any]) -> None:
    field(table, "purchase", "seq")["unit"] = "0.01 m3"
    refused(table, "only a volume")


def test_a_check_of_the_wrong_length_or_standing_twice_is_refused(table: dict[str, Any]) -> None:
    table["areas"]["purchase"]["checks"][0]["length"] = 2
    refused(table, "4 bytes long")
    table["areas"]["purchase"]["checks"][0]["length"] = 4
    table["areas"]["purchase"]["checks"] *= 2
    refused(table, "two checks")


def test_a_missing_table_is_refused(table: dict[str, Any]) -> None:
    del table["keys"]
    refused(table, "keys is missing")


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("name = ", encoding="utf-8")
    with pytest.raises(LayoutError, match=r"bad\.toml"):
        load(bad)
