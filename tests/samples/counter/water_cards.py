"""Water cards: a sale that the meter has taken, one whose card went away unwritten, and a card just transferred."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from app.procedures.counter import water_cards as water
from hardware.simulators.mifare import Card
from hardware.simulators.water_bench import WaterBench
from tests.procedures.counter.water_desk import WaterDesk
from tests.samples.sample import Estate, Rows, Sample

LIES = "card-on-the-reader.mfd"


def furnish(made: Estate) -> Rows:
    sold, handed = made.household(), made.household()
    desk = WaterDesk(sold, made.cast.chen, made.cast.mia)
    card = desk.issue()
    done = desk.sell()
    desk.meter().insert(card)
    desk.lay(card)
    cut = desk.intend()
    lying = desk.issue("00821178", unit=handed.unit)
    (made.data / LIES).write_bytes(lying.dump())
    account = water.accounts_of(handed.unit)[0]
    handling = water.transfer(account, "李小明", None, left=0, signed="李小明", by=made.cast.chen)
    return {
        "topup": [done, cut],
        "card": [desk.card_row(card), desk.card_row(lying)],
        "account": [desk.account, account],
        "handling": [handling],
        "unit": [sold.unit, handed.unit, made.household().unit],
    }


def stand(folder: Path, devices: SimpleNamespace) -> None:
    desk = WaterDesk(None, None, None)
    desk.lay(Card.from_file(folder / LIES))
    devices.reader, devices.water_bench = desk.worker, WaterBench(desk.reader, folder / "bench")


sample = Sample(
    furnish,
    stand=stand,
    asks={"board": ["", "unit={unit}", "room=李"], "sums": ["by=volume&quantity=15"]},
    good={
        "holder": "李伟", "signed": "李伟", "to": "李小明", "left": "0", "meter_left": "1.00", "meter_seq": "0",
        "meter": "00900009", "quantity": "15", "payer": "李伟", "cash": "99999", "told_shut_off": "on", "told_slot": "on",
    },
    no_page={
        "sell.*_ref": "nothing was paid that way",
        "*.signed": "stands on the paper of what is done next",
        "refund.reason": "kept for the journal",
    },
)  # fmt: skip
