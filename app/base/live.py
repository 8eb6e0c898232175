"""What open pages poll: a version that moves when something they show has changed (platform.md: no SSE)."""

from __future__ import annotations

import threading

_lock = threading.Lock()
_version = 0
_topics: dict[str, int] = {}


def bump(*topics: str) -> None:
    """Something under these topics changed. Call through `db.after_commit` from deeds."""
    global _version  # noqa: PLW0603 - one counter a process, guarded by the lock
    with _lock:
        _version += 1
        for topic in topics:
            _topics[topic] = _version


def since(version: int) -> tuple[int, list[str]]:
    """The version now and the topics that changed after `version`."""
    with _lock:
        return _version, sorted(topic for topic, at in _topics.items() if at > version)
