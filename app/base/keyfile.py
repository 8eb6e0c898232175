"""A secret of the desk in a file of its own beside the books: 32 random bytes, for its owner alone (0600)."""

from __future__ import annotations

import os
from pathlib import Path

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
    """A new key, on the disk before anything is signed or locked with it. FileExistsError where there is one."""
    key = os.urandom(LENGTH)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
