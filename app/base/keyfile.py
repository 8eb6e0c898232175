"""A secret of the desk in a file of its own beside the books: 32 random bytes, for its owner alone (0600)."""

from __future__ import annotations

import os
from pathlib import Path

from app.base import disk

LENGTH = 32


def read(path: Path) -> bytes | None:
    """The key; None where there is no file. ValueError where something else than a key lies there."""
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    except IsADirectoryError:
        key = b""
    if len(key) != LENGTH:
        raise ValueError(path.name)
    return key


def make(path: Path) -> bytes:
    """A new key, whole on the disk before anything is signed or locked with it. FileExistsError where there is one.

    A power cut leaves no key or all of it: half of one would be taken for damage at the next start.
    """
    key, part = os.urandom(LENGTH), path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
    disk.sync(part)
    os.link(part, path)
    part.unlink()
    disk.sync(path.parent)
    return key
