"""The desk's own secrets on the disk: made once, whole, for their owner alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app import factory
from app.base import keyfile
from app.settings import Settings


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.key"
    assert keyfile.read(path) is None
    key = keyfile.make(path)
    assert (keyfile.read(path), path.stat().st_mode & 0o777) == (key, 0o600)
    with pytest.raises(FileExistsError):
        keyfile.make(path)
    assert keyfile.read(path) == key


@pytest.mark.parametrize("step", ["open", "fsync", "link"])
def test_a_power_cut_while_it_is_made_leaves_none_and_the_next_start_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a.key"

    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, step, cut)
        keyfile.make(path)
    assert keyfile.read(path) is None
    key = keyfile.make(path)
    assert keyfile.read(path) == key


@pytest.mark.parametrize("instead", [b"", b"short", b"x" * 33])
def test_something_else_than_a_key_is_never_taken_for_one(tmp_path: Path, instead: bytes) -> None:
    (tmp_path / "a.key").write_bytes(instead)
    with pytest.raises(ValueError, match=r"a\.key"):
        keyfile.read(tmp_path / "a.key")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="folder"):
        keyfile.read(tmp_path / "folder")


def test_a_damaged_session_secret_is_made_anew_and_everybody_signs_in_again(data: Path, books: Path) -> None:
    (data / "secret").write_bytes(b"")  # a power cut of an older version
    made = factory.create_app(Settings(data=data)).config["SECRET_KEY"]
    assert len(made) == 64
    assert factory.create_app(Settings(data=data)).config["SECRET_KEY"] == made
