"""Settings of the machine: one TOML file in the data directory, then the environment. Rules and prices are options, not here."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

FILE = "qiantai.toml"
_ENVIRONMENT = {
    "QIANTAI_PRINTER": "printer",
    "QIANTAI_CARD_READER": "card_reader",
    "QIANTAI_KEY_SCANNER": "key_scanner",
}


class WrongSetting(Exception):
    """A value this program will not start with; names the key."""


@dataclass(frozen=True)
class Settings:
    """Every key of `qiantai.toml`. Device URLs: serial:///dev/..., tcp://host:9100, sim://..., or empty for none."""

    data: Path = Path("data")  # database, keys, uploads, simulated papers
    host: str = "127.0.0.1"  # the address to listen on; 0.0.0.0 for the LAN
    port: int = 8080
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "desk.lan")  # names browsers may use for this desk
    base_url: str = "http://desk.lan"  # what a phone's camera opens from a slip's QR
    printer: str = ""
    slip_printer: str = ""  # 80 mm printer for release slips; empty: the receipt printer
    card_reader: str = ""
    key_scanner: str = ""
    backups: str = ""  # directory of the hourly backups, better on a stick; empty: data/backups
    backup_key: str = ""  # age public key (age1...): backups are encrypted to it
    second_journal: str = ""  # file on another card or stick: every commit is written there too
    demo: bool = False

    @property
    def backup_place(self) -> Path:
        return Path(self.backups) if self.backups else self.data / "backups"

    @property
    def database(self) -> Path:
        return self.data / "qiantai.db"


def load(data: Path, environment: dict[str, str] | None = None, **overrides: Any) -> Settings:
    """Defaults, then DATA/qiantai.toml, then the environment, then the command line (None = not given)."""
    environment = dict(os.environ) if environment is None else environment
    path = data / FILE
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except ValueError as error:  # no TOML, or no text at all
            raise WrongSetting(f"{path.name}: {error}") from error
    values |= {key: environment[name] for name, key in _ENVIRONMENT.items() if name in environment}
    values |= {key: value for key, value in overrides.items() if value is not None}
    return replace(Settings(data=data), **_checked(values))


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    known = {field.name: field for field in fields(Settings)}
    for key, value in values.items():
        if key not in known:
            raise WrongSetting(f"{key}: no such setting. Known: {', '.join(sorted(known))}")
        wanted = type(known[key].default)
        if wanted is tuple and isinstance(value, list):
            values[key] = tuple(str(each) for each in value)
        elif wanted is Path:
            values[key] = Path(value)
        elif not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise WrongSetting(f"{key}: {value!r} is not {wanted.__name__}")
    if not 0 <= values.get("port", 0) <= 65535:
        raise WrongSetting(f"port: {values['port']} is not between 0 and 65535")
    return values
