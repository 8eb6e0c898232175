"""Software that others wrote must be satisfied with our reader and our cards: libnfc's tools and mfoc."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.simulators.pn532_chip import SimulatedReader
from hardware.simulators.pn532_wire import PtyWire
from hardware.watercard.keys import card_key
from tests.hardware.water_bench import SECRET, bench

BLANK = bytes.fromhex("04a1b2c3")


def need(tool: str) -> str:
    found = shutil.which(tool)
    if not found:
        pytest.skip(f"{tool} is not installed (apt-get install libnfc-bin mfoc)")
    return found


@pytest.fixture
def wire() -> Iterator[PtyWire]:
    far = PtyWire(SimulatedReader([bench().card]))
    yield far
    far.close()


def run(wire: PtyWire, *command: str) -> str:
    env = {**os.environ, "LIBNFC_DEVICE": f"pn532_uart:{wire.path}", "LIBNFC_AUTO_SCAN": "false"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=180, check=False)
    return done.stdout + done.stderr


def test_nfc_list_finds_the_card(wire: PtyWire) -> None:
    said = run(wire, need("nfc-list"), "-v")
    assert "04  a1  b2  c3" in said
    assert "MIFARE Classic 1K" in said
    assert "error" not in said.lower()


def test_nfc_list_finds_both_of_two_cards_and_none_where_there_is_none(wire: PtyWire) -> None:
    tool = need("nfc-list")
    wire.reader.lay(bench().card, bench(uid=bytes.fromhex("0badcafe")).card)
    assert "2 ISO14443A passive target(s) found" in run(wire, tool, "-v")
    wire.reader.take_off()
    assert "0 ISO14443A passive target(s) found" in run(wire, tool, "-v")


def test_nfc_mfclassic_reads_64_of_64_blocks(wire: PtyWire, tmp_path: Path) -> None:
    out = tmp_path / "read.mfd"
    said = run(wire, need("nfc-mfclassic"), "r", "a", "u", str(out))
    assert "64 of 64 blocks read" in said  # it exits 0 on failed authentication too
    card, got = wire.reader.cards[0].dump(), out.read_bytes()
    for block in range(64):
        if block % 4 != 3:
            assert got[block * 16 : block * 16 + 16] == card[block * 16 : block * 16 + 16]


def test_mfoc_reads_an_issued_card_with_the_derived_keys_and_not_without(tmp_path: Path) -> None:
    tool = need("mfoc")
    b = bench()
    b.issue()
    far = PtyWire(SimulatedReader([b.card]))
    try:
        keys = [card_key(b.layout, SECRET, kind, b.card.uid, sector).hex() for sector in (1, 2, 3) for kind in "AB"]
        out = tmp_path / "mfoc.mfd"
        said = run(far, tool, *(part for key in keys for part in ("-k", key)), "-O", str(out))
        assert "Auth with all sectors succeeded" in said
        assert out.read_bytes() == b.card.dump()  # every key found, every data block the same
    finally:
        far.close()
