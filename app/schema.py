"""TABLES: every table of the desk, collected from the modules of desk/ and procedures/."""

from __future__ import annotations

import importlib
import pkgutil

import app.base.second
import app.desk
import app.procedures
from app.base import db


def _load() -> None:
    for package in (app.desk, app.procedures):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)


def _below(table: type[db.Table]) -> list[type[db.Table]]:
    return [found for sub in table.__subclasses__() for found in (sub, *_below(sub))]


def tables() -> list[type[db.Table]]:
    """In order of their names, so that a migration made from them reads the same everywhere."""
    _load()
    found = {table for table in _below(db.Table) if table is not db.AppendOnly}
    return sorted(found, key=lambda table: table._meta.table_name)


TABLES = tables()
