"""What lies where on a water card: a layout is one TOML file, refused at load where it could lose water.

Blocks are numbered as the card numbers them (0..63, four a sector, the last of a sector its trailer).
Volumes inside the desk are whole hundredths of a cubic metre, whatever unit the card uses.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardware.watercard.access import desk_may_write, readable_keys

MEDIA = {"mifare-classic-1k": 64}
POLICIES = {"ping-pong": 2, "mirror": 2, "single": 1}
CREDITS = ("cumulative", "amount")
SCHEMES = ("per-card", "per-site")
ENCODINGS = ("uint", "int", "bcd", "digits", "ascii")
CHECKS = {"hmac4": 4, "crc16": 2}
UNITS = {"0.01 m3": 1, "0.1 m3": 10, "1 m3": 100}
NEEDED = {
    "card": {"account", "meter", "issue"},
    "purchase": {"seq", "amount", "cumulative"},
    "meter": {"mseq", "accepted_seq", "remaining"},
}
KNOWN = {
    "card": {"magic", "version", "kind", "estate", "alarm", "overdraft", "hoard", "issued_days"},
    "purchase": {"format", "tag"},
    "meter": {"format", "used", "status"},
}
BLOCK = 16


class LayoutError(ValueError):
    """The layout file is refused: the message names the file's layout, the place and what is wrong."""


@dataclass(frozen=True)
class Field:
    name: str
    block: int
    offset: int
    length: int
    encoding: str
    endian: str = "little"
    unit: str | None = None
    value: str | int | None = None

    @property
    def factor(self) -> int:
        """Hundredths of a cubic metre in one step of the field; 1 for plain numbers."""
        return UNITS[self.unit] if self.unit else 1


@dataclass(frozen=True)
class Check:
    block: int
    offset: int
    length: int
    kind: str


@dataclass(frozen=True)
class Area:
    name: str
    sector: int
    access: bytes
    fields: tuple[Field, ...]
    checks: tuple[Check, ...]
    copies: tuple[tuple[int, int], ...] = ()
    slots: tuple[int, ...] = ()

    @property
    def trailer(self) -> int:
        return self.sector * 4 + 3

    @property
    def blocks(self) -> tuple[int, ...]:
        """Every block the area uses, copies and slots included."""
        own = {f.block for f in self.fields} | {to for _, to in self.copies} | set(self.slots)
        return tuple(sorted(own))

    def check_of(self, block: int) -> Check:
        return next(c for c in self.checks if c.block == block)


@dataclass(frozen=True)
class Layout:
    name: str
    policy: str
    credit: str
    scheme: str
    key_version: int
    desk_key: str
    meter_key: str
    card: Area
    purchase: Area
    meter: Area

    @property
    def areas(self) -> tuple[Area, Area, Area]:
        return (self.card, self.purchase, self.meter)

    @property
    def volume_step(self) -> int:
        """Smallest volume a sale may be of, in hundredths of a cubic metre."""
        return max(f.factor for f in self.purchase.fields)


def known_layouts() -> dict[str, Path]:
    return {path.stem: path for path in sorted((Path(__file__).parent / "layouts").glob("*.toml"))}


def load(path: Path) -> Layout:
    """Read and examine a layout file. Raises LayoutError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LayoutError(f"{path.name}: {error}") from error
    return parse(data)


def parse(data: Mapping[str, Any]) -> Layout:
    """Build a layout from its parsed TOML. Raises LayoutError."""
    name = str(data.get("name") or "unnamed layout")
    try:
        layout = _build(name, data)
        _examine(layout, explicit_single=data.get("tear_safe") is False)
    except LayoutError as error:
        raise LayoutError(f"{name}: {error}") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise LayoutError(f"{name}: a value is wrong ({error})") from error
    return layout


def _table(where: str, table: Mapping[str, Any], needed: set[str], allowed: set[str]) -> Mapping[str, Any]:
    missing, unknown = needed - set(table), set(table) - needed - allowed
    if missing:
        raise LayoutError(f"{where}: {', '.join(sorted(missing))} is missing")
    if unknown:
        raise LayoutError(f"{where}: {', '.join(sorted(unknown))} is not known")
    return table


def _one_of(where: str, value: Any, allowed: Any) -> str:
    if value not in allowed:
        raise LayoutError(f"{where}: {value!r} is not one of {', '.join(allowed)}")
    return str(value)


def _build(name: str, data: Mapping[str, Any]) -> Layout:
    _table("layout", data, {"name", "medium", "policy", "credit", "keys", "areas"}, {"tear_safe"})
    _one_of("medium", data["medium"], MEDIA)
    keys = _table("keys", data["keys"], {"scheme", "version", "desk", "meter"}, set())
    areas = _table("areas", data["areas"], set(NEEDED), set())
    return Layout(
        name=name,
        policy=_one_of("policy", data["policy"], POLICIES),
        credit=_one_of("credit", data["credit"], CREDITS),
        scheme=_one_of("keys.scheme", keys["scheme"], SCHEMES),
        key_version=int(keys["version"]),
        desk_key=_one_of("keys.desk", keys["desk"], ("A", "B")),
        meter_key=_one_of("keys.meter", keys["meter"], ("A", "B")),
        **{area: _area(area, areas[area]) for area in NEEDED},
    )


def _area(name: str, table: Mapping[str, Any]) -> Area:
    extra = {"copies"} if name == "card" else {"slots"}
    _table(f"areas.{name}", table, {"sector", "access", "fields", "checks"}, extra)
    fields = tuple(_field(name, f) for f in table["fields"])
    names = [f.name for f in fields]
    if twice := {n for n in names if names.count(n) > 1}:
        raise LayoutError(f"areas.{name}: {', '.join(sorted(twice))} stands twice")
    _table(f"areas.{name}.fields", dict.fromkeys(names), NEEDED[name], KNOWN[name])
    return Area(
        name=name,
        sector=int(table["sector"]),
        access=bytes.fromhex(table["access"]),
        fields=fields,
        checks=tuple(_check(name, c) for c in table["checks"]),
        copies=tuple((c["block"], c["to"]) for c in table.get("copies", ())),
        slots=tuple(table.get("slots", ())),
    )


def _field(area: str, table: Mapping[str, Any]) -> Field:
    where = f"areas.{area}.{table.get('name', 'field')}"
    _table(where, table, {"name", "block", "offset", "length", "encoding"}, {"endian", "unit", "value"})
    encoding = _one_of(f"{where}.encoding", table["encoding"], ENCODINGS)
    if encoding in {"uint", "int"}:
        _one_of(f"{where}.endian", table.get("endian"), ("little", "big"))
    if table["name"] in {"amount", "cumulative", "remaining", "used", "alarm", "overdraft", "hoard"}:
        _one_of(f"{where}.unit", table.get("unit"), UNITS)
    elif "unit" in table:
        raise LayoutError(f"{where}: only a volume has a unit")
    return Field(**table)


def _check(area: str, table: Mapping[str, Any]) -> Check:
    where = f"areas.{area}.checks"
    _table(where, table, {"block", "offset", "length", "kind"}, set())
    kind = _one_of(f"{where}.kind", table["kind"], CHECKS)
    if table["length"] != CHECKS[kind]:
        raise LayoutError(f"{where}: {kind} is {CHECKS[kind]} bytes long")
    return Check(**table)


def _examine(layout: Layout, *, explicit_single: bool) -> None:
    if layout.policy == "single" and not explicit_single:
        raise LayoutError("policy single loses the record when a write is cut: say tear_safe = false to accept that")
    if explicit_single and layout.policy != "single":
        raise LayoutError("tear_safe = false is for the policy single alone")
    sectors = [area.sector for area in layout.areas]
    if len(set(sectors)) != len(sectors):
        raise LayoutError("areas overlap: each has a sector of its own")
    for area in layout.areas:
        _examine_area(layout, area)
    if len(layout.purchase.slots) != POLICIES[layout.policy]:
        raise LayoutError(f"areas.purchase: policy {layout.policy} has {POLICIES[layout.policy]} slots")


def _examine_area(layout: Layout, area: Area) -> None:
    where = f"areas.{area.name}"
    for block in [*area.blocks, *(c.block for c in area.checks)]:
        if block == 0:
            raise LayoutError(f"{where}: block 0 is the maker's and never written")
        if block % 4 == 3:
            raise LayoutError(f"{where}: block {block} is a sector trailer")
        if block // 4 != area.sector or not 0 <= area.sector < MEDIA["mifare-classic-1k"] // 4:
            raise LayoutError(f"{where}: block {block} is not in sector {area.sector}")
    if area.name != "card":
        if not area.slots or len(set(area.slots)) != len(area.slots):
            raise LayoutError(f"{where}: slots are missing or the same block twice")
        if {f.block for f in area.fields} != {area.slots[0]}:
            raise LayoutError(f"{where}: a record lies within one block, described for slot {area.slots[0]}")
    taken = [to for _, to in area.copies]
    if len(set(taken)) != len(taken) or set(taken) & {f.block for f in area.fields}:
        raise LayoutError(f"{where}: a copy overlaps another block")
    if {block for block, _ in area.copies} - {f.block for f in area.fields}:
        raise LayoutError(f"{where}: a copy is of a block without fields")
    for block in {f.block for f in area.fields}:
        _examine_block(where, area, block)
    if not desk_may_write(area.access, layout.desk_key):
        raise LayoutError(f"{where}: the access bits do not let the desk's key {layout.desk_key} write")
    if readable_keys(area.access):
        raise LayoutError(f"{where}: the access bits let a key be read back from the card")


def _examine_block(where: str, area: Area, block: int) -> None:
    checks = [c for c in area.checks if c.block == block]
    if len(checks) != 1:
        raise LayoutError(f"{where}: no check covers block {block}" if not checks else f"{where}: two checks")
    end = checks[0].offset
    used = [""] * BLOCK
    for name, offset, length in _spans(area, block, checks[0]):
        if length < 1 or offset < 0 or offset + length > BLOCK:
            raise LayoutError(f"{where}.{name}: does not fit in a block of {BLOCK} bytes")
        for place in range(offset, offset + length):
            if used[place]:
                raise LayoutError(f"{where}: {used[place]} and {name} overlap in block {block}")
            used[place] = name
        if name != "check" and offset + length > end:
            raise LayoutError(f"{where}.{name}: no check covers it (a check covers the bytes before it)")


def _spans(area: Area, block: int, check: Check) -> Iterator[tuple[str, int, int]]:
    yield from ((f.name, f.offset, f.length) for f in area.fields if f.block == block)
    yield "check", check.offset, check.length
