"""Backups (promise P15): a copy that is checked by opening it, kept by age, restored behind a fence.

`python -m app backup | restore | drill`, and once an hour while the desk runs.
"""

from app.procedures.running.backups import fence, keep
from app.procedures.running.backups.fence import confirm_last_number, fenced, raise_fence
from app.procedures.running.backups.keep import Backup, identity, listed, make, newest, prune, read, unpack
from app.procedures.running.backups.restore import drill, restore
from app.procedures.running.backups.timer import Timer

__all__ = [
    "Backup",
    "Timer",
    "confirm_last_number",
    "drill",
    "fence",
    "fenced",
    "identity",
    "keep",
    "listed",
    "make",
    "newest",
    "prune",
    "raise_fence",
    "read",
    "restore",
    "unpack",
]
